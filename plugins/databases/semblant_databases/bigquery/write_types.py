"""BigQuery types for Arrow columns, and the Arrow types in which load jobs take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant_databases import marks
from semblant_databases.writing import texts
from semblant_databases.writing.encode import json_or_texts, plain_type, plain_values
from semblant_databases.writing.target import Loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.schema import Column

_TYPES = pa.types
_SQL: Final[tuple[tuple[Callable[[pa.DataType], bool], str], ...]] = (
    (_TYPES.is_boolean, "BOOL"),
    (lambda kind: kind == pa.uint64(), "NUMERIC(20,0)"),
    (_TYPES.is_integer, "INT64"),
    (_TYPES.is_floating, "FLOAT64"),
    (_TYPES.is_date, "DATE"),
    (lambda kind: _TYPES.is_timestamp(kind) and kind.tz is not None, "TIMESTAMP"),
    (_TYPES.is_timestamp, "DATETIME"),
    (_TYPES.is_time, "TIME"),
    (_TYPES.is_duration, "INT64"),
    (texts.is_text, "STRING"),
    (texts.is_bytes, "BYTES"),
    (_TYPES.is_nested, "STRING"),
    (_TYPES.is_null, "STRING"),
)
_LOADED: Final = {
    "BOOL": pa.bool_(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "DATETIME": pa.timestamp("us"),
    "TIME": pa.time64("us"),
    "STRING": pa.string(),
    "BYTES": pa.binary(),
}


def sql_of(kind: pa.DataType) -> str:
    """Give the SQL type that keeps every value of an Arrow type; the empty text when there is none.

    >>> sql_of(pa.int8()), sql_of(pa.decimal128(20, 2)), sql_of(pa.decimal128(38, 20)), sql_of(pa.decimal256(50, 0))
    ('INT64', 'NUMERIC(20,2)', 'BIGNUMERIC(38,20)', '')
    """
    if _TYPES.is_decimal(kind):
        precision, scale = kind.precision + max(-kind.scale, 0), max(kind.scale, 0)
        whole = precision - scale
        if scale <= 9 and whole <= 29:
            return f"NUMERIC({precision},{scale})"
        return f"BIGNUMERIC({precision},{scale})" if scale <= 38 and whole <= 38 else ""
    return next((sql for fits, sql in _SQL if fits(kind)), "")


def loaded(column: Column, sql: str = "") -> Loaded:
    """Say how a column is kept; ``sql`` is the type of an existing column.

    :raises DestinationError: when BigQuery has no type for it.
    """
    kind = plain_type(column.type)
    store, _, written = column.declared.partition(":")
    there = sql or (written if store == "bigquery" else "")
    sql = there if _arrow(there) is not None else sql_of(kind) if not sql else ""
    arrow = _arrow(sql)
    if arrow is None:
        raise DestinationError(
            f"column '{visible(column.name)}' of the type {column.type} cannot be kept in BigQuery"
            f"{f' as {there}' if there else ''}",
            fix="exclude the column, or convert it in the source",
        )
    return Loaded(
        name=column.name,
        sql=sql,
        arrow=arrow,
        encode=lambda values: _as(plain_values(values), arrow),
        mark=mark_of(column, sql),
    )


def _arrow(sql: str) -> pa.DataType | None:
    """Give the Arrow type of a loaded column; None for types that Parquet files cannot bring exactly."""
    name, _, size = sql.partition("(")
    if name not in {"NUMERIC", "BIGNUMERIC"}:
        return _LOADED.get(name)
    exact = size.rstrip(")").split(",") if size else (["38", "9"] if name == "NUMERIC" else ["76", "38"])
    precision, scale = (int(part) for part in exact)
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)


def _as(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if _TYPES.is_string(kind) and not _TYPES.is_null(values.type):
        return json_or_texts(values)
    if _TYPES.is_duration(values.type):
        return values.cast(pa.duration("us")).cast(kind)
    zoned = _TYPES.is_timestamp(values.type) and _TYPES.is_timestamp(kind)
    if zoned and bool(values.type.tz) != bool(kind.tz):
        msg = "times with and without a zone are two things"
        raise ValueError(msg)
    return values.cast(kind)


def mark_of(column: Column, sql: str) -> str:
    """Give what a column's comment must say besides, because its SQL type does not."""
    return marks.MICROSECONDS if _TYPES.is_duration(column.type) and sql == "INT64" else ""
