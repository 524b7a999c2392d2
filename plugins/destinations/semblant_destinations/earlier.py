"""Rows that a table already has, copied in front of the new ones."""

from __future__ import annotations

import gzip
from typing import IO, TYPE_CHECKING, Literal

import pyarrow as pa
from attrs import frozen

from semblant.errors import DestinationError
from semblant_destinations.formats import TextWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from semblant_destinations.formats import TableWriter

_BLOCK = 1 << 20
_TEXT_ENDINGS = (".csv", ".jsonl")


@frozen(kw_only=True)
class Earlier:
    """A table that is there already: how it is called, what kind of file it is, and how to open it."""

    shown: str
    kind: Literal["text", "parquet", "arrow"]
    open: Callable[[], IO[bytes]]

    @classmethod
    def file(cls, path: Path) -> Earlier:
        """Take a file of this machine; its ending tells the kind."""
        text = path.name.removesuffix(".gz").removesuffix(".zst").endswith(_TEXT_ENDINGS)
        kind: Literal["text", "parquet", "arrow"] = (
            "text" if text else "arrow" if path.suffix == ".arrow" else "parquet"
        )
        return cls(shown=str(path), kind=kind, open=lambda: path.open("rb"))


def copy_rows(earlier: Earlier, table: str, schema: pa.Schema, writer: TableWriter, *, rows: bool) -> int | None:
    """Check that what is there has the columns of ``schema`` and copy its rows into ``writer``.

    :param rows: False only checks.
    :returns: how many rows were copied; None where that is not known.
    :raises DestinationError: when the columns or the kind of file do not fit.
    """
    if (earlier.kind == "text") != isinstance(writer, TextWriter):
        msg = f"the table '{table}' is there as '{earlier.shown}', another kind of file"
        raise DestinationError(msg, fix="write the same format, or set the mode to replace")
    try:
        with earlier.open() as file:
            if isinstance(writer, TextWriter):
                return _copy_text(_plain(file), earlier, table, writer, rows=rows)
            there, batches = _batches(file, arrow=earlier.kind == "arrow")
            _check_columns(earlier, table, there, schema)
            copied = 0
            for batch in batches if rows else ():
                writer.write(batch)
                copied += batch.num_rows
            return copied
    except pa.ArrowInvalid as exc:
        msg = f"'{earlier.shown}' cannot be read: {exc}"
        raise DestinationError(msg, fix="set the mode to replace, or move the file away") from exc


def _check_columns(earlier: Earlier, table: str, there: pa.Schema, schema: pa.Schema) -> None:
    if there.equals(schema):
        return
    pairs = [(column.name, column.type) for column in there]
    unlike = next((column for column in schema if (column.name, column.type) not in pairs), None) or next(
        (column for column in there if column.name not in schema.names), there.field(0)
    )
    msg = f"the table '{table}' in '{earlier.shown}' has other columns (see '{unlike.name}', {unlike.type})"
    raise DestinationError(msg, fix="set the mode to replace, or write elsewhere")


def _batches(file: IO[bytes], *, arrow: bool) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Open an Arrow or Parquet file; it must stay open while the batches are read."""
    if arrow:
        reader = pa.ipc.open_file(file)
        return reader.schema, (reader.get_batch(index) for index in range(reader.num_record_batches))
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(file)
    return parquet.schema_arrow.remove_metadata(), parquet.iter_batches(65_536)


def _copy_text(
    file: IO[bytes] | pa.NativeFile, earlier: Earlier, table: str, writer: TextWriter, *, rows: bool
) -> int | None:
    header = file.read(len(writer.header))
    if header != writer.header:
        msg = f"the table '{table}' in '{earlier.shown}' begins with another line of column names"
        raise DestinationError(msg, fix="set the mode to replace, or write elsewhere")
    last = b"\n"
    while rows and (block := file.read(_BLOCK)):
        writer.put(block)
        last = block[-1:]
    if last != b"\n":
        writer.put(b"\r\n" if writer.header else b"\n")
    return None if rows else 0


def _plain(file: IO[bytes]) -> IO[bytes] | pa.NativeFile:
    """Uncompress a text on the way; its first bytes tell how."""
    head = file.read(4)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if head == b"\x28\xb5\x2f\xfd":
        return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
    return file
