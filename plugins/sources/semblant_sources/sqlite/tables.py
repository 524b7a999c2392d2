"""The tables of an SQLite database as declared: columns, primary and foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.reserved import is_reserved
from semblant.schema import ForeignKey

if TYPE_CHECKING:
    from semblant_sources.sqlite.connection import Snapshot


@frozen(kw_only=True)
class Declared:
    """A column as it stands in CREATE TABLE; ``type`` is upper case and may be empty."""

    name: str
    type: str
    nullable: bool


@frozen(kw_only=True)
class Relation:
    """A table, view or query with what is declared of it and the SQL that yields its rows."""

    name: str
    source: str
    """What stands behind FROM."""
    order: str = ""
    """ORDER BY that keeps the rows in place whichever columns are read."""
    columns: tuple[Declared, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    notes: tuple[str, ...] = ()


def quoted(name: str) -> str:
    """Quote an identifier.

    >>> quoted('Order "Details" now')
    '"Order ""Details"" now"'
    """
    return '"' + name.replace('"', '""') + '"'


def relation_names(snapshot: Snapshot, *, views: bool) -> list[str]:
    """Give the names of the tables (and views) in alphabetical order, the database's own left out."""
    kinds = "('table', 'view')" if views else "('table')"
    shadows = {row[0] for row in _shadow_tables(snapshot)}
    found = snapshot.rows(
        f"SELECT name FROM sqlite_master WHERE type IN {kinds} AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    return [row[0] for row in found if row[0] not in shadows and not is_reserved(row[0])]


def _shadow_tables(snapshot: Snapshot) -> list[tuple[str]]:
    """Tables that a virtual table keeps for itself (full text search)."""
    return [(row[1],) for row in snapshot.rows("PRAGMA table_list") if row[2] == "shadow"]


def relation(snapshot: Snapshot, name: str, names: list[str]) -> Relation:
    """Describe a table or view."""
    info = snapshot.rows(f"PRAGMA table_xinfo({quoted(name)})")
    rows = [row for row in info if row[6] != 1]
    columns = tuple(
        Declared(name=row[1], type=(row[2] or "").upper(), nullable=not row[3] and not row[5]) for row in rows
    )
    key = tuple(row[1] for row in sorted((row for row in rows if row[5]), key=lambda row: row[5]))
    foreign, notes = _foreign_keys(snapshot, name, names)
    kind = next((row for row in snapshot.rows("PRAGMA table_list") if row[1] == name and row[0] == "main"), None)
    return Relation(
        name=name,
        source=quoted(name),
        order=_order(kind, columns, key),
        columns=columns,
        primary_key=key,
        foreign_keys=foreign,
        notes=notes,
    )


def query(snapshot: Snapshot, name: str, statement: str) -> Relation:
    """Describe what a SELECT statement yields; nothing is declared of its columns."""
    statement = statement.strip().rstrip(";")
    columns = tuple(Declared(name=column, type="", nullable=True) for column in snapshot.names(statement))
    return Relation(name=name, source=f"({statement})", columns=columns)


def _order(kind: tuple[object, ...] | None, columns: tuple[Declared, ...], key: tuple[str, ...]) -> str:
    if kind is None or kind[2] != "table":
        return ""
    if kind[4]:  # without rowid
        return " ORDER BY " + ", ".join(quoted(name) for name in key)
    taken = {column.name.lower() for column in columns}
    alias = next((word for word in ("rowid", "_rowid_", "oid") if word not in taken), None)
    return f" ORDER BY {alias}" if alias else ""


def _foreign_keys(snapshot: Snapshot, name: str, names: list[str]) -> tuple[tuple[ForeignKey, ...], tuple[str, ...]]:
    known = {table.lower(): table for table in names}
    groups: dict[int, list[tuple[int, str, str, str | None]]] = {}
    for number, sequence, table, column, referenced, *_ in snapshot.rows(f"PRAGMA foreign_key_list({quoted(name)})"):
        groups.setdefault(number, []).append((sequence, table, column, referenced))
    keys, notes = [], []
    own = _column_names(snapshot, name)
    for number in sorted(groups, reverse=True):  # SQLite lists the last declared first
        parts = sorted(groups[number])
        table = known.get(parts[0][1].lower())
        columns = tuple(own.get(part[2].lower(), part[2]) for part in parts)
        if table is None:
            notes.append(
                f"the foreign key {', '.join(columns)} points to '{parts[0][1]}', which is not read; it is left out"
            )
            continue
        theirs = _column_names(snapshot, table)
        if parts[0][3] is None:
            referenced = tuple(
                row[1]
                for row in sorted(snapshot.rows(f"PRAGMA table_info({quoted(table)})"), key=lambda row: row[5])
                if row[5]
            )
        else:
            referenced = tuple(theirs.get(str(part[3]).lower(), str(part[3])) for part in parts)
        if len(referenced) != len(columns) or any(column not in theirs.values() for column in referenced):
            notes.append(f"the foreign key {', '.join(columns)} does not match the key of '{table}'; it is left out")
            continue
        keys.append(ForeignKey(columns=columns, references=table, referenced_columns=referenced))
    return tuple(keys), tuple(notes)


def _column_names(snapshot: Snapshot, name: str) -> dict[str, str]:
    return {row[1].lower(): row[1] for row in snapshot.rows(f"PRAGMA table_xinfo({quoted(name)})")}
