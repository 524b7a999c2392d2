"""What each foreign key is for: it leads to the parent, to a lookup, is matched, or stays in its own table."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from semblant.detection.names import singular_words
from semblant.graph import SchemaGraph

if TYPE_CHECKING:
    from collections.abc import Collection

    from semblant.schema import ForeignKey, Schema, Table


class LinkKind(enum.StrEnum):
    """How the rows of a table come by a reference."""

    PARENT = "parent"
    """Rows are made for each row that is referred to: as many as the model draws, conditioned on it."""
    LOOKUP = "lookup"
    """A row of an original table is drawn first; the rest of the row is made given its content."""
    MATCH = "match"
    """A row of another synthesized table is matched to the finished row, by a learned likeness of the two."""
    SELF = "self"
    """Another row of the same table is matched; no rings are made."""


@frozen
class Link:
    """A foreign key and what it is for."""

    key: ForeignKey
    kind: LinkKind

    @property
    def name(self) -> str:
        """A name that is unique within the table: ``customer_id>customers``."""
        return f"{','.join(self.key.columns)}>{self.key.references}"


def links_of(table: Table, originals: Collection[str]) -> tuple[Link, ...]:
    """Give the links of a table whose keys were sorted by :func:`with_parents`.

    >>> from semblant.schema import Column, ForeignKey, Table
    >>> key = ForeignKey(columns=("country",), references="countries", referenced_columns=("id",))
    >>> table = Table(name="people", columns=(Column(name="country", type=None),), foreign_keys=(key,))
    >>> [str(link.kind) for link in links_of(table, {"countries"})]
    ['lookup']
    """
    return tuple(Link(key, _kind(key, table, originals)) for key in table.foreign_keys)


def _kind(key: ForeignKey, table: Table, originals: Collection[str]) -> LinkKind:
    if key.references == table.name:
        return LinkKind.SELF
    if key.references in originals:
        return LinkKind.LOOKUP
    return LinkKind.MATCH if key.matched else LinkKind.PARENT


def parent_link(table: Table, originals: Collection[str]) -> Link | None:
    """Give the link to the parent; None for a table without one."""
    return next((link for link in links_of(table, originals) if link.kind is LinkKind.PARENT), None)


def main_root(schema: Schema, originals: Collection[str]) -> str | None:
    """Give the root table: of those without a parent the one that most tables hang on; None where there is none."""
    graph = SchemaGraph(schema, originals)
    names = list(graph.roots)
    return max(names, key=lambda name: (len(graph.descendants(name)), -names.index(name)), default=None)


def not_learned(table: Table, originals: Collection[str]) -> frozenset[str]:
    """Give the columns that references fill in, so that no model learns them.

    A date or a measure that is part of a composite key to a lookup is learned all the same: it has a
    value where the key points nowhere.
    """
    found: set[str] = set()
    for link in links_of(table, originals):
        for name in link.key.columns:
            loose = len(link.key.columns) > 1 and link.kind is LinkKind.LOOKUP and _has_value(table, name)
            if not loose:
                found.add(name)
    return frozenset(found)


def _has_value(table: Table, name: str) -> bool:
    import pyarrow as pa

    kind = table.column(name).type
    return bool(pa.types.is_temporal(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def with_parents(schema: Schema, originals: Collection[str]) -> Schema:
    """Leave every table one key to a parent; of other keys to synthesized tables say that they are matched.

    Keys that are marked as matched stay so. Of the others the parent is the table whose parts the
    rows are, by name or by a composite key that begins with it, else the first. A ring of parents is
    broken at the key that is least certain.
    """
    schema = evolve(schema, tables=[_one_parent(table, originals) for table in schema])
    while cycles := SchemaGraph(schema, originals).cycles:
        weakest = min(
            (ref for ref in cycles[0].references if ref.key.references not in originals),
            key=lambda ref: (ref.key.confidence, -len(ref.key.columns)),
            default=None,
        )
        if weakest is None:
            break
        broken = evolve(weakest.key, matched=True)
        schema = evolve(
            schema,
            tables=[
                evolve(table, foreign_keys=tuple(broken if key == weakest.key else key for key in table.foreign_keys))
                if table.name == weakest.table
                else table
                for table in schema
            ],
        )
    return schema


def _one_parent(table: Table, originals: Collection[str]) -> Table:
    if table.name in originals:
        return table
    free = [key for key in table.foreign_keys if key.references not in {table.name, *originals} and not key.matched]
    if len(free) < 2:
        return table
    best = min(free, key=lambda key: (not _owned(table, key), free.index(key)))
    return evolve(
        table,
        foreign_keys=tuple(
            evolve(key, matched=True) if key in free and key != best else key for key in table.foreign_keys
        ),
    )


def _owned(table: Table, key: ForeignKey) -> bool:
    upper, lower = singular_words(key.references), singular_words(table.name)
    named = len(lower) > len(upper) and lower[: len(upper)] == upper
    return named or bool(len(table.primary_key) > 1 and key.columns[0] == table.primary_key[0])
