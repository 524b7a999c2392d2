"""What MySQL and MariaDB say of tables: columns, keys, comments, enums, who refers to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.mysql.read_types import Declared, labels_of
from semblant_databases.reading.keys import grouped

if TYPE_CHECKING:
    from semblant.schema import ForeignKey
    from semblant_databases.mysql.connection import Connection


def table_names(connection: Connection, *, views: bool) -> list[str]:
    """Name tables, and views where wanted, in alphabetical order."""
    kinds = "'BASE TABLE', 'SYSTEM VERSIONED', 'VIEW'" if views else "'BASE TABLE', 'SYSTEM VERSIONED'"
    found = connection.rows(
        f"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_TYPE IN ({kinds})",
        [connection.database],
    )
    return sorted(row[0] for row in found)


def identity(connection: Connection, name: str) -> tuple[str, str, str] | None:
    """Give a table's own spelling, its engine and its comment; None when there is no such table."""
    found = connection.rows(
        "SELECT TABLE_NAME, ENGINE, TABLE_COMMENT, TABLE_TYPE FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
        [connection.database, name],
    )
    if not found:
        return None
    spelled, engine, comment, kind = found[0]
    return spelled, engine or "", "" if kind == "VIEW" else comment or ""


def columns(connection: Connection, name: str) -> list[Declared]:
    """Describe the columns."""
    found = connection.rows(
        "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, NUMERIC_PRECISION, NUMERIC_SCALE, IS_NULLABLE, COLUMN_COMMENT "
        "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
        [connection.database, name],
    )
    return [
        Declared(
            name=column,
            type=type_.lower(),
            written=written,
            precision=int(precision or 0),
            scale=int(scale or 0),
            unsigned="unsigned" in written.lower(),
            nullable=nullable == "YES",
            comment=comment or "",
            enum=labels_of(written),
        )
        for column, type_, written, precision, scale, nullable, comment in found
    ]


def primary_key(connection: Connection, name: str) -> tuple[str, ...]:
    """Give the columns of the primary key in its order."""
    found = connection.rows(
        "SELECT COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s "
        "AND CONSTRAINT_NAME = 'PRIMARY' ORDER BY ORDINAL_POSITION",
        [connection.database, name],
    )
    return tuple(row[0] for row in found)


def foreign_keys(connection: Connection, name: str) -> tuple[ForeignKey, ...]:
    """Give the foreign keys; one into another database names its table with the database before it."""
    found = connection.rows(
        "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME "
        "FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s "
        "AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION",
        [connection.database, name],
    )
    return grouped(found, connection.database)


def referrers(connection: Connection, name: str) -> tuple[str, ...]:
    """Name the other tables with foreign keys to this one."""
    found = connection.rows(
        "SELECT DISTINCT TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE "
        "WHERE REFERENCED_TABLE_SCHEMA = %s AND REFERENCED_TABLE_NAME = %s AND TABLE_NAME <> %s ORDER BY TABLE_NAME",
        [connection.database, name, name],
    )
    return tuple(row[0] for row in found)
