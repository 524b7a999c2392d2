"""Connections to SQL Server, and its errors in our words."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import mssql_python as driver

from semblant_databases.contact import reach
from semblant_databases.faults import brief, fault, unfit
from semblant_databases.names import NameRules, doubled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.errors import SemblantError
    from semblant_databases.faults import Kind
    from semblant_databases.server import Server

PORT: Final = 1433
NAMES: Final = NameRules(longest=128, unit="characters", folds=True)
quoted: Final = doubled("[", "]")

_WORDS = (
    ("Login failed", "credentials"),
    ("Cannot open database", "database"),
    ("certificate", "tls"),
    ("SSL Provider", "tls"),
    ("Encryption", "tls"),
    ("handshakes before login", "lost"),
    ("0x2AF9", "host"),
    ("TCP Provider", "port"),
    ("Login timeout expired", "port"),
    ("Communication link failure", "lost"),
    ("SHUTDOWN is in progress", "lost"),
    ("connection is broken", "lost"),
    ("permission was denied", "access"),
    ("do not have permission", "access"),
    ("Lock request time out", "busy"),
    ("deadlock", "busy"),
    ("is full", "full"),
    ("Could not allocate space", "full"),
)
"""What the driver says, and the step that it means; the first that fits counts."""
_UNUSABLE = ("Invalid object name", "Invalid column name", "Incorrect syntax", "could not be bound", "Cannot find")
_ADVICE = (
    ("PRIMARY KEY", "a key is there twice: with the mode append keys must not meet those that are there"),
    ("UNIQUE KEY", "a key is there twice: with the mode append keys must not meet those that are there"),
    ("FOREIGN KEY", "a foreign key leads nowhere: deliver the tables that it points to as well, or leave the key out"),
    ("REFERENCE constraint", "another table refers to these rows: deliver it as well, or use the mode append"),
    ("value NULL", "a column that must hold a value has none: allow it there, or exclude the table"),
    ("truncated", "a text is too long for its column: widen it there; key columns of text hold 255 characters"),
    ("overflow", "a number is too large for its column: widen it there"),
)
_LIBRARIES = "install what Microsoft's driver needs, on Debian and Ubuntu: apt-get install libltdl7 libkrb5-3"


def literal(text: str) -> str:
    """Write a text as SQL.

    >>> literal("it's")
    "N'it''s'"
    """
    return "N'" + text.replace("'", "''") + "'"


def connection_string(server: Server, password: str | None, *, encrypt: bool) -> str:
    """Give what the driver connects by; it holds the password and is shown nowhere.

    >>> from semblant_databases.server import server_of
    >>> from semblant_databases.settings import SqlserverSource
    >>> server = server_of(SqlserverSource(url="mssql://ann@db/shop"), "sqlserver", 1433)
    >>> connection_string(server, "a;b}", encrypt=True)
    'Server={db,1433};Database={shop};UID={ann};PWD={a;b}}};Encrypt=yes;TrustServerCertificate=yes'
    """
    given = {"Server": f"{server.host},{server.port}", "Database": server.database}
    if server.user is None:
        words = ["Trusted_Connection=yes"]
    else:
        given |= {"UID": server.user, "PWD": password or ""}
        words = []
    made = [f"{name}={{{value.replace('}', '}}')}}}" for name, value in given.items() if value is not None]
    words += [f"Encrypt={'yes' if encrypt else 'no'}"]
    words += [] if server.tls == "verify" or not encrypt else ["TrustServerCertificate=yes"]
    return ";".join(made + words)


def connected(server: Server, password: str | None, *, encrypt: bool) -> Any:
    """Let the driver connect; every statement is its own transaction until we say otherwise."""
    seconds = max(1, int(server.timeout_seconds))
    return driver.connect(connection_string(server, password, encrypt=encrypt), autocommit=True, timeout=seconds)


class Connection:
    """One connection; errors come out as ``kind`` with the place in them, never with the password."""

    def __init__(self, server: Server, kind: Kind) -> None:
        """Connect and find the schema."""
        self.server = server
        self._kind = kind
        self._password = server.reveal()
        reach(server, kind)
        with self.speaking():
            try:
                self._connection = connected(server, self._password, encrypt=server.tls != "off")
            except driver.Error as exc:
                if server.tls != "prefer" or self._step(_said(exc)) != "tls":
                    raise
                self._connection = connected(server, self._password, encrypt=False)
        self.run(f"SET LOCK_TIMEOUT {int(server.timeout_seconds * 1000)}")
        found = server.schema or self.rows("SELECT SCHEMA_NAME()")[0][0]
        self.schema = str(found or "")
        if not self.schema or not self.rows("SELECT 1 FROM sys.schemas WHERE name = ?", self.schema):
            self.close()
            raise fault(kind, "schema", server, f"'{found}'" if found else "the user has no default one")

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement without a result."""
        with self.speaking(), contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(statement, *values)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a query and give all its rows."""
        with self.speaking(), contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(statement, *values)
            return [tuple(row) for row in cursor.fetchall()]

    @contextlib.contextmanager
    def cursor(self) -> Iterator[Any]:
        """Give a cursor of the driver, closed behind."""
        with self.speaking():
            cursor = self._connection.cursor()
            try:
                yield cursor
            finally:
                with contextlib.suppress(driver.Error):
                    cursor.close()

    def close(self) -> None:
        """Disconnect; a transaction that was not committed is undone."""
        with contextlib.suppress(Exception):
            self._connection.close()

    @contextlib.contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn the driver's errors into ours."""
        try:
            yield
        except (driver.Error, driver.exceptions.ConnectionStringParseError) as exc:
            # the driver's own text may hold parts of the connection string: it is not chained
            raise self.fault_of(exc) from None

    def _step(self, text: str) -> str | None:
        return next((step for words, step in _WORDS if words.lower() in text.lower()), None)

    def fault_of(self, exc: BaseException) -> SemblantError:
        """Say what the driver means."""
        text = _said(exc)
        if "load the driver" in text:
            return self._kind(f"{self.server}: the SQL Server driver cannot be loaded", fix=_LIBRARIES)
        step = self._step(text)
        if step is not None:
            return fault(self._kind, step, self.server, text, [self._password])
        said = brief(text, [self._password])
        unusable = any(words in text for words in _UNUSABLE)
        advice = next((fix for words, fix in _ADVICE if words in text), None)
        return unfit(self._kind, self.server, said, unusable=unusable, advice=advice)


def _said(exc: BaseException) -> str:
    """Give the server's own sentence, without the marks of the layers that it went through."""
    text = str(getattr(exc, "ddbc_error", "") or exc)
    while text.startswith("[") and "]" in text:
        text = text.partition("]")[2]
    return text
