"""What everybody may know of a column beforehand: declared by the user, it costs nothing."""

from __future__ import annotations

from typing import Any

from attrs import frozen


@frozen(kw_only=True)
class PublicFacts:
    """Facts of one column that do not come from the data."""

    values: tuple[Any, ...] | None = None
    """All values that can occur."""
    low: Any = None
    high: Any = None
    """The range; what lies outside counts as its end."""
    never_null: bool = False
