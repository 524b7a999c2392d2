"""SQL Server types for Arrow columns; values travel as texts, which the server casts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant_databases import marks
from semblant_databases.writing import texts
from semblant_databases.writing.encode import plain_type, plain_values
from semblant_databases.writing.target import Loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.schema import Column

_TYPES = pa.types
_SMALLEST: Final = {"real": 1.1754943508222875e-38, "float": 2.2250738585072014e-308}
"""The numbers closest to zero that the server's types hold, as its reference gives their ranges."""
_STEPS: Final = {"datetime": 10_000, "smalldatetime": 60_000_000, "date": 86_400_000_000}
"""Microseconds between two moments that the type holds exactly; datetime counts in ticks of 1/300 second."""
_KEY: Final = {"nvarchar(max)": "nvarchar(255)", "varbinary(max)": "varbinary(255)"}
_SQL: Final[tuple[tuple[Callable[[pa.DataType], bool], str], ...]] = (
    (_TYPES.is_boolean, "bit"),
    (lambda kind: kind == pa.uint8(), "tinyint"),
    (lambda kind: kind in {pa.int8(), pa.int16()}, "smallint"),
    (lambda kind: kind in {pa.uint16(), pa.int32()}, "int"),
    (lambda kind: kind in {pa.uint32(), pa.int64()}, "bigint"),
    (lambda kind: kind == pa.uint64(), "decimal(20,0)"),
    (lambda kind: kind in {pa.float16(), pa.float32()}, "real"),
    (_TYPES.is_float64, "float"),
    (_TYPES.is_date, "date"),
    (lambda kind: _TYPES.is_timestamp(kind) and kind.tz is not None, "datetimeoffset(6)"),
    (_TYPES.is_timestamp, "datetime2(6)"),
    (_TYPES.is_time, "time(6)"),
    (_TYPES.is_duration, "bigint"),
    (texts.is_text, "nvarchar(max)"),
    (texts.is_bytes, "varbinary(max)"),
    (_TYPES.is_nested, "nvarchar(max)"),
    (_TYPES.is_null, "nvarchar(max)"),
)


def sql_of(kind: pa.DataType, *, key: bool = False) -> str:
    """Give the SQL type that keeps every value of an Arrow type; the empty text when there is none.

    >>> sql_of(pa.uint32()), sql_of(pa.string()), sql_of(pa.string(), key=True), sql_of(pa.decimal128(28, 2))
    ('bigint', 'nvarchar(max)', 'nvarchar(255)', 'decimal(28,2)')
    """
    if _TYPES.is_decimal(kind):
        precision, scale = kind.precision + max(-kind.scale, 0), max(kind.scale, 0)
        return f"decimal({max(precision, scale)},{scale})" if precision <= 38 else ""
    found = next((sql for fits, sql in _SQL if fits(kind)), "")
    return _KEY.get(found, found) if key else found


def loaded(column: Column, sql: str = "", *, key: bool = False) -> Loaded:
    """Say how a column is kept; ``sql`` is the type of an existing column.

    :raises DestinationError: when SQL Server has no type for it.
    """
    kind = plain_type(column.type)
    store, _, written = column.declared.partition(":")
    sql = sql or (written if store == "sqlserver" else "") or sql_of(kind, key=key)
    if not sql:
        raise DestinationError(
            f"column '{visible(column.name)}' has the type {column.type}, for which SQL Server has none",
            fix="exclude the column, or convert it in the source",
        )
    smallest = _SMALLEST["real" if sql == "real" else "float"]
    write = texts.encoder(kind, texts.finite(smallest))
    return Loaded(
        name=column.name,
        sql=sql,
        arrow=pa.string(),
        encode=lambda values: write(_unrounded(plain_values(values), sql)),
        mark=mark_of(column, sql),
    )


def _unrounded(values: pa.Array, sql: str) -> pa.Array:
    """Refuse values that the server would round when it casts them to a column that is there."""
    name, _, size = sql.rstrip(")").partition("(")
    if _TYPES.is_decimal(values.type) or _TYPES.is_float64(values.type):
        whole = name in {"bigint", "int", "smallint", "tinyint", "bit"}
        if whole or name in {"decimal", "numeric", "money", "smallmoney"}:
            return texts.same_numbers(values, 0 if whole else int(size.partition(",")[2] or 4))
    if _TYPES.is_timestamp(values.type) or _TYPES.is_time(values.type):
        if name in _STEPS:
            return texts.whole_steps(values, _STEPS[name])
        if name in {"datetime2", "datetimeoffset", "time"}:
            return texts.whole_steps(values, 10 ** max(0, 6 - int(size or 7)))
    return values


def value_of(place: int, sql: str) -> str:
    """Give the expression that makes the value of a column out of its text.

    >>> value_of(0, "bigint"), value_of(1, "varbinary(max)")
    ('CAST(c0 AS bigint)', 'CONVERT(varbinary(max), c1, 2)')
    """
    name = f"c{place}"
    if sql.startswith("nvarchar"):
        return name
    if sql.startswith(("varbinary", "binary")):
        return f"CONVERT({sql}, {name}, 2)"
    return f"CAST({name} AS {sql})"


def mark_of(column: Column, sql: str) -> str:
    """Give what a column's comment must say besides, because its SQL type does not."""
    return marks.MICROSECONDS if pa.types.is_duration(column.type) and sql == "bigint" else ""
