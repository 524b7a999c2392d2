"""Arrow types of SQLite columns: what is declared, verified against what is stored in every row.

SQLite keeps a type with each value and not with the column, so a declared INTEGER may hold text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from semblant_sources.files.decision import FileStyle, decide
from semblant_sources.files.evidence import Evidence
from semblant_sources.settings import FilesSettings
from semblant_sources.sqlite.tables import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from semblant_sources.files.plan import ColumnPlan
    from semblant_sources.sqlite.connection import Snapshot
    from semblant_sources.sqlite.tables import Declared, Relation

_AT_ONCE = 150
_KINDS = ("integer", "real", "text", "blob")
_BATCH = 65_536
_SMALL_BATCH = 4_096
"""Python objects that fit into the processor's cache."""
_EXACT_IN_FLOAT = 2**53
_MOST_DIGITS = 38
_DATES = re.compile(r"DATE|TIME")
_EXACT = re.compile(r"DECIMAL_TEXT\((\d+),(-?\d+)\)")
"""How our destination declares decimals: a name with TEXT in it, so that SQLite leaves every digit alone."""
_ISO_DATE = len("2024-02-29")
_ISO_DATES, _ISO_MOMENTS = (pa.date32(),), (pa.timestamp("us"), pa.timestamp("us", "UTC"))
_TIME, _DURATION = "TIME_TEXT", "DURATION_MICROSECONDS_INT"
_DIGITS = re.compile(r"^(?:DEC|NUM)\w*\s*\(\s*(\d+)")
_FLOAT_DIGITS = 15
_SCALE = re.compile(r"\(\s*\d+\s*,\s*([1-9]\d*)\s*\)")


@frozen(kw_only=True)
class StoredColumn:
    """A column with its Arrow type, the SQL that yields its values, and a plan where texts are dates."""

    name: str
    type: pa.DataType
    nullable: bool
    expression: str
    plan: ColumnPlan | None = None
    notes: tuple[str, ...] = ()

    def array(self, values: tuple[object, ...]) -> pa.Array:
        """Make an Arrow array of the driver's values."""
        if self.plan is not None:
            return self.plan.cast(pa.array(values, pa.string()))
        if pa.types.is_boolean(self.type):
            return pa.array(values, pa.int8()).cast(pa.bool_())
        if pa.types.is_decimal(self.type) or pa.types.is_time(self.type):
            return _parsed(values, self.type)
        if pa.types.is_date(self.type) or pa.types.is_timestamp(self.type):
            return pa.array(values, pa.string()).cast(self.type)
        return pa.array(values, self.type)


@frozen
class _Stored:
    """How many values of each storage class a column holds, and the range of its whole numbers."""

    integers: int
    reals: int
    texts: int
    blobs: int
    low: int | None
    high: int | None


_NOTHING = _Stored(0, 0, 0, 0, None, None)


def stored_columns(snapshot: Snapshot, relation: Relation) -> tuple[StoredColumn, ...]:
    """Decide the type of each column after a look at all rows, and a closer one at those that hold something else.

    Most columns hold what they are declared to, so that two counts each say all.
    """
    found: dict[str, _Stored] = {}
    usual = [(column, _usual_kind(column.type)) for column in relation.columns]
    counts = _asked(snapshot, relation, [_counting(column.name, kind) for column, kind in usual])
    for (column, kind), (there, as_declared) in zip(usual, counts, strict=True):
        ranged = kind == "integer" and ("BOOL" in column.type or _has_scale(column.type))
        if there == as_declared and not ranged:
            found[column.name] = evolve(_NOTHING, **{f"{kind}s": there})
    closer = [column for column in relation.columns if column.name not in found]
    answers = _asked(snapshot, relation, [_counting_all(column.name) for column in closer])
    found |= {column.name: _Stored(*row) for column, row in zip(closer, answers, strict=True)}
    return tuple(_column(snapshot, relation, column, found[column.name]) for column in relation.columns)


