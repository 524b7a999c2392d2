"""Arrow types of Oracle columns, and the SQL and casts that keep every value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
from attrs import evolve, frozen

from semblant_databases import marks
from semblant_databases.oracle.connection import quoted
from semblant_databases.reading.relation import ReadColumn, through
from semblant_databases.reading.serial import Probe, noted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_TEXTS: Final = frozenset("CHAR NCHAR VARCHAR2 NVARCHAR2 VARCHAR LONG".split())
_LARGE_TEXTS: Final = frozenset("CLOB NCLOB".split())
_BYTES: Final = frozenset("RAW BLOB".split())
_SPELLED: Final = {
    "ROWID": "ROWIDTOCHAR({})", "UROWID": "CAST({} AS VARCHAR2(4000))", "XMLTYPE": "XMLSERIALIZE(CONTENT {} AS CLOB)",
    "JSON": "JSON_SERIALIZE({} RETURNING CLOB)", "BOOLEAN": "CASE WHEN {0} THEN 1 WHEN NOT {0} THEN 0 END",
}  # fmt: skip
_WIDEST: Final = 38
_INT64, _UINT64 = 19, 20


@frozen(kw_only=True)
class Declared:
    """A column as the catalog has it."""

    name: str
    type: str
    length: int = 0
    characters: bool = False
    precision: int | None = None
    scale: int | None = None
    nullable: bool = True
    comment: str = ""

    @property
    def written(self) -> str:
        """The type as CREATE TABLE writes it.

        >>> Declared(name="a", type="VARCHAR2", length=40, characters=True).written
        'VARCHAR2(40 CHAR)'
        >>> Declared(name="a", type="NUMBER", precision=10, scale=2).written, Declared(name="a", type="NUMBER").written
        ('NUMBER(10,2)', 'NUMBER')
        """
        if self.type == "NUMBER" and self.precision is not None:
            return f"NUMBER({self.precision},{self.scale})" if self.scale else f"NUMBER({self.precision})"
        if self.type in {"CHAR", "VARCHAR2"}:
            return f"{self.type}({self.length}{' CHAR' if self.characters else ''})"
        if self.type in {"NCHAR", "NVARCHAR2", "RAW"}:
            return f"{self.type}({self.length})"
        return self.type


def column_of(declared: Declared) -> ReadColumn:
    """Say how a column is read; some types need :func:`probe_of` before they are final."""
    name, kind = quoted(declared.name), declared.type
    comment, mark = marks.parted(declared.comment)
    base = ReadColumn(
        name=declared.name,
        type=pa.string(),
        expression=name,
        nullable=declared.nullable,
        comment=comment,
        declared=f"oracle:{declared.written}",
        finish=through(pa.string()),
    )
    if kind in _TEXTS or kind in _LARGE_TEXTS:
        return base
    if kind in _BYTES:
        return base.through(pa.binary())
    if kind == "NUMBER" and declared.precision is not None:
        return _number(base, declared)
    if kind in {"BINARY_FLOAT", "BINARY_DOUBLE"}:
        return base.through(pa.float32() if kind == "BINARY_FLOAT" else pa.float64())
    if kind == "DATE":
        return base.through(pa.timestamp("s"), pa.date32()) if mark == marks.DATE else base.through(pa.timestamp("s"))
    if kind.startswith("TIMESTAMP"):
        unit = "ns" if kind.startswith(("TIMESTAMP(7)", "TIMESTAMP(8)", "TIMESTAMP(9)")) else "us"
        if not kind.endswith("TIME ZONE"):
            return base.through(pa.timestamp(unit))
        moment = evolve(base, expression=f"SYS_EXTRACT_UTC({name})").through(pa.timestamp(unit))
        return evolve(moment, type=pa.timestamp(unit, "UTC"))
    if kind.startswith("INTERVAL DAY"):
        return _interval(base, declared)
    if kind in _SPELLED:
        spelled = evolve(base, expression=_SPELLED[kind].format(name))
        return spelled.through(pa.int64(), pa.bool_()) if kind == "BOOLEAN" else spelled
    return evolve(base, expression=f"TO_CHAR({name})")


def _number(base: ReadColumn, declared: Declared) -> ReadColumn:
    precision, scale = declared.precision or 0, declared.scale or 0
    if marks.parted(declared.comment)[1] == marks.BOOLEAN:
        return base.through(pa.int64(), pa.bool_())
    if scale != 0:
        return base.through(pa.decimal128(min(_WIDEST, max(precision - min(scale, 0), scale)), max(scale, 0)))
    for digits, kind in ((4, pa.int16()), (9, pa.int32()), (18, pa.int64())):
        if precision <= digits:
            return base.through(kind)
    return base.through(pa.decimal128(precision, 0))


def _interval(base: ReadColumn, declared: Declared) -> ReadColumn:
    parts = (("DAY", 86_400_000_000), ("HOUR", 3_600_000_000), ("MINUTE", 60_000_000), ("SECOND", 1_000_000))
    whole = " + ".join(f"EXTRACT({part} FROM {base.expression}) * {weight}" for part, weight in parts)
    found = evolve(base, expression=f"CAST({whole} AS NUMBER(18))")
    if marks.parted(declared.comment)[1] == marks.TIME:
        return found.through(pa.int64(), pa.time64("us"))
    return found.through(pa.int64(), pa.duration("us"))


def probe_of(declared: Declared) -> Probe | None:
    """Give the question that a column's type needs; None when its declaration says all."""
    name = quoted(declared.name)
    if declared.type == "FLOAT" or (declared.type == "NUMBER" and declared.precision is None):
        rest = f"LENGTH(TO_CHAR(ABS({name} - TRUNC({name})), 'TM9'))"
        return Probe(
            aggregates=(
                f"MAX(CASE WHEN {name} = TRUNC({name}) THEN 0 ELSE {rest} - 1 END)",
                f"MAX(LENGTH(TO_CHAR(TRUNC(ABS({name})), 'TM9')))",
            ),
            decide=_measured,
        )
    if declared.type == "NUMBER" and not declared.scale and declared.precision in {_INT64, _UINT64}:
        return Probe(aggregates=(f"MIN({name})", f"MAX({name})"), decide=_whole)
    return None


def _measured(column: ReadColumn, found: Sequence[Any]) -> ReadColumn:
    scale, digits = int(found[0] or 0), int(found[1] or 1)
    if scale + digits > _WIDEST:
        text = evolve(column, expression=f"TO_CHAR({quoted(column.name)}, 'TM9')").through(pa.string())
        return noted(text, "has more digits than decimals hold and is kept as text")
    kind = pa.decimal128(digits + scale, scale)
    # asked for in a type of its own: without one the driver would give floating numbers
    sized = evolve(column, expression=f"CAST({quoted(column.name)} AS NUMBER({digits + scale},{scale}))")
    return sized.through(pa.int64()) if not scale and digits <= 18 else sized.through(kind)


def _whole(column: ReadColumn, found: Sequence[Any]) -> ReadColumn:
    low, high = (int(value or 0) for value in found)
    if low >= -(2**63) and high < 2**63:
        return column.through(pa.int64())
    return column.through(pa.uint64()) if low >= 0 and high < 2**64 else column
