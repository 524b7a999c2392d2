"""The sources ``mysql`` and ``mariadb``: one consistent snapshot, values parsed from text by Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.access import AccessStep
from semblant.errors import SourceError
from semblant_databases.contact import probe_server
from semblant_databases.mysql import catalog
from semblant_databases.mysql.connection import PORT, Connection, quoted
from semblant_databases.mysql.read_types import column_of, declared_of, probe_of
from semblant_databases.reading.relation import Relation
from semblant_databases.reading.single import OneAtATime
from semblant_databases.reading.source import DatabaseSource
from semblant_databases.server import server_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant.access import Probe
    from semblant_databases.mysql.read_types import Declared
    from semblant_databases.reading.relation import ReadColumn
    from semblant_databases.server import Server
    from semblant_databases.settings import MariadbSource as MariadbSettings
    from semblant_databases.settings import MysqlSource as MysqlSettings


class Snapshot:
    """One state of a database, seen by one transaction."""

    def __init__(self, server: Server) -> None:
        """Connect and take the state."""
        self._connection = Connection(server, SourceError)
        self._one = OneAtATime()
        try:
            self._connection.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            self._connection.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        except BaseException:
            self._connection.close()
            raise

    def tables(self, *, views: bool) -> list[str]:
        """Name tables and views."""
        with self._one.lock:
            self._one.settle()
            return catalog.table_names(self._connection, views=views)

    def describe(self, name: str) -> Relation:
        """Describe a table or view."""
        with self._one.lock:
            self._one.settle()
            found = catalog.identity(self._connection, name)
            if found is None:
                raise SourceError(f"there is no table '{name}'", fix="it was dropped: read again")
            key = catalog.primary_key(self._connection, name)
            return Relation(
                name=name,
                source=quoted(name),
                columns=self._columns(catalog.columns(self._connection, name), quoted(name)),
                primary_key=key,
                foreign_keys=catalog.foreign_keys(self._connection, name),
                comment=found[2],
                order=f" ORDER BY {', '.join(map(quoted, key))}" if key else "",
            )

    def query(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT statement yields."""
        source = f"({statement}) AS {quoted(name)}"
        with self._one.lock:
            self._one.settle()
            with self._connection.streaming(f"SELECT * FROM {source} LIMIT 0") as cursor:
                declared = declared_of(cursor._result.fields)  # noqa: SLF001 - the description leaves signs out
            return Relation(name=name, source=source, columns=self._columns(declared, source))

    def _columns(self, declared: Sequence[Declared], source: str) -> tuple[ReadColumn, ...]:
        probes = {column.name: probe for column in declared if (probe := probe_of(column)) is not None}
        answers: dict[str, Any] = {}
        if probes:
            asked = ", ".join(probe.aggregate for probe in probes.values())
            answers = dict(zip(probes, self._connection.rows(f"SELECT {asked} FROM {source}")[0], strict=True))
        made = []
        for column in declared:
            read = column_of(column)
            made.append(probes[column.name].decide(read, answers[column.name]) if column.name in probes else read)
        return tuple(made)

    def count(self, source: str, condition: str) -> int:
        """Count rows."""
        with self._one.lock:
            self._one.settle()
            return int(self._connection.rows(f"SELECT count(*) FROM {source}{condition}")[0][0])

    def stream(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Stream a SELECT, at most ``batch_rows`` rows at a time."""
        raw = [pa.binary() if pa.types.is_binary(column.type) else pa.string() for column in columns] or [pa.string()]

        def rows() -> Iterator[list[pa.Array]]:
            with self._connection.streaming(statement) as cursor:
                while found := cursor.fetchmany(batch_rows):
                    yield [pa.array(values, kind) for values, kind in zip(zip(*found, strict=True), raw, strict=True)]

        return self._one.stream(rows)

    def close(self) -> None:
        """Let go of the state."""
        self._connection.close()


class MysqlSource(DatabaseSource):
    """Reads a database of a MySQL or MariaDB server."""

    def __init__(self, settings: MysqlSettings | MariadbSettings) -> None:
        """Nothing is opened yet."""
        self._server = server_of(settings, settings.schemes[0], PORT)
        super().__init__(settings, str(self._server))

    def connect(self) -> Snapshot:
        """Take a snapshot."""
        return Snapshot(self._server)

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe_server(self._server, self.check, AccessStep.READ)