def _asked(snapshot: Snapshot, relation: Relation, parts: list[tuple[str, ...]]) -> list[tuple[Any, ...]]:
    """Ask for some aggregates per column over all rows; SQLite takes so many in one statement."""
    answers: list[tuple[Any, ...]] = []
    for start in range(0, len(parts), _AT_ONCE):
        wanted = parts[start : start + _AT_ONCE]
        row = snapshot.rows(f"SELECT {', '.join(part for each in wanted for part in each)} FROM {relation.source}")[0]
        width = len(wanted[0])
        answers += [row[at : at + width] for at in range(0, len(row), width)]
    return answers


def _usual_kind(declared: str) -> str:
    """Name the storage class that a declared type's values mostly have."""
    kind = _declared_type(declared)
    if "BLOB" in declared:
        return "blob"
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_duration(kind):
        return "integer"
    return "real" if pa.types.is_floating(kind) else "text"


def _counting(column: str, kind: str) -> tuple[str, ...]:
    name = quoted(column)
    return f"count({name})", f"count(*) FILTER (WHERE typeof({name}) = '{kind}')"


def _counting_all(column: str) -> tuple[str, ...]:
    name = quoted(column)
    whole = f"({name}) FILTER (WHERE typeof({name}) = 'integer')"
    return (*(_counting(column, kind)[1] for kind in _KINDS), f"min{whole}", f"max{whole}")


def _column(snapshot: Snapshot, relation: Relation, column: Declared, stored: _Stored) -> StoredColumn:
    name = quoted(column.name)

    def made(
        type_: pa.DataType, expression: str = name, note: str = "", plan: ColumnPlan | None = None
    ) -> StoredColumn:
        notes = (f"'{column.name}' {note}",) if note else ()
        return StoredColumn(
            name=column.name, type=type_, nullable=column.nullable, expression=expression, plan=plan, notes=notes
        )

    kinds = [kind for kind in ("integers", "reals", "texts", "blobs") if getattr(stored, kind)]
    if not kinds:
        return made(_declared_type(column.type))
    if kinds == ["blobs"]:
        return made(pa.binary())
    if kinds == ["texts"]:
        return _text(snapshot, relation, column, made)
    if kinds == ["integers"]:
        if column.type == _DURATION:
            return made(pa.duration("us"))
        if "BOOL" in column.type and stored.low in (0, 1) and stored.high in (0, 1):
            return made(pa.bool_())
        return made(pa.float64() if _has_scale(column.type) and _safe(stored) else pa.int64())
    if set(kinds) <= {"integers", "reals"}:
        if _safe(stored):
            rounded = f"is declared {column.type}, and SQLite keeps it as floating numbers of 15 to 17 digits"
            return made(pa.float64(), note=rounded if _exactly_declared(column.type) else "")
        return made(pa.string(), _as_text(name), "mixes decimals and whole numbers beyond 2^53; kept as text")
    shares = ", ".join(f"{getattr(stored, kind)} {kind}" for kind in kinds)
    if "blobs" in kinds:
        return made(pa.binary(), f"CAST({name} AS BLOB)", f"mixes kinds of values ({shares}) and is read as bytes")
    return made(
        pa.string(),
        _as_text(name),
        f"is declared {column.type or 'without a type'} and mixes {shares}; kept as text",
    )


def _text(snapshot: Snapshot, relation: Relation, column: Declared, made: Callable[..., StoredColumn]) -> StoredColumn:
    name = quoted(column.name)
    if _EXACT.fullmatch(column.type) or column.type == _TIME:
        kind = _declared_type(column.type)
        if _all_fit(snapshot, relation, column, kind):
            return made(kind)
        return made(pa.string(), name, f"is declared {column.type} and holds other texts; kept as text")
    if _DATES.search(column.type):
        plain = _iso(snapshot, relation, column)
        if plain is not None:
            return made(plain)
        plan = _dated(snapshot, relation, column)
        if plan is not None:
            return made(plan.type, name, "", plan)
        return made(pa.string(), name, f"is declared {column.type}, but not all texts are dates; kept as text")
    if column.type and not pa.types.is_string(_declared_type(column.type)) and column.type != "BLOB":
        return made(pa.string(), name, f"is declared {column.type} and holds text")
    return made(pa.string())


def _all_fit(snapshot: Snapshot, relation: Relation, column: Declared, kind: pa.DataType) -> bool:
    """Tell whether every text is a value of ``kind``."""
    for rows in snapshot.batches(f"SELECT {quoted(column.name)} FROM {relation.source}", _BATCH):
        try:
            _parsed([row[0] for row in rows], kind)
        except (pa.ArrowInvalid, pl.exceptions.InvalidOperationError):
            return False
    return True


