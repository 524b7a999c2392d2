"""Short ways to read a file in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant_sources.files.source import FilesSource
from semblant_sources.settings import FilesSettings

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.schema import Schema


def source(path: Path | str, **settings: Any) -> FilesSource:
    """Open a files source."""
    return FilesSource(FilesSettings(path=(str(path),), **settings))


def read_all(opened: Any, table: str | None = None, batch_rows: int = 65_536) -> pa.Table:
    """Read a table whole and hold every batch against discover's types."""
    schema: Schema = opened.discover()
    described = schema.table(table) if table is not None else schema.tables[0]
    wanted = pa.schema([pa.field(column.name, column.type) for column in described.columns])
    batches = list(opened.read(described.name, None, batch_rows))
    for batch in batches:
        assert batch.schema == wanted
        assert 0 < batch.num_rows <= batch_rows
    found = pa.Table.from_batches(batches, schema=wanted)
    assert described.rows in (None, found.num_rows)
    assert opened.count(described.name) in (None, found.num_rows)
    return found


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    """Write a file exactly as given."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read_text(folder: Path, text: str | bytes, **settings: Any) -> dict[str, list[Any]]:
    """Write a text file and read it back as columns of Python values."""
    columns: dict[str, list[Any]] = read_all(source(written(folder, text), **settings)).to_pydict()
    return columns


def types_of(folder: Path, text: str | bytes, **settings: Any) -> dict[str, str]:
    """Give the types found in a text file."""
    (table,) = source(written(folder, text), **settings).discover()
    return {column.name: str(column.type) for column in table.columns}


def notes_of(folder: Path, text: str | bytes, **settings: Any) -> str:
    """Give the notes on a text file as one text."""
    (table,) = source(written(folder, text), **settings).discover()
    return "\n".join(table.notes)
