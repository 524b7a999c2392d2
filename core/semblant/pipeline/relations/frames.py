"""What rows are conditioned on: of each table its features, its lookups' content, and the same of its ancestors."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, evolve, field, frozen

from semblant.pipeline.relations.numbers import row_numbers
from semblant.relations import Link, LinkKind
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType, Role

if TYPE_CHECKING:
    from pathlib import Path

MOST_COLUMNS = 64
"""Columns of parent and ancestors that a row is conditioned on at most: the nearest ones, and the root's."""
_PEERS = 16
NOTHING = ColumnPlan(name="\0nothing", type=pa.bool_(), encoding=EncodingType.BOOLEAN)
"""A column that is the same everywhere, where there is no other."""
_UNSEEN = frozenset(
    {
        EncodingType.TEXT,
        EncodingType.IDENTIFIER,
        EncodingType.PATTERN,
        EncodingType.JSON,
        EncodingType.LIST,
        EncodingType.STRUCT,
        EncodingType.BINARY,
    }
)
"""Encodings that tell nothing about other rows."""


@frozen(kw_only=True)
class Member:
    """A table of a database whose rows lie in a file."""

    name: str
    path: Path
    plans: tuple[ColumnPlan, ...]
    """Columns that others may be conditioned on."""
    links: tuple[Link, ...] = ()

    @property
    def parent(self) -> Link | None:
        """The link to the parent."""
        return next((link for link in self.links if link.kind is LinkKind.PARENT), None)

    @property
    def visible(self) -> tuple[ColumnPlan, ...]:
        """The plans of columns whose values say something about other rows."""
        return tuple(plan for plan in self.plans if plan.encoding not in _UNSEEN)


@define
class Relations:
    """The tables of one database, real or made, with their references as row numbers.

    What is asked for is found once and kept; several tables that train at the same time may ask.
    """

    members: dict[str, Member]
    _numbers: dict[tuple[str, str], np.ndarray] = field(factory=dict)
    _frames: dict[str, tuple[tuple[ColumnPlan, ...], pa.Table]] = field(factory=dict)
    _subjects: dict[str, np.ndarray] = field(factory=dict)
    _lock: Any = field(factory=threading.RLock, init=False, repr=False, eq=False)

    def rows(self, name: str) -> int:
        """Rows of a table."""
        return int(pq.read_metadata(self.members[name].path).num_rows)

    def numbers(self, name: str, link: Link) -> np.ndarray:
        """Give the row that each row of a table refers to."""
        with self._lock:
            if (name, link.name) not in self._numbers:
                own, target = self.members[name], self.members[link.key.references]
                found = row_numbers(own.path, link.key.columns, target.path, link.key.referenced_columns)
                self._numbers[name, link.name] = found
            return self._numbers[name, link.name]

    def set_numbers(self, name: str, link: Link, numbers: np.ndarray) -> None:
        """Take references that are known without looking keys up."""
        self._numbers[name, link.name] = numbers

    def subjects(self, name: str) -> np.ndarray:
        """Give whom each row belongs to, uint64: the row of the root above it; an orphan belongs to itself."""
        with self._lock:
            if name not in self._subjects:
                self._subjects[name] = self._owners(name)
            return self._subjects[name]

    def _owners(self, name: str) -> np.ndarray:
        own = np.arange(self.rows(name), dtype=np.uint64)
        link = self.members[name].parent
        if link is None:
            return own
        above, numbers = self.subjects(link.key.references), self.numbers(name, link)
        offset = np.uint64(above.max() + 1) if len(above) else np.uint64(0)
        found = above[np.maximum(numbers, 0)] if len(above) else own
        return np.where(numbers >= 0, found, own + offset)

    def content(self, link: Link) -> tuple[tuple[ColumnPlan, ...], pa.Table]:
        """Give the content of the rows that a link may lead to."""
        member = self.members[link.key.references]
        plans = tuple(evolve(p, role=Role.FEATURE, rebalance=False) for p in member.visible)
        found = pq.read_table(member.path, columns=[plan.name for plan in plans])
        return (plans, found) if plans else _alike(self.rows(member.name))

    def frame(self, name: str) -> tuple[tuple[ColumnPlan, ...], pa.Table]:
        """Give what children of a table's rows are conditioned on, one row for each of them."""
        with self._lock:
            if name not in self._frames:
                self._frames[name] = self._framed(name)
            return self._frames[name]

    def _framed(self, name: str) -> tuple[tuple[ColumnPlan, ...], pa.Table]:
        member = self.members[name]
        own = pq.read_table(member.path, columns=[plan.name for plan in member.visible])
        plans = [_named(plan, f"{name}.{plan.name}") for plan in member.visible]
        columns = list(own.columns)
        for link in member.links:
            if link.kind is LinkKind.LOOKUP:
                found, content = self.content(link)
                plans += [_named(plan, f"{name}.{link.name}.{plan.name}") for plan in found[:_PEERS]]
                columns += _taken(content, self.numbers(name, link)).columns[:_PEERS]
        if member.parent is not None:
            above, table = self.frame(member.parent.key.references)
            plans += above
            columns += _taken(table, self.numbers(name, member.parent)).columns
        keep = _kept(len(plans))
        plans, columns = [plans[i] for i in keep], [columns[i] for i in keep]
        if not plans:
            return _alike(self.rows(name))
        return tuple(plans), pa.table(columns, names=[plan.name for plan in plans])

    def texts(self, name: str) -> tuple[tuple[ColumnPlan, ...], pa.Table]:
        """Give the text columns of a table: texts of its children may repeat what they say."""
        member = self.members[name]
        plans = tuple(plan for plan in member.plans if plan.encoding is EncodingType.TEXT)
        return plans, pq.read_table(member.path, columns=[plan.name for plan in plans])

    def moved(self, name: str, path: Path) -> None:
        """Take the rows of a table from another file; row numbers stay, what others are given of it is read again."""
        self.members[name] = evolve(self.members[name], path=path)
        self._frames.clear()

    def forget(self, name: str) -> None:
        """Drop the frame of a table that has no more children to come."""
        self._frames.pop(name, None)


def _alike(rows: int) -> tuple[tuple[ColumnPlan, ...], pa.Table]:
    """Give rows about which nothing is known: a table without columns would have no number of rows."""
    return (NOTHING,), pa.table({NOTHING.name: pa.array(np.ones(rows, bool))})


def _kept(count: int) -> list[int]:
    """Keep the nearest columns and, at the end of the list, those of the root."""
    if count <= MOST_COLUMNS:
        return list(range(count))
    return [*range(MOST_COLUMNS - _PEERS), *range(count - _PEERS, count)]


def _named(plan: ColumnPlan, name: str) -> ColumnPlan:
    return evolve(plan, name=name, role=Role.FEATURE, rebalance=False)


def _taken(table: pa.Table, numbers: np.ndarray) -> pa.Table:
    """Take rows by number, all null where there is none."""
    return table.take(pa.array(np.maximum(numbers, 0), mask=numbers < 0))
