"""Where the header of a text file stands and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from semblant.errors import DataError

if TYPE_CHECKING:
    from semblant_sources.files.place import Place
    from semblant_sources.settings import FilesSettings

_NUMBER = re.compile(r"[+-]?[$€£]?\d[\d.,'\u00a0 ]*([eE][+-]?\d+)?\s?[%€]?")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([T ].*)?|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}|\d{1,2}:\d\d(:\d\d)?")
_WORD = frozenset({"true", "false", "null", "nan", "na", "n/a", "?"})
_MOSTLY = 0.8


@frozen(kw_only=True)
class Header:
    """Names of the columns and the number of physical lines before the first row of data."""

    names: tuple[str, ...]
    unnamed: frozenset[int]
    skip_lines: int
    padded: bool = False
    """Whether every delimiter is followed by a blank that belongs to no cell."""
    notes: tuple[str, ...] = ()


def is_typed(cell: str) -> bool:
    """Tell whether a cell looks like a value that no column is called after.

    >>> is_typed("1,5"), is_typed("2020-01-31"), is_typed("price")
    (True, True, False)
    """
    text = cell.strip()
    return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text)) or text.casefold() in _WORD


def is_padded(rows: list[list[str]]) -> bool:
    """Tell whether every cell behind a delimiter begins with one blank.

    >>> is_padded([["id", " name"], ["1", " Ann"]])
    True
    """
    cells = [cell for row in rows for cell in row[1:] if cell]
    return len(cells) >= len(rows) > 1 and all(cell[0] == " " for cell in cells)


def read_header(rows: list[tuple[int, list[str]]], settings: FilesSettings, place: Place) -> Header:
    """Find the header among the first rows.

    :param rows: last physical line of each row, counted from 1, and its cells.
    """
    notes: list[str] = []
    start = settings.skip_rows if isinstance(settings.skip_rows, int) else 0
    usable = [(line, row) for line, row in rows if line > start]
    if not usable:
        msg = f"'{place}' has no rows after the {start} skipped lines" if start else f"'{place}' is empty"
        raise DataError(msg, fix="name a file with data" if not start else "lower skip_rows")
    width = _usual_width([row for _, row in usable])
    padded = is_padded([row for _, row in usable if len(row) == width])
    if padded:
        notes.append("a blank follows every delimiter; blanks around text cells are taken off")
    if settings.skip_rows == "auto" and settings.header_row == "auto":
        first = _after_preamble([row for _, row in usable], width)
        if first:
            start = usable[first - 1][0]
            notes.append(f"{start} line{'s' if start > 1 else ''} before the header skipped")
            usable = usable[first:]
    if settings.header_row == "none" or (
        settings.header_row == "auto" and not _has_header([row for _, row in usable], width)
    ):
        if settings.header_row == "auto":
            notes.append("the file has no header; the columns are called column_1, column_2, …")
        return Header(
            names=tuple(f"column_{i + 1}" for i in range(width)),
            unnamed=frozenset(),
            skip_lines=start,
            padded=padded,
            notes=tuple(notes),
        )
    if isinstance(settings.header_row, int):
        wanted = start + settings.header_row
        usable = [(line, row) for line, row in usable if line >= wanted]
        if not usable:
            msg = f"'{place}' has no line {wanted}, where header_row wants the header"
            raise DataError(msg, fix="lower header_row")
    taken = usable[: settings.header_rows]
    texts = _joined([row for _, row in taken])
    texts, more = _fitted(texts, [row for _, row in usable[settings.header_rows :]], width, place)
    names, unnamed, renamed = _unique_names(texts)
    return Header(names=names, unnamed=unnamed, skip_lines=taken[-1][0], padded=padded, notes=(*notes, *more, *renamed))


def _usual_width(rows: list[list[str]]) -> int:
    widths = Counter(len(row) for row in rows)
    return max(widths.items(), key=lambda item: (item[1], item[0]))[0]


def _filled(row: list[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _after_preamble(rows: list[list[str]], width: int) -> int:
    """Count the leading rows that are titles, remarks or blank."""
    if width < 2:
        return next((i for i, row in enumerate(rows) if _filled(row)), 0)
    for index, row in enumerate(rows[:50]):
        few = len(row) < width and not (index == 0 and len(row) == width - 1)
        title = width > 2 and _filled(row) <= 1
        if index == 0 and len(row) == width - 1 and len(rows) > 1 and _named(rows[1], width):
            continue
        if not (few or title or not _filled(row)):
            return index
    return 0


def _named(row: list[str], width: int) -> bool:
    """Tell whether a row could be a header: as wide as the data, every cell a distinct word."""
    cells = [cell.strip() for cell in row]
    return len(cells) == width and all(cells) and len(set(cells)) == width and not any(is_typed(cell) for cell in cells)


def _has_header(rows: list[list[str]], width: int) -> bool:
    head = [cell.strip() for cell in rows[0]]
    data = [row for row in rows[1:] if len(row) == width][:500]
    shift = 1 if len(head) == width - 1 else 0
    typed = [i for i, cell in enumerate(head) if is_typed(cell)]
    if typed:
        return (
            _counts_up([head[i] for i in typed])
            and bool(data)
            and not all(_share([row[i + shift] for row in data if i + shift < width], head[i]) for i in typed)
            and not (len(typed) == len(head) and len(head) == 1)
        )
    if not any(head) or not data:
        return any(head)
    columns = range(min(len(head), width - shift))
    cells = [[row[i + shift].strip() for row in data if row[i + shift].strip()] for i in columns]
    if any(column and sum(map(is_typed, column)) >= _MOSTLY * len(column) for column in cells):
        return True
    if len(head) > 1 and any([cell.strip() for cell in row] == head for row in data):
        return True  # several files were joined; the repeated header will be found and named
    again = sum(1 for i in columns if head[i] and head[i] in cells[i])
    return again * 2 < max(1, sum(1 for cell in head if cell))


def _counts_up(cells: list[str]) -> bool:
    """Tell whether numbers in a header are years or a count: rising whole numbers."""
    if not all(cell.isdecimal() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    rising = all(b - a == 1 for a, b in pairwise(numbers))
    years = all(1800 <= n <= 2100 for n in numbers) and len(set(numbers)) == len(numbers)
    return (rising and numbers[0] in (0, 1) and len(numbers) > 1) or (
        years and (rising or len(numbers) == 1 or numbers == sorted(numbers))
    )


def _share(cells: list[str], name: str) -> bool:
    """Tell whether a column's cells are of the same sort as its head: years below a year."""
    numbers = [cell.strip() for cell in cells if cell.strip()]
    alike = sum(1 for cell in numbers if cell.isdecimal() and len(cell) == len(name))
    return bool(numbers) and alike > len(numbers) * _MOSTLY


