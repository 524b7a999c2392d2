"""What DuckDB says of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.schema import ForeignKey
from semblant_databases.duckdb.connection import rows

if TYPE_CHECKING:
    import duckdb

_WHERE = "database_name = current_database() AND schema_name = ? AND table_name = ?"


@frozen(kw_only=True)
class Declared:
    """A column as the catalog has it."""

    name: str
    type: str
    nullable: bool
    comment: str


def has_schema(connection: duckdb.DuckDBPyConnection, schema: str) -> bool:
    """Tell whether there is such a schema."""
    found = "SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = ?"
    return bool(rows(connection, found, [schema]))


def table_names(connection: duckdb.DuckDBPyConnection, schema: str, *, views: bool) -> list[str]:
    """Name tables, and views where wanted, in alphabetical order."""
    where = "WHERE database_name = current_database() AND schema_name = ? AND NOT internal"
    found = rows(connection, f"SELECT table_name FROM duckdb_tables() {where}", [schema])
    if views:
        found += rows(connection, f"SELECT view_name FROM duckdb_views() {where}", [schema])
    return sorted(row[0] for row in found)


def comment_of(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> str:
    """Give the comment of a table."""
    found = rows(connection, f"SELECT comment FROM duckdb_tables() WHERE {_WHERE}", [schema, name])
    return str(found[0][0]) if found and found[0][0] else ""


def columns(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> list[Declared]:
    """Describe the columns; empty when there is no such table."""
    found = rows(
        connection,
        "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() "
        f"WHERE {_WHERE} ORDER BY column_index",
        [schema, name],
    )
    return [Declared(name=a, type=b, nullable=bool(c), comment=d or "") for a, b, c, d in found]


def primary_key(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> tuple[str, ...]:
    """Give the columns of the primary key."""
    found = rows(
        connection,
        f"SELECT constraint_column_names FROM duckdb_constraints() WHERE {_WHERE} AND constraint_type = 'PRIMARY KEY'",
        [schema, name],
    )
    return tuple(found[0][0]) if found else ()


def foreign_keys(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> tuple[ForeignKey, ...]:
    """Give the foreign keys."""
    found = rows(
        connection,
        "SELECT constraint_column_names, referenced_table, referenced_column_names FROM duckdb_constraints() "
        f"WHERE {_WHERE} AND constraint_type = 'FOREIGN KEY' ORDER BY constraint_index",
        [schema, name],
    )
    return tuple(ForeignKey(columns=tuple(a), references=b, referenced_columns=tuple(c)) for a, b, c in found)


def referrers(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> tuple[str, ...]:
    """Name the other tables with foreign keys to this one."""
    found = rows(
        connection,
        "SELECT DISTINCT table_name FROM duckdb_constraints() WHERE database_name = current_database() "
        "AND schema_name = ? AND constraint_type = 'FOREIGN KEY' AND referenced_table = ? AND table_name <> ?",
        [schema, name, name],
    )
    return tuple(row[0] for row in found)


def definitions(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> list[str]:
    """Give the statements that make a table and its indexes as they are."""
    made = rows(connection, f"SELECT sql FROM duckdb_tables() WHERE {_WHERE}", [schema, name])
    indexes = rows(connection, f"SELECT sql FROM duckdb_indexes() WHERE {_WHERE} AND sql IS NOT NULL", [schema, name])
    return [str(row[0]) for row in (*made, *indexes)]
