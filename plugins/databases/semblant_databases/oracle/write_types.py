"""Oracle types for Arrow columns, the Arrow types that the driver binds, and what the server makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from semblant.errors import DestinationError
from semblant.visible import visible
from semblant_databases import marks
from semblant_databases.writing import texts
from semblant_databases.writing.encode import json_texts, plain_type, plain_values
from semblant_databases.writing.target import Loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.schema import Column

_TYPES = pa.types
_DAY_US: Final = 86_400_000_000
_DAY_TO_SECOND: Final = "INTERVAL DAY(9) TO SECOND(6)"
_KEY: Final = {"CLOB": "VARCHAR2(255 CHAR)", "BLOB": "RAW(255)"}
_SQL: Final[tuple[tuple[Callable[[pa.DataType], bool], str], ...]] = (
    (_TYPES.is_boolean, "NUMBER(1)"),
    (lambda kind: kind in {pa.int8(), pa.uint8()}, "NUMBER(3)"),
    (lambda kind: kind in {pa.int16(), pa.uint16()}, "NUMBER(5)"),
    (lambda kind: kind in {pa.int32(), pa.uint32()}, "NUMBER(10)"),
    (lambda kind: kind == pa.int64(), "NUMBER(19)"),
    (lambda kind: kind == pa.uint64(), "NUMBER(20)"),
    (lambda kind: kind in {pa.float16(), pa.float32()}, "BINARY_FLOAT"),
    (_TYPES.is_float64, "BINARY_DOUBLE"),
    (_TYPES.is_date, "DATE"),
    (lambda kind: _TYPES.is_timestamp(kind) and kind.tz is not None, "TIMESTAMP(6) WITH TIME ZONE"),
    (_TYPES.is_timestamp, "TIMESTAMP(6)"),
    (_TYPES.is_time, _DAY_TO_SECOND),
    (_TYPES.is_duration, _DAY_TO_SECOND),
    (texts.is_text, "CLOB"),
    (texts.is_bytes, "BLOB"),
    (_TYPES.is_nested, "CLOB"),
    (_TYPES.is_null, "CLOB"),
)


def sql_of(kind: pa.DataType, *, key: bool = False) -> str:
    """Give the SQL type that keeps every value of an Arrow type; the empty text when there is none.

    >>> sql_of(pa.int32()), sql_of(pa.string()), sql_of(pa.string(), key=True), sql_of(pa.decimal128(28, 2))
    ('NUMBER(10)', 'CLOB', 'VARCHAR2(255 CHAR)', 'NUMBER(28,2)')
    """
    if _TYPES.is_decimal(kind):
        precision, scale = kind.precision + max(-kind.scale, 0), max(kind.scale, 0)
        if precision > 38:
            return ""
        return f"NUMBER({precision},{scale})" if scale else f"NUMBER({precision})"
    found = next((sql for fits, sql in _SQL if fits(kind)), "")
    return _KEY.get(found, found) if key else found


def loaded(column: Column, sql: str = "", *, key: bool = False, empty: str = "refuse") -> Loaded:
    """Say how a column is kept; ``sql`` is the type of an existing column, ``empty`` what is done with empty texts.

    :raises DestinationError: when Oracle has no type for it.
    """
    kind = plain_type(column.type)
    store, _, written = column.declared.partition(":")
    sql = sql or (written if store == "oracle" else "") or sql_of(kind, key=key)
    if not sql:
        raise DestinationError(
            f"column '{visible(column.name)}' has the type {column.type}, for which Oracle has none",
            fix="exclude the column, or convert it in the source",
        )
    arrow, bind = _bound(kind, empty)
    return Loaded(
        name=column.name,
        sql=sql,
        arrow=arrow,
        encode=lambda values: bind(_unrounded(plain_values(values), sql)),
        mark=mark_of(column),
    )


def _unrounded(values: pa.Array, sql: str) -> pa.Array:
    """Refuse values that the server would round when it puts them into a column that is there."""
    name, _, size = sql.partition("(")
    if (_TYPES.is_decimal(values.type) or _TYPES.is_float64(values.type)) and name == "NUMBER" and size:
        return texts.same_numbers(values, int(size.rstrip(")").partition(",")[2] or 0))
    if _TYPES.is_timestamp(values.type) and name == "DATE":
        return texts.whole_steps(values, 1_000_000)
    if _TYPES.is_timestamp(values.type) and name == "TIMESTAMP":
        return texts.whole_steps(values, 10 ** max(0, 6 - int(size.partition(")")[0] or 6)))
    return values


def _bound(kind: pa.DataType, empty: str) -> tuple[pa.DataType, Callable[[pa.Array], pa.Array]]:
    """Give the type in which the driver takes values, and how they get it."""
    if _TYPES.is_boolean(kind):
        return pa.int64(), lambda values: values.cast(pa.int8()).cast(pa.int64())
    if kind == pa.uint64():
        return pa.decimal128(20, 0), lambda values: values.cast(pa.decimal128(20, 0))
    if _TYPES.is_integer(kind):
        return pa.int64(), lambda values: values.cast(pa.int64())
    if _TYPES.is_decimal(kind):
        exact = pa.decimal128(min(38, kind.precision + max(-kind.scale, 0)), max(kind.scale, 0))
        return exact, lambda values: values.cast(exact)
    if _TYPES.is_floating(kind):
        wide = pa.float64() if _TYPES.is_float64(kind) else pa.float32()
        return wide, lambda values: values.cast(wide)
    if _TYPES.is_date(kind):
        return pa.timestamp("s"), lambda values: values.cast(pa.date32()).cast(pa.timestamp("s"))
    if _TYPES.is_timestamp(kind):
        return pa.timestamp("us"), lambda values: values.cast(pa.timestamp("us", kind.tz)).cast(pa.timestamp("us"))
    if _TYPES.is_time(kind):
        return pa.string(), lambda values: intervals(values.cast(pa.time64("us")).cast(pa.int64()))
    if _TYPES.is_duration(kind):
        return pa.string(), lambda values: intervals(values.cast(pa.duration("us")).cast(pa.int64()))
    if texts.is_bytes(kind):
        return pa.large_binary(), lambda values: _filled(values.cast(pa.large_binary()), empty)
    if _TYPES.is_nested(kind):
        return pa.large_string(), lambda values: json_texts(values).cast(pa.large_string())
    return pa.large_string(), lambda values: _filled(texts.plain_texts(values).cast(pa.large_string()), empty)


def _filled(values: pa.Array, empty: str) -> pa.Array:
    """Refuse or null what is empty: for Oracle it is null in any case."""
    nothing = pc.equal(pc.binary_length(values), 0)
    if not pc.any(nothing).as_py():
        return values
    if empty == "refuse":
        msg = "it is empty, and Oracle takes what is empty for null; set empty_texts: as_null if that will do"
        raise ValueError(msg)
    return pc.if_else(pc.fill_null(nothing, False), pa.scalar(None, values.type), values)


def intervals(microseconds: pa.Array) -> pa.Array:
    """Write microseconds as TO_DSINTERVAL reads them.

    >>> intervals(pa.array([-1, 90_061_000_001, None])).to_pylist()
    ['-0 00:00:00.000001', '1 01:01:01.000001', None]
    """
    size = pc.abs_checked(microseconds)
    days = pc.divide(size, _DAY_US)
    rest = pc.subtract(size, pc.multiply(days, _DAY_US))
    clock = rest.cast(pa.time64("us")).cast(pa.string())
    sign = pc.if_else(pc.less(microseconds, 0), "-", "")
    whole = pc.binary_join_element_wise(sign, days.cast(pa.string()), "")
    return pc.binary_join_element_wise(whole, clock, " ")


def value_of(place: int, sql: str, kind: pa.DataType) -> str:
    """Give the expression that makes the value of a column out of what is bound for it.

    >>> value_of(1, "NUMBER(10)", pa.int32()), value_of(2, "INTERVAL DAY(9) TO SECOND(6)", pa.duration("us"))
    (':1', 'TO_DSINTERVAL(:2)')
    """
    if sql.startswith("INTERVAL DAY") and (_TYPES.is_duration(kind) or _TYPES.is_time(kind)):
        return f"TO_DSINTERVAL(:{place})"
    if _TYPES.is_timestamp(kind) and kind.tz is not None:
        return f"FROM_TZ(:{place}, 'UTC')"
    return f":{place}"


def mark_of(column: Column) -> str:
    """Give what a column's comment must say besides, because its SQL type does not."""
    kind = plain_type(column.type)
    if _TYPES.is_boolean(kind):
        return marks.BOOLEAN
    if _TYPES.is_date(kind):
        return marks.DATE
    return marks.TIME if _TYPES.is_time(kind) else ""
