"""Databases as sources and destinations; what each offers is listed here, no driver is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.components import DestinationType, SourceType
from semblant.hookspecs import hookimpl
from semblant_databases import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("fail", "replace", "append", "truncate")
_READS = {"snapshot": True, "column_pushdown": True, "filter_pushdown": True, "queries": True, "keys": True}
_ONE_TRANSACTION = "one transaction: readers see the old rows until it is committed, a writer that dies leaves nothing"


def from_url(location: str) -> dict[str, Any]:
    """Give the settings that a database URL stands for.

    >>> from_url("postgresql://ann@db/shop")
    {'url': 'postgresql://ann@db/shop'}

    :raises ConfigError: for a URL that cannot be read, or that holds a password in plain text.
    """
    from semblant_databases.url import check_url

    check_url(location, (location.partition(":")[0].partition("+")[0].lower(),))
    return {"url": location}


def _pair(
    name: str,
    *,
    reads: str,
    writes: str,
    types: tuple[type, type],
    requires: tuple[str, ...],
    extra: str,
    schemes: tuple[str, ...],
    atomic: str,
    package: str = "",
    suffixes: tuple[str, ...] = (),
    from_location: str = "semblant_databases:from_url",
) -> tuple[SourceType, DestinationType]:
    """Describe a database as a source and as a destination; ``package`` is where both are, where not named alike."""
    package = package or name
    place, title = f"semblant_databases.{package}", package.capitalize()
    source = SourceType(
        name=name,
        factory=f"{place}.source:{title}Source",
        summary=reads,
        settings=types[0],
        requires=requires,
        extra=extra,
        schemes=schemes,
        suffixes=suffixes,
        from_location=from_location,
        capabilities=_READS,
    )
    destination = DestinationType(
        name=name,
        factory=f"{place}.destination:{title}Destination",
        summary=writes,
        settings=types[1],
        requires=requires,
        extra=extra,
        schemes=schemes,
        suffixes=suffixes,
        from_location=from_location,
        atomic=atomic,
        capabilities={"modes": MODES, "keys": True},
    )
    return source, destination


POSTGRESQL_SOURCE, POSTGRESQL_DESTINATION = _pair(
    "postgresql",
    reads="a PostgreSQL database, read by COPY as Arrow in one consistent snapshot",
    writes="tables in a PostgreSQL database, written by COPY",
    types=(settings.PostgresqlSource, settings.PostgresqlDestination),
    requires=("adbc_driver_postgresql", "adbc_driver_manager"),
    extra="postgresql",
    schemes=settings.PostgresqlSource.schemes,
    atomic=_ONE_TRANSACTION,
)
_MYSQL_ATOMIC = (
    "where all tables are there and keep their shape, one transaction changes their rows; otherwise tables are filled "
    "under other names and one RENAME TABLE puts all of them in place"
)
MYSQL_SOURCE, MYSQL_DESTINATION = _pair(
    "mysql",
    reads="a MySQL database, read in one consistent snapshot (run against MariaDB, not against a live MySQL)",
    writes="tables in a MySQL database, by LOAD DATA (run against MariaDB, not against a live MySQL)",
    types=(settings.MysqlSource, settings.MysqlDestination),
    requires=("pymysql",),
    extra="mysql",
    schemes=settings.MysqlSource.schemes,
    atomic=_MYSQL_ATOMIC,
)
MARIADB_SOURCE, MARIADB_DESTINATION = _pair(
    "mariadb",
    package="mysql",
    reads="a MariaDB database, read in one consistent snapshot",
    writes="tables in a MariaDB database, by LOAD DATA",
    types=(settings.MariadbSource, settings.MariadbDestination),
    requires=("pymysql",),
    extra="mysql",
    schemes=settings.MariadbSource.schemes,
    atomic=_MYSQL_ATOMIC,
)
_FILE_ATOMIC = (
    "rows are gathered in a file beside it; a new file appears by one rename, an existing one takes all tables in one "
    "transaction, for which readers wait"
)
SQLITE_DESTINATION = DestinationType(
    name="sqlite",
    factory="semblant_databases.sqlite.destination:SqliteDestination",
    summary="tables in an SQLite file",
    settings=settings.SqliteDestination,
    requires=("pyarrow",),
    schemes=("sqlite",),
    suffixes=(".db", ".sqlite", ".sqlite3"),
    from_location="semblant_databases.filebased:from_location",
    atomic=_FILE_ATOMIC,
    capabilities={"modes": MODES, "keys": True},
)
DUCKDB_SOURCE, DUCKDB_DESTINATION = _pair(
    "duckdb",
    reads="a DuckDB file, read as Arrow; nobody can change it meanwhile",
    writes="tables in a DuckDB file; keys of a table to itself are not declared, DuckDB could not fill it",
    types=(settings.DuckdbSource, settings.DuckdbDestination),
    requires=("duckdb",),
    extra="duckdb",
    schemes=("duckdb",),
    suffixes=(".duckdb", ".ddb"),
    from_location="semblant_databases.filebased:from_location",
    atomic=_FILE_ATOMIC,
)
SQLSERVER_SOURCE, SQLSERVER_DESTINATION = _pair(
    "sqlserver",
    reads="a SQL Server database, read as Arrow in one transaction (not run against a live server)",
    writes="tables in a SQL Server database, 2016 or later (not run against a live server)",
    types=(settings.SqlserverSource, settings.SqlserverDestination),
    requires=("mssql_python",),
    extra="mssql",
    schemes=settings.SqlserverSource.schemes,
    atomic=(
        "tables are filled under other names; one transaction puts all of them in place, for which readers wait, or "
        "see the old rows where the database keeps row versions (READ_COMMITTED_SNAPSHOT)"
    ),
)
ORACLE_SOURCE, ORACLE_DESTINATION = _pair(
    "oracle",
    reads="an Oracle database, read as Arrow in one read-only transaction (not run against a live server)",
    writes="tables in an Oracle database, 12.2 or later (not run against a live server)",
    types=(settings.OracleSource, settings.OracleDestination),
    requires=("oracledb",),
    extra="oracle",
    schemes=settings.OracleSource.schemes,
    atomic=(
        "where all tables are there and keep their shape, one transaction changes their rows; new ones are filled and "
        "given their keys under other names, then renamed one right after the other, parents first, because Oracle "
        "commits with every such statement: what died between two of them is undone by the next delivery"
    ),
)
BIGQUERY_SOURCE, BIGQUERY_DESTINATION = _pair(
    "bigquery",
    reads="a BigQuery dataset, as it was at one moment (run against an emulator, not against the service)",
    writes="tables in a BigQuery dataset; keys are declared, BigQuery enforces none (run against an emulator)",
    types=(settings.BigquerySource, settings.BigqueryDestination),
    requires=("google.cloud.bigquery",),
    extra="bigquery",
    schemes=("bigquery",),
    from_location="semblant_databases.bigquery:from_location",
    atomic=(
        "where all tables are there and keep their shape, one transaction changes their rows; new ones are loaded "
        "under other names, then made of those one right after the other, parents first, because BigQuery's "
        "transactions make no tables: what died between two of them is removed by the next delivery"
    ),
)


@hookimpl
def semblant_sources() -> Sequence[SourceType]:
    """Offer the databases that can be read."""
    return (
        POSTGRESQL_SOURCE,
        MYSQL_SOURCE,
        MARIADB_SOURCE,
        DUCKDB_SOURCE,
        SQLSERVER_SOURCE,
        ORACLE_SOURCE,
        BIGQUERY_SOURCE,
    )


@hookimpl
def semblant_destinations() -> Sequence[DestinationType]:
    """Offer the databases that can be written."""
    return (
        POSTGRESQL_DESTINATION,
        MYSQL_DESTINATION,
        MARIADB_DESTINATION,
        SQLITE_DESTINATION,
        DUCKDB_DESTINATION,
        SQLSERVER_DESTINATION,
        ORACLE_DESTINATION,
        BIGQUERY_DESTINATION,
    )
