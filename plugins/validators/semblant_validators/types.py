"""What can be done with a column of an Arrow type: how it is learned, and as part of a key."""

from __future__ import annotations

import pyarrow as pa
from pyarrow import types as arrow

from semblant.fitting import FITTING, fits, fitting, is_binary, is_nested, is_number, is_string, may_rebalance, plain

__all__ = [
    "FITTING",
    "comparable",
    "fits",
    "fitting",
    "is_binary",
    "is_nested",
    "is_number",
    "is_string",
    "may_be_key",
    "may_rebalance",
    "plain",
]


def comparable(one: pa.DataType, other: pa.DataType) -> bool:
    """Tell whether values of two types can be equal, as a key and what it points to must be.

    Whole numbers of any width count as one type, and so do floats, because a column with missing
    values is often stored as one.

    >>> comparable(pa.int32(), pa.int64()), comparable(pa.int64(), pa.string())
    (True, False)
    """
    one, other = plain(one), plain(other)
    families = (is_number, is_string, is_binary, arrow.is_boolean, arrow.is_date, arrow.is_timestamp, arrow.is_time)
    return bool(one.equals(other) or arrow.is_null(one) or arrow.is_null(other)) or any(
        family(one) and family(other) for family in families
    )


def may_be_key(kind: pa.DataType) -> bool:
    """Tell whether rows can be told apart by values of this type."""
    return not is_nested(kind) and not arrow.is_null(plain(kind))