def _parsed(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """Read texts as decimals or times of day."""
    if pa.types.is_time(kind):
        return pl.Series(values, dtype=pl.String).str.to_time("%H:%M:%S%.f").to_arrow().cast(kind)
    return pa.array(values, pa.string()).cast(kind)


def _iso(snapshot: Snapshot, relation: Relation, column: Declared) -> pa.DataType | None:
    """Give the type of dates or moments that are all written by ISO 8601, which needs no guessing; None for others."""
    kinds: tuple[pa.DataType, ...] = ()
    for rows in snapshot.batches(f"SELECT {quoted(column.name)} FROM {relation.source}", _SMALL_BATCH):
        texts = pa.array([row[0] for row in rows], pa.string())
        lengths = pc.min_max(pc.binary_length(texts)).as_py()
        if lengths["min"] is None:
            continue
        whole = _ISO_DATES if lengths["max"] == _ISO_DATE else _ISO_MOMENTS if lengths["min"] > _ISO_DATE else ()
        kinds = tuple(kind for kind in whole if (not kinds or kind in kinds) and _casts(texts, kind))
        if not kinds:
            return None
    return kinds[0] if kinds else None


def _casts(texts: pa.Array, kind: pa.DataType) -> bool:
    try:
        texts.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _dated(snapshot: Snapshot, relation: Relation, column: Declared) -> ColumnPlan | None:
    """Try to read a declared date from its texts, all of them."""
    evidence = Evidence()
    done = 0
    for rows in snapshot.batches(f"SELECT {quoted(column.name)} FROM {relation.source}", _BATCH):
        evidence.observe(pl.Series([row[0] for row in rows], dtype=pl.String), done)
        done += len(rows)
    plan = decide(column.name, 0, evidence, FileStyle(0, 0, ","), FilesSettings(path=("",)))
    return plan if pa.types.is_temporal(plan.type) and not plan.missing and not evidence.sentinels else None


def _as_text(name: str) -> str:
    """Give the SQL that writes a value as text; SQLite's own way drops the last digits of floating numbers."""
    text = f"CAST({name} AS TEXT)"
    short = f"typeof({name}) = 'real' AND CAST({text} AS REAL) <> {name}"
    return f"CASE WHEN {short} THEN printf('%!.17g', {name}) ELSE {text} END"


def _exactly_declared(declared: str) -> bool:
    """Tell whether a type promises more digits than floating numbers hold.

    >>> _exactly_declared("DECIMAL(38,10)"), _exactly_declared("NUMERIC(10,2)"), _exactly_declared("BIGINT")
    (True, False, True)
    """
    digits = _DIGITS.search(declared)
    return "INT" in declared or (digits is not None and int(digits[1]) > _FLOAT_DIGITS)


def _safe(stored: _Stored) -> bool:
    """Tell whether the whole numbers are exact as floating point numbers."""
    return max(abs(stored.low or 0), abs(stored.high or 0)) <= _EXACT_IN_FLOAT


def _has_scale(declared: str) -> bool:
    return bool(_SCALE.search(declared)) or any(word in declared for word in ("REAL", "FLOA", "DOUB"))


def _declared_type(declared: str) -> pa.DataType:
    """Give the type for a column without values, by SQLite's rules of affinity."""
    if exact := _EXACT.fullmatch(declared):
        return pa.decimal128(int(exact[1]), int(exact[2])) if int(exact[1]) <= _MOST_DIGITS else pa.string()
    if declared in {_TIME, _DURATION}:
        return pa.time64("us") if declared == _TIME else pa.duration("us")
    if "BOOL" in declared:
        return pa.bool_()
    if "TIME" in declared:
        return pa.timestamp("us")
    if "DATE" in declared:
        return pa.date32()
    if "INT" in declared:
        return pa.int64()
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")) or not declared:
        return pa.string()
    if "BLOB" in declared:
        return pa.binary()
    return pa.float64() if any(word in declared for word in ("REAL", "FLOA", "DOUB", "DEC", "NUM")) else pa.string()
