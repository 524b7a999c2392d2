"""Rows that have the right number of cells and yet are no rows of this table: shifted ones, headers of other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

if TYPE_CHECKING:
    from semblant_sources.files.evidence import Evidence

_PURE = 0.5
_RARE = 0.001


@define
class BlankRows:
    """Where rows without any value stand."""

    rows: list[int] = field(factory=list)
    last_filled: int = -1
    total: int = 0


@frozen(kw_only=True)
class Suspect:
    """A row and why it is doubted; ``columns`` are the ones it does not fit."""

    row: int
    columns: tuple[str, ...]
    text: str
    reason: str
    fix: str


def suspects(names: tuple[str, ...], columns: list[Evidence], blanks: BlankRows) -> Suspect | None:
    """Give the first row that looks like the header of another table, or shifted; None when there is none."""
    strange = _strange_rows(names, columns)
    return _stacked(blanks, strange) or _shifted(names, columns, strange)


def second_header(names: tuple[str, ...], columns: list[Evidence]) -> bool:
    """Tell whether the first row of data holds words where the columns hold numbers, at several places."""
    return sum(1 for name, _ in _strange_rows(names, columns).get(0, []) if name) >= 2


def _strange_rows(names: tuple[str, ...], columns: list[Evidence]) -> dict[int, list[tuple[str, str]]]:
    """Collect, per row, the cells that are no values in a column that otherwise holds only values of one kind."""
    found: dict[int, list[tuple[str, str]]] = {}
    for name, evidence in zip(names, columns, strict=True):
        if not evidence.kinds:
            continue
        failures = min(evidence.kinds.values(), key=lambda f: f.cells)
        if not failures.tokens or evidence.valued - failures.cells < _PURE * evidence.valued or evidence.valued < 3:
            continue
        for row, text in failures.rows:
            found.setdefault(row, []).append((name, text))
    return found


def _stacked(blanks: BlankRows, strange: dict[int, list[tuple[str, str]]]) -> Suspect | None:
    inner = {row for row in blanks.rows if row < blanks.last_filled}
    for row in sorted(strange):
        cells = strange[row]
        after_blank = row - 1 in inner
        repeated = any(name == text.strip() for name, text in cells)
        if (after_blank and not any(any(c.isdigit() for c in text) for _, text in cells)) or repeated:
            return Suspect(
                row=row,
                columns=tuple(name for name, _ in cells),
                text=cells[0][1],
                reason="the line looks like the header of another table"
                + (" after a blank line" if after_blank else ""),
                fix="put each table into a file of its own, or remove the line; suspicious_rows: keep reads it as data",
            )
    return None


def _shifted(
    names: tuple[str, ...], columns: list[Evidence], strange: dict[int, list[tuple[str, str]]]
) -> Suspect | None:
    """A number in a column of words and, in the same row, words where there are numbers or dates."""
    numbers: dict[int, list[str]] = {}
    for name, evidence in zip(names, columns, strict=True):
        if evidence.wordless and evidence.valued >= 50 and len(evidence.wordless) <= max(3, evidence.valued * _RARE):
            for row in evidence.wordless:
                numbers.setdefault(row, []).append(name)
    for row in sorted(numbers.keys() & strange.keys()):
        cells = strange[row]
        return Suspect(
            row=row,
            columns=(*numbers[row], *(name for name, _ in cells)),
            text=cells[0][1],
            reason="the cells seem to be shifted, they do not fit their columns",
            fix="put the missing or surplus cell right, or remove the line; suspicious_rows: keep reads it as it is",
        )
    return None
