"""The SQLite source: a database file read through SQLAlchemy in one snapshot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote

__all__ = ["from_location"]


def from_location(location: str) -> dict[str, Any]:
    """Give the settings for a path or URL typed on the command line.

    A plain URL becomes a path, which the destination of that name knows too.

    >>> from_location("shop.db"), from_location("sqlite:////data/my%20shop.db"), from_location("sqlite://")
    ({'path': 'shop.db'}, {'path': '/data/my shop.db'}, {'url': 'sqlite://'})
    """
    plain = location.removeprefix("sqlite:///")
    if "://" not in location:
        return {"path": location}
    if plain in {location, "", ":memory:"} or "?" in plain:
        return {"url": location}
    return {"path": os.path.abspath(Path(unquote(plain)).expanduser())}  # noqa: PTH100 - links stay links
