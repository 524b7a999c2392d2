"""The source ``sqlserver``: one consistent state over one connection, read as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.access import AccessStep
from semblant.errors import SourceError
from semblant_databases.contact import probe_server
from semblant_databases.reading.relation import Relation
from semblant_databases.reading.serial import SerialReader
from semblant_databases.reading.source import DatabaseSource
from semblant_databases.server import server_of
from semblant_databases.sqlserver import catalog
from semblant_databases.sqlserver.connection import PORT, Connection, literal, quoted
from semblant_databases.sqlserver.read_types import Declared, column_of, probe_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from semblant.access import Probe
    from semblant_databases.reading.relation import ReadColumn
    from semblant_databases.server import Server
    from semblant_databases.settings import SqlserverSource as Settings

_WAITS = "the database does not allow snapshots (ALLOW_SNAPSHOT_ISOLATION), so that writers wait while it is read"


class Snapshot(SerialReader):
    """One state of a database, seen by one transaction."""

    def __init__(self, server: Server) -> None:
        """Connect and take the state."""
        super().__init__()
        self._connection = Connection(server, SourceError)
        try:
            self._notes = () if catalog.snapshots_allowed(self._connection) else (_WAITS,)
            level = "SERIALIZABLE" if self._notes else "SNAPSHOT"
            self._connection.run(f"SET TRANSACTION ISOLATION LEVEL {level}")
            self._connection.run("BEGIN TRANSACTION")
        except BaseException:
            self._connection.close()
            raise

    def names(self, *, views: bool) -> list[str]:
        """Name tables and views."""
        return catalog.table_names(self._connection, views=views)

    def described(self, name: str) -> Relation:
        """Describe a table or view."""
        found = catalog.identity(self._connection, name)
        if found is None:
            raise SourceError(f"there is no table '{name}'", fix="it was dropped: read again")
        number, _, comment = found
        source = f"{quoted(self._connection.schema)}.{quoted(name)}"
        key = catalog.primary_key(self._connection, number)
        return Relation(
            name=name,
            source=source,
            columns=self._columns(catalog.columns(self._connection, number), source),
            primary_key=key,
            foreign_keys=catalog.foreign_keys(self._connection, number),
            comment=comment,
            order=f" ORDER BY {', '.join(map(quoted, key))}" if key else "",
            notes=self._notes,
        )

    def yielded(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT yields, by the server's own description of it."""
        source = f"({statement}) AS {quoted(name)}"
        found = self._connection.rows(
            "SELECT name, system_type_name, max_length, precision, scale, is_nullable, error_message "
            f"FROM sys.dm_exec_describe_first_result_set({literal(f'SELECT * FROM {source}')}, NULL, 0)"
        )
        if found and found[0][6]:
            raise self._connection.fault_of(ValueError(f"Incorrect syntax or name: {found[0][6]}"))
        declared = [
            Declared(
                name=row[0],
                type=(row[1] or "nvarchar").partition("(")[0],
                length=int(row[2]),
                precision=int(row[3]),
                scale=int(row[4]),
                nullable=bool(row[5]),
            )
            for row in found
        ]
        return Relation(name=name, source=source, columns=self._columns(declared, source), notes=self._notes)

    def _columns(self, declared: Sequence[Declared], source: str) -> tuple[ReadColumn, ...]:
        return self.decided([(column_of(column), probe_of(column)) for column in declared], source)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a query."""
        return self._connection.rows(statement)

    def batches(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Run a SELECT and give what the driver makes of it."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            for batch in cursor.arrow_reader(batch_rows):
                if batch.num_rows:
                    yield batch.columns

    def close(self) -> None:
        """Let go of the state."""
        self._connection.close()


class SqlserverSource(DatabaseSource):
    """Reads a schema of a SQL Server database."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._server = server_of(settings, settings.schemes[0], PORT)
        super().__init__(settings, str(self._server))

    def connect(self) -> Snapshot:
        """Take a snapshot."""
        return Snapshot(self._server)

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe_server(self._server, self.check, AccessStep.READ)
