"""From evidence to types: the judgement of a careful reader, column by column, with words for each doubt."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
from attrs import evolve, frozen

from semblant_sources.files.kinds import (
    COMMA,
    COMMA_GROUPED,
    INTEGER,
    NUMBERS,
    POINT,
    POINT_GROUPED,
    TRUTH,
    whole_floats,
    whole_numbers,
)
from semblant_sources.files.plan import ColumnPlan

if TYPE_CHECKING:
    from semblant_sources.files.evidence import Evidence, Failures
    from semblant_sources.files.kinds import Kind
    from semblant_sources.settings import FilesSettings

_COMMA_STYLE = frozenset({COMMA, COMMA_GROUPED})
_ENOUGH = 20
_FEW_TOKENS = 10
_SHARE = {"integer": 0.05, "number": 0.05, "date": 0.10, "datetime": 0.10, "bool": 0.0, "amount": 0.0}


@frozen
class FileStyle:
    """What the other columns tell about numbers: how many write a decimal comma, how many a point."""

    commas: int
    points: int
    delimiter: str
    decimal: str = "auto"

    @property
    def mark(self) -> str:
        """``,`` or ``.`` where it is known, else empty."""
        if self.decimal != "auto":
            return self.decimal
        if self.commas and not self.points:
            return ","
        if self.points and not self.commas:
            return "."
        return ""


def style_of(columns: list[Evidence], delimiter: str, decimal: str) -> FileStyle:
    """Count the columns whose decimal mark is beyond doubt."""
    votes: Counter[str] = Counter()
    for evidence in columns:
        fit = {kind for kind in NUMBERS if kind in evidence.kinds and _tolerable(kind, evidence)}
        if not fit or (INTEGER in evidence.kinds and _tolerable(INTEGER, evidence)):
            continue
        if fit <= _COMMA_STYLE:
            votes["comma"] += 1
        elif not fit & _COMMA_STYLE:
            votes["point"] += 1
    return FileStyle(votes["comma"], votes["point"], delimiter, decimal)


def decide(name: str, index: int, evidence: Evidence, style: FileStyle, settings: FilesSettings) -> ColumnPlan:
    """Choose the type of a column; what was given up or left open stands in the plan's notes."""
    text = ColumnPlan(name=name, index=index, type=pa.string(), trim=settings.trim)
    if not evidence.valued:
        if evidence.sentinels:
            return evolve(text, notes=(f"'{name}' holds nothing but {_listed(evidence.sentinels)}, kept as text",))
        return text
    fit = {kind: failures for kind, failures in evidence.kinds.items() if _tolerable(kind, evidence)}
    chosen = (
        _number(name, fit, evidence, style)
        or _amount(name, fit, style)
        or _moment(name, fit, evidence, settings)
        or _truth(fit)
    )
    if chosen is None:
        return evolve(text, notes=_near_miss(name, evidence))
    if isinstance(chosen, str):
        return evolve(text, notes=(chosen,))
    kind, type_, parse, notes = chosen
    failures = fit[kind]
    if failures.tokens:
        cells = counted(failures.cells, "cell")
        notes = (*notes, f"'{name}': {cells} no {_noun(kind)}, read as missing: {_listed(failures.tokens)}")
    if evidence.sentinels:
        cells = counted(sum(evidence.sentinels.values()), "cell")
        notes = (*notes, f"'{name}': {cells} read as missing: {_listed(evidence.sentinels)}")
    return ColumnPlan(
        name=name, index=index, type=type_, kind=kind, parse=parse, missing=frozenset(failures.tokens), notes=notes
    )


if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    _Choice = tuple[Kind, pa.DataType, Callable[[pl.Series], pl.Series] | None, tuple[str, ...]]


def _tolerable(kind: Kind, evidence: Evidence) -> bool:
    """Tell whether the cells of other kinds are none, or few and plainly remarks instead of values."""
    tokens = evidence.kinds[kind].tokens
    if not tokens:
        return True
    cells = sum(tokens.values())
    if evidence.valued - cells < _ENOUGH or len(tokens) > _FEW_TOKENS or cells > evidence.valued * _SHARE[kind.family]:
        return False
    odd = sum(
        count
        for token, count in tokens.items()
        if any(c.isdigit() for c in token) or not any(c.isalpha() for c in token)
    )
    return odd <= (evidence.valued * 0.01 if kind.family in ("date", "datetime") else 0)


