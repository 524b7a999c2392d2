"""Chordal graphs: which columns are drawn given which, so that every measured set of columns lies together.

A graph over the columns is made chordal by eliminating columns one by one, each time joining the neighbours
of the column that goes (Koller & Friedman, *Probabilistic Graphical Models*, section 9.4.3). Read backwards
the elimination is an order of drawing: a column is drawn given the neighbours that it had when it went.
"""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Clique = tuple[int, ...]
"""Columns by number, rising."""


@frozen
class ChordalGraph:
    """Columns in the order of drawing, each with the earlier ones that it is drawn given.

    >>> graph = ChordalGraph.of((2, 2, 2), [(0, 1), (1, 2)])
    >>> [(place, graph.given[place]) for place in graph.order]
    [(0, ()), (1, (0,)), (2, (1,))]
    >>> graph.cells
    10
    """

    sizes: tuple[int, ...]
    """Values of each column."""
    order: tuple[int, ...]
    """Columns in the order of drawing."""
    given: tuple[Clique, ...]
    """For each column, by number, those that it is drawn given, in the order of drawing."""

    @classmethod
    def of(cls, sizes: Sequence[int], cliques: Iterable[Clique], early: frozenset[int] = frozenset()) -> ChordalGraph:
        """Make a chordal graph in which the columns of each clique are joined: least weight first.

        :param early: columns that are drawn before all others.
        """
        near: list[set[int]] = [set() for _ in sizes]
        for clique in cliques:
            for one, other in combinations(clique, 2):
                near[one].add(other)
                near[other].add(one)
        left, gone = set(range(len(sizes))), []
        given: list[Clique] = [()] * len(sizes)
        weight = [sizes[v] * prod(sizes[u] for u in near[v]) for v in range(len(sizes))]
        while left:
            place = min(left, key=lambda v: (v in early, weight[v], -v))
            for one, other in combinations(near[place], 2):
                near[one].add(other)
                near[other].add(one)
            for other in near[place]:
                near[other].discard(place)
                weight[other] = sizes[other] * prod(sizes[u] for u in near[other])
            given[place] = tuple(near[place])
            gone.append(place)
            left.discard(place)
        order = tuple(reversed(gone))
        when = {place: turn for turn, place in enumerate(order)}
        return cls(tuple(sizes), order, tuple(tuple(sorted(g, key=when.__getitem__)) for g in given))

    @property
    def cells(self) -> int:
        """Cells of all tables together: what a pass over the model costs."""
        return sum(self.table_cells)

    @property
    def widest(self) -> int:
        """Cells of the largest table."""
        return max(self.table_cells, default=0)

    @property
    def table_cells(self) -> tuple[int, ...]:
        """Cells of each column's table."""
        return tuple(self.sizes[v] * prod(self.sizes[u] for u in self.given[v]) for v in range(len(self.sizes)))

    def axes(self, place: int) -> Clique:
        """Give the axes of a column's table: what it is given, then itself."""
        return (*self.given[place], place)

    def shape(self, place: int) -> tuple[int, ...]:
        """Give the lengths of these axes."""
        return tuple(self.sizes[v] for v in self.axes(place))

    def home(self, clique: Clique) -> int:
        """Give the column whose table holds a clique: of its columns the one that is drawn last."""
        return max(clique, key=self.order.index)
