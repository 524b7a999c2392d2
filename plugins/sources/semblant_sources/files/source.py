"""The files source: finds the tables behind a path and hands each to the reader of its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from semblant.errors import SourceError
from semblant.schema import Schema, Table
from semblant_sources.files.catalogue import find_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from semblant.retry import Retry
    from semblant_sources.settings import FilesSettings


class FileTable(Protocol):
    """One table of the source, whatever its format."""

    name: str

    def describe(self) -> Table:
        """Give columns, types, rows where known, and notes."""

    def read(self, columns: Sequence[str] | None, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Stream batches."""

    def count(self) -> int | None:
        """Rows; None when only a full read would tell."""


class FilesSource:
    """Reads files as the tables of a database; see :class:`~semblant_sources.settings.FilesSettings`."""

    def __init__(self, settings: FilesSettings, *, retry: Retry | None = None) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        self._retry = retry
        self._tables: dict[str, FileTable] | None = None
        self._skipped: tuple[str, ...] = ()
        self._described: dict[str, Table] = {}

    def check(self) -> None:
        """Raise when there is nothing to read."""
        self._found()

    def discover(self) -> Schema:
        """Describe all tables; text files are read through once, so that their types hold for every cell."""
        tables = []
        for position, (name, table) in enumerate(self._found().items()):
            if name not in self._described:
                described = table.describe()
                notes = (*described.notes, *self._skipped) if position == 0 else described.notes
                self._described[name] = Table(
                    name=described.name, columns=described.columns, rows=described.rows, notes=notes
                )
            tables.append(self._described[name])
        return Schema(tables=tables)

    def read(
        self, table: str, columns: Sequence[str] | None = None, batch_rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Stream a table with the types of :meth:`discover`."""
        found = self._table(table)
        if columns is not None:
            names = found.describe().column_names
            for column in columns:
                if column not in names:
                    msg = f"table '{table}' has no column '{column}'"
                    raise SourceError(msg, fix=f"its columns are {', '.join(names[:10])}")
        return found.read(columns, batch_rows)

    def count(self, table: str) -> int | None:
        """Rows of a table."""
        return self._table(table).count()

    def close(self) -> None:
        """Nothing is held between calls."""

    def _table(self, name: str) -> FileTable:
        tables = self._found()
        if name not in tables:
            msg = f"there is no table '{name}' in {', '.join(repr(p) for p in self._settings.path)}"
            raise SourceError(msg, fix=f"the tables are {', '.join(list(tables)[:10])}")
        return tables[name]

    def _found(self) -> dict[str, FileTable]:
        if self._tables is None:
            self._tables, self._skipped = find_tables(self._settings, self._retry)
        return self._tables
