"""Bounded summaries of unbounded columns: distinct values, frequent values, a sample of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from semblant.detection.hashing import Hashes

_SPAN = 2.0**64


class DistinctSketch:
    """Distinct values and how often each occurs, from hashes, in bounded memory.

    Up to ``capacity`` distinct hashes everything is exact (apart from collisions of 64-bit
    hashes). Beyond, only the smallest hashes stay: a uniform sample of the distinct values whose
    counts are still exact (KMV; Bar-Yossef et al., "Counting distinct elements in a data
    stream", 2002). The estimate's relative error is about ``capacity ** -0.5``.

    >>> sketch = DistinctSketch(capacity=8)
    >>> sketch.add(np.array([5, 9], np.uint64), np.array([2, 1]))
    >>> sketch.distinct, sketch.exact, sketch.repeated
    (2, True, True)
    """

    def __init__(self, capacity: int) -> None:
        """Start empty; ``capacity`` at least 2."""
        self._capacity = max(capacity, 2)
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._counts: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._pending: list[tuple[Hashes, npt.NDArray[np.int64]]] = []
        self._waiting = 0
        self._limit: np.uint64 | None = None
        self._repeated = False

    def add(self, hashes: Hashes, counts: npt.NDArray[np.int64]) -> None:
        """Take distinct, ascending hashes of one batch and how often each occurs."""
        self._repeated = self._repeated or bool(len(counts) and counts.max() > 1)
        if self._limit is not None:
            keep = int(np.searchsorted(hashes, self._limit, side="right"))
            # copies: a view would hold the whole batch's array
            hashes, counts = hashes[:keep].copy(), counts[:keep].copy()
        if len(hashes):
            self._pending.append((hashes, counts.astype(np.int64, copy=False)))
            self._waiting += len(hashes)
        if self._waiting > max(len(self._hashes) // 2, 65_536):
            self._merge()

    def _merge(self) -> None:
        if not self._pending:
            return
        hashes = np.concatenate([self._hashes, *(pair[0] for pair in self._pending)])
        counts = np.concatenate([self._counts, *(pair[1] for pair in self._pending)])
        self._pending, self._waiting = [], 0
        order = np.argsort(hashes, kind="stable")
        hashes, counts = hashes[order], counts[order]
        starts = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]]))
        self._repeated = self._repeated or len(starts) < len(hashes)
        hashes, counts = hashes[starts], np.add.reduceat(counts, starts)
        if len(hashes) > self._capacity:
            hashes, counts = hashes[: self._capacity].copy(), counts[: self._capacity].copy()
            self._limit = hashes[-1]
        self._hashes, self._counts = hashes, counts

    @property
    def exact(self) -> bool:
        """Whether all distinct hashes are held."""
        self._merge()
        return self._limit is None

    @property
    def repeated(self) -> bool:
        """Whether a value was seen twice; False beyond the capacity means: not in the sample."""
        self._merge()
        return self._repeated

    @property
    def hashes(self) -> Hashes:
        """The hashes held, ascending: all, or a uniform sample of the distinct values."""
        self._merge()
        return self._hashes

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How often each of :attr:`hashes` occurred; always exact."""
        self._merge()
        return self._counts

    @property
    def limit(self) -> np.uint64 | None:
        """The largest hash that would be held; None when every hash is."""
        self._merge()
        return self._limit

    @property
    def distinct(self) -> int:
        """Number of distinct values, estimated beyond the capacity."""
        self._merge()
        if self._limit is None:
            return len(self._hashes)
        return round((self._capacity - 1) / ((float(self._limit) + 1.0) / _SPAN))

    def mass_held_at_least(self, times: int) -> float:
        """Share of rows whose value occurs at least ``times`` times (of the sample's rows)."""
        total = int(self.counts.sum())
        return float(self.counts[self.counts >= times].sum() / total) if total else 0.0

    def repeated_mass(self) -> float:
        """Share of the rows that only repeat a value seen before (of the sample's rows)."""
        total = int(self.counts.sum())
        return 1.0 - len(self.counts) / total if total else 0.0

    def reused_share(self) -> float:
        """Share of the distinct values that occur more than once."""
        return float((self.counts > 1).mean()) if len(self.counts) else 0.0

    def missing_from(self, other: DistinctSketch) -> tuple[int, int, int]:
        """Compare with another column: (distinct values tested, of them absent there, rows of those).

        Where either sketch is a sample, only hashes below both limits are tested.
        """
        hashes, counts = self.hashes, self.counts
        limits = [limit for limit in (self.limit, other.limit) if limit is not None]
        if limits:
            keep = int(np.searchsorted(hashes, min(limits), side="right"))
            hashes, counts = hashes[:keep], counts[:keep]
        there = other.hashes
        if not len(there):
            return len(hashes), len(hashes), int(counts.sum())
        place = np.minimum(np.searchsorted(there, hashes), len(there) - 1)
        absent = there[place] != hashes
        return len(hashes), int(absent.sum()), int(counts[absent].sum())


class TopValues:
    """The most frequent values with their counts (Misra and Gries, "Finding repeated elements", 1982).

    Exact while there are at most ``capacity`` distinct values; beyond, every count is too low by
    at most ``2 * rows / capacity``. Long strings are kept by their beginning.
    """

    def __init__(self, capacity: int) -> None:
        """Start empty."""
        self._capacity = capacity
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._counts: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._values: pa.Array | None = None
        self.exact = True

    def add(self, hashes: Hashes, counts: npt.NDArray[np.int64], first: npt.NDArray[np.intp], array: pa.Array) -> None:
        """Take the distinct hashes of a batch, their counts, and where in ``array`` each first occurs."""
        if not len(hashes):
            return
        if len(hashes) > 2 * self._capacity:
            self.exact = False
            keep = np.argsort(-counts, kind="stable")[: self._capacity]
            hashes, counts, first = hashes[keep], counts[keep], first[keep]
        values = _shortened(array.take(pa.array(first)))
        if self._values is not None:
            values = pa.concat_arrays([self._values, values])
            hashes = np.concatenate([self._hashes, hashes])
            counts = np.concatenate([self._counts, counts])
        hashes, where, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        counts = np.bincount(inverse.ravel(), weights=counts).astype(np.int64)
        if len(hashes) > self._capacity:
            self.exact = False
            order = np.argsort(-counts, kind="stable")
            floor = counts[order[self._capacity]]
            keep = order[: self._capacity]
            keep = keep[counts[keep] > floor]
            hashes, where, counts = hashes[keep], where[keep], counts[keep] - floor
        self._hashes, self._counts = hashes, counts
        self._values = values.take(pa.array(where))

    def most_common(self, limit: int) -> tuple[pa.Array | None, npt.NDArray[np.int64]]:
        """Give at most ``limit`` values and counts, most frequent first."""
        order = np.lexsort((self._hashes, -self._counts))[:limit]
        values = None if self._values is None else self._values.take(pa.array(order))
        return values, self._counts[order]


class ValueSample:
    """A uniform sample of the distinct values: those with the smallest hashes, whatever the order of rows."""

    def __init__(self, capacity: int) -> None:
        """Start empty."""
        self._capacity = capacity
        self.hashes: Hashes = np.empty(0, np.uint64)
        self.values: pa.Array | None = None

    def add(self, hashes: Hashes, first: npt.NDArray[np.intp], array: pa.Array) -> None:
        """Take the ascending distinct hashes of a batch and where in ``array`` each first occurs."""
        hashes, first = hashes[: self._capacity], first[: self._capacity]
        if len(self.hashes) == self._capacity:
            keep = int(np.searchsorted(hashes, self.hashes[-1]))
            hashes, first = hashes[:keep], first[:keep]
        if len(hashes):
            new = ~np.isin(hashes, self.hashes)
            hashes, first = hashes[new], first[new]
        if not len(hashes):
            return
        values = _shortened(array.take(pa.array(first)))
        if self.values is not None:
            values = pa.concat_arrays([self.values, values])
            hashes = np.concatenate([self.hashes, hashes])
        order = np.argsort(hashes, kind="stable")[: self._capacity]
        self.hashes, self.values = hashes[order].copy(), values.take(pa.array(order))


_KEPT_CHARACTERS = 512


def _shortened(values: pa.Array) -> pa.Array:
    """Cut long strings: samples are for looking at, not for storage."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return pc.utf8_slice_codeunits(values, 0, _KEPT_CHARACTERS)
    return values
