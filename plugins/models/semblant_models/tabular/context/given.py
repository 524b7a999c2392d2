"""Given keys of a group of sequences: values of rising columns, and rows of lookups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define, evolve

from semblant.training import NO_ROW, reference_column
from semblant_models.tabular.context.rising import NO_VALUE, Ticks, ticks_of
from semblant_models.tabular.encodings.arrow import plain

if TYPE_CHECKING:
    import pyarrow as pa

    from semblant_models.tabular.context.scheme import Scheme

LATEST = np.iinfo(np.int64).max


@define(eq=False)
class Told:
    """What is given of the keys of a group of rows, sequence after sequence.

    In ``ticks`` days are ``NO_VALUE``, in ``references`` row numbers ``NO_ROW`` where they are to be drawn.
    """

    order: np.ndarray
    """In which order the rows are made: given moments rise along each sequence, int64, shape (n,)."""
    ticks: tuple[Ticks | None, ...]
    """Per rising column."""
    limits: tuple[np.ndarray | None, ...]
    """Per rising column the least day given for a row or a later one of its sequence."""
    references: tuple[np.ndarray | None, ...]
    """Per lookup."""

    @classmethod
    def of(cls, scheme: Scheme, given: pa.Table, counts: np.ndarray) -> Told:
        """Read the given rows of a group; ``counts`` of them belong to each sequence."""
        owner = np.repeat(np.arange(len(counts)), counts)
        known = given.column_names
        types = dict(zip(scheme.names, scheme.types, strict=True))
        found = [
            ticks_of(plain(given.column(r.column).cast(types[r.column]))) if r.column in known else None
            for r in scheme.rising
        ]
        order = np.arange(len(owner))
        for ticks in found:
            if ticks is not None:
                there = np.flatnonzero(ticks.days != NO_VALUE)
                order[there] = there[np.lexsort((ticks.order[there], owner[there]))]
                break
        ordered = [None if t is None else _taken(t, order) for t in found]
        references = []
        for entry in scheme.lookups:
            name = reference_column(entry.key)
            numbers = given.column(name).fill_null(NO_ROW).to_numpy()[order] if name in known else None
            references.append(numbers)
        return cls(
            order=order,
            ticks=tuple(ordered),
            limits=tuple(None if t is None else _limits(t.days, owner) for t in ordered),
            references=tuple(references),
        )

    def back(self) -> np.ndarray:
        """Give the places that bring made rows into the order in which they were given."""
        out = np.empty(len(self.order), np.int64)
        out[self.order] = np.arange(len(self.order))
        return out


def _taken(ticks: Ticks, order: np.ndarray) -> Ticks:
    return evolve(ticks, days=ticks.days[order], clock=None if ticks.clock is None else ticks.clock[order])


def _limits(days: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Give the least given day at or behind each place of the same sequence.

    >>> _limits(np.array([NO_VALUE, 5, NO_VALUE, NO_VALUE]), np.array([0, 0, 0, 1]))[:2].tolist()
    [5, 5]
    """
    out = np.where(days == NO_VALUE, LATEST, days)
    ends = np.flatnonzero(np.append(owner[1:] != owner[:-1], True)[: len(owner)])
    start = 0
    for end in ends.tolist():
        out[start : end + 1] = np.minimum.accumulate(out[start : end + 1][::-1])[::-1]
        start = end + 1
    return out
