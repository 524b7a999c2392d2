"""The SQLite source: tables, views and queries of one database file as Arrow batches."""

from __future__ import annotations

import difflib
import threading
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import frozen

from semblant.errors import DataError, SourceError
from semblant.schema import Column, Schema, Table
from semblant_sources.sqlite.connection import Snapshot
from semblant_sources.sqlite.tables import query, relation, relation_names
from semblant_sources.sqlite.types import stored_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant_sources.settings import SqliteSettings
    from semblant_sources.sqlite.tables import Relation
    from semblant_sources.sqlite.types import StoredColumn


_AT_A_TIME = 4_096
"""Rows that are Python objects at the same time: more of them leave the processor's cache."""


def _batch(rows: Sequence[Any], columns: list[StoredColumn], schema: pa.Schema) -> pa.RecordBatch:
    if not columns:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * len(rows), pa.struct([])))
    values = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays([c.array(v) for c, v in zip(columns, values, strict=True)], schema=schema)


@frozen
class _Known:
    """A relation with the types of its columns."""

    relation: Relation
    columns: tuple[StoredColumn, ...]
    rows: int


class SqliteSource:
    """Reads an SQLite database; everything between the first call and :meth:`close` sees one state of it."""

    def __init__(self, settings: SqliteSettings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        self._snapshot: Snapshot | None = None
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise when the file is no readable database, or what is asked for is not in it."""
        self._names(self._open())

    def discover(self) -> Schema:
        """Describe the tables with their declared keys; types are verified against all rows."""
        snapshot = self._open()
        tables = []
        for name in self._names(snapshot):
            known = self._describe(name)
            tables.append(
                Table(
                    name=name,
                    columns=tuple(Column(name=c.name, type=c.type, nullable=c.nullable) for c in known.columns),
                    primary_key=known.relation.primary_key,
                    foreign_keys=known.relation.foreign_keys,
                    rows=known.rows,
                    notes=(*known.relation.notes, *(note for column in known.columns for note in column.notes)),
                )
            )
        return Schema(tables=tables)

    def read(
        self, table: str, columns: Sequence[str] | None = None, batch_rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Stream a table in the order of its rows; only ``columns`` are selected."""
        known = self._describe(table)
        by_name = {column.name: column for column in known.columns}
        unknown = [name for name in columns or () if name not in by_name]
        if unknown:
            raise SourceError(
                f"table '{table}' has no column '{unknown[0]}'", fix=f"its columns are {', '.join(list(by_name)[:10])}"
            )
        return self._stream(known, [by_name[name] for name in (by_name if columns is None else columns)], batch_rows)

    def _stream(self, known: _Known, columns: list[StoredColumn], batch_rows: int) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([pa.field(column.name, column.type) for column in columns])
        wanted = ", ".join(column.expression for column in columns) or "1"
        statement = f"SELECT {wanted} FROM {known.relation.source}{known.relation.order}"
        at_a_time, held = min(batch_rows, _AT_A_TIME), list[pa.RecordBatch]()
        for rows in self._open().batches(statement, at_a_time):
            held.append(_batch(rows, columns, schema))
            if at_a_time * (len(held) + 1) > batch_rows:
                yield pa.concat_batches(held)
                held.clear()
        if held:
            yield pa.concat_batches(held)

    def count(self, table: str) -> int | None:
        """Rows of a table."""
        return self._describe(table).rows

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._snapshot is not None:
                self._snapshot.close()
                self._snapshot = None

    def _open(self) -> Snapshot:
        with self._lock:
            if self._snapshot is None:
                self._snapshot = Snapshot(self._settings)
            return self._snapshot

    def _names(self, snapshot: Snapshot) -> list[str]:
        present = relation_names(snapshot, views=True)
        if self._settings.tables:
            for name in self._settings.tables:
                if name not in present:
                    near = difflib.get_close_matches(name, present, n=1)
                    fix = f"did you mean '{near[0]}'?" if near else f"the tables are {', '.join(present[:10])}"
                    raise DataError(f"'{snapshot.path}' has no table '{name}'", fix=fix)
            names = list(self._settings.tables)
        elif self._settings.query:
            names = []
        else:
            names = relation_names(snapshot, views=self._settings.views)
        for name in self._settings.query:
            if name in names:
                raise DataError(
                    f"query '{name}' has the name of a table that is read too", fix="give the query another name"
                )
        names += list(self._settings.query)
        if not names:
            raise SourceError(
                f"'{snapshot.path}' has no tables",
                fix="name another file" if not present else "set views: true to read its views",
            )
        return names

    def _describe(self, name: str) -> _Known:
        if name not in self._known:
            snapshot = self._open()
            names = self._names(snapshot)
            if name not in names:
                raise SourceError(
                    f"there is no table '{name}' in '{snapshot.path}'", fix=f"the tables are {', '.join(names[:10])}"
                )
            statement = self._settings.query.get(name)
            found = query(snapshot, name, statement) if statement is not None else relation(snapshot, name, names)
            rows = int(snapshot.rows(f"SELECT count(*) FROM {found.source}")[0][0])
            self._known[name] = _Known(found, stored_columns(snapshot, found), rows)
        return self._known[name]
