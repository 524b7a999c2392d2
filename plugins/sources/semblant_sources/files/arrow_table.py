"""Parquet and Arrow IPC files as tables: types as stored, only the wanted columns are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from semblant.errors import DataError, SourceError
from semblant.schema import Column, Table
from semblant_sources.files.bytestream import open_plain, reading, seekable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant_sources.files.place import Place


def _plain(type_: pa.DataType) -> pa.DataType:
    """Read a dictionary as its values; everything else stays as it is."""
    return type_.value_type if pa.types.is_dictionary(type_) else type_


class _Stored(ABC):
    """What both have in common: a stored schema and a way to get batches."""

    kind = ""

    def __init__(self, name: str, place: Place) -> None:
        """Nothing is opened yet."""
        self.name = name
        self._place = place
        self._schema: pa.Schema | None = None

    def schema(self) -> pa.Schema:
        """Give the columns and their types."""
        if self._schema is None:
            stored = self._guarded_schema()
            names = stored.names
            double = sorted({name for name in names if names.count(name) > 1})
            if double:
                msg = f"'{self._place}' has several columns called '{double[0]}'"
                raise DataError(msg, fix="give each column a name of its own")
            if not names:
                msg = f"'{self._place}' has no columns"
                raise DataError(msg, fix="name a file with at least one column")
            self._schema = pa.schema([pa.field(f.name, _plain(f.type), f.nullable) for f in stored])
        return self._schema

    def describe(self) -> Table:
        """Give columns, types and rows."""
        columns = tuple(Column(name=f.name, type=f.type, nullable=f.nullable) for f in self.schema())
        return Table(name=self.name, columns=columns, rows=self.count())

    def read(self, columns: Sequence[str] | None, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Stream batches of at most ``batch_rows`` rows."""
        schema = self.schema()
        names = list(columns) if columns is not None else schema.names
        wanted = pa.schema([pa.field(name, schema.field(name).type) for name in names])
        with reading(self._place):
            try:
                for batch in self._batches(names, batch_rows):
                    for start in range(0, batch.num_rows, batch_rows):
                        piece = batch.slice(start, batch_rows)
                        arrays = [piece.column(piece.schema.get_field_index(name)) for name in names]
                        cast = [a if a.type == f.type else a.cast(f.type) for a, f in zip(arrays, wanted, strict=True)]
                        yield pa.RecordBatch.from_arrays(cast, schema=wanted)
            except (pa.ArrowException, OSError) as exc:
                raise self._damaged(exc) from exc

    def _guarded_schema(self) -> pa.Schema:
        with reading(self._place):
            try:
                return self._stored_schema()
            except FileNotFoundError:
                raise
            except (pa.ArrowException, OSError) as exc:
                raise self._damaged(exc) from exc

    def _damaged(self, exc: Exception) -> SourceError:
        reason = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        msg = f"'{self._place}' is no complete {self.kind} file: {reason}"
        return SourceError(msg, fix="copy or write the file again")

    @abstractmethod
    def _stored_schema(self) -> pa.Schema:
        """Read the schema as the file has it."""

    @abstractmethod
    def _batches(self, names: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Stream the file's own batches."""

    @abstractmethod
    def count(self) -> int | None:
        """Rows where the file says so."""


class ParquetTable(_Stored):
    """A Parquet file."""

    kind = "Parquet"

    @contextmanager
    def _file(self) -> Iterator[pq.ParquetFile]:
        with seekable(self._place) as handle, pq.ParquetFile(handle, pre_buffer=False, buffer_size=1 << 20) as file:
            yield file

    def _stored_schema(self) -> pa.Schema:
        with self._file() as file:
            return file.schema_arrow

    def _batches(self, names: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        with self._file() as file:
            if not names:
                done = 0
                while done < file.metadata.num_rows:
                    size = min(batch_rows, file.metadata.num_rows - done)
                    yield pa.RecordBatch.from_struct_array(pa.array([{}] * size, pa.struct([])))
                    done += size
                return
            yield from file.iter_batches(batch_size=batch_rows, columns=names, use_threads=False)

    def count(self) -> int | None:
        """Rows as the footer says."""
        with reading(self._place):
            try:
                with self._file() as file:
                    return int(file.metadata.num_rows)
            except (pa.ArrowException, OSError) as exc:
                raise self._damaged(exc) from exc


class ArrowTable(_Stored):
    """An Arrow IPC file (Feather 2) or stream."""

    kind = "Arrow"

    def __init__(self, name: str, place: Place, *, stream: bool) -> None:
        """Remember which of the two forms it is."""
        super().__init__(name, place)
        self._stream = stream

    def _open(self) -> tuple[IO[bytes], pa.RecordBatchFileReader | pa.RecordBatchStreamReader]:
        handle = open_plain(self._place) if self._stream else seekable(self._place)
        try:
            return handle, pa.ipc.open_stream(handle) if self._stream else pa.ipc.open_file(handle)
        except BaseException:
            handle.close()
            raise

    def _stored_schema(self) -> pa.Schema:
        handle, reader = self._open()
        with handle:
            return reader.schema

    def _batches(self, names: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        handle, reader = self._open()
        with handle:
            if self._stream:
                yield from reader
            else:
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)

    def count(self) -> int | None:
        """Rows, added up without decoding values where the file form allows it."""
        if self._stream:
            return None
        with reading(self._place):
            try:
                handle, reader = self._open()
                with handle:
                    return int(reader.count_rows())
            except (pa.ArrowException, OSError) as exc:
                raise self._damaged(exc) from exc
