"""PostgreSQL types for Arrow columns, and the Arrow types that COPY takes for existing columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant_databases.writing.encode import json_or_texts, jsonb_bytes, plain_type, plain_values, uuid_bytes
from semblant_databases.writing.target import Loaded
from semblant_databases.writing.texts import same_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.schema import Column

_ZONED = pa.timestamp("us", "UTC")
_COPIED: Final = {
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "character varying": pa.string(),
    "character": pa.string(),
    "bytea": pa.binary(),
    "date": pa.date32(),
    "time without time zone": pa.time64("us"),
    "timestamp without time zone": pa.timestamp("us"),
    "timestamp with time zone": _ZONED,
    "interval": pa.duration("us"),
}
"""The types that binary COPY takes as they are."""
_ENCODED: Final[dict[str, tuple[pa.DataType, Callable[[pa.Array], pa.Array]]]] = {
    "uuid": (pa.binary(), uuid_bytes),
    "json": (pa.string(), json_or_texts),
    "jsonb": (pa.string(), jsonb_bytes),
}
_SIZED = re.compile(r"(?P<name>[^(\[]+?)\s*(?:\((?P<size>[\d, -]+)\))?(?P<rest>[^(\[]*)(?P<list>\[\])?")
_MOST_DIGITS = 1000


def sql_of(kind: pa.DataType) -> str:
    """Give the SQL type that keeps every value of an Arrow type; JSON for nested ones.

    >>> sql_of(pa.uint32()), sql_of(pa.decimal128(28, 2)), sql_of(pa.list_(pa.int16()))
    ('bigint', 'numeric(28,2)', 'smallint[]')
    """
    if isinstance(kind, pa.UuidType):
        return "uuid"
    kind = plain_type(kind)
    types = pa.types
    if types.is_decimal(kind):
        extra = max(-kind.scale, 0)
        return f"numeric({kind.precision + extra},{max(kind.scale, 0)})"
    if types.is_timestamp(kind):
        return "timestamp with time zone" if kind.tz else "timestamp without time zone"
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = sql_of(kind.value_type)
        return f"{inner}[]" if inner in _LISTED else "json"
    return next((sql for fits, sql in _BY_KIND if fits(kind)), "")


_LISTED: Final = frozenset({"smallint", "integer", "bigint", "real", "double precision", "text", "boolean"})
_TYPES = pa.types
_BY_KIND: Final[tuple[tuple[Callable[[pa.DataType], bool], str], ...]] = (
    (lambda kind: kind in {pa.int8(), pa.uint8(), pa.int16()}, "smallint"),
    (lambda kind: kind in {pa.uint16(), pa.int32()}, "integer"),
    (lambda kind: kind in {pa.uint32(), pa.int64()}, "bigint"),
    (lambda kind: kind == pa.uint64(), "numeric(20,0)"),
    (lambda kind: kind in {pa.float16(), pa.float32()}, "real"),
    (_TYPES.is_float64, "double precision"),
    (_TYPES.is_boolean, "boolean"),
    (_TYPES.is_date, "date"),
    (_TYPES.is_time, "time without time zone"),
    (_TYPES.is_duration, "interval"),
    (lambda kind: kind == pa.month_day_nano_interval(), "interval"),
    (lambda kind: _TYPES.is_string(kind) or _TYPES.is_large_string(kind) or _TYPES.is_string_view(kind), "text"),
    (lambda kind: _TYPES.is_binary(kind) or _TYPES.is_large_binary(kind), "bytea"),
    (lambda kind: _TYPES.is_fixed_size_binary(kind) or _TYPES.is_binary_view(kind), "bytea"),
    (_TYPES.is_null, "text"),
    (_TYPES.is_nested, "json"),
)


def loaded_as(column: Column, sql: str, *, enum: bool = False) -> Loaded:
    """Say how a column is copied into one of an SQL type (as ``format_type`` writes it)."""
    kind = plain_type(column.type)
    found = _SIZED.fullmatch(sql)
    name = (found["name"] + found["rest"]) if found else sql
    if found is not None and not found["list"]:
        if name in _ENCODED:
            arrow, encode = _ENCODED[name]
            return Loaded(name=column.name, sql=sql, arrow=arrow, encode=_plainly(encode))
        if name in _COPIED:
            arrow = kind if kind == pa.month_day_nano_interval() and name == "interval" else _COPIED[name]
            return Loaded(name=column.name, sql=sql, arrow=arrow, encode=_cast_to(arrow))
        if name == "numeric" and (exact := _exact(kind, found["size"])) is not None:
            return Loaded(name=column.name, sql=sql, arrow=exact, encode=_cast_to(exact))
    if found is not None and found["list"] and name in _LISTED and not found["size"] and pa.types.is_nested(kind):
        return Loaded(
            name=column.name, sql=sql, arrow=pa.list_(_COPIED[name]), encode=_cast_to(pa.list_(_COPIED[name]))
        )
    if name == "numeric" and found is not None and found["size"] and pa.types.is_floating(kind):
        places = int(found["size"].partition(",")[2] or 0)
        # the server would round them without a word
        unrounded = _plainly(lambda values: json_or_texts(same_numbers(values, places)))
        return Loaded(name=column.name, sql=sql, arrow=pa.string(), encode=unrounded, staged_as="text")
    if enum:
        return Loaded(name=column.name, sql=sql, arrow=pa.string(), encode=_plainly(json_or_texts))
    return Loaded(name=column.name, sql=sql, arrow=pa.string(), encode=_plainly(json_or_texts), staged_as="text")


def _exact(kind: pa.DataType, size: str | None) -> pa.DataType | None:
    """Give the Arrow decimal in which values reach a numeric column; None where only a text will do."""
    if size is not None:
        precision, _, scale = size.partition(",")
        digits, places = int(precision), int(scale or 0)
        return (
            pa.decimal128(digits, places) if digits <= 38 and places >= 0 and not pa.types.is_floating(kind) else None
        )
    if pa.types.is_decimal128(kind):
        return kind
    return pa.decimal128(20, 0) if pa.types.is_integer(kind) else None


def _plainly(encode: Callable[[pa.Array], pa.Array]) -> Callable[[pa.Array], pa.Array]:
    return lambda values: encode(plain_values(values))


def _cast_to(kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    def encode(values: pa.Array) -> pa.Array:
        values = plain_values(values)
        if pa.types.is_timestamp(values.type) and pa.types.is_timestamp(kind) and bool(values.type.tz) != bool(kind.tz):
            msg = "times with and without a zone are two things"
            raise ValueError(msg)
        return values.cast(kind)

    return encode


def loaded(column: Column, *, known: Callable[[str], bool]) -> Loaded:
    """Say how a column is kept: in the type that it was declared with in PostgreSQL, or the one that fits its values.

    :raises DestinationError: when there is no such type.
    """
    store, _, written = column.declared.partition(":")
    if store == "postgresql" and written and known(written):
        return loaded_as(column, written)
    sql = sql_of(column.type)
    if not sql:
        raise DestinationError(
            f"column '{visible(column.name)}' has the type {column.type}, for which PostgreSQL has none",
            fix="exclude the column, or convert it in the source",
        )
    return loaded_as(column, sql)
