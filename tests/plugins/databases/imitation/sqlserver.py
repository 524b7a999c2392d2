"""Microsoft's driver imitated over PostgreSQL: our T-SQL is parsed as T-SQL, then run in translation.

Nothing that speaks SQL Server's protocol can be had here. This stands in for driver and server: ``sqlglot`` refuses
what is no T-SQL, PostgreSQL does what the statements say, the catalog is answered from views of the same names and
columns, and errors come in SQL Server's words. It shows that our logic holds, not that a live server agrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import mssql_python as driver
import psycopg
import pyarrow as pa
import sqlglot
from psycopg import errors

from tests.plugins.databases.imitation import arrow
from tests.plugins.databases.imitation.tokens import pg_name, pg_text, translated, unquoted

WORDS = (
    (r"\bnvarchar\(max\)", "text"), (r"\bnvarchar\(", "varchar("), (r"\bvarbinary\((max|\d+)\)", "bytea"),
    (r"\bdatetime2\(", "timestamp("), (r"\bdatetimeoffset\(", "timestamptz("), (r"\bbit\b", "boolean"),
    (r"\btinyint\b", "sys.tinyint"), (r"\bfloat\b", "double precision"), (r"\buniqueidentifier\b", "uuid"),
    (r"\bCOLLATE Latin1_General_100_BIN2\b", ""), (r"SYSUTCDATETIME\(\)", "now()"), (r"\bTOP 0\b", ""),
    (r"SWITCHOFFSET\((.+?), \0\d+\0\)", r"(\1 AT TIME ZONE 'UTC')"),
    (r"DATEPART\(nanosecond, (\0\d+\0)\)", r"(extract(microseconds FROM \1)::int8 * 1000)"),
    (r"CONVERT\(bytea, (\w+), 2\)", r"decode(\1, 'hex')"), (r"^CREATE INDEX \0\d+\0 ON", "CREATE INDEX ON"),
    (r"^BEGIN TRANSACTION$", "BEGIN"), (r"^COMMIT TRANSACTION$", "COMMIT"),
    (r"^IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION$", "ROLLBACK"), (r"^SET LOCK_TIMEOUT ", "SET lock_timeout = "),
    (r"^(ALTER TABLE \S+) NOCHECK CONSTRAINT (\S+)$", r"\1 ALTER CONSTRAINT \2 DEFERRABLE INITIALLY DEFERRED"),
    (r"^(ALTER TABLE \S+) WITH CHECK CHECK CONSTRAINT (\S+)$",
     r"SET CONSTRAINTS ALL IMMEDIATE; \1 ALTER CONSTRAINT \2 NOT DEFERRABLE"),
)  # fmt: skip
_SILENT = re.compile(r"^SET (XACT_ABORT|IDENTITY_INSERT|TRANSACTION ISOLATION LEVEL)")
_PARSED = re.compile(r"^(SELECT|INSERT|DELETE|DROP|CREATE|ALTER TABLE \S+ ADD)\b")
_LOCK = re.compile(r"sp_getapplock @Resource = (N'(?:[^']|'')*')")
_RENAME = re.compile(r"^EXEC sp_rename (N'(?:[^']|'')*'), (N'(?:[^']|'')*')$")
_COMMENT = re.compile(r"(?:@value|@level\dname) = (N'(?:[^']|'')*')")
_DESCRIBE = re.compile(r"sys\.dm_exec_describe_first_result_set\((N'(?:[^']|'')*'), NULL, 0\)")
_OPENJSON = re.compile(r"OPENJSON\(%s\) WITH \((.*)\)$")
SAID = {
    errors.UniqueViolation: "Violation of PRIMARY KEY constraint.",
    errors.ForeignKeyViolation: "The INSERT statement conflicted with the FOREIGN KEY constraint.",
    errors.NotNullViolation: "Cannot insert the value NULL into column.",
    errors.UndefinedTable: "Invalid object name.",
    errors.UndefinedColumn: "Invalid column name.",
    errors.SyntaxError: "Incorrect syntax near something.",
    errors.StringDataRightTruncation: "String or binary data would be truncated.",
    errors.NumericValueOutOfRange: "Arithmetic overflow error.",
    errors.LockNotAvailable: "Lock request time out period exceeded.",
    errors.InsufficientPrivilege: "The permission was denied on the object.",
}


class Cursor:
    """A cursor of the driver, as far as we use it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection.pg.cursor()
        self._found: list[tuple[Any, ...]] | None = None

    def execute(self, statement: str, *values: Any) -> Cursor:
        self._found = None
        if _PARSED.match(statement):
            sqlglot.parse_one(statement, dialect="tsql", error_level=sqlglot.ErrorLevel.RAISE)
        self._connection.log.append(statement)
        if _SILENT.match(statement):
            self._connection.steady |= statement == "SET XACT_ABORT ON"
            return self
        described = _DESCRIBE.search(statement)
        if described:
            self._describe(unquoted(described[1]))
            return self
        self._run(_special(statement) or _sql(statement, bool(values)), values)
        return self

    def _run(self, sql: str, values: tuple[Any, ...] = ()) -> None:
        inside = self._connection.pg.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        guarded = inside and not self._connection.steady and not sql.startswith(("ROLLBACK", "COMMIT"))
        try:
            if guarded:
                self._cursor.execute("SAVEPOINT one")
            self._cursor.execute(sql, values or None)
        except psycopg.Error as exc:
            if guarded:
                self._cursor.execute("ROLLBACK TO SAVEPOINT one")
            elif inside:
                self._cursor.execute("ROLLBACK")
            said = next((said for kind, said in SAID.items() if isinstance(exc, kind)), "Conversion failed.")
            raise driver.ProgrammingError("it failed", f"[Microsoft][SQL Server]{said} {exc}") from exc

    def _describe(self, statement: str) -> None:
        try:
            self._run(f"SELECT * FROM ({_sql(statement, False)}) AS described LIMIT 0")
        except driver.ProgrammingError as exc:
            self._found = [("", "", 0, 0, 0, True, str(exc.ddbc_error))]
            return
        self._found = [(c.name, *arrow.tsql_type(c), True, None) for c in self._cursor.description or ()]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._found if self._found is not None else self._cursor.fetchall()

    def arrow_reader(self, batch_size: int) -> Iterator[pa.RecordBatch]:
        return arrow.batches(self._cursor, batch_size)

    def close(self) -> None:
        self._cursor.close()


