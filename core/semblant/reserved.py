"""Names of what Semblant keeps for itself in a database: no source reads them, no delivery may take them."""

from __future__ import annotations

from typing import Final

DELIVERIES: Final = "semblant_deliveries"
"""The table that lists the deliveries a database has seen, so that a repeated one is known."""
STAGED: Final = "semblant__"
"""How the names of tables begin that are being filled, or about to go."""


def is_reserved(name: str) -> bool:
    """Tell whether a table is Semblant's own.

    >>> is_reserved("semblant_deliveries"), is_reserved("orders")
    (True, False)
    """
    return name.lower() == DELIVERIES or name.lower().startswith(STAGED)
