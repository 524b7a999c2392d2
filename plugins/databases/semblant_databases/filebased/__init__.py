"""What databases that are one file share: where the file is, one writer at a time, a new file by one rename."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from semblant.errors import ConfigError


def from_location(location: str) -> dict[str, Any]:
    """Give the settings for a path or URL typed on the command line.

    >>> from_location("sqlite:////data/my%20shop.db"), from_location("duckdb:////data/a.duckdb")
    ({'path': '/data/my shop.db'}, {'path': '/data/a.duckdb'})

    :raises ConfigError: when the URL names no file.
    """
    scheme, mark, rest = location.partition("://")
    if not mark:
        return {"path": location}
    path = unquote(rest.partition("?")[0]).removeprefix("/")
    if not path or path == ":memory:" or not rest.startswith("/"):
        raise ConfigError("the url names no database file", fix=f"write it as {scheme}:///path/to/file")
    return {"path": os.path.abspath(Path(path).expanduser())}  # noqa: PTH100 - links stay links
