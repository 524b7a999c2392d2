"""Connections to PostgreSQL through ADBC, and its errors in our words."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as driver

from semblant.errors import DataError, DestinationError, SourceError
from semblant_databases.faults import brief, fault
from semblant_databases.names import NameRules, doubled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.errors import SemblantError
    from semblant_databases.faults import Kind
    from semblant_databases.server import Server

PORT: Final = 5432
NAMES: Final = NameRules(longest=63)
quoted: Final = doubled('"')

_TLS = {"prefer": "prefer", "require": "require", "verify": "verify-full", "off": "disable"}
_WORDS = (
    ("translate host name", "host"),
    ("SSL", "tls"),
    ("certificate", "tls"),
    ("password authentication failed", "credentials"),
    ("no password supplied", "credentials"),
    ("role ", "credentials"),
    ("pg_hba.conf", "credentials"),
    ("database ", "database"),
    ("refused", "port"),
    ("timeout expired", "port"),
    ("No route to host", "port"),
    ("unreachable", "port"),
    ("server closed the connection", "lost"),
    ("no connection to the server", "lost"),
    ("terminating connection", "lost"),
)
"""What libpq says, and the step that it means; the first that fits counts."""
_STATES = {
    "3D000": "database",
    "3F000": "schema",
    "42501": "access",
    "55P03": "busy",
    "40P01": "busy",
    "53100": "full",
    "57P01": "lost",
    "57P03": "port",
    "08006": "lost",
    "28P01": "credentials",
    "28000": "credentials",
}
_SENTENCE = re.compile(r"(?:ERROR|FATAL):\s+(.+)")
"""The server's sentence within what libpq says: to the end of its line."""
_UNFIT = ("22", "23", "42")
"""Classes of SQLSTATE that blame the statement or the data: bad values, broken constraints, bad SQL."""


def literal(text: str) -> str:
    """Write a text as SQL.

    >>> literal("it's")
    "'it''s'"
    """
    if "\\" in text:
        return " E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


class Connection:
    """One connection; errors come out as ``kind`` with the place in them, never with the password."""

    def __init__(self, server: Server, kind: Kind, beside: Connection | None = None) -> None:
        """Connect; ``beside`` is a connection to the same server, whose list of types need not be asked for again."""
        self.server = server
        self._kind = kind
        self._password = server.reveal()
        with self.speaking():
            if beside is None:
                self._connection = driver.connect(self._uri(), autocommit=True)
            else:
                self._connection = beside._connection.adbc_clone()  # noqa: SLF001 - our own kind
                self._connection.adbc_connection.set_autocommit(True)
        self.set(TimeZone="UTC", lock_timeout=str(int(server.timeout_seconds * 1000)))

    def _uri(self) -> str:
        server = self.server
        who = quote(server.user, safe="") if server.user else ""
        if self._password is not None:
            who += ":" + quote(self._password, safe="")
        folder = server.host.startswith("/")
        host = "" if folder else (f"[{server.host}]" if ":" in server.host else quote(server.host, safe=""))
        given = {
            "sslmode": _TLS[server.tls],
            "connect_timeout": str(max(2, int(server.timeout_seconds))),
            "application_name": "semblant",
            **({"host": server.host} if folder else {}),
        }
        database = quote(server.database, safe="") if server.database else ""
        return (
            f"postgresql://{who}{'@' if who else ''}{host}:{server.port}/{database}?{urlencode(given, quote_via=quote)}"
        )

    def set(self, **given: str) -> None:
        """Set parameters of the session, all in one go."""
        made = ", ".join(f"set_config({literal(name)}, {literal(value)}, false)" for name, value in given.items())
        self.run(f"SELECT {made}")

    def run(self, statement: str) -> None:
        """Run a statement without a result."""
        with self.speaking(), self.cursor() as cursor:
            cursor.execute(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a query and give all its rows."""
        with self.speaking(), self.cursor() as cursor:
            cursor.execute(statement)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    @contextlib.contextmanager
    def cursor(self) -> Iterator[Any]:
        """Give a cursor of the driver, closed behind: an open one keeps its connection from closing."""
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
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
        except adbc_driver_manager.Error as exc:
            # the driver's own text may hold the password: it is not chained
            raise self.fault_of(exc) from None

    def fault_of(self, exc: adbc_driver_manager.Error) -> SemblantError:
        """Say what the driver means."""
        state = exc.sqlstate or ""
        text = _primary(exc)
        step = _STATES.get(state)
        if step is None and (not state or state.startswith("08")):
            step = next((step for words, step in _WORDS if words in text), None)
        if step is not None:
            return fault(self._kind, step, self.server, text, [self._password])
        said = brief(text, [self._password])
        if self._kind is SourceError and state.startswith(_UNFIT):
            return DataError(f"{self.server}: the statement cannot be run: {said}", fix="mend the query or filter")
        if self._kind is DestinationError and state.startswith(_UNFIT):
            return DestinationError(f"{self.server} refuses the data: {said}", fix=_advice(state))
        return self._kind(f"{self.server}: {said}", fix="look into the server's log")


def _advice(state: str) -> str:
    return {
        "23503": "a foreign key leads nowhere: deliver the tables that it points to as well, or leave the key out",
        "23505": "a key is there twice: with the mode append keys must not meet those that are there",
        "23502": "a column that must hold a value has none: allow it there, or exclude the table",
        "22001": "a text is too long for its column: widen it there",
        "2BP01": "something depends on the table: use the mode truncate, or remove what depends on it",
    }.get(state, "nothing was delivered; mend the cause and deliver again")


def _primary(exc: adbc_driver_manager.Error) -> str:
    """Give the server's own sentence and its detail, without the statement that ADBC puts behind it."""
    found = dict(exc.details or ())
    words = [found.get(f"PG_DIAG_{name}", b"") for name in ("MESSAGE_PRIMARY", "MESSAGE_DETAIL")]
    said = ". ".join(word.decode("utf-8", "replace") for word in words if word)
    if said:
        return said
    text = str(exc).partition("[libpq] ")[2] or str(exc).partition("Query was:")[0]
    sentence = _SENTENCE.search(text)
    return sentence[1] if sentence else text
