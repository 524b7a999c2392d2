"""PostgreSQL passes the kit, against a real server: put and read back by psycopg and plain SQL, not by our own code."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql

from semblant.testing import DestinationConformance, SourceConformance
from semblant.vocabulary import WriteMode
from semblant_databases import POSTGRESQL_DESTINATION, POSTGRESQL_SOURCE
from semblant_databases.settings import PostgresqlDestination, PostgresqlSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.schema import Schema, Table
    from tests.plugins.databases.servers import RunningServer

pytestmark = [pytest.mark.feature(61, 62)]

JSON = "nested values are kept as JSON, which is read as text"
MICROSECONDS = "PostgreSQL keeps microseconds; what is finer is refused"
SMALLEST = "PostgreSQL's smallest whole number has 16 bits, and it has none without a sign"


def schema_name(folder: Path) -> str:
    return "kit_" + hashlib.sha256(str(folder).encode()).hexdigest()[:12]


class OnServer:
    """One schema per check."""

    server: ClassVar[RunningServer]

    @pytest.fixture(autouse=True)
    def _running(self, postgresql: RunningServer) -> None:
        type(self).server = postgresql

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(f"host=127.0.0.1 port={self.server.port} user=postgres dbname=postgres", autocommit=True)

    def place(self, folder: Path) -> dict[str, Any]:
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema_name(folder))))
        return {
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": "postgres",
            "database": "postgres",
            "schema": schema_name(folder),
        }


TYPES = (
    (pa.types.is_boolean, "boolean"), (lambda k: k == pa.uint64(), "numeric(20)"), (pa.types.is_integer, "bigint"),
    (pa.types.is_float32, "real"), (pa.types.is_floating, "double precision"), (pa.types.is_decimal, "numeric"),
    (pa.types.is_date, "date"), (pa.types.is_time, "time"), (pa.types.is_duration, "interval"),
    (lambda k: pa.types.is_timestamp(k) and k.tz is not None, "timestamptz"), (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_binary, "bytea"), (pa.types.is_list, "bigint[]"), (pa.types.is_null, "text"),
)  # fmt: skip


def declared(kind: pa.DataType) -> str:
    return next((name for fits, name in TYPES if fits(kind)), "text")


DECLARED = declared
REPLACE = WriteMode.REPLACE


class TestPostgresqlSource(OnServer, SourceConformance):
    component = POSTGRESQL_SOURCE
    declared = staticmethod(declared)
    declares_keys = True
    keeps_types = SMALLEST
    not_kept: ClassVar[Mapping[str, str]] = {"types.struct": JSON, "types.timestamp_ns": MICROSECONDS}

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> PostgresqlSource:
        place = self.place(folder)
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(place["schema"])))
            self.place(folder)
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(place["schema"])))
            for described in schema:
                self.create(connection, described)
                columns = [column.to_pylist() for column in tables[described.name].columns]
                copy = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(described.name))
                with connection.cursor().copy(copy) as rows:
                    for row in zip(*columns, strict=True):
                        rows.write_row(row)
        return PostgresqlSource(**place)

    def create(self, connection: psycopg.Connection[Any], table: Table) -> None:
        name = sql.Identifier
        parts: list[sql.Composable] = [
            sql.SQL("{} {}").format(name(column.name), sql.SQL(self.declared(column.type))) for column in table.columns
        ]
        if table.primary_key:
            parts.append(sql.SQL("PRIMARY KEY ({})").format(sql.SQL(", ").join(map(name, table.primary_key))))
        for key in table.foreign_keys:
            own, theirs = (sql.SQL(", ").join(map(name, names)) for names in (key.columns, key.referenced_columns))
            parts.append(sql.SQL("FOREIGN KEY ({}) REFERENCES {} ({})").format(own, name(key.references), theirs))
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name(table.name), sql.SQL(", ").join(parts)))

    def nowhere(self, folder: Path) -> PostgresqlSource:
        return PostgresqlSource(host="127.0.0.1", port=self.server.port, user="postgres", database="missing")


class TestPostgresqlDestination(OnServer, DestinationConformance):
    component = POSTGRESQL_DESTINATION
    not_kept: ClassVar[Mapping[str, str]] = {"types.timestamp_ns": MICROSECONDS}

    def settings(self, folder: Path) -> PostgresqlDestination:
        return PostgresqlDestination(**self.place(folder))

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        with self.connect() as connection:
            if table not in self.tables(connection, folder):
                return None
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema_name(folder), table))
            cursor = connection.execute(query)
            rows = cursor.fetchall()
            names = [column.name for column in cursor.description or ()]
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        kinds = [wanted.field(name).type if name in wanted.names else None for name in names]
        made = [pa.array(values, _undone(kind)) for values, kind in zip(columns, kinds, strict=True)]
        return pa.table(made, names=names)

    def tables(self, connection: psycopg.Connection[Any], folder: Path) -> list[str]:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema_name(folder)])
        return sorted(row[0] for row in rows)

    def state(self, folder: Path) -> Mapping[str, str]:
        """Give definitions and rows of every table, and every type, of the schema."""
        found = {}
        with self.connect() as connection:
            for table in self.tables(connection, folder):
                query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema_name(folder), table))
                rows = connection.execute(query)
                kinds = [(column.name, column.type_code) for column in rows.description or ()]
                found[table] = hashlib.sha256(json.dumps([kinds, list(rows)], default=repr).encode()).hexdigest()
            constraints = connection.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = to_regnamespace(%s)",
                [schema_name(folder)],
            )
            found.update({f"constraint {name}": definition for name, definition in constraints})
            types = connection.execute(
                "SELECT typname FROM pg_type WHERE typnamespace = to_regnamespace(%s) AND typtype = 'e'",
                [schema_name(folder)],
            )
            found.update({f"type {row[0]}": "enum" for row in types})
        return found


def _undone(kind: pa.DataType | None) -> pa.DataType | None:
    return kind.value_type if kind is not None and pa.types.is_dictionary(kind) else kind