def _joined(rows: list[list[str]]) -> list[str]:
    """Join several header lines; a blank cell of an upper line goes on with the name at its left."""
    if len(rows) == 1:
        return [cell.strip() for cell in rows[0]]
    width = max(len(row) for row in rows)
    parts: list[list[str]] = [[] for _ in range(width)]
    for number, row in enumerate(rows):
        carried = ""
        for index in range(width):
            cell = row[index].strip() if index < len(row) else ""
            upper = number < len(rows) - 1
            carried = cell or (carried if upper else "")
            if carried and carried not in parts[index]:
                parts[index].append(carried)
    return [" / ".join(part) for part in parts]


def _fitted(names: list[str], data: list[list[str]], width: int, place: Place) -> tuple[list[str], list[str]]:
    """Make names and data equally wide: row names without a head, or a delimiter at the end of every line."""
    if not data or len(names) >= width:
        return names, []
    if len(names) == 1 and width == 2 and any(row[-1].strip() for row in data if len(row) == width):
        raise DataError(
            f"'{place}': the header has one cell and the rows have two",
            fix="set delimiter (another one when the comma is a decimal mark), or mend the header",
        )
    if len(names) == width - 1:
        if all(not row[-1].strip() for row in data if len(row) == width):
            return [*names, ""], []
        return ["", *names], ["the first column has no name in the header (row names)"]
    return names, []


def _unique_names(texts: list[str]) -> tuple[tuple[str, ...], frozenset[int], list[str]]:
    names: list[str] = []
    blank: list[int] = []
    doubled: list[str] = []
    given = {text for text in texts if text}
    taken: set[str] = set()
    for index, text in enumerate(texts):
        name = text or f"column_{index + 1}"
        if not text:
            blank.append(index)
        stem, number = name, 2
        while name in taken or (name in given and name != text):
            name = f"{stem}_{number}"
            number += 1
        if text and name != text:
            doubled.append(text)
        taken.add(name)
        names.append(name)
    notes = []
    if blank:
        notes.append(
            f"{len(blank)} column{'s have' if len(blank) > 1 else ' has'} no name: {_some([names[i] for i in blank])}"
        )
    if doubled:
        notes.append(f"names that stand twice in the header were numbered: {_some(sorted(set(doubled)))}")
    return tuple(names), frozenset(blank), notes


def _some(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
