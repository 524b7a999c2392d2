"""DuckDB types for Arrow columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant_databases.duckdb.connection import literal, quoted
from semblant_databases.writing.encode import plain_type, plain_values
from semblant_databases.writing.target import Loaded

if TYPE_CHECKING:
    from semblant.schema import Column

_PLAIN: Final = {
    pa.int8(): "TINYINT", pa.int16(): "SMALLINT", pa.int32(): "INTEGER", pa.int64(): "BIGINT", pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT", pa.uint32(): "UINTEGER", pa.uint64(): "UBIGINT", pa.float16(): "FLOAT",
    pa.float32(): "FLOAT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN", pa.string(): "VARCHAR",
    pa.large_string(): "VARCHAR", pa.string_view(): "VARCHAR", pa.binary(): "BLOB", pa.large_binary(): "BLOB",
    pa.binary_view(): "BLOB", pa.date32(): "DATE", pa.date64(): "DATE", pa.null(): "VARCHAR",
    pa.timestamp("s"): "TIMESTAMP_S", pa.timestamp("ms"): "TIMESTAMP_MS", pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("ns"): "TIMESTAMP_NS", pa.month_day_nano_interval(): "INTERVAL",
}  # fmt: skip
_DECLARED = frozenset({"UUID", "JSON", "BIT", "TIME WITH TIME ZONE", "HUGEINT"})


def sql_of(kind: pa.DataType) -> str:
    """Give the SQL type that keeps every value of an Arrow type; the empty text when there is none.

    >>> sql_of(pa.list_(pa.int16())), sql_of(pa.struct([("x", pa.string())])), sql_of(pa.decimal128(28, 2))
    ('SMALLINT[]', 'STRUCT("x" VARCHAR)', 'DECIMAL(28,2)')
    """
    types = pa.types
    if kind in _PLAIN:
        return _PLAIN[kind]
    if types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})" if kind.precision <= 38 and kind.scale >= 0 else ""
    if types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE"
    if types.is_time(kind):
        return "TIME"
    if types.is_duration(kind):
        return "INTERVAL"
    if types.is_fixed_size_binary(kind):
        return "BLOB"
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = sql_of(kind.value_type)
        return f"{inner}[]" if inner else ""
    if types.is_struct(kind):
        parts = [(kind.field(place).name, sql_of(kind.field(place).type)) for place in range(kind.num_fields)]
        made = ", ".join(f"{quoted(name)} {sql}" for name, sql in parts)
        return f"STRUCT({made})" if parts and all(sql for _, sql in parts) else ""
    return ""


def _sent_as(kind: pa.DataType) -> pa.DataType:
    """Give the Arrow type in which DuckDB takes values exactly, or not at all."""
    types = pa.types
    if types.is_timestamp(kind) and kind.tz:
        return pa.timestamp("us", "UTC")
    if types.is_time(kind):
        return pa.time64("us")
    if types.is_duration(kind):
        return pa.duration("us")
    if kind == pa.float16():
        return pa.float32()
    return pa.binary() if types.is_fixed_size_binary(kind) else kind


def loaded(column: Column, sql: str = "") -> Loaded:
    """Say how a column is kept; ``sql`` is the type of an existing column.

    :raises DestinationError: when DuckDB has no type for it.
    """
    kind = plain_type(column.type)
    store, _, written = column.declared.partition(":")
    declared = written if store == "duckdb" and (written in _DECLARED or written.startswith("ENUM(")) else ""
    enum = f"ENUM({', '.join(map(literal, column.enum))})" if column.enum and sql_of(kind) == "VARCHAR" else ""
    sql = sql or declared or enum or sql_of(kind)
    if not sql:
        raise DestinationError(
            f"column '{visible(column.name)}' has the type {column.type}, for which DuckDB has none",
            fix="exclude the column, or convert it in the source",
        )
    sent = _sent_as(kind)
    return Loaded(name=column.name, sql=sql, arrow=sent, encode=lambda values: plain_values(values).cast(sent))
