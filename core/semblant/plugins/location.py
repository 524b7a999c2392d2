"""Which source or destination a location on the command line means: a URL, a file or a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from semblant.components import DestinationType, SourceType

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULTS: Final = {SourceType.kind: "files", DestinationType.kind: "folder"}
"""The component that takes plain files and folders."""
DEFAULTS_OF_URLS: Final = {SourceType.kind: "files", DestinationType.kind: "objects"}
"""The component that takes every URL that nobody else claims and fsspec can open."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(?:://|::)")


def scheme_of(location: str) -> str:
    """Give the URL scheme in lower case; empty for a path, and for a Windows drive letter.

    >>> scheme_of("PostgreSQL+psycopg://host/db"), scheme_of("C:/data.csv"), scheme_of("zip://*.csv::s3://b/a.zip")
    ('postgresql+psycopg', '', 'zip')
    """
    found = _SCHEME.match(location)
    return found[1].lower() if found else ""


def claiming(components: Iterable[SourceType | DestinationType], location: str) -> list[SourceType | DestinationType]:
    """Give the components that claim a location by its scheme, or else by the longest suffix."""
    components = list(components)
    scheme = scheme_of(location)
    if scheme:
        for name in (scheme, scheme.partition("+")[0]):
            by_scheme = [component for component in components if name in component.schemes]
            if by_scheme:
                return by_scheme
        return []
    if Path(location).is_dir():
        return []
    ending = location.lower()
    lengths = {
        component.name: max(
            (len(suffix) for suffix in component.suffixes if ending.endswith(suffix.lower())), default=0
        )
        for component in components
    }
    longest = max(lengths.values(), default=0)
    return [component for component in components if longest and lengths[component.name] == longest]


def opened_by_fsspec(scheme: str) -> bool:
    """Tell whether fsspec knows the scheme (its driver may still be missing).

    >>> opened_by_fsspec("s3"), opened_by_fsspec("postgresql")
    (True, False)
    """
    import fsspec

    return scheme in fsspec.available_protocols()
