"""The SQLite source: a database file read through SQLAlchemy in one snapshot."""

from __future__ import annotations

from typing import Any

__all__ = ["from_location"]


def from_location(location: str) -> dict[str, Any]:
    """Give the settings for a path or URL typed on the command line.

    >>> from_location("shop.db"), from_location("sqlite:///shop.db")
    ({'path': 'shop.db'}, {'url': 'sqlite:///shop.db'})
    """
    return {"url": location} if "://" in location else {"path": location}
