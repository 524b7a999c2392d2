"""The table that remembers deliveries, and names for tables on their way."""

from __future__ import annotations

import secrets
from typing import Final

from semblant.reserved import DELIVERIES, STAGED

LEDGER: Final = DELIVERIES

__all__ = ["LEDGER", "STAGED", "staged_name"]


def staged_name(number: int, what: str = "new") -> str:
    """Give a name for a table that is no table of the user's.

    >>> staged_name(3)[:17]
    'semblant__new_3_x'
    """
    return f"{STAGED}{what}_{number}_x{secrets.token_hex(6)}"
