"""The source ``oracle``: one read-only transaction over one connection, read as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.access import AccessStep
from semblant.errors import SourceError
from semblant_databases.contact import probe_server
from semblant_databases.oracle import catalog
from semblant_databases.oracle.connection import PORT, Connection, quoted
from semblant_databases.oracle.read_types import Declared, column_of, probe_of
from semblant_databases.reading.relation import Relation
from semblant_databases.reading.serial import SerialReader
from semblant_databases.reading.source import DatabaseSource
from semblant_databases.server import server_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant.access import Probe
    from semblant_databases.reading.relation import ReadColumn
    from semblant_databases.server import Server
    from semblant_databases.settings import OracleSource as Settings

_NAMES = {
    "NUMBER": "NUMBER", "BINARY_DOUBLE": "BINARY_DOUBLE", "BINARY_FLOAT": "BINARY_FLOAT", "VARCHAR": "VARCHAR2",
    "NVARCHAR": "NVARCHAR2", "CHAR": "CHAR", "NCHAR": "NCHAR", "CLOB": "CLOB", "NCLOB": "NCLOB", "BLOB": "BLOB",
    "RAW": "RAW", "DATE": "DATE", "TIMESTAMP": "TIMESTAMP(6)", "TIMESTAMP_TZ": "TIMESTAMP(6) WITH TIME ZONE",
    "TIMESTAMP_LTZ": "TIMESTAMP(6) WITH LOCAL TIME ZONE", "INTERVAL_DS": "INTERVAL DAY(9) TO SECOND(6)",
    "LONG": "LONG", "LONG_NVARCHAR": "LONG", "ROWID": "ROWID", "JSON": "JSON", "XMLTYPE": "XMLTYPE",
    "BOOLEAN": "BOOLEAN",
}  # fmt: skip
"""The driver's names of the types of a result, and the catalog's."""


class Snapshot(SerialReader):
    """One state of a database, seen by one transaction."""

    def __init__(self, server: Server) -> None:
        """Connect and take the state."""
        super().__init__()
        self._connection = Connection(server, SourceError)
        try:
            self._connection.commit()
            self._connection.run("SET TRANSACTION READ ONLY")
        except BaseException:
            self._connection.close()
            raise

    def names(self, *, views: bool) -> list[str]:
        """Name tables and views."""
        return catalog.table_names(self._connection, views=views)

    def described(self, name: str) -> Relation:
        """Describe a table or view."""
        comment = catalog.comment_of(self._connection, name)
        if comment is None:
            raise SourceError(f"there is no table '{name}'", fix="it was dropped: read again")
        source = f"{quoted(self._connection.schema)}.{quoted(name)}"
        key = catalog.primary_key(self._connection, name)
        return Relation(
            name=name,
            source=source,
            columns=self._columns(catalog.columns(self._connection, name), source),
            primary_key=key,
            foreign_keys=catalog.foreign_keys(self._connection, name),
            comment=comment,
            order=f" ORDER BY {', '.join(map(quoted, key))}" if key else "",
        )

    def yielded(self, name: str, statement: str) -> Relation:
        """Describe what a SELECT yields, by the description that comes with its result."""
        source = f"({statement}) {quoted(name)}"
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {source} WHERE 1 = 0")
            declared = [_declared(column) for column in cursor.description]
        return Relation(name=name, source=source, columns=self._columns(declared, source))

    def _columns(self, declared: Sequence[Declared], source: str) -> tuple[ReadColumn, ...]:
        return self.decided([(column_of(column), probe_of(column)) for column in declared], source)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a query."""
        return self._connection.rows(statement)

    def batches(self, statement: str, columns: Sequence[ReadColumn], batch_rows: int) -> Iterator[list[pa.Array]]:
        """Run a SELECT and give what the driver makes of it."""
        for frame in self._connection.frames(statement, batch_rows):
            for batch in pa.table(frame).combine_chunks().to_batches(batch_rows):
                if batch.num_rows:
                    yield batch.columns

    def close(self) -> None:
        """Let go of the state."""
        self._connection.close()


def _declared(column: Any) -> Declared:
    kind = _NAMES.get(column.type_code.name.removeprefix("DB_TYPE_"), "OTHER")
    sized = kind == "NUMBER" and column.precision and column.scale not in {None, -127}
    return Declared(
        name=column.name,
        type=kind,
        precision=column.precision if sized else None,
        scale=column.scale if sized else None,
        nullable=bool(column.null_ok),
    )


class OracleSource(DatabaseSource):
    """Reads a schema of an Oracle database."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._server = server_of(settings, "oracle", PORT)
        super().__init__(settings, str(self._server))

    def connect(self) -> Snapshot:
        """Take a snapshot."""
        return Snapshot(self._server)

    def probe(self) -> Iterator[Probe]:
        """Say step by step how far one gets."""
        return probe_server(self._server, self.check, AccessStep.READ)
