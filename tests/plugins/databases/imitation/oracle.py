"""python-oracledb imitated over PostgreSQL: our SQL is parsed as Oracle's, then run in translation.

As ``imitation.sqlserver``; besides, every statement that makes or changes a table commits before and behind it, and an
empty text is null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import oracledb as driver
import psycopg
import pyarrow as pa
import sqlglot
from psycopg import errors

from tests.plugins.databases.imitation import arrow
from tests.plugins.databases.imitation.tokens import pg_name, pg_text, translated

WORDS = (
    (r"\bVARCHAR2\((\d+) CHAR\)", r"varchar(\1)"), (r"\bRAW\(\d+\)", "bytea"), (r"\bCLOB\b", "text"),
    (r"\bBLOB\b", "bytea"), (r"\bBINARY_FLOAT\b", "real"), (r"\bBINARY_DOUBLE\b", "double precision"),
    (r"\bNUMBER\b", "numeric"), (r"\bDATE\b", "timestamp(0)"), (r"INTERVAL DAY\(9\) TO SECOND\(6\)", "interval"),
    (r"\bFROM DUAL\b", ""), (r"SYS_CONTEXT\(.*?\)", "ora.owner()"), (r"\bTO_CHAR\(", "ora.tochar("),
    (r"SYS_EXTRACT_UTC\((\0\d+\0)\)", r"(\1 AT TIME ZONE 'UTC')"), (r"\bSYSTIMESTAMP\b", "now()"),
    (r"FROM_TZ\((\w+), \0\d+\0\)", r"(\1 AT TIME ZONE 'UTC')"), (r" AND ROWNUM <= 1\b", ""),
    (r"CASCADE CONSTRAINTS PURGE", "CASCADE"), (r"^CREATE INDEX \0\d+\0\.", "CREATE INDEX "),
    (r"^SET TRANSACTION READ ONLY$", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
)  # fmt: skip
_SILENT = re.compile(r"^ALTER SESSION SET ")
_COMMITS = re.compile(r"^(CREATE|DROP|ALTER|COMMENT)\b")
_PARSED = re.compile(r"^(SELECT|DELETE|DROP|CREATE TABLE)\b")
_ZONED = re.compile(r"TIMESTAMP\(\d\) WITH TIME ZONE|INTERVAL DAY\(9\) TO SECOND\(6\)|CASCADE CONSTRAINTS PURGE")
SAID = {
    errors.UniqueViolation: "ORA-00001: unique constraint violated",
    errors.ForeignKeyViolation: "ORA-02291: integrity constraint violated - parent key not found (FOREIGN KEY)",
    errors.NotNullViolation: "ORA-01400: cannot insert NULL",
    errors.UndefinedTable: "ORA-00942: table or view does not exist",
    errors.UndefinedColumn: "ORA-00904: invalid identifier",
    errors.SyntaxError: "ORA-00900: invalid SQL statement",
    errors.StringDataRightTruncation: "ORA-12899: value too large for column",
    errors.NumericValueOutOfRange: "ORA-01438: value larger than specified precision",
    errors.LockNotAvailable: "ORA-00054: resource busy and acquire with NOWAIT specified",
    errors.InsufficientPrivilege: "ORA-01031: insufficient privileges",
}
_ARRAYS = (
    (pa.types.is_integer, "int8[]"), (pa.types.is_decimal, "numeric[]"), (pa.types.is_floating, "float8[]"),
    (pa.types.is_timestamp, "timestamp[]"), (pa.types.is_large_binary, "bytea[]"), (lambda kind: True, "text[]"),
)  # fmt: skip
_TYPES = {1700: "NUMBER", 25: "CLOB", 1043: "VARCHAR", 701: "BINARY_DOUBLE", 1114: "TIMESTAMP", 20: "NUMBER"}


class Cursor:
    """A cursor of the driver, as far as we use it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection.pg.cursor()

    @property
    def description(self) -> list[Any]:
        return [
            SimpleNamespace(
                name=column.name,
                type_code=SimpleNamespace(name=f"DB_TYPE_{_TYPES.get(column.type_code, 'VARCHAR')}"),
                precision=column.precision or 0,
                scale=column.scale if column.precision else -127,
                null_ok=True,
            )
            for column in self._cursor.description or ()
        ]

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        if _PARSED.match(statement):
            plain = re.sub(r":(\d)", r":p\1", _ZONED.sub(lambda found: "DATE" if "(" in found[0] else "", statement))
            try:
                sqlglot.parse_one(plain, dialect="oracle", error_level=sqlglot.ErrorLevel.RAISE)
            except sqlglot.ParseError as exc:
                msg = f"ORA-00900: invalid SQL statement {statement}: {exc}"
                raise driver.DatabaseError(msg) from exc
        self._connection.log.append(statement)
        if _SILENT.match(statement):
            return
        commits = _COMMITS.match(statement) is not None
        if commits:
            self._connection.pg.commit()
        self._run(translated(statement, WORDS, values=bool(values)), values)
        if commits:
            self._connection.pg.commit()

    def executemany(self, statement: str, rows: pa.Table) -> None:
        head, _, values = statement.partition(" VALUES (")
        names = re.sub(r":(\d+)", r"p\1", values[:-1])
        kinds = [next(name for fits, name in _ARRAYS if fits(field.type)) for field in rows.schema]
        places = ", ".join(f"p{place}" for place in range(1, len(kinds) + 1))
        given = ", ".join(f"%s::{kind}" for kind in kinds)
        body = translated(f"{head} SELECT {names} FROM ", WORDS, values=True)
        self._run(f"{body}unnest({given}) AS u ({places})", [_bound(column) for column in rows.columns])

    def _run(self, sql: str, values: Sequence[Any] = ()) -> None:
        try:
            self._cursor.execute("SAVEPOINT one") if not sql.startswith(("ROLLBACK", "SET TRANSACTION")) else None
            self._cursor.execute(sql, values or None)
        except psycopg.Error as exc:
            self._cursor.execute("ROLLBACK TO SAVEPOINT one")
            raise _fault(exc) from exc

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._cursor.fetchall()

    def close(self) -> None:
        self._cursor.close()


