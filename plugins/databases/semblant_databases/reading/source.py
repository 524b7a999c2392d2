"""A database as a source: its tables, views and queries as Arrow batches out of one consistent view."""

from __future__ import annotations

import difflib
import threading
from abc import abstractmethod
from typing import TYPE_CHECKING

import pyarrow as pa
from attrs import evolve

from semblant.errors import DataError, SourceError
from semblant.reserved import is_reserved
from semblant.schema import Column, Schema, Table
from semblant_databases.contact import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant.schema import ForeignKey
    from semblant_databases.reading.relation import ReadColumn, Reader, Relation
    from semblant_databases.settings import Selection


class DatabaseSource:
    """Reads a database; everything between the first call and :meth:`close` sees one state of it."""

    def __init__(self, selection: Selection, where: str) -> None:
        """Nothing is opened yet."""
        self._selection = selection
        self._where = where
        self._reader: Reader | None = None
        self._known: dict[str, Relation] = {}
        self._counts: dict[str, int] = {}
        self._chosen: list[str] | None = None
        self._lock = threading.RLock()

    @abstractmethod
    def connect(self) -> Reader:
        """Open the view."""

    def check(self) -> None:
        """Raise when the database cannot be reached, or what is asked for is not in it; at once, without patience."""
        with self._lock:
            if self._reader is None:
                self._reader = self.connect()
        self._names()

    def discover(self) -> Schema:
        """Describe the tables with their declared keys."""
        with self._lock:
            return Schema(tables=[self._table(name) for name in self._names()])

    def _table(self, name: str) -> Table:
        relation = self._relation(name)
        keys, notes = self._keys(relation)
        return Table(
            name=name,
            columns=tuple(
                Column(
                    name=c.name, type=c.type, nullable=c.nullable, comment=c.comment, enum=c.enum, declared=c.declared
                )
                for c in relation.columns
            ),
            primary_key=relation.primary_key,
            foreign_keys=keys,
            rows=self.count(name),
            comment=relation.comment,
            notes=(*relation.notes, *(note for column in relation.columns for note in column.notes), *notes),
        )

    def _keys(self, relation: Relation) -> tuple[tuple[ForeignKey, ...], tuple[str, ...]]:
        """Keep the foreign keys that lead to a table that is read; say which ones are left out."""
        kept, notes = [], []
        for key in relation.foreign_keys:
            if key.references in self._names():
                kept.append(key)
            else:
                notes.append(
                    f"the foreign key {', '.join(key.columns)} points to '{key.references}', which is not read; "
                    "it is left out"
                )
        return tuple(kept), tuple(notes)

    def read(
        self, table: str, columns: Sequence[str] | None = None, batch_rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Stream a table; only ``columns`` are selected."""
        with self._lock:
            relation = self._relation(table)
        known = {column.name: column for column in relation.columns}
        unknown = [name for name in columns or () if name not in known]
        if unknown:
            raise SourceError(
                f"table '{table}' has no column '{unknown[0]}'", fix=f"its columns are {', '.join(list(known)[:10])}"
            )
        return self._stream(relation, [known[name] for name in (known if columns is None else columns)], batch_rows)

    def _stream(self, relation: Relation, columns: list[ReadColumn], batch_rows: int) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([pa.field(column.name, column.type) for column in columns])
        chosen = ", ".join(column.expression for column in columns) or "1"
        condition = self._condition(relation.name)
        statement = f"SELECT {chosen} FROM {relation.source}{condition}{relation.order}"
        for raw in self._open().stream(statement, columns, batch_rows):
            if not columns:
                yield pa.RecordBatch.from_struct_array(pa.array([{}] * len(raw[0]), pa.struct([])))
                continue
            made = [column.array(values, relation.name) for column, values in zip(columns, raw, strict=True)]
            yield pa.RecordBatch.from_arrays(made, schema=schema)

    def _condition(self, name: str) -> str:
        found = self._selection.filters.get(name)
        return f" WHERE ({found})" if found else ""

    def count(self, table: str) -> int | None:
        """Rows of a table that meet its filter."""
        with self._lock:
            relation = self._relation(table)
            if table not in self._counts:
                self._counts[table] = self._open().count(relation.source, self._condition(table))
            return self._counts[table]

    def close(self) -> None:
        """End the view and the connections."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _open(self) -> Reader:
        with self._lock:
            if self._reader is None:
                self._reader = PATIENCE(self.connect, f"reaching {self._where}")
            return self._reader

    def _names(self) -> list[str]:
        with self._lock:
            if self._chosen is None:
                self._chosen = self._choose()
            return self._chosen

    def _choose(self) -> list[str]:
        reader, selection = self._open(), self._selection
        if selection.tables:
            present = _ours_left_out(reader.tables(views=True))
            for name in selection.tables:
                if name not in present:
                    raise DataError(f"there is no table '{name}' in {self._where}", fix=_near(name, present))
            names = list(dict.fromkeys(selection.tables))
        elif selection.queries:
            names = []
        else:
            names = _ours_left_out(reader.tables(views=selection.views))
        for name in selection.queries:
            if name in names:
                raise DataError(f"query '{name}' has the name of a table that is read too", fix="give it another name")
        names += list(selection.queries)
        for name in selection.filters:
            if name not in names:
                raise DataError(f"filters names '{name}', which is not read", fix=_near(name, names))
        if not names:
            raise SourceError(
                f"{self._where} has no tables", fix="name another schema or database, or set views: true to read views"
            )
        return names

    def _relation(self, name: str) -> Relation:
        if name not in self._known:
            names = self._names()
            if name not in names:
                raise SourceError(f"there is no table '{name}' in {self._where}", fix=_near(name, names))
            statement = self._selection.queries.get(name)
            reader = self._open()
            found = reader.describe(name) if statement is None else reader.query(name, statement.strip().rstrip(";"))
            self._known[name] = evolve(found, name=name)
        return self._known[name]


def _ours_left_out(names: list[str]) -> list[str]:
    return [name for name in names if not is_reserved(name)]


def _near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean '{near[0]}'?" if near else f"the tables are {', '.join(names[:10]) or 'none'}"
