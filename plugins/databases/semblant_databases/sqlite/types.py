"""SQLite types for Arrow columns: declared so that its rules of affinity change no value, and our source knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant_databases.writing.encode import json_texts, plain_type, plain_values
from semblant_databases.writing.target import Loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.schema import Column

_TYPES = pa.types
_LAST_YEAR = 9999


def _moments(values: pa.Array) -> pa.Array:
    """Write moments as ISO texts with microseconds."""
    zoned = bool(values.type.tz)
    values = values.cast(pa.timestamp("us", values.type.tz))
    years = pc.year(values)
    low, high = (pc.min_max(years)[name].as_py() for name in ("min", "max"))
    if (low is not None and low < 0) or (high is not None and high > _LAST_YEAR):
        msg = "a year is outside 0 to 9999"
        raise ValueError(msg)
    texts = pc.strftime(values.cast(pa.timestamp("us", "UTC")) if zoned else values, format="%Y-%m-%d %H:%M:%S")
    return pc.binary_join_element_wise(texts, "+00:00", "") if zoned else texts


def _numbers(values: pa.Array) -> pa.Array:
    """Refuse NaN, which SQLite turns into null."""
    values = values.cast(pa.float64())
    if pc.any(pc.is_nan(values)).as_py():
        msg = "SQLite stores NaN as null"
        raise ValueError(msg)
    return values


def _durations(values: pa.Array) -> pa.Array:
    return values.cast(pa.duration("us")).cast(pa.int64())


def _texts(values: pa.Array) -> pa.Array:
    return values.cast(pa.string())


_WAYS: Final[
    tuple[tuple[Callable[[pa.DataType], bool], str, pa.DataType, Callable[[pa.Array], pa.Array] | None], ...]
] = (
    (lambda kind: kind == pa.uint64(), "DECIMAL_TEXT(20,0)", pa.string(), lambda v: _texts(v.cast(pa.decimal128(20)))),
    (_TYPES.is_integer, "INTEGER", pa.int64(), None),
    (_TYPES.is_boolean, "BOOLEAN", pa.int8(), None),
    (_TYPES.is_floating, "REAL", pa.float64(), _numbers),
    (_TYPES.is_date, "DATE", pa.string(), lambda values: _texts(values.cast(pa.date32()))),
    (_TYPES.is_timestamp, "TIMESTAMP", pa.string(), _moments),
    (_TYPES.is_time, "TIME_TEXT", pa.string(), lambda values: _texts(values.cast(pa.time64("us")))),
    (_TYPES.is_duration, "DURATION_MICROSECONDS_INT", pa.int64(), _durations),
    (_TYPES.is_nested, "JSON_TEXT", pa.string(), json_texts),
    (
        lambda kind: _TYPES.is_string(kind) or _TYPES.is_large_string(kind) or _TYPES.is_string_view(kind),
        "TEXT",
        pa.string(),
        None,
    ),
    (
        lambda kind: (
            _TYPES.is_binary(kind)
            or _TYPES.is_large_binary(kind)
            or _TYPES.is_fixed_size_binary(kind)
            or _TYPES.is_binary_view(kind)
        ),
        "BLOB",
        pa.binary(),
        None,
    ),
    (_TYPES.is_null, "TEXT", pa.string(), None),
)


def loaded(column: Column, sql: str = "") -> Loaded:
    """Say how a column is kept; ``sql`` is the declared type of an existing column.

    :raises DestinationError: when SQLite has no way to keep it.
    """
    kind = plain_type(column.type)
    if _TYPES.is_decimal(kind):
        declared = f"DECIMAL_TEXT({kind.precision},{kind.scale})"
        return Loaded(name=column.name, sql=sql or declared, arrow=pa.string(), encode=_plainly(_texts))
    for fits, declared, arrow, encode in _WAYS:
        if fits(kind):
            return Loaded(name=column.name, sql=sql or declared, arrow=arrow, encode=_plainly(encode, arrow))
    raise DestinationError(
        f"column '{visible(column.name)}' has the type {column.type}, which SQLite cannot keep",
        fix="exclude the column, or convert it in the source",
    )


def _plainly(
    encode: Callable[[pa.Array], pa.Array] | None, arrow: pa.DataType | None = None
) -> Callable[[pa.Array], pa.Array]:
    def work(values: pa.Array) -> pa.Array:
        values = plain_values(values)
        return encode(values) if encode is not None else values.cast(arrow)

    return work
