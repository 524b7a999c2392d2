"""Arrow types of MySQL columns, and the SQL and casts that keep every value of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from semblant_databases import marks
from semblant_databases.mysql.connection import quoted
from semblant_databases.reading.relation import ReadColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WHOLE: Final = {
    "tinyint": (pa.int8(), pa.uint8()),
    "smallint": (pa.int16(), pa.uint16()),
    "mediumint": (pa.int32(), pa.uint32()),
    "int": (pa.int32(), pa.uint32()),
    "bigint": (pa.int64(), pa.uint64()),
    "year": (pa.int16(), pa.int16()),
}
_TEXTS: Final = frozenset("char varchar tinytext text mediumtext longtext enum set json uuid inet4 inet6".split())
_BYTES: Final = frozenset("binary varbinary tinyblob blob mediumblob longblob".split())
_SHAPES: Final = frozenset(
    "geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection".split()
)
_CLOCK = r"^(?P<sign>-?)(?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+)(?:\.(?P<rest>\d+))?$"


@frozen(kw_only=True)
class Declared:
    """A column as the catalog has it."""

    name: str
    type: str
    written: str = ""
    precision: int = 0
    scale: int = 0
    unsigned: bool = False
    nullable: bool = True
    comment: str = ""
    enum: tuple[str, ...] = ()


def labels_of(written: str) -> tuple[str, ...]:
    """Give the values of an enum's declaration.

    >>> labels_of("enum('a','it''s')"), labels_of("int(11)")
    (('a', "it's"), ())
    """
    if not written.lower().startswith("enum("):
        return ()
    return tuple(found.replace("''", "'") for found in re.findall(r"'((?:[^']|'')*)'", written))


def column_of(declared: Declared) -> ReadColumn:
    """Say how a column is read; some types need :func:`probe_of` before they are final."""
    name = quoted(declared.name)
    comment, mark = marks.parted(declared.comment)
    base = ReadColumn(
        name=declared.name,
        type=pa.string(),
        expression=name,
        nullable=declared.nullable,
        comment=comment,
        enum=declared.enum,
        declared=f"mysql:{declared.written}" if declared.written else "",
    )
    kind = declared.type
    if kind in _TEXTS:
        return base
    if kind in _BYTES:
        return evolve(base, type=pa.binary())
    if kind in _WHOLE:
        return _cast(base, _WHOLE[kind][declared.unsigned])
    if kind == "float":
        # the server writes a float with six digits; as a double it writes all of them
        return _cast(evolve(base, expression=f"({name} + 0e0)"), pa.float32())
    if kind == "double":
        return _cast(base, pa.float64())
    if kind == "decimal":
        digits = max(declared.precision, 1)
        type_ = pa.decimal128(digits, declared.scale) if digits <= 38 else pa.decimal256(digits, declared.scale)
        return _cast(base, type_)
    if kind == "date":
        return _cast(base, pa.date32())
    if kind == "datetime":
        return evolve(base, type=pa.timestamp("us", "UTC" if mark == marks.UTC else None), finish=_moments)
    if kind == "timestamp":
        return evolve(base, type=pa.timestamp("us", "UTC"), finish=_moments)
    if kind == "time":
        return evolve(base, type=pa.duration("us"), finish=clock) if mark == marks.DURATION else base
    if kind == "bit":
        return _cast(evolve(base, expression=f"({name} + 0)"), pa.uint64())
    if kind in _SHAPES:
        return evolve(base, expression=f"ST_AsText({name})")
    return evolve(base, expression=f"CONVERT({name} USING utf8mb4)")


def _cast(column: ReadColumn, kind: pa.DataType) -> ReadColumn:
    return evolve(column, type=kind, finish=lambda values: values.cast(kind))


def _moments(values: pa.Array) -> pa.Array:
    return values.cast(pa.timestamp("us"))


def clock(values: pa.Array) -> pa.Array:
    """Read ``-838:59:59.5`` as a duration.

    >>> clock(pa.array(["-01:00:00.5", "100:00:00", None])).cast(pa.int64()).to_pylist()
    [-3600500000, 360000000000, None]
    """
    parts = pc.extract_regex(values, _CLOCK)
    if parts.null_count > values.null_count:
        msg = "it is no time"
        raise ValueError(msg)
    whole = pc.utf8_rpad(pc.struct_field(parts, "rest"), 6, "0").cast(pa.int64())
    for name, weight in (("hours", 3_600_000_000), ("minutes", 60_000_000), ("seconds", 1_000_000)):
        whole = pc.add(whole, pc.multiply(pc.struct_field(parts, name).cast(pa.int64()), weight))
    negative = pc.equal(pc.struct_field(parts, "sign"), "-")
    return pc.if_else(negative, pc.negate(whole), whole).cast(pa.duration("us"))


@frozen(kw_only=True)
class Probe:
    """A question to all rows that decides a column's type."""

    aggregate: str
    decide: Callable[[ReadColumn, Any], ReadColumn]


def probe_of(declared: Declared) -> Probe | None:
    """Give the question that a column's type needs; None when its declaration says all."""
    name = quoted(declared.name)
    if declared.type == "tinyint" and declared.written.lower().startswith("tinyint(1)"):
        return Probe(aggregate=f"max({name} NOT IN (0, 1))", decide=_truth)
    if declared.type == "bit" and declared.written.lower() == "bit(1)":
        return Probe(aggregate="0", decide=_truth)
    if declared.type == "time" and marks.parted(declared.comment)[1] != marks.DURATION:
        return Probe(aggregate=f"max({name} < '00:00:00' OR {name} >= '24:00:00')", decide=_time)
    return None


def _truth(column: ReadColumn, other: Any) -> ReadColumn:
    return column if _is_set(other) else _cast(column, pa.bool_())


def _time(column: ReadColumn, beyond: Any) -> ReadColumn:
    if _is_set(beyond):
        return evolve(column, type=pa.duration("us"), finish=clock)
    return evolve(
        column, type=pa.time64("us"), finish=lambda values: clock(values).cast(pa.int64()).cast(pa.time64("us"))
    )


def _is_set(answer: Any) -> bool:
    return answer not in {None, "0", 0}


_FIELD_TYPES = {
    0: "decimal", 1: "tinyint", 2: "smallint", 3: "int", 4: "float", 5: "double", 7: "timestamp", 8: "bigint",
    9: "mediumint", 10: "date", 11: "time", 12: "datetime", 13: "year", 16: "bit", 245: "json", 246: "decimal",
    247: "enum", 248: "set", 255: "geometry",
}  # fmt: skip
_UNSIGNED, _BINARY_CHARSET = 32, 63


def declared_of(fields: Sequence[Any]) -> list[Declared]:
    """Read the types of a query's columns from the result's own description."""
    found = []
    for field in fields:
        type_ = _FIELD_TYPES.get(field.type_code, "")
        if not type_:
            type_ = "blob" if field.charsetnr == _BINARY_CHARSET else "text"
        unsigned = bool(field.flags & _UNSIGNED)
        scale = int(field.scale)
        precision = int(field.length) - (scale > 0) - (not unsigned)
        found.append(Declared(name=field.name, type=type_, precision=precision, scale=scale, unsigned=unsigned))
    return found
