"""File formats of folders and object storage: each writes record batches into an open binary file."""

from __future__ import annotations

import contextlib
import gzip
from abc import ABC, abstractmethod
from typing import IO, TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from semblant.errors import ConfigError, DestinationError

if TYPE_CHECKING:
    from semblant_destinations.delimited import Delimited, Lines
    from semblant_destinations.settings import TableFormat

ROW_GROUP_ROWS = 131_072
"""Rows per Parquet row group and Arrow batch: large enough to compress, small enough to stream."""
ROW_GROUP_BYTES = 128 << 20
"""Wide tables get smaller groups."""

_COMPRESSIONS = {
    "parquet": ("none", "snappy", "zstd", "gzip", "lz4"),
    "csv": ("none", "gzip", "zstd"),
    "jsonl": ("none", "gzip", "zstd"),
    "arrow": ("none", "zstd", "lz4"),
}
_ENDINGS = {"none": "", "gzip": ".gz", "zstd": ".zst"}


class TableWriter(Protocol):
    """Writes one table into one file."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Take a batch that has the table's schema."""

    def finish(self) -> None:
        """Write what is left; the file stays open."""

    def abandon(self) -> None:
        """Drop what is left: nothing more is written, not even when the object is collected."""


def compression(settings: TableFormat) -> str:
    """Give the compression that the settings come to.

    :raises ConfigError: when the format does not know it.
    """
    if settings.compression == "auto":
        return "zstd" if settings.format == "parquet" else "none"
    known = _COMPRESSIONS[settings.format]
    if settings.compression not in known:
        msg = f"destination.compression: '{settings.format}' files know no '{settings.compression}'"
        raise ConfigError(msg, fix=f"choose one of {', '.join(known)}, or auto")
    return settings.compression


def ending(settings: TableFormat) -> str:
    """Give the ending of the files: ``.parquet``, ``.csv.gz``, …"""
    packed = compression(settings)
    return f".{settings.format}" + (_ENDINGS[packed] if settings.format in ("csv", "jsonl") else "")


def writer(settings: TableFormat, schema: pa.Schema, file: IO[bytes], *, table: str) -> TableWriter:
    """Make the writer of one table.

    :raises DestinationError: for a column whose type the format cannot hold.
    """
    packed = compression(settings)
    if settings.format in ("csv", "jsonl"):
        from semblant_destinations.delimited import Delimited, Lines  # polars, which the binary formats do without

        text = (
            Delimited(schema, settings.delimiter, guard=settings.spreadsheet_guard)
            if settings.format == "csv"
            else Lines(schema)
        )
        return TextWriter(text, file, packed)
    make = _Parquet if settings.format == "parquet" else _Arrow
    try:
        return make(schema, _Sink(file), packed)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError) as exc:
        culprit = next((column for column in schema if not _holds(make, column, packed)), None)
        where = f"column '{table}.{culprit.name}' of type {culprit.type}" if culprit else f"table '{table}': {exc}"
        msg = f"a {settings.format} file cannot hold {where}"
        raise DestinationError(msg, fix="leave the column out, or choose 'format: arrow'") from exc


def _holds(make: type[_Parquet | _Arrow], column: pa.Field, packed: str) -> bool:
    try:
        make(pa.schema([column]), pa.BufferOutputStream(), packed)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    return True


class _Gathered(ABC):
    """Gathers small batches into large ones."""

    def __init__(self, schema: pa.Schema, file: _Sink | pa.NativeFile) -> None:
        self.schema = schema
        self._file = file
        self._writer: Any = None
        self._batches: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Keep the batch until there is a row group's worth."""
        self._batches.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= ROW_GROUP_ROWS or self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._batches:
            table = pa.Table.from_batches(self._batches, self.schema)
            self._batches, self._rows, self._bytes = [], 0, 0
            self._put(table)

    @abstractmethod
    def _put(self, table: pa.Table) -> None:
        """Write one row group."""

    def finish(self) -> None:
        """Write the last rows and the footer."""
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Close the Arrow writer without writing."""
        self._batches.clear()
        if isinstance(self._file, _Sink):
            self._file.discard()
        with contextlib.suppress(OSError, pa.ArrowException):
            self._writer.close()


class _Parquet(_Gathered):
    def __init__(self, schema: pa.Schema, file: _Sink | pa.NativeFile, packed: str) -> None:
        import pyarrow.parquet as pq

        super().__init__(schema, file)
        self._writer = pq.ParquetWriter(file, schema, compression=packed)

    def _put(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=2 * ROW_GROUP_ROWS)


class _Arrow(_Gathered):
    def __init__(self, schema: pa.Schema, file: _Sink | pa.NativeFile, packed: str) -> None:
        super().__init__(schema, file)
        options = pa.ipc.IpcWriteOptions(
            compression=None if packed == "none" else packed, emit_dictionary_deltas=False, unify_dictionaries=True
        )
        self._writer = pa.ipc.new_file(file, schema, options=options)

    def _put(self, table: pa.Table) -> None:
        self._writer.write_table(table.combine_chunks().unify_dictionaries(), max_chunksize=ROW_GROUP_ROWS)


class TextWriter:
    """Writes rendered text, compressed or not."""

    def __init__(self, text: Delimited | Lines, file: IO[bytes], packed: str) -> None:
        """Write the header."""
        self._text = text
        self._sink = _Sink(file)
        self._stream = _packed(self._sink, packed)
        self.header = text.header()
        self._stream.write(self.header)

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch."""
        self._stream.write(self._text.render(batch))

    def put(self, text: bytes) -> None:
        """Write rendered lines as they are."""
        self._stream.write(text)

    def finish(self) -> None:
        """End the compression; the file stays open."""
        self._stream.close()

    def abandon(self) -> None:
        """End the compression without writing."""
        self._sink.discard()
        with contextlib.suppress(OSError, pa.ArrowException):
            self._stream.close()


class _Sink:
    """Writes into a file that is not closed with the sink, until told to write no more."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._discarding = False
        self.closed = False

    def write(self, data: bytes) -> int:
        """Write, or drop, the bytes."""
        return len(data) if self._discarding else self._file.write(data)

    def flush(self) -> None:
        """Leave flushing to the owner of the file."""

    def close(self) -> None:
        """End the sink alone."""
        self.closed = True

    def discard(self) -> None:
        """Drop everything from now on."""
        self._discarding = True


def _packed(sink: _Sink, packed: str) -> Any:
    """Put compression before a sink; no time stamp, so that equal rows give equal bytes."""
    if packed == "gzip":
        return gzip.GzipFile(filename="", mode="wb", fileobj=sink, mtime=0, compresslevel=6)
    if packed == "zstd":
        return pa.CompressedOutputStream(pa.PythonFile(sink, mode="w"), "zstd")
    return sink
