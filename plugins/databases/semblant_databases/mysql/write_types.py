"""MySQL types for Arrow columns, and the texts in which their values travel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant_databases import marks
from semblant_databases.mysql.connection import literal
from semblant_databases.writing.encode import json_texts, plain_type, plain_values
from semblant_databases.writing.target import Loaded
from semblant_databases.writing.texts import same_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.schema import Column

_TYPES = pa.types
_LONGEST_TIME = (838 * 3600 + 59 * 60 + 59) * 1_000_000
_WIDTH = re.compile(r"^((?:tiny|small|medium|big)?int|year)\(\d+\)")
_WHOLE = re.compile(r"(?:tiny|small|medium|big)?int|year|bit", re.IGNORECASE)
_WIDEST = 65


def _is_text(kind: pa.DataType) -> bool:
    return bool(_TYPES.is_string(kind) or _TYPES.is_large_string(kind) or _TYPES.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        _TYPES.is_binary(kind)
        or _TYPES.is_large_binary(kind)
        or _TYPES.is_fixed_size_binary(kind)
        or _TYPES.is_binary_view(kind)
    )


_SQL: Final[tuple[tuple[Callable[[pa.DataType], bool], str], ...]] = (
    (lambda kind: kind == pa.int8(), "tinyint"),
    (lambda kind: kind == pa.uint8(), "tinyint unsigned"),
    (lambda kind: kind == pa.int16(), "smallint"),
    (lambda kind: kind == pa.uint16(), "smallint unsigned"),
    (lambda kind: kind == pa.int32(), "int"),
    (lambda kind: kind == pa.uint32(), "int unsigned"),
    (lambda kind: kind == pa.int64(), "bigint"),
    (lambda kind: kind == pa.uint64(), "bigint unsigned"),
    (_TYPES.is_boolean, "tinyint(1)"),
    (lambda kind: kind in {pa.float16(), pa.float32()}, "float"),
    (_TYPES.is_float64, "double"),
    (_TYPES.is_date, "date"),
    (_TYPES.is_timestamp, "datetime(6)"),
    (_TYPES.is_time, "time(6)"),
    (_TYPES.is_duration, "time(6)"),
    (_is_text, "longtext"),
    (_is_bytes, "longblob"),
    (_TYPES.is_nested, "json"),
    (_TYPES.is_null, "longtext"),
)


def sql_of(kind: pa.DataType, *, key: bool = False, enum: tuple[str, ...] = ()) -> str:
    """Give the SQL type that keeps every value of an Arrow type; the empty text when there is none.

    >>> sql_of(pa.uint32()), sql_of(pa.string()), sql_of(pa.string(), key=True), sql_of(pa.decimal128(28, 2))
    ('int unsigned', 'longtext', 'varchar(255)', 'decimal(28,2)')
    """
    if _TYPES.is_decimal(kind):
        precision, scale = kind.precision + max(-kind.scale, 0), max(kind.scale, 0)
        return f"decimal({precision},{scale})" if precision <= _WIDEST and scale <= 30 else ""
    if enum and _is_text(kind):
        return f"enum({','.join(map(literal, enum))})"
    found = next((sql for fits, sql in _SQL if fits(kind)), "")
    return {"longtext": "varchar(255)", "longblob": "varbinary(255)"}.get(found, found) if key else found


def canonical(sql: str, *, maria: bool) -> str:
    """Write a type as it is compared: display widths say nothing, and MariaDB's JSON is a long text.

    >>> canonical("bigint(20) unsigned", maria=True), canonical("tinyint(1)", maria=True)
    ('bigint unsigned', 'tinyint(1)')
    """
    lower = sql.lower() if not sql.lower().startswith(("enum(", "set(")) else sql
    if lower == "tinyint(1)":
        return lower
    return "longtext" if maria and lower == "json" else _WIDTH.sub(r"\1", lower)


def _floats(values: pa.Array) -> pa.Array:
    if pc.any(pc.invert(pc.is_finite(values))).as_py():
        msg = "MySQL has no numbers that are not finite"
        raise ValueError(msg)
    # as a double: the shortest text of a float may lie beyond the largest float
    return values.cast(pa.float64()).cast(pa.string())


def _durations(values: pa.Array) -> pa.Array:
    """Write durations as ``-838:59:59.000001``."""
    numbers = values.cast(pa.duration("us")).cast(pa.int64())
    size = pc.abs_checked(numbers)
    if (pc.max(size).as_py() or 0) > _LONGEST_TIME:
        msg = "MySQL's times end at 838:59:59"
        raise ValueError(msg)
    sign = pc.if_else(pc.less(numbers, 0), "-", "")
    seconds = pc.divide(size, 1_000_000)
    clock = [pc.divide(seconds, 3600)]
    clock.append(pc.subtract(pc.divide(seconds, 60), pc.multiply(clock[0], 60)))
    clock.append(pc.subtract(seconds, pc.multiply(pc.divide(seconds, 60), 60)))
    parts = [pc.utf8_lpad(part.cast(pa.string()), 2, "0") for part in clock]
    rest = pc.utf8_lpad(pc.subtract(size, pc.multiply(seconds, 1_000_000)).cast(pa.string()), 6, "0")
    text = pc.binary_join_element_wise(pc.binary_join_element_wise(*parts, ":"), rest, ".")
    return pc.binary_join_element_wise(sign, text, "")


def _moments(values: pa.Array) -> pa.Array:
    return values.cast(pa.timestamp("us", values.type.tz)).cast(pa.timestamp("us")).cast(pa.string())


def _hex(values: pa.Array) -> pa.Array:
    return pa.array([None if value is None else value.hex() for value in values.to_pylist()], pa.string())


def _encoder(kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    if _TYPES.is_boolean(kind):
        return lambda values: values.cast(pa.int8()).cast(pa.string())
    if _TYPES.is_floating(kind):
        return _floats
    if _TYPES.is_timestamp(kind):
        return _moments
    if _TYPES.is_time(kind):
        return lambda values: values.cast(pa.time64("us")).cast(pa.string())
    if _TYPES.is_duration(kind):
        return _durations
    if _is_bytes(kind):
        return _hex
    return json_texts if _TYPES.is_nested(kind) else lambda values: values.cast(pa.string())


def loaded(column: Column, sql: str = "", *, key: bool = False) -> Loaded:
    """Say how a column is kept; ``sql`` is the type of an existing column.

    :raises DestinationError: when MySQL has no type for it.
    """
    kind = plain_type(column.type)
    store, _, written = column.declared.partition(":")
    sql = sql or (written if store == "mysql" else "") or sql_of(kind, key=key, enum=column.enum)
    if not sql:
        raise DestinationError(
            f"column '{visible(column.name)}' has the type {column.type}, for which MySQL has none",
            fix="exclude the column, or convert it in the source",
        )
    write = _encoder(kind)
    whole = bool(_WHOLE.match(sql))

    def encode(values: pa.Array) -> pa.Array:
        # the server would round them without a word
        return write(same_numbers(values, 0) if whole else values)

    how = "hex" if _is_bytes(kind) else "bit" if sql.lower().startswith("bit") else ""
    return Loaded(
        name=column.name,
        sql=sql,
        arrow=pa.string(),
        encode=lambda values: encode(plain_values(values)),
        staged_as=how,
        mark=mark_of(column, sql),
    )


def mark_of(column: Column, sql: str) -> str:
    """Give what a column's comment must say besides, because its SQL type does not."""
    if pa.types.is_duration(column.type):
        return marks.DURATION if sql.lower().startswith("time") else ""
    zoned = pa.types.is_timestamp(column.type) and column.type.tz
    return marks.UTC if zoned and sql.lower().startswith("datetime") else ""
