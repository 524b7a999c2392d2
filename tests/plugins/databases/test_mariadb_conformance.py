"""MariaDB passes the kit, against a real server: put and read back by plain PyMySQL, not by our own code."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pymysql
import pytest

from semblant.testing import DestinationConformance, SourceConformance
from semblant_databases import MARIADB_DESTINATION, MARIADB_SOURCE
from semblant_databases.settings import MariadbDestination, MariadbSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.schema import Schema, Table
    from tests.plugins.databases.servers import RunningServer

pytestmark = [pytest.mark.feature(61, 64)]

JSON = "nested values are kept as JSON, which is read as text"
NO_NAN = "MariaDB has no numbers that are not finite; they are refused"
MICROSECONDS = "MariaDB keeps microseconds; what is finer is refused"
NO_EMOJI = "MariaDB's names hold no characters beyond U+FFFF; they are refused"


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


class OnServer:
    """One database per check."""

    server: ClassVar[RunningServer]

    @pytest.fixture(autouse=True)
    def _running(self, mariadb: RunningServer) -> None:
        type(self).server = mariadb

    def connect(self, database: str | None = None) -> Any:
        return pymysql.connect(
            host="127.0.0.1", port=self.server.port, user="root", database=database, autocommit=True, charset="utf8mb4"
        )

    def name(self, folder: Path) -> str:
        return "kit_" + hashlib.sha256(str(folder).encode()).hexdigest()[:12]

    def place(self, folder: Path, *, fresh: bool = False) -> dict[str, Any]:
        with self.connect() as connection, connection.cursor() as cursor:
            if fresh:
                cursor.execute(f"DROP DATABASE IF EXISTS {self.name(folder)}")
            # IF NOT EXISTS warns
            cursor.execute("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", [self.name(folder)])
            if not cursor.fetchall():
                cursor.execute(f"CREATE DATABASE {self.name(folder)}")
        return {"host": "127.0.0.1", "port": self.server.port, "user": "root", "database": self.name(folder)}


TYPES = (
    (pa.types.is_boolean, "boolean"), (lambda k: k == pa.uint64(), "bigint unsigned"), (pa.types.is_integer, "bigint"),
    (pa.types.is_float32, "float"), (pa.types.is_floating, "double"), (pa.types.is_decimal, "decimal(28,2)"),
    (pa.types.is_date, "date"), (pa.types.is_time, "time(6)"), (pa.types.is_duration, "time(6)"),
    (pa.types.is_timestamp, "datetime(6)"), (pa.types.is_binary, "longblob"),
)  # fmt: skip


def declared(kind: pa.DataType, *, key: bool) -> str:
    found = next((name for fits, name in TYPES if fits(kind)), "longtext")
    return "varchar(200)" if key and found == "longtext" else found


class TestMariadbSource(OnServer, SourceConformance):
    component = MARIADB_SOURCE
    declares_keys = True
    keeps_types = "the tables of this test are made with fewer types than Arrow has"
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.struct": JSON,
        "types.list": JSON,
        "types.timestamp_ns": MICROSECONDS,
        "types.nan": NO_NAN,
        "types.infinity": NO_NAN,
        "columns.emoji": NO_EMOJI,
        "tables.emoji": NO_EMOJI,
    }

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> MariadbSource:
        place = self.place(folder, fresh=True)
        with self.connect(place["database"]) as connection, connection.cursor() as cursor:
            cursor.execute("SET sql_mode = 'STRICT_ALL_TABLES'")
            for described in schema:
                self.create(cursor, described)
                columns = [column.to_pylist() for column in tables[described.name].columns]
                marks = ", ".join(["%s"] * len(columns))
                table = quoted(described.name).replace("%", "%%")
                rows = list(zip(*columns, strict=True))
                if rows:
                    cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        return MariadbSource(**place)

    def create(self, cursor: Any, table: Table) -> None:
        keys = {*table.primary_key, *(name for key in table.foreign_keys for name in key.columns)}
        parts = [f"{quoted(c.name)} {declared(c.type, key=c.name in keys)}" for c in table.columns]
        if table.primary_key:
            parts.append(f"PRIMARY KEY ({', '.join(map(quoted, table.primary_key))})")
        for key in table.foreign_keys:
            own, theirs = (", ".join(map(quoted, names)) for names in (key.columns, key.referenced_columns))
            parts.append(f"FOREIGN KEY ({own}) REFERENCES {quoted(key.references)} ({theirs})")
        cursor.execute(f"CREATE TABLE {quoted(table.name)} ({', '.join(parts)}) CHARACTER SET utf8mb4")

    def nowhere(self, folder: Path) -> MariadbSource:
        return MariadbSource(host="127.0.0.1", port=self.server.port, user="root", database="missing")


class TestMariadbDestination(OnServer, DestinationConformance):
    component = MARIADB_DESTINATION
    keeps_order = "a table is kept in the order of its key"
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.timestamp_ns": MICROSECONDS,
        "types.nan": NO_NAN,
        "types.infinity": NO_NAN,
        "columns.emoji": NO_EMOJI,
    }

    def settings(self, folder: Path) -> MariadbDestination:
        return MariadbDestination(**self.place(folder))

    def tables(self, cursor: Any) -> list[str]:
        cursor.execute("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
        return sorted(row[0] for row in cursor.fetchall())

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        with self.connect(self.place(folder)["database"]) as connection, connection.cursor() as cursor:
            if table not in self.tables(cursor):
                return None
            cursor.execute(f"SELECT * FROM {quoted(table)}")
            rows, names = cursor.fetchall(), [column[0] for column in cursor.description]
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        made = []
        for name, values in zip(names, columns, strict=True):
            kind = wanted.field(name).type if name in wanted.names else None
            kind = kind.value_type if kind is not None and pa.types.is_dictionary(kind) else kind
            made.append(pa.array([None if value is None else read(value, kind) for value in values], kind))
        return pa.table(made, names=names)

    def state(self, folder: Path) -> Mapping[str, str]:
        """Give definition and rows of every table."""
        found = {}
        with self.connect(self.place(folder)["database"]) as connection, connection.cursor() as cursor:
            for table in self.tables(cursor):
                cursor.execute(f"SHOW CREATE TABLE {quoted(table)}")
                definition = cursor.fetchall()[0][1]
                cursor.execute(f"SELECT * FROM {quoted(table)}")
                rows = json.dumps(list(cursor.fetchall()), default=repr)
                found[table] = hashlib.sha256(f"{definition}{rows}".encode()).hexdigest()
        return found


def read(value: Any, kind: pa.DataType | None) -> Any:
    """Read a stored value as what it was written for."""
    if kind is None:
        return value
    if pa.types.is_boolean(kind):
        return bool(value)
    if pa.types.is_time(kind):
        return (dt.datetime(1, 1, 1) + value).time()
    return json.loads(value) if pa.types.is_nested(kind) else value
