"""Names of what Semblant keeps for itself in a database: no source reads them, no delivery may take them."""

from __future__ import annotations

import secrets
from typing import Final

LEDGER: Final = "semblant_deliveries"
"""The table that lists the deliveries a database has seen, so that a repeated one is known."""
STAGED: Final = "semblant__"
"""How the names of tables begin that are being filled, or about to go."""


def staged_name(number: int, what: str = "new") -> str:
    """Give a name for a table that is no table of the user's.

    >>> staged_name(3)[:17]
    'semblant__new_3_x'
    """
    return f"{STAGED}{what}_{number}_x{secrets.token_hex(6)}"
