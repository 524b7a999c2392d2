"""What PostgreSQL's catalog says of tables: columns, keys, comments, enums, who refers to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.schema import ForeignKey
from semblant_databases.postgresql.connection import literal
from semblant_databases.postgresql.read_types import Declared

if TYPE_CHECKING:
    from semblant_databases.postgresql.connection import Connection


def current_schema(connection: Connection) -> str | None:
    """Give the user's default schema; None when there is none."""
    found = connection.rows("SELECT current_schema()::text")[0][0]
    return str(found) if found is not None else None


def has_schema(connection: Connection, schema: str) -> bool:
    """Tell whether there is such a schema."""
    return bool(connection.rows(f"SELECT 1 FROM pg_namespace WHERE nspname = {literal(schema)}"))


def table_names(connection: Connection, schema: str, *, views: bool) -> list[str]:
    """Name tables, partitioned ones once, and views where wanted; in alphabetical order."""
    kinds = "'r', 'p', 'f', 'v', 'm'" if views else "'r', 'p', 'f'"
    found = connection.rows(
        f"""SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = {literal(schema)} AND c.relkind IN ({kinds}) AND NOT c.relispartition
        ORDER BY c.relname COLLATE "C" """
    )
    return [row[0] for row in found]


def identity(connection: Connection, schema: str, name: str) -> tuple[int, str] | None:
    """Give the table's number in the catalog and its comment; None when there is no such table."""
    found = connection.rows(
        f"""SELECT c.oid::int8, coalesce(obj_description(c.oid, 'pg_class'), '') FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = {literal(schema)} AND c.relname = {literal(name)}
        AND c.relkind IN ('r', 'p', 'f', 'v', 'm')"""
    )
    return (int(found[0][0]), str(found[0][1])) if found else None


def columns(connection: Connection, oid: int) -> list[Declared]:
    """Describe the columns; a domain counts as its base type."""
    found = connection.rows(
        f"""SELECT a.attname::text, coalesce(b.typname, t.typname)::text,
        CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, coalesce(col_description(a.attrelid, a.attnum), ''),
        (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
         WHERE e.enumtypid = coalesce(b.oid, t.oid))
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
        WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
    )
    return [
        Declared(
            name=name,
            type=type_,
            modifier=modifier,
            written=written,
            nullable=not needed,
            comment=comment,
            enum=tuple(labels or ()),
        )
        for name, type_, modifier, written, needed, comment, labels in found
    ]


def primary_key(connection: Connection, oid: int) -> tuple[str, ...]:
    """Give the columns of the primary key in its order."""
    found = connection.rows(f"SELECT {_names('conrelid', 'conkey')} {_constraints('p')} AND k.conrelid = {oid}")
    return tuple(found[0][0]) if found else ()


def foreign_keys(connection: Connection, oid: int, schema: str) -> tuple[ForeignKey, ...]:
    """Give the foreign keys; one into another schema names its table with the schema before it."""
    found = connection.rows(
        f"""SELECT {_names("conrelid", "conkey")}, {_names("confrelid", "confkey")},
        CASE WHEN n.nspname = {literal(schema)} THEN c.relname::text ELSE n.nspname || '.' || c.relname END
        {_constraints("f")} AND k.conrelid = {oid} AND k.conparentid = 0 ORDER BY k.conname COLLATE "C" """
    )
    return tuple(
        ForeignKey(columns=tuple(own), references=table, referenced_columns=tuple(theirs))
        for own, theirs, table in found
    )


def referrers(connection: Connection, oid: int) -> tuple[str, ...]:
    """Name the other tables with foreign keys to this one."""
    found = connection.rows(
        f"SELECT DISTINCT k.conrelid::regclass::text {_constraints('f')} "
        f"AND k.confrelid = {oid} AND k.conrelid <> {oid}"
    )
    return tuple(row[0] for row in found)


def _names(table: str, numbers: str) -> str:
    return (
        "(SELECT array_agg(a.attname::text ORDER BY u.place) "
        f"FROM unnest(k.{numbers}) WITH ORDINALITY AS u(number, place) "
        f"JOIN pg_attribute a ON a.attrelid = k.{table} AND a.attnum = u.number)"
    )


def _constraints(kind: str) -> str:
    pointed = "k.confrelid" if kind == "f" else "k.conrelid"
    return (
        f"FROM pg_constraint k JOIN pg_class c ON c.oid = {pointed} JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE k.contype = '{kind}'"
    )
