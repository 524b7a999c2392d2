"""What everybody may know of a column beforehand: declared by the user, it costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from semblant.privacy import PrivacyAccount


@frozen(kw_only=True)
class PublicFacts:
    """Facts of one column that do not come from the data."""

    values: tuple[Any, ...] | None = None
    """All values that can occur."""
    low: Any = None
    high: Any = None
    """The range; what lies outside counts as its end."""
    never_null: bool = False


def declared_facts(account: PrivacyAccount, table: str) -> dict[str, PublicFacts]:
    """Give what the spec of a private run declares of a table's columns; nothing of an account that cannot tell.

    >>> from semblant.privacy import NullAccount
    >>> declared_facts(NullAccount(), "people")
    {}
    """
    told = getattr(account, "facts", None)
    if told is None:
        return {}
    return {
        name: PublicFacts(values=one.values, low=one.low, high=one.high, never_null=one.never_null)
        for name, one in told(table).items()
    }
