"""How the cells of a text file are parted: delimiter, quote, escape; found by trying."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections import Counter
from typing import TYPE_CHECKING

from attrs import frozen

from semblant.errors import DataError

if TYPE_CHECKING:
    import _csv
    from collections.abc import Iterable

    from semblant_sources.files.place import Place
    from semblant_sources.settings import FilesSettings

_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_CANDIDATES = ("\t", ";", "|", ",")
"""On equal evidence the first wins: a comma may also be a decimal mark or stand in text."""
_ROWS = 1000
_QUOTE_WITHIN = re.compile(r"""\\["'](?![,;|\t\r\n]|$)""")
ONE_COLUMN = "\x1f"
"""Stands for the delimiter of a file with one column, whose text may well have commas."""


@frozen(kw_only=True)
class Dialect:
    """What parts the cells; an empty ``quote`` or ``escape`` means that there is none."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    padded: bool = False
    """Whether blanks stand between a delimiter and the quote behind it."""

    def rows(self, text: str, limit: int | None = None) -> list[list[str]]:
        """Parse a piece of text; lines without any cell are left out."""
        return [row for _, row in self.numbered_rows(io.StringIO(text, newline=None), limit)]

    def numbered_rows(self, lines: Iterable[str], limit: int | None = None) -> list[tuple[int, list[str]]]:
        """Parse rows together with the physical line that each ends in; stops before a cell of more than 128 kB."""
        reader = self.reader(lines)
        found: list[tuple[int, list[str]]] = []
        with contextlib.suppress(csv.Error):
            for row in reader:
                if row:
                    found.append((reader.line_num, row))
                    if limit is not None and len(found) >= limit:
                        break
        return found

    def reader(self, lines: Iterable[str]) -> _csv.Reader:
        """Give the standard library's reader with this dialect."""
        return csv.reader(
            lines,
            skipinitialspace=self.padded,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
        )


@frozen
class _Trial:
    """A dialect with the share of rows that have its usual width."""

    dialect: Dialect
    width: int
    share: float
    first: int


def complete_rows(dialect: Dialect, text: str, *, whole: bool) -> list[list[str]]:
    """Rows of a head, without the last when the text was cut there."""
    rows = dialect.rows(text, _ROWS)
    return rows if whole or len(rows) >= _ROWS or len(rows) < 2 else rows[:-1]


def sniff(text: str, settings: FilesSettings, place: Place, *, whole: bool) -> Dialect:
    """Find the dialect of a text from its head; what is set is not guessed.

    :param whole: whether ``text`` is the whole file.
    :raises DataError: when the lines part differently under every delimiter.
    """
    trials = []
    for delimiter in _delimiters(settings, place):
        for quote, escape in _quotings(text, settings, place):
            for padded in [True, False] if quote and f"{delimiter} {quote}" in text else [False]:
                dialect = Dialect(delimiter=delimiter, quote=quote, escape=escape, padded=padded)
                rows = complete_rows(dialect, text, whole=whole)
                if rows:
                    trials.append(_trial(dialect, rows))
    default = Dialect(delimiter=ONE_COLUMN, quote=_quotings(text, settings, place)[0][0])
    if settings.delimiter != "auto":
        return max(trials, key=lambda t: t.share).dialect
    good = [t for t in trials if t.width > 1 and _convincing(t)]
    if good:
        return max(good, key=lambda t: round(t.share, 3)).dialect
    torn = [t for t in trials if t.width > 1 and t.first > 1]
    if torn:
        counts = ", ".join(f"{t.dialect.delimiter!r} parts {t.share:.0%} of the lines into {t.width}" for t in torn)
        msg = f"'{place}': the delimiter cannot be told, the lines part into different numbers of cells ({counts})"
        raise DataError(msg, fix="set delimiter, and skip_rows when text stands before the header")
    return default


def _trial(dialect: Dialect, rows: list[list[str]]) -> _Trial:
    widths = Counter(len(row) for row in rows)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return _Trial(dialect, width, count / len(rows), len(rows[0]))


def _convincing(trial: _Trial) -> bool:
    """A delimiter is believed when most lines agree, or fewer do and the first is one of them."""
    return trial.share >= 0.5 or (trial.share >= 0.4 and trial.first == trial.width)


def _delimiters(settings: FilesSettings, place: Place) -> tuple[str, ...]:
    if settings.delimiter == "auto":
        return _CANDIDATES
    return (_one_character(_WORDS.get(settings.delimiter, settings.delimiter), "delimiter", place),)


def _quotings(text: str, settings: FilesSettings, place: Place) -> list[tuple[str, str]]:
    """Pairs of quote and escape to try, the usual one first."""
    if settings.quote == "auto":
        single = '"' not in text and sum(text.count(f"{d}'") + text.count(f"'{d}") for d in _CANDIDATES) >= 4
        quotes = ["'", '"'] if single else ['"']
    else:
        quotes = ["" if settings.quote == "none" else _one_character(settings.quote, "quote", place)]
    if settings.escape == "auto":
        escapes = ["\\", ""] if quotes != [""] and _QUOTE_WITHIN.search(text) else [""]
    else:
        escapes = ["" if settings.escape == "none" else _one_character(settings.escape, "escape", place)]
    return [(quote, escape) for quote in quotes for escape in escapes]


def _one_character(value: str, name: str, place: Place) -> str:
    if len(value) == 1 and value not in "\r\n\0" and ord(value) < 128:
        return value
    msg = f"'{place}': {name} must be one ASCII character, not {value!r}"
    raise DataError(msg, fix=f"set {name} to one character, or to auto")
