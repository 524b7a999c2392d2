"""Tables and their keys as a graph: roots, parents, order, cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from semblant.schema import ForeignKey, Schema


@frozen
class Reference:
    """A foreign key and the table that has it."""

    table: str
    key: ForeignKey

    def __str__(self) -> str:
        """``orders(customer_id) → customers(id)``."""
        own, theirs = ", ".join(self.key.columns), ", ".join(self.key.referenced_columns)
        return f"{self.table}({own}) → {self.key.references}({theirs})"


@frozen
class Cycle:
    """Tables that point to each other in a ring, and the keys between them."""

    tables: tuple[str, ...]
    """In the order of the schema."""
    references: tuple[Reference, ...]
    """Every key from one of the tables to another of them."""


def _names(value: Collection[str]) -> frozenset[str]:
    return frozenset(value)


@define
class SchemaGraph:
    """What the keys of a schema amount to.

    Keys to tables that the schema does not have are left out; self-references are listed apart and
    make nobody a child.

    :param schema: after exclusion, with the keys that count.
    :param originals: tables that are copied unchanged; they are never roots.

    >>> from semblant.schema import Column, ForeignKey, Schema, Table
    >>> key = ForeignKey(columns=("customer",), references="customers", referenced_columns=("id",))
    >>> schema = Schema(tables=(
    ...     Table(name="orders", columns=(), foreign_keys=(key,)), Table(name="customers", columns=())))
    >>> graph = SchemaGraph(schema, originals=())
    >>> graph.roots, graph.order, graph.depth("orders")
    (('customers',), ('customers', 'orders'), 1)
    """

    schema: Schema
    originals: frozenset[str] = field(default=(), converter=_names)
    _place: dict[str, int] = field(init=False)
    _outbound: dict[str, tuple[ForeignKey, ...]] = field(init=False)
    _inbound: dict[str, tuple[Reference, ...]] = field(init=False)
    _components: tuple[tuple[str, ...], ...] = field(init=False)
    _depths: dict[str, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Index the keys."""
        self._place = {name: at for at, name in enumerate(self.schema.table_names)}
        self._outbound = {
            table.name: tuple(key for key in table.foreign_keys if key.references in self._place)
            for table in self.schema
        }
        inbound: dict[str, list[Reference]] = {name: [] for name in self._place}
        for table, keys in self._outbound.items():
            for key in keys:
                inbound[key.references].append(Reference(table, key))
        self._inbound = {name: tuple(references) for name, references in inbound.items()}
        self._components = _components({name: self.parents(name) for name in self._place})
        self._depths = self._measure_depths()

    @property
    def synthesized(self) -> tuple[str, ...]:
        """The tables that are made anew, in the order of the schema."""
        return tuple(name for name in self._place if name not in self.originals)

    @property
    def roots(self) -> tuple[str, ...]:
        """The synthesized tables without a foreign key to another synthesized table."""
        return tuple(name for name in self.synthesized if not self.synthesized_parents(name))

    @property
    def order(self) -> tuple[str, ...]:
        """All tables, parents before children, else as in the schema; a cycle's tables stand together."""
        return tuple(name for component in self._components for name in component)

    @property
    def cycles(self) -> tuple[Cycle, ...]:
        """The rings of tables that point to each other; self-references are none."""
        return tuple(
            Cycle(
                ring,
                tuple(
                    Reference(name, key)
                    for name in ring
                    for key in self._outbound[name]
                    if key.references in ring and key.references != name and not key.matched
                ),
            )
            for ring in self._components
            if len(ring) > 1
        )

    def foreign_keys(self, table: str) -> tuple[ForeignKey, ...]:
        """The keys of a table, those to itself included, in order."""
        return self._outbound[table]

    def self_references(self, table: str) -> tuple[ForeignKey, ...]:
        """The keys of a table that point to itself."""
        return tuple(key for key in self._outbound[table] if key.references == table)

    def inbound(self, table: str) -> tuple[Reference, ...]:
        """The keys that point to a table, those of its own included."""
        return self._inbound[table]

    def parents(self, table: str) -> tuple[str, ...]:
        """The other tables that a table depends on, each once, in the order of its keys.

        Matched keys are left out: they are filled in when both tables are there.
        """
        keys = (key for key in self._outbound[table] if key.references != table and not key.matched)
        return tuple(dict.fromkeys(key.references for key in keys))

    def synthesized_parents(self, table: str) -> tuple[str, ...]:
        """The parents that are made anew."""
        return tuple(name for name in self.parents(table) if name not in self.originals)

    def children(self, table: str) -> tuple[str, ...]:
        """The other tables that depend on a table, in the order of the schema; matched keys are left out."""
        found = dict.fromkeys(
            reference.table
            for reference in self._inbound[table]
            if reference.table != table and not reference.key.matched
        )
        return tuple(found)

    def ancestors(self, table: str) -> tuple[str, ...]:
        """Parents, their parents and so on, each once, nearest first; originals included."""
        return self._reach(table, up=True)

    def descendants(self, table: str) -> tuple[str, ...]:
        """Children, their children and so on, each once, nearest first."""
        return self._reach(table, up=False)

    def depth(self, table: str) -> int:
        """Keys on the longest way up to a table without synthesized parents; tables of one cycle count as one."""
        return self._depths[table]

    def _measure_depths(self) -> dict[str, int]:
        depths: dict[str, int] = {}
        for ring in self._components:
            above = [depths[parent] for name in ring for parent in self.synthesized_parents(name) if parent not in ring]
            for name in ring:
                depths[name] = max(above) + 1 if above else 0
        return depths

    def _reach(self, table: str, *, up: bool) -> tuple[str, ...]:
        step = self.parents if up else self.children
        found: dict[str, None] = {}
        layer = step(table)
        while layer:
            found.update(dict.fromkeys(layer))
            layer = tuple(dict.fromkeys(other for name in layer for other in step(name) if other not in found))
        found.pop(table, None)
        return tuple(found)


def _components(parents: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Give the strongly connected components, parents first, stable in the order of ``parents``.

    Tarjan's algorithm (Depth-first search and linear graph algorithms, 1972), without recursion, so
    that a chain of any length goes through.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    waiting: set[str] = set()
    found: list[tuple[str, ...]] = []
    place = {name: at for at, name in enumerate(parents)}
    for start in parents:
        if start in index:
            continue
        work = [(start, iter(parents[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        waiting.add(start)
        while work:
            name, ahead = work[-1]
            following = next(ahead, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    at = stack.index(name)
                    ring, stack[at:] = stack[at:], []
                    waiting.difference_update(ring)
                    found.append(tuple(sorted(ring, key=place.__getitem__)))
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                waiting.add(following)
                work.append((following, iter(parents[following])))
            elif following in waiting:
                low[name] = min(low[name], index[following])
    return tuple(found)
