"""Step *keys*: primary and foreign keys name what exists and fit each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.settings import AUTO
from semblant.settings.path import dotted, join
from semblant.settings.suggest import advice
from semblant.spec.apply import given_key
from semblant_validators.codes import finding
from semblant_validators.types import comparable, may_be_key
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import ForeignKey, Schema, Table
    from semblant.spec.model import Spec


@frozen
class KeysValidator:
    """Keys written in the spec hold; keys of the source that fall away are told. Data are not looked at."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        view = View(spec, schema)
        found: list[Finding] = []
        for table in schema:
            if view.is_used(table.name):
                found += _primary_key(view, table)
                found += _foreign_keys(view, table)
        return found


def _primary_key(view: View, table: Table) -> Iterator[Finding]:
    wanted = view.spec.table(table.name).primary_key
    path = dotted("tables", table.name, "primary_key")
    if wanted is None:
        return
    if wanted == AUTO:
        gone = [name for name in table.primary_key if not view.is_used(table.name, name)]
        if gone:
            message = f"the primary key ({', '.join(table.primary_key)}) falls away, because {_names(gone)} excluded"
            yield finding("key-falls-away", path, message, "include it, or write primary_key: null")
        return
    yield from _columns(view, table, tuple(wanted), path)


def _columns(view: View, table: Table, columns: tuple[str, ...], path: str) -> Iterator[Finding]:
    """Check the own columns of a key that the spec gives."""
    known = set(table.column_names)
    for index, name in enumerate(columns):
        if name not in known:
            message = f"table '{table.name}' has no column '{name}'"
            yield finding("key-column-unknown", path, message, advice(name, table.column_names, "columns"))
        elif not view.is_used(table.name, name):
            message = f"column '{name}' is excluded and cannot be part of a key"
            yield finding("key-column-excluded", path, message, "include the column, or leave it out of the key")
        elif name in columns[:index]:
            yield finding("key-column-twice", path, f"the key names column '{name}' twice", "name it once")
        elif not may_be_key(table.column(name).type):
            message = f"column '{name}' is of type {table.column(name).type} and cannot be part of a key"
            yield finding("key-column-type", path, message, "choose another column, or write null")


def _foreign_keys(view: View, table: Table) -> Iterator[Finding]:
    wanted = view.spec.table(table.name).foreign_keys
    path = dotted("tables", table.name, "foreign_keys")
    if wanted == AUTO:
        for key in table.foreign_keys:
            yield from _found_key(view, table, key, path)
        return
    seen: dict[tuple[tuple[str, ...], str], int] = {}
    for index, given in enumerate(wanted):
        here = join(path, index)
        first = seen.setdefault((given.columns, given.references), index)
        if first != index:
            message = f"is the same key as number {first + 1} of table '{table.name}'"
            yield finding("key-twice", here, message, "remove one of them")
            continue
        if not given.columns:
            yield finding(
                "empty-key", join(here, "columns"), "a foreign key needs a column", "name it, or remove the key"
            )
            continue
        yield from _columns(view, table, given.columns, join(here, "columns"))
        if given.references not in view.schema:
            message = f"the source has no table '{given.references}'"
            fix = advice(given.references, view.schema.table_names, "tables")
            yield finding("reference-unknown", join(here, "references"), message, fix)
        elif not view.is_used(given.references):
            message = f"table '{given.references}' is excluded and cannot be pointed to"
            yield finding(
                "reference-excluded", join(here, "references"), message, "include the table, or remove the key"
            )
        else:
            yield from _target(view, table, given_key(given, _target_of(view, given.references)), here)


def _target_of(view: View, name: str) -> Table:
    """Give the table that is pointed to, with the primary key that counts."""
    return view.used.table(name)


def _found_key(view: View, table: Table, key: ForeignKey, path: str) -> Iterator[Finding]:
    """Check a key of the source: what the user did not write is never the user's fault."""
    words = f"the key {table.name}({', '.join(key.columns)}) → {key.references}"
    if key.references not in view.schema:
        return
    gone = [name for name in key.columns if not view.is_used(table.name, name)]
    if not view.is_used(key.references):
        message = f"{words} falls away, because table '{key.references}' is excluded"
        yield finding(
            "key-falls-away", path, message, f"include '{key.references}', or write foreign_keys: [] to say so"
        )
    elif gone:
        message = f"{words} falls away, because {_names(gone)} excluded"
        yield finding("key-falls-away", path, message, "include it, or write foreign_keys: [] to say so")
    elif lost := [name for name in key.referenced_columns if not view.is_used(key.references, name)]:
        message = f"{words} falls away, because {_names(lost)} excluded in '{key.references}'"
        yield finding("key-falls-away", path, message, "include it, or write foreign_keys: [] to say so")
    elif set(key.referenced_columns) != set(view.used.table(key.references).primary_key):
        there = ", ".join(key.referenced_columns)
        message = f"{words}({there}) points to columns that are not the primary key of '{key.references}'"
        fix = f"set {dotted('tables', key.references, 'primary_key')} to [{there}], or write foreign_keys: []"
        yield finding("reference-beside-the-key", path, message, fix)


def _target(view: View, table: Table, key: ForeignKey, path: str) -> Iterator[Finding]:
    """Check what a key of the spec points to."""
    target = view.schema.table(key.references)
    primary = view.used.table(key.references).primary_key
    there = join(path, "referenced_columns")
    of_target = dotted("tables", key.references, "primary_key")
    if not primary:
        message = f"table '{key.references}' has no primary key to point to"
        yield finding("reference-without-key", join(path, "references"), message, f"set {of_target}")
        return
    unknown = [name for name in key.referenced_columns if name not in target.column_names]
    for name in unknown:
        message = f"table '{key.references}' has no column '{name}'"
        yield finding("key-column-unknown", there, message, advice(name, target.column_names, "columns"))
    if unknown:
        return
    if len(key.columns) != len(key.referenced_columns):
        message = (
            f"the key has {len(key.columns)} columns ({', '.join(key.columns)}), "
            f"what it points to has {len(key.referenced_columns)} ({', '.join(key.referenced_columns)})"
        )
        yield finding("key-length", join(path, "columns"), message, "name as many columns, in the same order")
        return
    if set(key.referenced_columns) != set(primary):
        message = (
            f"({', '.join(key.referenced_columns)}) is not the primary key of '{key.references}' ({', '.join(primary)})"
        )
        yield finding("reference-not-the-key", there, message, f"leave referenced_columns out, or set {of_target}")
        return
    for own, other in zip(key.columns, key.referenced_columns, strict=True):
        if own in table.column_names and not comparable(table.column(own).type, target.column(other).type):
            message = (
                f"column '{own}' is of type {table.column(own).type}, "
                f"'{key.references}.{other}' of type {target.column(other).type}"
            )
            fix = "choose columns of one type, or read both as the same type (source: types)"
            yield finding("key-type-mismatch", join(path, "columns"), message, fix)


def _names(columns: list[str]) -> str:
    quoted = ", ".join(f"'{name}'" for name in columns)
    return f"column {quoted} is" if len(columns) == 1 else f"columns {quoted} are"
