"""Arrow types of SQL Server columns, and the SQL and casts that keep every value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
from attrs import evolve, frozen

from semblant_databases import marks
from semblant_databases.reading.relation import ReadColumn, through
from semblant_databases.reading.serial import Probe, noted
from semblant_databases.sqlserver.connection import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_US = pa.timestamp("us")
_PLAIN: Final = {
    "bit": pa.bool_(),
    "tinyint": pa.uint8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "float": pa.float64(),
    "date": pa.date32(),
    "datetime": _US,
    "smalldatetime": _US,
    "datetime2": _US,
    "time": pa.time64("us"),
}
_TEXTS: Final = frozenset("char varchar nchar nvarchar text ntext".split())
_BYTES: Final = frozenset("binary varbinary image timestamp rowversion".split())
_CAST: Final = {"money": (19, 4), "smallmoney": (10, 4)}
_METHODS: Final = frozenset("geometry geography hierarchyid".split())
_WIDE: Final = frozenset("nchar nvarchar".split())
_FINEST = 7


@frozen(kw_only=True)
class Declared:
    """A column as the catalog has it; ``length`` counts bytes, -1 for ``max``."""

    name: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nullable: bool = True
    counted: bool = False
    """Whether the server numbers the rows itself (IDENTITY)."""
    comment: str = ""

    @property
    def written(self) -> str:
        """The type as CREATE TABLE writes it.

        >>> Declared(name="a", type="nvarchar", length=80).written
        'nvarchar(40)'
        """
        if self.type in {"decimal", "numeric"}:
            return f"{self.type}({self.precision},{self.scale})"
        if self.type in {"datetime2", "datetimeoffset", "time"}:
            return f"{self.type}({self.scale})"
        if self.type in {"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"}:
            size = self.length // 2 if self.type in _WIDE else self.length
            return f"{self.type}({'max' if self.length < 0 else size})"
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
        declared=f"sqlserver:{declared.written}",
    )
    if kind in _TEXTS:
        return base
    if kind == "bigint" and mark == marks.MICROSECONDS:
        return base.through(pa.int64(), pa.duration("us"))
    if kind in _PLAIN:
        return base.through(_PLAIN[kind])
    if kind in _BYTES:
        return base.through(pa.binary())
    if kind in {"decimal", "numeric"}:
        exact = pa.decimal128(declared.precision, declared.scale)
        return base.through(exact)
    if kind in _CAST:
        exact = pa.decimal128(*_CAST[kind])
        size = ",".join(map(str, _CAST[kind]))
        return evolve(base, expression=f"CAST({name} AS decimal({size}))").through(exact)
    if kind == "datetimeoffset":
        moment = f"CAST(SWITCHOFFSET({name}, '+00:00') AS datetime2({min(declared.scale, 6)}))"
        return evolve(base, type=pa.timestamp("us", "UTC"), expression=moment, finish=through(_US))
    if kind == "uniqueidentifier":
        return evolve(base, expression=f"LOWER(CAST({name} AS nvarchar(36)))")
    return evolve(base, expression=f"{name}.ToString()" if kind in _METHODS else f"CAST({name} AS nvarchar(max))")


def probe_of(declared: Declared) -> Probe | None:
    """Give the question that a column's type needs: whether it holds what is finer than microseconds."""
    if declared.scale < _FINEST or declared.type not in {"datetime2", "datetimeoffset", "time"}:
        return None
    name = quoted(declared.name)
    return Probe(
        aggregates=(f"MAX(CASE WHEN DATEPART(nanosecond, {name}) % 1000 <> 0 THEN 1 ELSE 0 END)",),
        decide=_finer,
    )


def _finer(column: ReadColumn, found: Sequence[Any]) -> ReadColumn:
    if not found[0]:
        return column
    text = evolve(
        column, type=pa.string(), expression=f"CONVERT(nvarchar(40), {quoted(column.name)}, 121)", finish=None
    )
    return noted(text, "holds times that are finer than microseconds and is kept as text")
