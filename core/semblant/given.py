"""Rows to start from, as a caller gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from semblant.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    Given: TypeAlias = pa.Table | Mapping[str, pa.Table] | None


def by_table(given: Given, root: str = "") -> dict[str, pa.Table]:
    """Give the rows by table; those without a name are the root's.

    :raises ConfigError: a table without rows.

    >>> import pyarrow as pa
    >>> by_table(pa.table({"a": [1]}), "people")["people"].num_rows
    1
    >>> by_table(None)
    {}
    """
    if given is None:
        return {}
    found = {n or root: rows for n, rows in given.items()} if isinstance(given, Mapping) else {root: given}
    if any(not rows.num_rows for rows in found.values()):
        msg = "the given rows are an empty table"
        raise ConfigError(msg, fix="give at least one row, or ask for a number of records")
    return found
