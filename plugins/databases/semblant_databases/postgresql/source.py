"""The source ``postgresql``: one exported snapshot over all tables, streamed by COPY as Arrow."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from semblant.access import AccessStep
from semblant.errors import SourceError
from semblant_databases.contact import probe_server
from semblant_databases.faults import fault
from semblant_databases.postgresql import catalog
from semblant_databases.postgresql.connection import PORT, Connection, quoted
from semblant_databases.postgresql.read_types import column_of, declared_of, probe_of
from semblant_databases.reading.relation import Relation
from semblant_databases.reading.source import DatabaseSource
from semblant_databases.server import server_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from semblant.access import Probe
    from semblant_databases.postgresql.read_types import Declared
    from semblant_databases.reading.relation import ReadColumn
    from semblant_databases.server import Server
    from semblant_databases.settings import PostgresqlSource as Settings

_STEADY = {"enable_indexonlyscan": "off", "max_parallel_workers_per_gather": "0", "synchronize_seqscans": "off"}
"""Rows come in the order of the table, whichever columns are asked for and whoever else is reading."""


class Snapshot:
    """One state of a database, seen by as many connections as there are readings at once."""

    def __init__(self, server: Server) -> None:
        """Connect and take the state."""
        self._server = server
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._closed = False
        self._path = ""
        self._first = self._begun(None, None)
        try:
            self._id = self._first.rows("SELECT pg_export_snapshot()")[0][0]
            self.schema = self._schema()
            # queries of the user name tables of the schema without it
            self._path = f"SET search_path TO {quoted(self.schema)}, public"
            self._first.run(self._path)
        except BaseException:
            self._first.close()
            raise

    def _begun(self, snapshot: str | None, beside: Connection | None) -> Connection:
        connection = Connection(self._server, SourceError, beside)
        try:
            connection.set(**_STEADY)
            if self._path:
                connection.run(self._path)
            connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            if snapshot is not None:
                connection.run(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        except BaseException:
            connection.close()
            raise
        return connection

    def _schema(self) -> str:
        schema = self._server.schema or catalog.current_schema(self._first)
        if schema is None or not catalog.has_schema(self._first, schema):
            raise fault(SourceError, "schema", self._server, f"'{schema}'" if schema else "the user has no default one")
        return schema

    def tables(self, *, views: bool) -> list[str]:
        """Name tables and views."""
        with self._lock:
            return catalog.table_names(self._first, self.schema, views=views)

    def describe(self, name: str) -> Relation:
        """Describe a table or view."""
        with self._lock:
            found = catalog.identity(self._first, self.schema, name)
            if found is None:
                raise SourceError(f"there is no table '{name}' in {self._server}", fix="it was dropped: read again")
            oid, comment = found
            source = f"{quoted(self.schema)}.{quoted(name)}"
            return Relation(
                name=name,
                source=source,
                columns=self._columns(catalog.columns(self._first, oid), source),
                primary_key=catalog.primary_key(self._first, oid),
                foreign_keys=catalog.foreign_keys(self._first, oid, self.schema),
                comment=comment,
            )

    def query(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT statement yields."""
        source = f"({statement}) AS {quoted(name)}"
        with self._lock, self._savepoint(), self._first.speaking(), self._first.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {source} LIMIT 0")
            fields = list(cursor.fetch_arrow_table().schema)
        with self._lock:
            return Relation(name=name, source=source, columns=self._columns(declared_of(fields), source))

    def _columns(self, declared: Sequence[Declared], source: str) -> tuple[ReadColumn, ...]:
        probes = {column.name: probe for column in declared if (probe := probe_of(column)) is not None}
        answers: dict[str, list[Any]] = {}
        if probes:
            asked = [aggregate for probe in probes.values() for aggregate in probe.aggregates]
            row = list(self._first.rows(f"SELECT {', '.join(asked)} FROM {source}")[0])
            for name, probe in probes.items():
                answers[name], row = row[: len(probe.aggregates)], row[len(probe.aggregates) :]
        made = []
        for column in declared:
            read = column_of(column)
            made.append(probes[column.name].decide(read, answers[column.name]) if column.name in probes else read)
        return tuple(made)

    @contextlib.contextmanager
    def _savepoint(self) -> Iterator[None]:
        """Keep the transaction alive when a statement of the user's fails."""
        self._first.run("SAVEPOINT semblant")
        try:
            yield
        except BaseException:
            self._first.run("ROLLBACK TO SAVEPOINT semblant")
            raise

    def count(self, source: str, condition: str) -> int:
        """Count rows."""
        with self._lock, self._savepoint():
            return int(self._first.rows(f"SELECT count(*) FROM {source}{condition}")[0][0])

    def stream(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Stream a SELECT on a connection of its own, at most ``batch_rows`` rows at a time."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._begun(self._id, self._first)
        whole = False
        try:
            with connection.speaking(), connection.cursor() as cursor:
                cursor.execute(statement)
                for batch in cursor.fetch_record_batch():
                    for start in range(0, batch.num_rows, batch_rows):
                        yield batch.slice(start, batch_rows).columns
            whole = True
        finally:
            with self._lock:
                if whole and not self._closed:
                    self._idle.append(connection)
                else:
                    connection.close()

    def close(self) -> None:
        """Let go of the state."""
        with self._lock:
            self._closed = True
            for connection in (self._first, *self._idle):
                connection.close()
            self._idle.clear()


class PostgresqlSource(DatabaseSource):
    """Reads a schema of a PostgreSQL database."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._server = server_of(settings, "postgresql", PORT)
        super().__init__(settings, str(self._server))

    def connect(self) -> Snapshot:
        """Take a snapshot."""
        return Snapshot(self._server)

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe_server(self._server, self.check, AccessStep.READ)
