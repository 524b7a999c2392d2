"""The files source: CSV, Parquet, Arrow and JSON Lines from any place that fsspec reaches."""

from __future__ import annotations

from typing import Any

__all__ = ["from_location"]


def from_location(location: str) -> dict[str, Any]:
    """Give the settings for a path, glob or URL typed on the command line.

    >>> from_location("data/*.csv")
    {'path': 'data/*.csv'}
    """
    return {"path": location}
