"""Databases as sources and destinations; what each offers is listed here, no driver is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

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


POSTGRESQL_SOURCE = SourceType(
    name="postgresql",
    factory="semblant_databases.postgresql.source:PostgresqlSource",
    summary="a PostgreSQL database, read by COPY as Arrow in one consistent snapshot",
    settings=settings.PostgresqlSource,
    requires=("adbc_driver_postgresql", "adbc_driver_manager"),
    extra="postgresql",
    schemes=settings.PostgresqlSource.schemes,
    from_location="semblant_databases:from_url",
    capabilities=_READS,
)
POSTGRESQL_DESTINATION = DestinationType(
    name="postgresql",
    factory="semblant_databases.postgresql.destination:PostgresqlDestination",
    summary="tables in a PostgreSQL database, written by COPY",
    settings=settings.PostgresqlDestination,
    requires=("adbc_driver_postgresql", "adbc_driver_manager"),
    extra="postgresql",
    schemes=settings.PostgresqlDestination.schemes,
    from_location="semblant_databases:from_url",
    atomic=_ONE_TRANSACTION,
    capabilities={"modes": MODES, "keys": True},
)
_MYSQL_ATOMIC = (
    "where all tables are there and keep their shape, one transaction changes their rows; otherwise tables are filled "
    "under other names and one RENAME TABLE puts all of them in place"
)
MYSQL_SOURCE = SourceType(
    name="mysql",
    factory="semblant_databases.mysql.source:MysqlSource",
    summary="a MySQL database, read in one consistent snapshot (run against MariaDB, not against a live MySQL)",
    settings=settings.MysqlSource,
    requires=("pymysql",),
    extra="mysql",
    schemes=settings.MysqlSource.schemes,
    from_location="semblant_databases:from_url",
    capabilities=_READS,
)
MYSQL_DESTINATION = DestinationType(
    name="mysql",
    factory="semblant_databases.mysql.destination:MysqlDestination",
    summary="tables in a MySQL database, by LOAD DATA (run against MariaDB, not against a live MySQL)",
    settings=settings.MysqlDestination,
    requires=("pymysql",),
    extra="mysql",
    schemes=settings.MysqlDestination.schemes,
    from_location="semblant_databases:from_url",
    atomic=_MYSQL_ATOMIC,
    capabilities={"modes": MODES, "keys": True},
)
MARIADB_SOURCE = evolve(
    MYSQL_SOURCE,
    name="mariadb",
    summary="a MariaDB database, read in one consistent snapshot",
    settings=settings.MariadbSource,
    schemes=settings.MariadbSource.schemes,
)
MARIADB_DESTINATION = evolve(
    MYSQL_DESTINATION,
    name="mariadb",
    summary="tables in a MariaDB database, by LOAD DATA",
    settings=settings.MariadbDestination,
    schemes=settings.MariadbDestination.schemes,
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
    atomic=(
        "rows are gathered in a file beside it; a new file appears by one rename, an existing one takes all tables "
        "in one transaction, for which readers wait"
    ),
    capabilities={"modes": MODES, "keys": True},
)

DUCKDB_SOURCE = SourceType(
    name="duckdb",
    factory="semblant_databases.duckdb.source:DuckdbSource",
    summary="a DuckDB file, read as Arrow; nobody can change it meanwhile",
    settings=settings.DuckdbSource,
    requires=("duckdb",),
    extra="duckdb",
    schemes=("duckdb",),
    suffixes=(".duckdb", ".ddb"),
    from_location="semblant_databases.filebased:from_location",
    capabilities=_READS,
)
DUCKDB_DESTINATION = DestinationType(
    name="duckdb",
    factory="semblant_databases.duckdb.destination:DuckdbDestination",
    summary="tables in a DuckDB file; keys of a table to itself are not declared, DuckDB could not fill it",
    settings=settings.DuckdbDestination,
    requires=("duckdb",),
    extra="duckdb",
    schemes=("duckdb",),
    suffixes=(".duckdb", ".ddb"),
    from_location="semblant_databases.filebased:from_location",
    atomic=SQLITE_DESTINATION.atomic,
    capabilities={"modes": MODES, "keys": True},
)

SQLSERVER_SOURCE = SourceType(
    name="sqlserver",
    factory="semblant_databases.sqlserver.source:SqlserverSource",
    summary="a SQL Server database, read as Arrow in one transaction (not run against a live server)",
    settings=settings.SqlserverSource,
    requires=("mssql_python",),
    extra="mssql",
    schemes=settings.SqlserverSource.schemes,
    from_location="semblant_databases:from_url",
    capabilities=_READS,
)
SQLSERVER_DESTINATION = DestinationType(
    name="sqlserver",
    factory="semblant_databases.sqlserver.destination:SqlserverDestination",
    summary="tables in a SQL Server database, 2016 or later (not run against a live server)",
    settings=settings.SqlserverDestination,
    requires=("mssql_python",),
    extra="mssql",
    schemes=settings.SqlserverDestination.schemes,
    from_location="semblant_databases:from_url",
    atomic=(
        "tables are filled under other names; one transaction puts all of them in place, for which readers wait, or "
        "see the old rows where the database keeps row versions (READ_COMMITTED_SNAPSHOT)"
    ),
    capabilities={"modes": MODES, "keys": True},
)

ORACLE_SOURCE = SourceType(
    name="oracle",
    factory="semblant_databases.oracle.source:OracleSource",
    summary="an Oracle database, read as Arrow in one read-only transaction (not run against a live server)",
    settings=settings.OracleSource,
    requires=("oracledb",),
    extra="oracle",
    schemes=settings.OracleSource.schemes,
    from_location="semblant_databases:from_url",
    capabilities=_READS,
)
ORACLE_DESTINATION = DestinationType(
    name="oracle",
    factory="semblant_databases.oracle.destination:OracleDestination",
    summary="tables in an Oracle database, 12.2 or later (not run against a live server)",
    settings=settings.OracleDestination,
    requires=("oracledb",),
    extra="oracle",
    schemes=settings.OracleDestination.schemes,
    from_location="semblant_databases:from_url",
    atomic=(
        "where all tables are there and keep their shape, one transaction changes their rows; new ones are filled and "
        "given their keys under other names, then renamed one right after the other, parents first, because Oracle "
        "commits with every such statement: what died between two of them is undone by the next delivery"
    ),
    capabilities={"modes": MODES, "keys": True},
)

BIGQUERY_SOURCE = SourceType(
    name="bigquery",
    factory="semblant_databases.bigquery.source:BigquerySource",
    summary="a BigQuery dataset, as it was at one moment (run against an emulator, not against the service)",
    settings=settings.BigquerySource,
    requires=("google.cloud.bigquery",),
    extra="bigquery",
    schemes=("bigquery",),
    from_location="semblant_databases.bigquery:from_location",
    capabilities=_READS,
)
BIGQUERY_DESTINATION = DestinationType(
    name="bigquery",
    factory="semblant_databases.bigquery.destination:BigqueryDestination",
    summary="tables in a BigQuery dataset; keys are declared, BigQuery enforces none (run against an emulator)",
    settings=settings.BigqueryDestination,
    requires=("google.cloud.bigquery",),
    extra="bigquery",
    schemes=("bigquery",),
    from_location="semblant_databases.bigquery:from_location",
    atomic=(
        "where all tables are there and keep their shape, one transaction changes their rows; new ones are loaded "
        "under other names, then made of those one right after the other, parents first, because BigQuery's "
        "transactions make no tables: what died between two of them is removed by the next delivery"
    ),
    capabilities={"modes": MODES, "keys": True},
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
