"""The rows of a text file as Arrow batches of strings, streamed, with every fault placed in its line."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from attrs import define, field, frozen

from semblant.errors import DataError
from semblant_sources.files.bytestream import chunks, reading
from semblant_sources.files.charset import Utf8Stream, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant_sources.files.dialect import Dialect
    from semblant_sources.files.header import Header
    from semblant_sources.files.place import Place

_BLOCK = 2 << 20
"""The parser reads some thirty blocks ahead."""
_LARGEST_BLOCK = 256 << 20


@define
class _Ragged:
    """The rows with a wrong number of cells: the first, and how many were passed over."""

    stop: bool
    first: pacsv.InvalidRow | None = None
    skipped: int = 0

    def __call__(self, row: pacsv.InvalidRow) -> str:
        """Answer the parser."""
        if self.first is None:
            self.first = row
        if self.stop:
            return "error"
        self.skipped += 1
        return "skip"


class _RowTooLongError(Exception):
    """A row does not fit the parser's block."""


@define
class Skipped:
    """How many rows the last complete pass left out."""

    rows: int = 0


@frozen(kw_only=True)
class TextRows:
    """A text file of which encoding, dialect and header are known."""

    place: Place
    codec: str
    dialect: Dialect
    header: Header
    null_values: tuple[str, ...] = ()
    stop_at_bad_rows: bool = True
    skipped: Skipped = field(factory=Skipped)

    def batches(self, columns: Sequence[int] | None = None) -> Iterator[pa.RecordBatch]:
        """Stream the chosen columns (all by default, by position), named ``0``, ``1``, …; missing cells are null.

        :raises DataError: for a row with too many or too few cells, naming its line.
        """
        block, done = _BLOCK, 0
        while True:
            seen = 0
            try:
                for batch in self._pass(columns, block):
                    fresh = max(0, seen + batch.num_rows - done)
                    if fresh:
                        yield batch.slice(batch.num_rows - fresh)
                        done += fresh
                    seen += batch.num_rows
            except _RowTooLongError as exc:
                if block >= _LARGEST_BLOCK:
                    line = self.line_of(done)
                    row = f"a row from line {line} on"
                    msg = f"'{self.place}': {row} is longer than {block >> 20} MB; a quote that is never closed?"
                    raise DataError(msg, fix="close the quote in that line, or set quote: none") from exc
                block *= 8
            else:
                return

    def _pass(self, columns: Sequence[int] | None, block: int) -> Iterator[pa.RecordBatch]:
        names = [str(i) for i in range(len(self.header.names))]
        ragged = _Ragged(self.stop_at_bad_rows)
        stream = self._stream()
        rows = 0
        tail: pa.RecordBatch | None = None
        with reading(self.place):
            try:
                reader = pacsv.open_csv(
                    io.BufferedReader(stream, 1 << 20),
                    read_options=pacsv.ReadOptions(column_names=names, block_size=block, use_threads=False),
                    parse_options=pacsv.ParseOptions(
                        delimiter=self.dialect.delimiter,
                        quote_char=self.dialect.quote or False,
                        escape_char=self.dialect.escape or False,
                        newlines_in_values=True,
                        invalid_row_handler=ragged,
                    ),
                    convert_options=pacsv.ConvertOptions(
                        column_types=dict.fromkeys(names, pa.string()),
                        null_values=[""],
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=False,
                        include_columns=None if columns is None else [str(i) for i in columns],
                        check_utf8=False,
                    ),
                )
                for batch in reader:
                    if batch.num_rows:
                        yield batch
                        rows += batch.num_rows
                        tail = batch
            except pa.ArrowInvalid as exc:
                if ragged.first is not None and self.stop_at_bad_rows:
                    raise self._ragged(ragged.first) from exc
                if "straddling" in str(exc):
                    raise _RowTooLongError from exc
                if "Empty CSV" in str(exc):
                    return
                msg = f"'{self.place}' cannot be parsed: {exc}"
                raise DataError(msg, fix="set delimiter, quote and escape") from exc
        self.skipped.rows = ragged.skipped
        self._check_last_quote(stream, tail, rows)

    def _stream(self) -> Utf8Stream:
        texts = decoded(chunks(self.place), self.codec, self.place)
        if self.dialect.padded:
            texts = _closed_up(texts, self.dialect.delimiter, self.dialect.quote)
        return Utf8Stream(texts, self.header.skip_lines)

    def without_nulls(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Blank what the user declared to be missing; quoted or not."""
        if not self.null_values:
            return batch
        values = pa.array(self.null_values, pa.string())
        blank = pa.scalar(None, pa.string())
        arrays = [
            pc.if_else(pc.is_in(pc.utf8_trim_whitespace(column), value_set=values), blank, column)
            for column in batch.columns
        ]
        return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)

    def _check_last_quote(self, stream: Utf8Stream, last: pa.RecordBatch | None, rows: int) -> None:
        """An open quote swallows the rest of the file into one cell; the parser does not mind."""
        quote = self.dialect.quote
        if not quote or last is None or stream.tail.rstrip().endswith(quote):
            return
        cell = last.column(last.num_columns - 1)[last.num_rows - 1].as_py()
        if cell is not None and ("\n" in cell or "\r" in cell):
            line = self.line_of(rows - 1)
            msg = f"'{self.place}': the quote opened in the row that begins in line {line} is never closed"
            raise DataError(msg, fix="close the quote in that line, or set quote: none")

    def _ragged(self, row: pacsv.InvalidRow) -> DataError:
        line = self.line_of(row.number - 1) if row.number is not None else None
        where = f"line {line}" if line is not None else f"row {row.number}"
        wanted, found = row.expected_columns, row.actual_columns
        piece = row.text[:60].replace("\n", "⏎") + ("…" if len(row.text) > 60 else "")
        msg = f"'{self.place}', {where}: {found} cell{'s' if found != 1 else ''} where {wanted} are expected: {piece!r}"
        if "\n" in row.text and row.text.count(self.dialect.quote or "\0") % 2:
            return DataError(msg, fix="close the quote that is left open in that line, or set quote: none")
        return DataError(
            msg,
            fix="mend the line (a delimiter too few or too many, a missing quote), or set bad_rows: skip, or delimiter",
        )

    def line_of(self, row: int) -> int | None:
        """Give the physical line in which a row of data (counted from 0) begins; None when it cannot be told."""
        if row < 0:
            return self.header.skip_lines
        lines = io.TextIOWrapper(io.BufferedReader(self._stream(), 1 << 20), "utf-8", newline=None)
        reader = self.dialect.reader(lines)
        seen = before = 0
        try:
            for cells in reader:
                if cells and (self.stop_at_bad_rows or len(cells) == len(self.header.names)):
                    if seen == row:
                        return self.header.skip_lines + before + 1
                    seen += 1
                before = reader.line_num
        except csv.Error:
            return None
        return None


def _closed_up(texts: Iterator[str], delimiter: str, quote: str) -> Iterator[str]:
    """Take out the blanks between a delimiter and a quote, which the parser would take for text."""
    mark = re.escape(delimiter)
    gap = re.compile(rf"{mark} +{quote}(?!{quote}(?!{mark}|[\r\n]|$))")
    open_end = re.compile(rf"{mark} *{quote}{{0,2}}$")
    rest = ""
    for text in texts:
        joined = rest + text
        end = open_end.search(joined)
        cut = end.start() if end else len(joined)
        rest = joined[cut:]
        yield gap.sub(delimiter + quote, joined[:cut])
    yield gap.sub(delimiter + quote, rest)
