"""Connections to Oracle, and its errors in our words."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

import oracledb as driver

from semblant_databases.contact import reach
from semblant_databases.faults import brief, fault, unfit
from semblant_databases.names import NameRules, doubled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.errors import SemblantError
    from semblant_databases.faults import Kind
    from semblant_databases.server import Server

PORT: Final = 1521
NAMES: Final = NameRules(longest=128, forbidden='"\0')
quoted: Final = doubled('"')

_CODES: Final = {
    "ORA-01017": "credentials", "ORA-01005": "credentials", "ORA-28000": "credentials", "ORA-28001": "credentials",
    "DPY-4001": "credentials", "ORA-12514": "database", "DPY-6001": "database", "ORA-12505": "database",
    "DPY-6003": "database", "ORA-01435": "schema", "ORA-01031": "access", "ORA-01045": "access",
    "ORA-01950": "access", "ORA-00054": "busy", "ORA-00060": "busy", "ORA-30006": "busy", "ORA-01536": "full",
    "ORA-01652": "full", "ORA-01653": "full", "ORA-01654": "full", "ORA-01691": "full", "ORA-03113": "lost",
    "ORA-03114": "lost", "ORA-03135": "lost", "ORA-01089": "lost", "ORA-01033": "port", "ORA-01034": "port",
    "ORA-12528": "port", "ORA-12541": "port", "DPY-4011": "lost", "DPY-4024": "port", "DPY-1001": "lost",
    "DPY-6000": "port", "DPY-6002": "tls", "ORA-28860": "tls",
}  # fmt: skip
_UNUSABLE: Final = frozenset("ORA-00900 ORA-00904 ORA-00923 ORA-00933 ORA-00936 ORA-00942 ORA-01722".split())
_ADVICE: Final = {
    "ORA-00001": "a key is there twice: with the mode append keys must not meet those that are there",
    "ORA-02291": "a foreign key leads nowhere: deliver the tables that it points to as well, or leave the key out",
    "ORA-02292": "another table refers to these rows: deliver it as well, or use the mode append",
    "ORA-02298": "a foreign key leads nowhere: deliver the tables that it points to as well, or leave the key out",
    "ORA-01400": "a column that must hold a value has none: allow it there, or exclude the table",
    "ORA-12899": "a text is too long for its column: widen it there; key columns of text hold 255 characters",
    "ORA-01438": "a number is too large for its column: widen it there",
}
_CODE = re.compile(r"\b(?:ORA|DPY|DPI)-\d+")
_TRANSPORT = "DPY-6005"


def literal(text: str) -> str:
    """Write a text as SQL.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def connected(server: Server, password: str | None) -> Any:
    """Let the driver connect, in its thin mode; ``database`` is the name of the service."""
    secure = server.tls in {"require", "verify"}
    return driver.connect(
        user=server.user,
        password=password,
        host=server.host,
        port=server.port,
        service_name=server.database,
        protocol="tcps" if secure else "tcp",
        ssl_server_dn_match=server.tls == "verify",
        tcp_connect_timeout=server.timeout_seconds,
    )


class Connection:
    """One connection; errors come out as ``kind`` with the place in them, never with the password."""

    def __init__(self, server: Server, kind: Kind) -> None:
        """Connect and find the schema."""
        self.server = server
        self._kind = kind
        self._password = server.reveal()
        if server.database is None:
            raise fault(kind, "database", server, "no service is named")
        reach(server, kind)
        with self.speaking():
            self._connection = connected(server, self._password)
        self.run(
            "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,' NLS_DATE_FORMAT = 'YYYY-MM-DD\"T\"HH24:MI:SS' "
            f"TIME_ZONE = '+00:00' DDL_LOCK_TIMEOUT = {max(1, int(server.timeout_seconds))}"
        )
        self.schema = server.schema or str(self.rows("SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL")[0][0])
        if not self.rows("SELECT 1 FROM ALL_USERS WHERE USERNAME = :1", self.schema):
            self.close()
            raise fault(kind, "schema", server, f"'{self.schema}'; most names are in capitals")
        if server.schema:
            self.run(f"ALTER SESSION SET CURRENT_SCHEMA = {quoted(self.schema)}")

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement without a result."""
        with self.cursor() as cursor:
            cursor.execute(statement, values)

    def many(self, statement: str, rows: Any) -> None:
        """Run an INSERT for all rows of an Arrow table."""
        with self.cursor() as cursor:
            cursor.executemany(statement, rows)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a query and give all its rows."""
        with self.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def frames(self, statement: str, batch_rows: int) -> Iterator[Any]:
        """Run a query and give its rows in the driver's Arrow frames, exact numbers as decimals."""
        with self.speaking():
            yield from self._connection.fetch_df_batches(statement, size=batch_rows, fetch_decimals=True)

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

    def commit(self) -> None:
        """End the transaction well."""
        with self.speaking():
            self._connection.commit()

    def close(self) -> None:
        """Disconnect; a transaction that was not committed is undone."""
        with contextlib.suppress(Exception):
            self._connection.close()

    @contextlib.contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn the driver's errors into ours."""
        try:
            yield
        except (driver.Error, OSError) as exc:
            raise self.fault_of(exc) from None

    def fault_of(self, exc: BaseException) -> SemblantError:
        """Say what the driver means."""
        text = str(exc).partition("\nHelp:")[0]
        codes = _CODE.findall(text)
        steps = [_CODES[code] for code in reversed(codes) if code in _CODES]
        if not steps and _TRANSPORT in codes:
            steps = ["tls" if "SSL" in text or "certificate" in text else "port"]
        if steps:
            return fault(self._kind, steps[0], self.server, text, [self._password])
        said = brief(text, [self._password])
        unusable = bool(_UNUSABLE & set(codes))
        advice = next((_ADVICE[code] for code in codes if code in _ADVICE), None)
        return unfit(self._kind, self.server, said, unusable=unusable, advice=advice)