def _bound(column: pa.ChunkedArray) -> list[Any]:
    return [None if value in {"", b""} else value for value in column.to_pylist()]


def _fault(exc: psycopg.Error) -> driver.DatabaseError:
    said = next((said for kind, said in SAID.items() if isinstance(exc, kind)), "ORA-06502: conversion error")
    return driver.DatabaseError(f"{said}: {exc}")


class Connection:
    """A connection of the driver, as far as we use it."""

    def __init__(self, conninfo: str, schema: str) -> None:
        self.pg = psycopg.connect(conninfo)
        self.pg.execute(f"SET search_path TO {pg_name(schema)}, ora, public")
        self.pg.execute(f"SET semblant.owner = {pg_text(schema)}")
        self.pg.execute("SET TIME ZONE 'UTC'")
        self.pg.commit()
        self.log: list[str] = []

    def cursor(self) -> Cursor:
        return Cursor(self)

    def fetch_df_batches(self, statement: str, size: int, fetch_decimals: bool) -> Iterator[Any]:
        assert fetch_decimals
        cursor = Cursor(self)
        cursor.execute(statement)
        yield from arrow.batches(cursor._cursor, size)

    def commit(self) -> None:
        try:
            self.pg.commit()
        except psycopg.Error as exc:
            raise _fault(exc) from exc

    def close(self) -> None:
        self.pg.close()


def connected(server: Any, password: str | None) -> Connection:
    """Connect as the driver does; the one service is 'shop', the one user 'scott'."""
    if server.database != "shop":
        msg = 'DPY-6001: Service "missing" is not registered with the listener (Similar to ORA-12514)'
        raise driver.OperationalError(msg)
    if server.user != "scott":
        msg = "ORA-01017: invalid credential or not authorized; logon denied"
        raise driver.DatabaseError(msg)
    return Connection(f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres", server.schema or "public")
