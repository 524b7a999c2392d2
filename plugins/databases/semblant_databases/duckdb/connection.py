"""Connections to DuckDB files, and its errors in our words."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

import duckdb

from semblant.errors import DataError, DestinationError, SourceError
from semblant_databases.faults import brief
from semblant_databases.names import NameRules, doubled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant.errors import SemblantError
    from semblant_databases.faults import Kind

NAMES: Final = NameRules(longest=1000, unit="characters", folds=True)
quoted: Final = doubled('"')
_PAUSE = 0.05


def literal(text: str) -> str:
    """Write a text as SQL.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def opened(path: Path, kind: Kind, timeout_seconds: float, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a file, waiting for a lock that another process has.

    :raises SourceError: or DestinationError, as ``kind`` says.
    """
    end = time.monotonic() + timeout_seconds
    while True:
        try:
            with speaking(path, kind):
                # nothing is fetched from the network
                config: dict[str, str | bool | int | float | list[str]] = {
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                }
                connection = duckdb.connect(str(path), read_only=read_only, config=config)
            break
        except (SourceError, DestinationError) as exc:
            if "is locked" not in exc.message or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
    with contextlib.suppress(duckdb.Error):
        connection.execute("SET TimeZone = 'UTC'")
    return connection


@contextlib.contextmanager
def speaking(path: Path, kind: Kind) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except duckdb.Error as exc:
        raise _fault(path, kind, exc) from exc


def _fault(path: Path, kind: Kind, exc: duckdb.Error) -> SemblantError:
    said, where = brief(str(exc).partition("This is expected")[0]), f"'{path}'"
    if "lock" in said or "different configuration" in said:
        return kind(f"{where} is locked by another program", fix="try again later, or raise timeout_seconds")
    if "valid DuckDB" in said or "not a valid" in said:
        return kind(f"{where} is no DuckDB database", fix="name another file")
    if isinstance(exc, duckdb.IOException):
        return kind(f"{where}: {said}", fix="check the file, its permissions and its disk")
    if kind is SourceError:
        unclear = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException)
        if isinstance(exc, unclear):
            return DataError(f"{where}: the statement cannot be run: {said}", fix="mend the query or filter")
        return SourceError(f"{where}: {said}", fix="check the file with DuckDB's own program")
    if "Could not drop" in said or "still referenced" in said:
        return DestinationError(
            f"{where}: other tables refer to one that is to be changed: {said}",
            fix="DuckDB changes a table that others refer to only together with them: deliver those tables as well",
        )
    return DestinationError(f"{where} refuses the data: {said}", fix="nothing was delivered; mend the cause")


def rows(connection: duckdb.DuckDBPyConnection, statement: str, values: list[Any] | None = None) -> list[Any]:
    """Run a statement and give all rows."""
    return connection.execute(statement, values or []).fetchall()
