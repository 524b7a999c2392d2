"""Columns of other tables that a constraint names, ``TABLE.COLUMN``, and the keys that lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.relations import LinkKind, links_of
from semblant.spec.constraints import Inequality, Sum

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from semblant.schema import ForeignKey, Schema, Table
    from semblant.spec.constraints import Constraint

_DEEPEST = 16


@frozen(kw_only=True)
class Outside:
    """A column of another table."""

    name: str
    """As the constraint writes it."""
    table: str
    column: str
    path: tuple[ForeignKey, ...]
    """The keys that lead there, first the one of the constraint's own table; of lines the one that leads from them."""
    lines: bool = False
    """Whether many rows of the other table belong to one of this: children, whose values are added."""


def splits(name: str) -> list[tuple[str, str]]:
    """Give every table and column that a name may mean: both may hold dots themselves.

    >>> splits("a.b.c")
    [('a', 'b.c'), ('a.b', 'c')]
    """
    parts = name.split(".")
    return [(".".join(parts[:i]), ".".join(parts[i:])) for i in range(1, len(parts))]


def found_outside(name: str, table: Table, schema: Schema, originals: Collection[str]) -> list[Outside]:
    """Give what a name that is no column of ``table`` may mean; several where more than one way leads there.

    Upwards lead keys to the parent and to lookups, their parents and lookups; downwards the keys of children.
    """
    out: list[Outside] = []
    for target, column in splits(name):
        if target not in schema or target == table.name or column not in schema.table(target).column_names:
            continue
        ways = _ways(table, target, schema, originals)
        out += [Outside(name=name, table=target, column=column, path=path) for path in ways]
        below = links_of(schema.table(target), originals)
        keys = [link.key for link in below if link.kind is LinkKind.PARENT and link.key.references == table.name]
        out += [Outside(name=name, table=target, column=column, path=(key,), lines=True) for key in keys]
    return out


def _ways(table: Table, target: str, schema: Schema, originals: Collection[str]) -> list[tuple[ForeignKey, ...]]:
    """Give the shortest ways up to a table."""
    ways: list[tuple[tuple[ForeignKey, ...], Table]] = [((), table)]
    for _ in range(_DEEPEST):
        ways = [
            ((*path, link.key), schema.table(link.key.references))
            for path, here in ways
            for link in links_of(here, originals)
            if link.kind in (LinkKind.PARENT, LinkKind.LOOKUP) and link.key.references in schema
        ]
        if found := [path for path, here in ways if here.name == target]:
            return found
    return []


def is_across(constraint: Constraint, columns: Collection[str]) -> bool:
    """Tell whether a constraint names columns beyond those of its table."""
    return not set(columns).issuperset(constraint.columns)


def keeps_across(constraint: Constraint, columns: Collection[str], outer: Iterable[Outside]) -> bool:
    """Tell whether a constraint is of a kind that is kept across tables: an order, or a total of lines."""
    rule, beyond = constraint.rule, list(outer)
    if isinstance(rule, Inequality):
        return len(beyond) == 1 and not beyond[0].lines
    return isinstance(rule, Sum) and len(rule.parts) == 1 and rule.total in columns and all(o.lines for o in beyond)
