"""What SQL Server's catalog says of tables: columns, keys, comments, who refers to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.reading.keys import grouped
from semblant_databases.sqlserver.read_types import Declared

if TYPE_CHECKING:
    from semblant.schema import ForeignKey
    from semblant_databases.sqlserver.connection import Connection

_NOTED = "CAST(p.value AS nvarchar(4000))"


def table_names(connection: Connection, *, views: bool) -> list[str]:
    """Name tables, and views where wanted."""
    found = connection.rows(
        "SELECT o.name, o.type FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id "
        "WHERE s.name = ? AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0",
        connection.schema,
    )
    return [name for name, kind in found if views or kind.strip() == "U"]


def identity(connection: Connection, name: str) -> tuple[int, str, str] | None:
    """Give a table's number, its own spelling and its comment; None when there is no such table."""
    found = connection.rows(
        f"SELECT o.object_id, o.name, {_NOTED} FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id "
        "LEFT JOIN sys.extended_properties p ON p.class = 1 AND p.major_id = o.object_id AND p.minor_id = 0 "
        "AND p.name = 'MS_Description' WHERE s.name = ? AND o.name = ? AND o.type IN ('U', 'V')",
        connection.schema,
        name,
    )
    return (int(found[0][0]), str(found[0][1]), str(found[0][2] or "")) if found else None


def columns(connection: Connection, number: int) -> list[Declared]:
    """Describe the columns; an alias type counts as its base type."""
    found = connection.rows(
        f"SELECT c.name, COALESCE(b.name, t.name), c.max_length, c.precision, c.scale, c.is_nullable, c.is_identity, "
        f"{_NOTED} FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id "
        "LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id "
        "LEFT JOIN sys.extended_properties p ON p.class = 1 AND p.major_id = c.object_id AND p.minor_id = c.column_id "
        "AND p.name = 'MS_Description' WHERE c.object_id = ? ORDER BY c.column_id",
        number,
    )
    return [
        Declared(
            name=name,
            type=kind.lower(),
            length=int(length),
            precision=int(precision),
            scale=int(scale),
            nullable=bool(nullable),
            counted=bool(counted),
            comment=comment or "",
        )
        for name, kind, length, precision, scale, nullable, counted, comment in found
    ]


def primary_key(connection: Connection, number: int) -> tuple[str, ...]:
    """Give the columns of the primary key in its order."""
    found = connection.rows(
        "SELECT c.name FROM sys.indexes i "
        "JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id "
        "JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id "
        "WHERE i.object_id = ? AND i.is_primary_key = 1 AND k.key_ordinal > 0 ORDER BY k.key_ordinal",
        number,
    )
    return tuple(row[0] for row in found)


def foreign_keys(connection: Connection, number: int) -> tuple[ForeignKey, ...]:
    """Give the foreign keys; one into another schema names its table with the schema before it."""
    found = connection.rows(
        "SELECT k.name, c.name, s.name, o.name, r.name FROM sys.foreign_keys k "
        "JOIN sys.foreign_key_columns f ON f.constraint_object_id = k.object_id "
        "JOIN sys.columns c ON c.object_id = f.parent_object_id AND c.column_id = f.parent_column_id "
        "JOIN sys.columns r ON r.object_id = f.referenced_object_id AND r.column_id = f.referenced_column_id "
        "JOIN sys.objects o ON o.object_id = k.referenced_object_id "
        "JOIN sys.schemas s ON s.schema_id = o.schema_id "
        "WHERE k.parent_object_id = ? ORDER BY k.name, f.constraint_column_id",
        number,
    )
    return grouped(found, connection.schema)


def referrers(connection: Connection, number: int) -> tuple[str, ...]:
    """Name the other tables with foreign keys to this one."""
    found = connection.rows(
        "SELECT DISTINCT o.name FROM sys.foreign_keys k JOIN sys.objects o ON o.object_id = k.parent_object_id "
        "WHERE k.referenced_object_id = ? AND k.parent_object_id <> ? ORDER BY o.name",
        number,
        number,
    )
    return tuple(row[0] for row in found)


def keys_to(connection: Connection, name: str) -> list[tuple[str, str]]:
    """Give table and name of each foreign key to a table that the server watches over."""
    found = connection.rows(
        "SELECT o.name, k.name FROM sys.foreign_keys k JOIN sys.objects o ON o.object_id = k.parent_object_id "
        "JOIN sys.objects r ON r.object_id = k.referenced_object_id JOIN sys.schemas s ON s.schema_id = r.schema_id "
        "WHERE s.name = ? AND r.name = ? AND k.is_disabled = 0 AND o.schema_id = r.schema_id",
        connection.schema,
        name,
    )
    return [(row[0], row[1]) for row in found]


def snapshots_allowed(connection: Connection) -> bool:
    """Tell whether the database lets transactions see one state of it without holding writers up."""
    found = connection.rows("SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()")
    return bool(found) and int(found[0][0]) == 1