def _number(name: str, fit: dict[Kind, Failures], evidence: Evidence, style: FileStyle) -> _Choice | str | None:
    if evidence.leading_zero:
        return (
            f"'{name}' has numbers with leading zeros and is kept as text"
            if evidence.codes or fit.keys() & {INTEGER, *NUMBERS}
            else None
        )
    if INTEGER in fit:
        if evidence.beyond_int64:
            return f"'{name}' has whole numbers beyond 64 bits and is kept as text, so that no digit is lost"
        return INTEGER, pa.int64(), None, ()
    kinds = [kind for kind in NUMBERS if kind in fit]
    if not kinds:
        return None
    kind = _mark(kinds, style)
    if kind is None:
        return (
            f"'{name}' has numbers whose comma or point may part decimals or thousands; "
            "kept as text, set decimal to read them"
        )
    if evidence.bare_exponent and not evidence.pointed:
        return f"'{name}' has codes such as 5E1 that are not taken for numbers; kept as text, set types to read them"
    if kind is POINT and evidence.whole:
        return kind, pa.int64(), whole_floats, ()
    side = "comma" if kind in _COMMA_STYLE else "point"
    if kind in (POINT_GROUPED, COMMA_GROUPED) and side not in evidence.fraction:
        return kind, pa.int64(), whole_numbers(), (f"'{name}' is written with thousands separators",)
    if evidence.beyond_float:
        return (
            f"'{name}' has whole numbers of more than 15 digits beside decimals and is kept as text, "
            "so that no digit is lost"
        )
    notes: tuple[str, ...] = ()
    if kind in (POINT_GROUPED, COMMA_GROUPED):
        notes = (f"'{name}' is written with thousands separators",)
    return kind, pa.float64(), None, notes


def _amount(name: str, fit: dict[Kind, Failures], style: FileStyle) -> _Choice | str | None:
    """Amounts are numbers when every cell carries the same sign."""
    kinds = [kind for kind in fit if kind.family == "amount"]
    if not kinds:
        return None
    sign = kinds[0].name[0]
    kind = kinds[0]
    if len(kinds) > 1:
        comma = style.mark == "," or (not style.mark and style.delimiter != "," and sign not in "$£")
        kind = kinds[1] if comma else kinds[0]
    return kind, pa.float64(), None, (f"'{name}': the sign '{sign}', which every cell has, is taken off",)


def _mark(kinds: list[Kind], style: FileStyle) -> Kind | None:
    """Choose between readings of the same cells; None when nothing tells them apart."""
    points = [kind for kind in kinds if kind not in _COMMA_STYLE]
    commas = [kind for kind in kinds if kind in _COMMA_STYLE]
    if not commas:
        return points[0]
    if not points:
        return commas[0]
    if style.mark == ",":
        if style.decimal == "auto" and POINT in points:
            return None
        return commas[0]
    if style.mark == "." or POINT in points or style.delimiter == ",":
        return points[0]
    return None


def _moment(name: str, fit: dict[Kind, Failures], evidence: Evidence, settings: FilesSettings) -> _Choice | str | None:
    kinds = [kind for kind in fit if kind.family == "date"] or [kind for kind in fit if kind.family == "datetime"]
    if settings.date_order != "auto":
        kinds = [kind for kind in kinds if kind.order in ("", settings.date_order)]
    if not kinds:
        return None
    fewest = min(fit[kind].cells for kind in kinds)
    kinds = [kind for kind in kinds if fit[kind].cells == fewest]
    if {"dmy", "mdy"} <= {kind.order for kind in kinds}:
        return (
            f"'{name}' has dates whose day and month cannot be told apart; kept as text, set date_order to dmy or mdy"
        )
    kind = kinds[0]
    notes = (f"'{name}': two-digit years are read as 1970 to 2069",) if "%y" in kind.name else ()
    if kind.family == "date":
        return kind, pa.date32(), None, notes
    unit = "ns" if evidence.fine else "us"
    return kind, pa.timestamp(unit, "UTC" if "time zone" in kind.name else None), None, notes


def _truth(fit: dict[Kind, Failures]) -> _Choice | None:
    return (TRUTH, pa.bool_(), None, ()) if TRUTH in fit else None


def _near_miss(name: str, evidence: Evidence) -> tuple[str, ...]:
    """Say so when a column would be typed but for a few cells."""
    if not evidence.kinds:
        return ()
    kind, failures = min(evidence.kinds.items(), key=lambda item: item[1].cells)
    if not failures.tokens or failures.cells * 5 > evidence.valued:
        return ()
    note = (
        f"'{name}' is kept as text: {failures.cells} of {evidence.valued} cells are no {_noun(kind)}: "
        f"{_listed(failures.tokens)}; name them in null_values to read them as missing"
    )
    return (note,)


def counted(number: int, noun: str) -> str:
    """Write a count with its noun.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _noun(kind: Kind) -> str:
    return {"integer": "whole number", "number": "number", "amount": "amount", "bool": "truth value"}.get(
        kind.family, "date"
    )


def _listed(tokens: dict[str, int]) -> str:
    """Give the most frequent texts in a stable order."""
    top = sorted(tokens.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{(token[:40] + '…' if len(token) > 40 else token)!r}" for token, _ in top[:5])
    return f"{shown} and {len(top) - 5} more" if len(top) > 5 else shown
