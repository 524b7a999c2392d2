"""Arrow types of PostgreSQL columns, and the SQL and casts that keep every value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from attrs import evolve, frozen

from semblant_databases.postgresql.connection import quoted
from semblant_databases.reading.relation import ReadColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_MICROSECONDS = pa.timestamp("us")
_PLAIN: Final = {
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "varchar": pa.string(),
    "bpchar": pa.string(),
    "name": pa.string(),
    "bytea": pa.binary(),
    "time": pa.time64("us"),
    "date": pa.date32(),
    "timestamp": _MICROSECONDS,
    "timestamptz": pa.timestamp("us", "UTC"),
}
_OTHERWISE: Final = {"oid": ("int8", pa.int64()), "money": ("numeric", pa.decimal128(21, 2))}
_LISTS: Final = frozenset("int2 int4 int8 float4 float8 bool text varchar".split())
_WIDEST: Final = 38
_EPOCH_US = 946_684_800_000_000
"""Microseconds from 1970 to PostgreSQL's own year zero, 2000; ADBC adds them to the marks of infinity too."""
_ENDLESS: Final = {
    pa.date32(): np.array([-(2**31) + 10_957, -(2**31) + 10_957 - 1], np.int64),
    _MICROSECONDS: np.array([-(2**63) + _EPOCH_US, -(2**63) + _EPOCH_US - 1], np.int64),
}


@frozen(kw_only=True)
class Declared:
    """A column as the catalog has it; ``type`` is the base type's short name, ``modifier`` its length or precision."""

    name: str
    type: str
    modifier: int = -1
    written: str = ""
    """The type as CREATE TABLE would write it."""
    nullable: bool = True
    comment: str = ""
    enum: tuple[str, ...] = ()


def column_of(declared: Declared) -> ReadColumn:
    """Say how a column is read; some types need :func:`probes` before they are final."""
    name = quoted(declared.name)
    base = ReadColumn(
        name=declared.name,
        type=pa.string(),
        expression=f"{name}::text",
        nullable=declared.nullable,
        comment=declared.comment,
        enum=declared.enum,
        declared=f"postgresql:{declared.written}" if declared.written else "",
    )
    plain = _PLAIN.get(declared.type)
    if plain is not None:
        finish = finite if declared.type in {"date", "timestamp", "timestamptz"} else None
        return evolve(base, type=plain, expression=name, finish=finish)
    if declared.type == "numeric" and declared.modifier >= 4:
        precision, scale = (declared.modifier - 4) >> 16, (((declared.modifier - 4) & 0x7FF) ^ 1024) - 1024
        kind = decimal_of(max(precision, scale), max(scale, 0))
        return evolve(base, type=kind, expression=name, finish=text_as(kind)) if kind else base
    if declared.type in _OTHERWISE:
        cast, kind = _OTHERWISE[declared.type]
        return evolve(
            base, type=kind, expression=f"{name}::{cast}", finish=text_as(kind) if cast == "numeric" else None
        )
    return base


def decimal_of(precision: int, scale: int) -> pa.DataType | None:
    """Give the smallest Arrow decimal of that many digits; None when there is none.

    >>> decimal_of(40, 2), decimal_of(100, 2)
    (Decimal256Type(decimal256(40, 2)), None)
    """
    if precision <= _WIDEST:
        return pa.decimal128(max(precision, 1), scale)
    return pa.decimal256(precision, scale) if precision <= 76 else None


def text_as(kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    """Give a function that reads the texts that ADBC gives for numeric."""

    def finish(values: pa.Array) -> pa.Array:
        texts = values.storage if isinstance(values, pa.ExtensionArray) else values
        return texts.cast(pa.string()).cast(kind)

    return finish


def finite(values: pa.Array) -> pa.Array:
    """Refuse PostgreSQL's endless dates, which Arrow has no value for."""
    key = values.type if pa.types.is_date32(values.type) else _MICROSECONDS
    numbers = values.cast(pa.int32() if pa.types.is_date32(values.type) else pa.int64()).fill_null(0)
    if np.isin(numbers.to_numpy(zero_copy_only=False).astype(np.int64), _ENDLESS[key]).any():
        msg = "it holds 'infinity'"
        raise ValueError(msg)
    return values


@frozen(kw_only=True)
class Probe:
    """A question to all rows that decides a column's type: aggregates, and what follows from their values."""

    aggregates: tuple[str, ...]
    decide: Callable[[ReadColumn, Sequence[Any]], ReadColumn]


def probe_of(declared: Declared) -> Probe | None:
    """Give the question that a column's type needs; None when its declaration says all."""
    name = quoted(declared.name)
    if declared.type == "numeric" and declared.modifier < 4:
        return Probe(
            aggregates=(
                f"max(CASE WHEN {name}::text !~ '[a-z]' THEN scale({name}) END)",
                f"max(CASE WHEN {name}::text !~ '[a-z]' THEN length(trunc(abs({name}))::text) END)",
                f"bool_or({name}::text ~ '[a-z]')",
            ),
            decide=_numeric,
        )
    if declared.type == "interval":
        return Probe(
            aggregates=(f"bool_or(extract(year FROM {name}) <> 0 OR extract(month FROM {name}) <> 0)",),
            decide=_interval,
        )
    if declared.type.startswith("_"):
        element = declared.type[1:]
        return Probe(
            aggregates=(f"bool_or(array_ndims({name}) > 1)",),
            decide=lambda column, found: _array(column, element, many=bool(found[0])),
        )
    return None


def _numeric(column: ReadColumn, found: Sequence[Any]) -> ReadColumn:
    scale, whole, odd = found
    if odd:
        return _noted(column, "holds NaN or Infinity among exact numbers and is kept as text")
    kind = decimal_of(int(whole or 1) + int(scale or 0), int(scale or 0))
    if kind is None:
        return _noted(column, "has more digits than Arrow's decimals and is kept as text")
    return evolve(column, type=kind, expression=quoted(column.name), finish=text_as(kind))


def _interval(column: ReadColumn, found: Sequence[Any]) -> ReadColumn:
    if found[0]:
        return _noted(column, "holds intervals of months or years, which have no fixed length, and is kept as text")
    return evolve(
        column,
        type=pa.duration("us"),
        expression=f"(extract(epoch FROM {quoted(column.name)}) * 1000000)::int8",
    )


def _array(column: ReadColumn, element: str, *, many: bool) -> ReadColumn:
    name = quoted(column.name)
    if many:
        expression = f"array_to_json({name})::text"
        return evolve(_noted(column, "holds arrays of several dimensions and is read as JSON"), expression=expression)
    if element in _LISTS:
        return evolve(column, type=pa.list_(_PLAIN[element]), expression=name, finish=_list_of(_PLAIN[element]))
    return evolve(column, type=pa.list_(pa.string()), expression=f"{name}::text[]", finish=_list_of(pa.string()))


def _list_of(kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    return lambda values: values.cast(pa.list_(kind))


def _noted(column: ReadColumn, note: str) -> ReadColumn:
    return evolve(column, notes=(*column.notes, f"'{column.name}' {note}"))


def declared_of(fields: Iterable[pa.Field]) -> list[Declared]:
    """Read the types of a query's columns from what ADBC notes beside them."""
    found = []
    for field in fields:
        notes = field.metadata or {}
        modifier = int(notes.get(b"POSTGRESQL:typmod", b"-1"))
        type_ = notes.get(b"POSTGRESQL:type", notes.get(b"ADBC:postgresql:typname", b"")).decode()
        found.append(Declared(name=field.name, type=type_ or "text", modifier=modifier))
    return found
