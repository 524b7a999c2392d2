"""What Oracle's catalog says of tables: columns, keys, comments, who refers to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant_databases.oracle.read_types import Declared
from semblant_databases.reading.keys import grouped

if TYPE_CHECKING:
    from semblant.schema import ForeignKey
    from semblant_databases.oracle.connection import Connection


def table_names(connection: Connection, *, views: bool) -> list[str]:
    """Name tables, and views where wanted; not those that wait in the recycle bin or hold other tables' parts."""
    found = connection.rows(
        "SELECT TABLE_NAME FROM ALL_TABLES WHERE OWNER = :1 AND NESTED = 'NO' AND SECONDARY = 'N' "
        "AND DROPPED = 'NO' AND (IOT_TYPE IS NULL OR IOT_TYPE = 'IOT')",
        connection.schema,
    )
    if views:
        found += connection.rows("SELECT VIEW_NAME FROM ALL_VIEWS WHERE OWNER = :1", connection.schema)
    return [row[0] for row in found]


def number_of(connection: Connection, name: str) -> int | None:
    """Give the number of a table, which it keeps when it is renamed; None when there is no such table."""
    found = connection.rows(
        "SELECT OBJECT_ID FROM ALL_OBJECTS WHERE OWNER = :1 AND OBJECT_NAME = :2 AND OBJECT_TYPE = 'TABLE'",
        connection.schema,
        name,
    )
    return int(found[0][0]) if found else None


def comment_of(connection: Connection, name: str) -> str | None:
    """Give a table's or view's comment; None when there is no such table."""
    found = connection.rows(
        "SELECT COMMENTS FROM ALL_TAB_COMMENTS WHERE OWNER = :1 AND TABLE_NAME = :2", connection.schema, name
    )
    return str(found[0][0] or "") if found else None


def columns(connection: Connection, name: str) -> list[Declared]:
    """Describe the columns."""
    found = connection.rows(
        "SELECT c.COLUMN_NAME, c.DATA_TYPE, c.DATA_LENGTH, c.CHAR_LENGTH, c.CHAR_USED, c.DATA_PRECISION, c.DATA_SCALE, "
        "c.NULLABLE, m.COMMENTS FROM ALL_TAB_COLUMNS c LEFT JOIN ALL_COL_COMMENTS m ON m.OWNER = c.OWNER "
        "AND m.TABLE_NAME = c.TABLE_NAME AND m.COLUMN_NAME = c.COLUMN_NAME "
        "WHERE c.OWNER = :1 AND c.TABLE_NAME = :2 ORDER BY c.COLUMN_ID",
        connection.schema,
        name,
    )
    return [
        Declared(
            name=column,
            type=kind,
            length=int((characters if used else length) or 0),
            characters=used == "C",
            precision=None if precision is None else int(precision),
            scale=None if scale is None else int(scale),
            nullable=nullable == "Y",
            comment=comment or "",
        )
        for column, kind, length, characters, used, precision, scale, nullable, comment in found
    ]


def primary_key(connection: Connection, name: str) -> tuple[str, ...]:
    """Give the columns of the primary key in its order."""
    found = connection.rows(
        "SELECT k.COLUMN_NAME FROM ALL_CONSTRAINTS c JOIN ALL_CONS_COLUMNS k ON k.OWNER = c.OWNER "
        "AND k.CONSTRAINT_NAME = c.CONSTRAINT_NAME WHERE c.OWNER = :1 AND c.TABLE_NAME = :2 "
        "AND c.CONSTRAINT_TYPE = 'P' ORDER BY k.POSITION",
        connection.schema,
        name,
    )
    return tuple(row[0] for row in found)


def foreign_keys(connection: Connection, name: str) -> tuple[ForeignKey, ...]:
    """Give the foreign keys; one into another schema names its table with the schema before it."""
    found = connection.rows(
        "SELECT c.CONSTRAINT_NAME, k.COLUMN_NAME, r.OWNER, r.TABLE_NAME, r.COLUMN_NAME FROM ALL_CONSTRAINTS c "
        "JOIN ALL_CONS_COLUMNS k ON k.OWNER = c.OWNER AND k.CONSTRAINT_NAME = c.CONSTRAINT_NAME "
        "JOIN ALL_CONS_COLUMNS r ON r.OWNER = c.R_OWNER AND r.CONSTRAINT_NAME = c.R_CONSTRAINT_NAME "
        "AND r.POSITION = k.POSITION WHERE c.OWNER = :1 AND c.TABLE_NAME = :2 AND c.CONSTRAINT_TYPE = 'R' "
        "ORDER BY c.CONSTRAINT_NAME, k.POSITION",
        connection.schema,
        name,
    )
    return grouped(found, connection.schema)


def keys_to(connection: Connection, name: str) -> list[tuple[str, str]]:
    """Give table and name of each foreign key of this schema to a table."""
    found = connection.rows(
        "SELECT c.TABLE_NAME, c.CONSTRAINT_NAME FROM ALL_CONSTRAINTS c JOIN ALL_CONSTRAINTS p ON p.OWNER = c.R_OWNER "
        "AND p.CONSTRAINT_NAME = c.R_CONSTRAINT_NAME WHERE p.OWNER = :1 AND p.TABLE_NAME = :2 "
        "AND c.CONSTRAINT_TYPE = 'R' AND c.OWNER = p.OWNER",
        connection.schema,
        name,
    )
    return [(row[0], row[1]) for row in found]


def referrers(connection: Connection, name: str) -> tuple[str, ...]:
    """Name the other tables with foreign keys to this one."""
    return tuple(sorted({table for table, _ in keys_to(connection, name)} - {name}))
