"""Rows that a table already has, copied in front of the new ones."""

from __future__ import annotations

import gzip
from typing import IO, TYPE_CHECKING

import pyarrow as pa

from semblant.errors import DestinationError
from semblant_destinations.formats import TextWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant_destinations.formats import TableWriter

_BLOCK = 1 << 20


def copy_rows(path: Path, table: str, schema: pa.Schema, writer: TableWriter, *, rows: bool) -> int | None:
    """Check that the file at ``path`` has the columns of ``schema`` and copy its rows into ``writer``.

    :param rows: False only checks.
    :returns: how many rows were copied; None where that is not known.
    :raises DestinationError: when the columns or the kind of file do not fit.
    """
    text = path.name.removesuffix(".gz").removesuffix(".zst").endswith((".csv", ".jsonl"))
    if text != isinstance(writer, TextWriter):
        msg = f"the table '{table}' is there as '{path.name}', another kind of file"
        raise DestinationError(msg, fix="write the same format, or set the mode to replace")
    if isinstance(writer, TextWriter):
        return _copy_text(path, table, writer, rows=rows)
    try:
        with path.open("rb") as file:
            there, batches = _batches(file, arrow=path.suffix == ".arrow")
            _check_columns(path, table, there, schema)
            copied = 0
            for batch in batches if rows else ():
                writer.write(batch)
                copied += batch.num_rows
            return copied
    except pa.ArrowInvalid as exc:
        msg = f"'{path}' cannot be read: {exc}"
        raise DestinationError(msg, fix="set the mode to replace, or move the file away") from exc


def _check_columns(path: Path, table: str, there: pa.Schema, schema: pa.Schema) -> None:
    if there.equals(schema):
        return
    pairs = [(column.name, column.type) for column in there]
    unlike = next((column for column in schema if (column.name, column.type) not in pairs), None) or next(
        (column for column in there if column.name not in schema.names), there.field(0)
    )
    msg = f"the table '{table}' in '{path}' has other columns (see '{unlike.name}', {unlike.type})"
    raise DestinationError(msg, fix="set the mode to replace, or write elsewhere")


def _batches(file: IO[bytes], *, arrow: bool) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Open an Arrow or Parquet file; it must stay open while the batches are read."""
    if arrow:
        reader = pa.ipc.open_file(file)
        return reader.schema, (reader.get_batch(index) for index in range(reader.num_record_batches))
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(file)
    return parquet.schema_arrow.remove_metadata(), parquet.iter_batches(65_536)


def _copy_text(path: Path, table: str, writer: TextWriter, *, rows: bool) -> int | None:
    with _plain(path) as file:
        header = file.read(len(writer.header))
        if header != writer.header:
            msg = f"the table '{table}' in '{path}' begins with another line of column names"
            raise DestinationError(msg, fix="set the mode to replace, or write elsewhere")
        last = b"\n"
        while rows and (block := file.read(_BLOCK)):
            writer.put(block)
            last = block[-1:]
        if last != b"\n":
            writer.put(b"\r\n" if writer.header else b"\n")
    return None if rows else 0


def _plain(path: Path) -> IO[bytes] | pa.NativeFile:
    """Open a text file, uncompressed on the way."""
    if path.suffix == ".gz":
        return gzip.open(path)
    if path.suffix == ".zst":
        return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return path.open("rb")
