"""JSON Lines, or one list of objects, as a table."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson

from semblant.errors import DataError
from semblant.schema import Column, Table
from semblant_sources.files.bytestream import chunks
from semblant_sources.files.charset import UndecodableError, Utf8Stream, decoded, detect_charset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant_sources.files.place import Place

_BLOCK = 8 << 20
_LARGEST_LIST = 512 << 20


class JsonTable:
    """One object per line (or a list of objects); types are verified over the whole file."""

    def __init__(self, name: str, place: Place) -> None:
        """Nothing is opened yet."""
        self.name = name
        self._place = place
        self._schema: pa.Schema | None = None
        self._rows = 0
        self._moments: dict[str, pa.DataType] = {}
        """Columns of moments, each as the texts are: Arrow's own reading loses zones and fractions of a second."""

    def describe(self) -> Table:
        """Give columns, types, rows and notes."""
        schema = self._examined()
        columns = tuple(Column(name=f.name, type=f.type) for f in schema)
        return Table(name=self.name, columns=columns, rows=self._rows)

    def count(self) -> int | None:
        """Rows."""
        self._examined()
        return self._rows

    def read(self, columns: Sequence[str] | None, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Stream batches of at most ``batch_rows`` rows."""
        schema = self._examined()
        wanted = pa.schema([schema.field(name) for name in (columns if columns is not None else schema.names)])
        parsing = pa.schema([pa.field(f.name, pa.string() if f.name in self._moments else f.type) for f in wanted])
        between = pa.schema([pa.field(f.name, self._moments.get(f.name, f.type)) for f in wanted])
        for first, block in self._blocks():
            table = self._parse(block, first, parsing, "ignore")
            if not wanted.names:
                table = pa.table({"": pa.nulls(table.num_rows)}).select([])
            else:
                table = table.select(wanted.names).cast(between).cast(wanted)
            for batch in table.combine_chunks().to_batches(max_chunksize=batch_rows):
                yield pa.RecordBatch.from_arrays(batch.columns, schema=wanted) if wanted.names else batch

    def _examined(self) -> pa.Schema:
        if self._schema is None:
            fields: dict[str, pa.DataType] = {}
            dates: dict[str, bool] = {}
            texts: dict[str, pa.DataType] = {}
            moments: dict[str, set[pa.DataType | None]] = {}
            for first, block in self._blocks():
                table = self._written(block, first, texts)
                self._rows += table.num_rows
                for name, column in zip(table.column_names, table.columns, strict=True):
                    fields[name] = self._united(name, fields.get(name, pa.null()), column.type, first)
                    if not pa.types.is_string(column.type) or column.null_count == len(column):
                        continue
                    if None not in moments.setdefault(name, set()):
                        moments[name].add(_moment(column))
                        dates[name] = dates.get(name, True) and _at_midnight(column)
            if not fields:
                msg = f"'{self._place}' is empty, or holds no objects with fields"
                raise DataError(msg, fix="write one JSON object per line")
            final = []
            for name, type_ in fields.items():
                if pa.types.is_string(type_) and (moment := _common(moments.get(name, {None}))):
                    self._moments[name] = moment
                    type_ = pa.date32() if dates.get(name) else moment  # noqa: PLW2901
                final.append(pa.field(name, pa.string() if pa.types.is_null(type_) else type_))
            self._schema = pa.schema(final)
        return self._schema

    def _written(self, block: bytes, first: int, texts: dict[str, pa.DataType]) -> pa.Table:
        """Parse a block with its moments as the texts that were written; new ones are added to ``texts``."""
        table = self._parse(block, first, pa.schema(texts) if texts else None, "infer")
        found = {f.name: pa.string() for f in table.schema if pa.types.is_timestamp(f.type)}
        if found:
            texts.update(found)
            written = self._parse(block, first, pa.schema(found), "ignore")
            for name in found:
                table = table.set_column(table.schema.get_field_index(name), name, written.column(name))
        return table

    def _united(self, name: str, one: pa.DataType, other: pa.DataType, line: int) -> pa.DataType:
        """Find the type that holds both; numbers take whole numbers in."""
        if one == other or pa.types.is_null(other):
            return one
        if pa.types.is_null(one):
            return other
        try:
            merged = pa.unify_schemas(
                [pa.schema([pa.field("f", one)]), pa.schema([pa.field("f", other)])], promote_options="permissive"
            )
        except (pa.ArrowInvalid, pa.ArrowTypeError) as exc:
            msg = f"'{self._place}', line {line} and after, column '{name}': {other} where {one} stood before"
            raise DataError(msg, fix="write one kind of value per field") from exc
        return merged.field(0).type

    def _parse(self, block: bytes, first: int, schema: pa.Schema | None, unexpected: str) -> pa.Table:
        options = pajson.ParseOptions(
            explicit_schema=schema, newlines_in_values=False, unexpected_field_behavior=unexpected
        )
        read = pajson.ReadOptions(use_threads=False, block_size=len(block) + 1)
        try:
            return pajson.read_json(pa.BufferReader(block), read_options=read, parse_options=options)
        except pa.ArrowInvalid as exc:
            raise self._wrong(block, first, exc) from exc

    def _wrong(self, block: bytes, first: int, exc: Exception) -> DataError:
        """Find the line that the parser stumbled over; slow, for the message only."""
        kinds: dict[str, tuple[str, int]] = {}
        for number, line in enumerate(block.split(b"\n"), first):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as fault:
                return DataError(
                    f"'{self._place}', line {number}: no complete JSON object ({fault})", fix="mend or remove the line"
                )
            if not isinstance(row, dict):
                return DataError(
                    f"'{self._place}', line {number}: a JSON object is expected, not {line[:20]!r}",
                    fix="write one object per line",
                )
            for name, value in row.items():
                kind = _kind(value)
                known = kinds.setdefault(name, (kind, number)) if kind else None
                if known and known[0] != kind:
                    where = f"'{self._place}', line {number}, column '{name}'"
                    msg = f"{where}: a {kind}, where line {known[1]} has a {known[0]}"
                    return DataError(msg, fix="write one kind of value per field")
        return DataError(f"'{self._place}', line {first} and after: {exc}", fix="write one JSON object per line")

    def _blocks(self) -> Iterator[tuple[int, bytes]]:
        """Yield complete lines in blocks, each with the number of its first line."""
        head = next(chunks(self._place), b"")
        codec = detect_charset(head).codec
        stream = io.BufferedReader(Utf8Stream(decoded(chunks(self._place), codec, self._place)), 1 << 20)
        try:
            if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
                yield 1, self._from_list(stream)
                return
            line, rest = 1, b""
            while data := stream.read(_BLOCK):
                cut = data.rfind(b"\n") + 1
                block, rest = (rest + data[:cut], data[cut:]) if cut else (b"", rest + data)
                if block.strip():
                    yield line, block
                line += block.count(b"\n")
            if rest.strip():
                yield line, rest
        except UndecodableError as exc:
            msg = f"'{self._place}', line {exc.line}: the bytes {exc.byte.hex(' ')} are no {exc.codec}; JSON is UTF-8"
            raise DataError(msg, fix="write the file as UTF-8") from exc

    def _from_list(self, stream: io.BufferedReader[Utf8Stream]) -> bytes:
        """Turn one list of objects into lines."""
        data = stream.read(_LARGEST_LIST + 1)
        if len(data) > _LARGEST_LIST:
            msg = f"'{self._place}' is one JSON list of more than {_LARGEST_LIST >> 20} MB"
            raise DataError(msg, fix="write it as JSON Lines, one object per line")
        try:
            rows: Any = json.loads(data)
        except ValueError as exc:
            msg = f"'{self._place}' is no complete JSON: {exc}"
            raise DataError(msg, fix="mend the file at that place") from exc
        for index, row in enumerate(rows):
            if not isinstance(row, dict):
                msg = f"'{self._place}', item {index + 1}: a JSON object is expected, not {str(row)[:20]!r}"
                raise DataError(msg, fix="write a list of objects")
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "list"
    return "object" if isinstance(value, dict) else ""


def _at_midnight(texts: pa.ChunkedArray) -> bool:
    """Tell whether all are days: no clock is written, or midnight without a zone."""
    return bool(pc.all(pc.match_substring_regex(texts, r"^.{10}([ T]00(:?00){0,2})?$"), min_count=0).as_py())


def _moment(column: pa.ChunkedArray) -> pa.DataType | None:
    """Give the type of moments that all texts of a column are, None where one is no moment."""
    for unit in ("us", "ns"):
        for zone in (None, "UTC"):
            try:
                column.cast(pa.timestamp(unit, zone))
            except pa.ArrowInvalid:
                continue
            return pa.timestamp(unit, zone)
    return None


def _common(moments: set[pa.DataType | None]) -> pa.DataType | None:
    """Give the finest type of moments, None where not all parts of a column are moments of one kind."""
    kinds = [kind for kind in moments if kind is not None]
    if None in moments or len({kind.tz for kind in kinds}) != 1:
        return None
    return pa.timestamp("ns" if any(kind.unit == "ns" for kind in kinds) else "us", kinds[0].tz)