class Connection:
    """A connection of the driver, as far as we use it."""

    def __init__(self, conninfo: str, schema: str) -> None:
        self.pg = psycopg.connect(conninfo, autocommit=True)
        self.pg.execute(f"SET search_path TO {pg_name(schema)}, sys, public")
        self.pg.execute(f"SET semblant.dbo = {pg_text(schema)}")
        self.log: list[str] = []
        self.steady = False

    def cursor(self) -> Cursor:
        return Cursor(self)

    def close(self) -> None:
        self.pg.close()


def _special(statement: str) -> str:
    """Translate the procedures that we call."""
    if found := _LOCK.search(statement):
        return f"SELECT CASE WHEN pg_try_advisory_lock(hashtext({pg_text(unquoted(found[1]))})) THEN 0 ELSE -1 END"
    if found := _RENAME.match(statement):
        return f"ALTER TABLE {_sql(unquoted(found[1]), False)} RENAME TO {pg_name(unquoted(found[2]))}"
    if statement.startswith("EXEC sp_addextendedproperty"):
        text, *names = (unquoted(piece) for piece in _COMMENT.findall(statement))
        kind = "COLUMN" if len(names) == 3 else "TABLE"
        return f"COMMENT ON {kind} {'.'.join(map(pg_name, names))} IS {pg_text(text)}"
    return ""


def _sql(statement: str, values: bool) -> str:
    def rewrite(plain: str) -> str:
        found = _OPENJSON.search(plain)
        if not found:
            return plain
        columns = re.sub(r" \0\d+\0", "", found[1])
        return f"{plain[: found.start()]}json_to_recordset(%s::json) AS j({columns})"

    return translated(statement, WORDS, values=values, rewrite=rewrite)


def connected(server: Any, password: str | None, *, encrypt: bool) -> Connection:
    """Connect as the driver does; the one database is 'shop', the one user 'sa'."""
    if server.database != "shop":
        raise driver.OperationalError("it failed", f'[Microsoft][SQL Server]Cannot open database "{server.database}".')
    if server.user != "sa":
        raise driver.OperationalError("it failed", f"[Microsoft][SQL Server]Login failed for user '{server.user}'.")
    return Connection(f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres", server.schema or "dbo")
