"""BigQuery through Google's client: queries as Arrow, rows by load jobs of Parquet."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from semblant.errors import ConfigError

_SHAPE = "write it as bigquery://project/dataset?location=EU; a key stands in service_account=file:/path/key.json"
_PARAMETERS = ("location", "service_account", "endpoint", "anonymous")


def from_location(location: str) -> dict[str, Any]:
    """Give the settings that a URL stands for.

    >>> from_location("bigquery://acme/shop?location=EU")
    {'project': 'acme', 'dataset': 'shop', 'location': 'EU'}

    :raises ConfigError: for a URL without a dataset, with an unknown parameter or with a login in it.
    """
    try:
        found = urlsplit(location)
        given = dict(parse_qsl(found.query, keep_blank_values=True))
        login = "@" in found.netloc or found.port is not None
    except ValueError:
        raise ConfigError("the url of the dataset cannot be read", fix=_SHAPE) from None
    project, dataset = unquote(found.netloc), unquote(found.path.strip("/"))
    if not project and dataset.count("/") == 1:
        project, _, dataset = dataset.partition("/")
    if login or not dataset or "/" in dataset:
        raise ConfigError("the url names no project and dataset alone", fix=_SHAPE)
    unknown = [name for name in given if name not in _PARAMETERS]
    if unknown:
        raise ConfigError(
            "the url has a parameter that is not known", fix=f"a url may hold {', '.join(_PARAMETERS)} behind '?'"
        )
    settings: dict[str, Any] = {"project": project or None, "dataset": dataset, **given}
    if "anonymous" in given:
        settings["anonymous"] = given["anonymous"] == "true"
    return settings
