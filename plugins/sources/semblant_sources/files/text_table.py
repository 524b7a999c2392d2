"""A delimited text file as a table: encoding, dialect, header and types found once, rows streamed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from semblant.errors import DataError
from semblant.schema import Column, Table
from semblant_sources.files.bytestream import chunks, head_of
from semblant_sources.files.charset import UndecodableError, checked_codec, decoded, detect_charset, fallback_charset
from semblant_sources.files.decision import counted, decide, style_of
from semblant_sources.files.dialect import sniff
from semblant_sources.files.evidence import Evidence
from semblant_sources.files.header import read_header
from semblant_sources.files.plan import UnfitCellError
from semblant_sources.files.suspicion import BlankRows, second_header, suspects
from semblant_sources.files.textrows import TextRows
from semblant_sources.files.wanted import wanted_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant_sources.files.charset import Charset
    from semblant_sources.files.place import Place
    from semblant_sources.files.plan import ColumnPlan
    from semblant_sources.settings import FilesSettings

_HEAD = 1 << 20
_HEAD_ROWS = 1000


@frozen
class _Facts:
    """What one pass over the file found."""

    rows: TextRows
    plans: tuple[ColumnPlan, ...]
    count: int | None
    notes: tuple[str, ...]


class TextTable:
    """A CSV, TSV or other delimited file."""

    def __init__(self, name: str, place: Place, settings: FilesSettings) -> None:
        """Nothing is opened yet."""
        self.name = name
        self._place = place
        self._settings = settings
        self._known: _Facts | None = None

    def describe(self) -> Table:
        """Give columns, types, rows and notes."""
        facts = self._facts()
        columns = tuple(Column(name=plan.name, type=plan.type) for plan in facts.plans)
        return Table(name=self.name, columns=columns, rows=facts.count, notes=facts.notes)

    def count(self) -> int | None:
        """Rows, known after the pass that found the types."""
        return self._facts().count

    def read(self, columns: Sequence[str] | None, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Stream typed batches of at most ``batch_rows`` rows."""
        facts = self._facts()
        known = {plan.name: plan for plan in facts.plans}
        plans = [known[name] for name in (columns if columns is not None else known)]
        schema = pa.schema([pa.field(plan.name, plan.type) for plan in plans])
        done = 0
        for texts in facts.rows.batches([plan.index for plan in plans] or [0]):
            if facts.count is not None:
                texts = texts.slice(0, max(0, facts.count - done))  # noqa: PLW2901 - blank rows at the end are no rows
            for start in range(0, texts.num_rows, batch_rows):
                piece = texts.slice(start, batch_rows)
                yield self._typed(piece, plans, schema, done + start, facts)
            done += texts.num_rows

    def _typed(
        self, texts: pa.RecordBatch, plans: list[ColumnPlan], schema: pa.Schema, first_row: int, facts: _Facts
    ) -> pa.RecordBatch:
        arrays = []
        texts = facts.rows.without_nulls(texts)
        for position, plan in enumerate(plans):
            try:
                arrays.append(plan.cast(texts.column(position)))
            except UnfitCellError as exc:
                line = facts.rows.line_of(first_row + exc.row)
                msg = (
                    f"'{self._place}', line {line}, column '{plan.name}': {exc.text!r} is no "
                    f"{plan.type}, which the rows before it showed"
                )
                fix = f"set types: {{{plan.name}: string}}, name the text in null_values, or set type_rows: all"
                raise DataError(msg, fix=fix) from exc
        if not plans:
            return pa.RecordBatch.from_struct_array(pa.array([{}] * texts.num_rows, pa.struct([])))
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _facts(self) -> _Facts:
        if self._known is None:
            self._known = self._examine()
        return self._known

    def _examine(self) -> _Facts:
        head = head_of(self._place, _HEAD)
        if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
            msg = f"'{self._place}' is empty"
            raise DataError(msg, fix="name a file with a header and at least one row")
        fixed = self._settings.encoding != "auto"
        charset = checked_codec(self._settings.encoding, self._place) if fixed else detect_charset(head)
        for _ in range(3):
            try:
                return self._examine_as(charset, whole=len(head) < _HEAD)
            except UndecodableError as exc:
                if fixed or charset.codec == "latin-1":
                    raise self._undecodable(exc) from exc
                charset = self._fallback(charset, exc)
        msg = f"'{self._place}': the encoding cannot be told"
        raise DataError(msg, fix="set encoding")

    def _undecodable(self, exc: UndecodableError) -> DataError:
        msg = f"'{self._place}', line {exc.line}: the bytes {exc.byte.hex(' ')} are no {exc.codec}"
        return DataError(msg, fix="set encoding to the one the file was written with, or to auto")

    def _fallback(self, charset: Charset, exc: UndecodableError) -> Charset:
        """Choose the next encoding by the lines around what is not UTF-8."""
        if charset.codec not in ("utf-8", "utf-8-sig"):
            return evolve(
                charset,
                codec="latin-1",
                note=f"the file is not UTF-8 (line {exc.line}); it was read as latin-1 (ISO 8859-1)",
            )
        sample = b""
        for chunk in chunks(self._place):
            sample += b"\n".join(line for line in chunk.splitlines() if not line.isascii())
            if len(sample) > _HEAD:
                break
        return fallback_charset(sample, exc.line)

    def _examine_as(self, charset: Charset, *, whole: bool) -> _Facts:
        settings, place = self._settings, self._place
        text = ""
        for piece in decoded(chunks(place), charset.codec, place):
            text += piece
            if len(text) >= _HEAD:
                whole = False
                break
        dialect = sniff(self._after_skipped(text), settings, place, whole=whole)
        numbered = dialect.numbered_rows(io.StringIO(text, newline=None), _HEAD_ROWS)
        if not whole and len(numbered) > 1 and len(numbered) < _HEAD_ROWS:
            numbered = numbered[:-1]
        header = read_header(numbered, settings, place)
        rows = TextRows(
            place=place,
            codec=charset.codec,
            dialect=dialect,
            header=header,
            null_values=tuple(settings.null_values),
            stop_at_bad_rows=settings.bad_rows == "stop",
        )
        notes = [charset.note] if charset.note else []
        return self._types(rows, [*notes, *header.notes])

    def _after_skipped(self, text: str) -> str:
        skip = self._settings.skip_rows
        return "".join(text.splitlines(keepends=True)[skip:]) if isinstance(skip, int) and skip else text

    def _types(self, rows: TextRows, notes: list[str]) -> _Facts:
        """Look at every cell once (or at the first ``type_rows`` rows) and decide."""
        settings, names = self._settings, rows.header.names
        columns = [Evidence() for _ in names]
        blanks = BlankRows()
        limit = None if settings.type_rows == "all" else settings.type_rows
        for batch in rows.batches():
            raw = batch if limit is None else batch.slice(0, limit - blanks.total)
            piece = rows.without_nulls(raw)
            for position, evidence in enumerate(columns):
                evidence.observe(pl.Series(pl.from_arrow(piece.column(position))), blanks.total)
            _note_blanks(raw, blanks)
            if limit is not None and blanks.total >= limit:
                break
        complete = limit is None or blanks.total < limit
        self._refuse_suspects(rows, columns, blanks)
        if second_header(names, columns) and settings.header_rows == 1:
            notes.append(
                f"line {rows.line_of(0)} looks like a second header line; header_rows: 2 joins it to the first"
            )
        if rows.header.padded or rows.dialect.padded:
            settings = evolve(settings, trim=True)
        if rows.skipped.rows:
            notes.append(f"{counted(rows.skipped.rows, 'line')} with a wrong number of cells left out")
        inner = sum(1 for row in blanks.rows if row < blanks.last_filled)
        if inner:
            notes.append(f"{counted(inner, 'row')} without any value")
        dropped = self._surplus(rows, columns) if complete else frozenset()
        if dropped:
            notes.append(f"{counted(len(dropped), 'empty column')} without a name at the end dropped")
            notes = [note for note in notes if not (set(rows.header.unnamed) == set(dropped) and "no name" in note)]
        style = style_of(columns, rows.dialect.delimiter, settings.decimal)
        plans = []
        for position, (name, evidence) in enumerate(zip(names, columns, strict=True)):
            if position in dropped:
                continue
            if name in settings.types:
                plans.append(wanted_types(name, position, evidence, style, settings, rows))
            else:
                plans.append(decide(name, position, evidence, style, settings))
        _refuse_unknown(settings, names, self._place)
        notes.extend(note for plan in plans for note in plan.notes)
        if blanks.total > blanks.last_filled + 1 and complete:
            notes.append(f"{counted(blanks.total - blanks.last_filled - 1, 'blank row')} at the end dropped")
        return _Facts(rows, tuple(plans), blanks.last_filled + 1 if complete else None, tuple(notes))

    def _refuse_suspects(self, rows: TextRows, columns: list[Evidence], blanks: BlankRows) -> None:
        if self._settings.suspicious_rows == "keep":
            return
        suspect = suspects(rows.header.names, columns, blanks)
        if suspect is not None:
            where = ", ".join(f"'{name}'" for name in suspect.columns[:4])
            noun = "columns" if len(suspect.columns) > 1 else "column"
            msg = (
                f"'{self._place}', line {rows.line_of(suspect.row)}, {noun} {where}: "
                f"{suspect.reason} ({suspect.text[:40]!r})"
            )
            raise DataError(msg, fix=suspect.fix)

    def _surplus(self, rows: TextRows, columns: list[Evidence]) -> frozenset[int]:
        """Columns at the right end that have neither a name nor a value."""
        found: set[int] = set()
        for position in reversed(range(1, len(columns))):
            evidence = columns[position]
            if position not in rows.header.unnamed or evidence.missing < evidence.rows:
                break
            found.add(position)
        return frozenset(found)


def _note_blanks(batch: pa.RecordBatch, blanks: BlankRows) -> None:
    blank = pc.is_null(batch.column(0))
    for column in batch.columns[1:]:
        if not pc.any(blank).as_py():
            break
        blank = pc.and_(blank, pc.is_null(column))
    empty = pl.Series(pl.from_arrow(blank))
    blanks.rows.extend(blanks.total + row for row in empty.arg_true().head(max(0, 1000 - len(blanks.rows))))
    filled = (~empty).arg_true()
    if len(filled):
        blanks.last_filled = blanks.total + int(filled[-1])
    blanks.total += batch.num_rows


def _refuse_unknown(settings: FilesSettings, names: tuple[str, ...], place: Place) -> None:
    unknown = [name for name in settings.types if name not in names]
    if unknown:
        msg = f"'{place}' has no column '{unknown[0]}', which types names"
        raise DataError(msg, fix=f"use one of: {', '.join(names[:10])}")
