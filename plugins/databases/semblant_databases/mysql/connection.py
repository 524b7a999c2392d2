"""Connections to MySQL and MariaDB, and their errors in our words."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any, Final

import pymysql
from pymysql import converters, cursors

from semblant.errors import DataError, DestinationError, SourceError
from semblant_databases.faults import brief, fault
from semblant_databases.names import NameRules, doubled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant.errors import SemblantError
    from semblant_databases.faults import Kind
    from semblant_databases.server import Server

PORT: Final = 3306
NAMES: Final = NameRules(longest=64, unit="characters", folds=True, beyond_bmp=False, no_blank_end=True)
quoted: Final = doubled("`")

_MODE = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO"
_ENCODERS = {kind: encode for kind, encode in converters.conversions.items() if not isinstance(kind, int)}
"""Python values to SQL; nothing the other way, so that every value comes as the server wrote it."""
_CODES = {
    1045: "credentials", 1698: "credentials", 1044: "entry", 1142: "access", 1143: "access", 1227: "access",
    1049: "database", 1046: "database", 1205: "busy", 1213: "busy", 1021: "full", 1114: "full", 2006: "lost",
    2013: "lost", 1053: "lost", 1927: "lost", 2026: "tls",
}  # fmt: skip
_ADVICE = {
    1062: "a key is there twice: with the mode append keys must not meet those that are there",
    1452: "a foreign key leads nowhere: deliver the tables that it points to as well, or leave the key out",
    1048: "a column that must hold a value has none: allow it there, or exclude the table",
    1406: "a text is too long for its column: widen it there; key columns of text hold 255 characters",
    1264: "a number is too large for its column: widen it there",
}
NO_LOCAL_FILES: Final = frozenset({1148, 3948, 3950, 2068, 4166})
"""The server, or this client, does not take LOAD DATA LOCAL."""


def literal(text: str) -> str:
    """Write a text as SQL.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


class Connection:
    """One connection; errors come out as ``kind`` with the place in them, never with the password."""

    def __init__(self, server: Server, kind: Kind) -> None:
        """Connect to the database, which must be named."""
        self.server = server
        self._kind = kind
        self._streaming: Any = None
        self._password = server.reveal()
        self.database = server.database or server.schema
        if self.database is None:
            raise fault(kind, "database", server, "none is named")
        with self.speaking():
            try:
                self._connection = self._connected(self._tls())
            except pymysql.OperationalError as exc:
                if server.tls != "prefer" or "SSL" not in str(exc):
                    raise
                self._connection = self._connected(None)
        if server.tls in {"require", "verify"} and not self.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[0][1]:
            self.close()
            raise fault(kind, "tls", server, "the server offers none")
        self.maria = "mariadb" in str(self.rows("SELECT version()")[0][0]).lower()
        seconds = max(1, int(server.timeout_seconds))
        self.run(
            f"SET SESSION sql_mode = '{_MODE}', time_zone = '+00:00', lock_wait_timeout = {seconds}, "
            f"innodb_lock_wait_timeout = {seconds}"
        )

    def _connected(self, tls: ssl.SSLContext | None) -> Any:
        server = self.server
        return pymysql.connect(
            **({"unix_socket": server.host} if server.host.startswith("/") else {"host": server.host}),
            port=server.port,
            user=server.user,
            password=self._password or "",
            database=self.database,
            charset="utf8mb4",
            conv=_ENCODERS,
            local_infile=True,
            autocommit=True,
            connect_timeout=max(1, min(int(server.timeout_seconds), 31_536_000)),
            ssl=tls,
        )

    def _tls(self) -> ssl.SSLContext | None:
        if self.server.tls == "off":
            return None
        context = ssl.create_default_context()
        if self.server.tls != "verify":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; give how many rows it touched."""
        with self.speaking(), self._connection.cursor() as cursor:
            return int(cursor.execute(statement, values or None))

    def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run an INSERT for many rows."""
        with self.speaking(), self._connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and give all its rows."""
        with self.speaking(), self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    @contextlib.contextmanager
    def streaming(self, statement: str) -> Iterator[Any]:
        """Run a query whose rows stay on the server until they are fetched."""
        with self.speaking():
            cursor = self._streaming = self._connection.cursor(cursors.SSCursor)
            try:
                cursor.execute(statement)
                yield cursor
            finally:
                self._streaming = None
                with contextlib.suppress(pymysql.Error, AttributeError):
                    cursor.close()

    def close(self) -> None:
        """Disconnect; a transaction that was not committed is undone."""
        result = getattr(self._streaming, "_result", None)
        if result is not None:
            # else the driver would read all that is left, from a connection that is gone
            result.unbuffered_active = False
        with contextlib.suppress(pymysql.Error, OSError):
            self._connection.close()

    @contextlib.contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn the driver's errors into ours."""
        try:
            yield
        except pymysql.Error as exc:
            raise self.fault_of(exc) from None

    def fault_of(self, exc: pymysql.Error) -> SemblantError:
        """Say what the driver means."""
        code = exc.args[0] if exc.args and isinstance(exc.args[0], int) else 0
        text = str(exc.args[1] if len(exc.args) > 1 else exc)
        step = _CODES.get(code)
        if step is None and code in {2002, 2003, 2005}:
            names = ("not known", "No address", "name resolution", "nodename")
            step = "host" if any(words in text for words in names) else "port"
            text = text.partition("(")[2].rstrip(")") or text
        if step is not None:
            return fault(self._kind, step, self.server, text, [self._password])
        said = brief(text, [self._password])
        if self._kind is SourceError:
            kind = DataError if code in {1054, 1064, 1146, 1149, 1305} else SourceError
            return kind(f"{self.server}: the statement cannot be run: {said}", fix="mend the query or filter")
        return self.refusal(code, said)

    def refusal(self, code: int, said: str) -> DestinationError:
        """Make the error of a server that does not take the data; ``number`` is the server's own."""
        made = DestinationError(
            f"{self.server} refuses the data: {brief(said, [self._password])}",
            fix=_ADVICE.get(code, "nothing was delivered; mend the cause and deliver again"),
        )
        made.number = code  # type: ignore[attr-defined]
        return made
