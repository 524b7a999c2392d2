"""A read-only connection to an SQLite file that sees one state of it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import exc as sql_errors

from semblant.errors import ConfigError, DataError, SourceError
from semblant_sources.files.place import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from semblant_sources.settings import SqliteSettings


def database_path(settings: SqliteSettings) -> Path:
    """Give the file that path or URL names.

    :raises ConfigError: when neither or both are set, or the URL is not one of an SQLite file.
    """
    if (settings.path is None) == (settings.url is None):
        raise ConfigError("the sqlite source needs either path or url", fix="set path to the database file")
    if settings.path is not None:
        return Path(settings.path).expanduser()
    try:
        url = sqlalchemy.make_url(settings.url or "")
    except sql_errors.ArgumentError as exc:
        raise ConfigError(
            "the url of the sqlite source cannot be read", fix="write it as sqlite:///path/to/file.db"
        ) from exc
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        raise ConfigError(
            "the url of the sqlite source names no SQLite file", fix="write it as sqlite:///path/to/file.db"
        )
    return Path(str(url.database).removeprefix("file:"))


class Snapshot:
    """One read transaction on a database file; every statement sees the same state."""

    def __init__(self, settings: SqliteSettings) -> None:
        """Open the file and begin the transaction."""
        self.path = database_path(settings)
        self._refuse_what_is_no_file()
        uri = f"file:{quote(str(self.path.resolve()))}?mode=ro&uri=true"
        self._engine = sqlalchemy.create_engine(
            f"sqlite:///{uri}",
            connect_args={"timeout": settings.timeout_seconds, "isolation_level": None, "check_same_thread": False},
            poolclass=sqlalchemy.pool.NullPool,
        )
        with speaking_of(self.path):
            try:
                self._connection = self._engine.connect()
                self._connection.exec_driver_sql("BEGIN")
                self._connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
            except BaseException:
                self._engine.dispose()
                raise

    def _refuse_what_is_no_file(self) -> None:
        if not self.path.exists():
            raise place_of(str(self.path)).missing()
        if self.path.is_dir():
            raise SourceError(f"'{self.path}' is a folder, not an SQLite database", fix="name the database file")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement and give all its rows."""
        with speaking_of(self.path):
            return [tuple(row) for row in self._connection.exec_driver_sql(statement)]

    def names(self, statement: str) -> tuple[str, ...]:
        """Give the column names of a statement without reading its rows."""
        with speaking_of(self.path):
            result = self._connection.exec_driver_sql(f"SELECT * FROM ({statement}) LIMIT 0")
            found = tuple(result.keys())
            result.close()
            return found

    def batches(self, statement: str, size: int) -> Iterator[Sequence[Any]]:
        """Stream the rows of a statement, ``size`` at a time, as tuples of the driver."""
        with speaking_of(self.path):
            cursor = self._connection.connection.cursor()
            try:
                cursor.execute(statement)
                while rows := cursor.fetchmany(size):
                    yield rows
            finally:
                # a reading that was left may be collected after the file was closed
                with contextlib.suppress(sqlite3.ProgrammingError):
                    cursor.close()

    def close(self) -> None:
        """End the transaction and close the file."""
        self._connection.close()
        self._engine.dispose()


class speaking_of:  # noqa: N801 - used as a phrase in a with statement
    """Turn the driver's errors into ours, naming the file and what to do."""

    def __init__(self, path: Path) -> None:
        """Remember the file."""
        self._path = path

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Translate the error."""
        if not isinstance(exc, (sql_errors.DBAPIError, sqlite3.Error)):
            return
        reason = str(exc.orig if isinstance(exc, sql_errors.DBAPIError) else exc)
        where = f"'{self._path}'"
        if "not a database" in reason:
            raise SourceError(f"{where} is no SQLite database, or an encrypted one", fix="name another file") from exc
        if "locked" in reason or "busy" in reason:
            raise SourceError(f"{where} is locked by a writer", fix="try again, or raise timeout_seconds") from exc
        if "malformed" in reason or "disk I/O" in reason:
            raise SourceError(
                f"{where} is damaged: {reason}", fix="restore it, or dump and load it with sqlite3 .recover"
            ) from exc
        if "unable to open" in reason:
            raise SourceError(
                f"{where} cannot be opened: {reason}", fix="check the permissions of the file and its folder"
            ) from exc
        if "decode to UTF-8" in reason:
            raise DataError(
                f"{where} holds text that is not UTF-8: {reason}", fix="mend the text, or exclude the column"
            ) from exc
        if "syntax error" in reason or "no such" in reason or "only one statement" in reason or "incomplete" in reason:
            raise DataError(
                f"{where}: a statement cannot be run: {reason}", fix="mend query, or exclude the view"
            ) from exc
        raise SourceError(
            f"{where} cannot be read: {reason}", fix="check the file with: sqlite3 FILE 'PRAGMA integrity_check'"
        ) from exc
