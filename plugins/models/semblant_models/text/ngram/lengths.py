"""Length buckets of texts, and how lengths lie within a bucket.

Bucket 0 is the empty text, bucket k holds ``2**(k - 1)`` to ``2**k - 1`` characters; null is no bucket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKETS = 32
"""Buckets that are told apart: up to 2**31 characters."""
CELLS = 32
"""Cells of equal width within a bucket."""
_COARSER = (32, 16, 8)
"""Cells that are told apart in a bucket: the finest that keep nearly all of its texts."""
_NEARLY_ALL = 0.9


def buckets_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the bucket of each length in characters.

    >>> buckets_of(np.array([0, 1, 2, 3, 4, 255, 256])).tolist()
    [0, 1, 2, 2, 3, 8, 9]
    """
    return np.frexp(lengths.astype(np.float64))[1].astype(np.int64)


def bounds(buckets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the shortest and longest length of each bucket from 1 on."""
    low = np.int64(1) << np.maximum(buckets - 1, 0)
    return low, 2 * low - 1


@frozen(eq=False)
class Lengths:
    """Shares of the buckets, and of the cells within each; both of what enough subjects hold."""

    buckets: NDArray[np.float64]
    """Shape (BUCKETS + 1,); the last is the share of nulls. All zero when nothing may be told."""
    cells: NDArray[np.float64]
    """Shape (BUCKETS, CELLS); a row adds up to 1."""

    @classmethod
    def learn(cls, lengths: NDArray[np.int64], subjects: NDArray[np.uint64], least: int) -> Lengths:
        """Count lengths (-1 for null) held by at least ``least`` subjects."""
        bucket = np.where(lengths < 0, BUCKETS, np.minimum(buckets_of(np.maximum(lengths, 0)), BUCKETS - 1))
        low, high = bounds(bucket)
        shares, counts = _held(bucket, subjects, BUCKETS + 1, least), np.bincount(bucket, minlength=BUCKETS + 1)
        cells = np.zeros((BUCKETS, CELLS))
        for number in reversed(_COARSER):
            cell = np.clip((lengths - low) * number // (high - low + 1), 0, number - 1)
            held = _held(bucket * number + cell, subjects, (BUCKETS + 1) * number, least).reshape(-1, number)[:BUCKETS]
            enough = held.sum(axis=1) >= _NEARLY_ALL * counts[:BUCKETS]
            finer = enough if number > _COARSER[-1] else np.full(BUCKETS, fill_value=True)
            cells[finer] = np.repeat(held, CELLS // number, axis=1)[finer]
        empty = cells.sum(axis=1) == 0
        cells[empty] = 1.0
        return cls(shares / max(shares.sum(), 1.0), cells / cells.sum(axis=1, keepdims=True))

    def draw_buckets(self, count: int, random: np.random.Generator) -> NDArray[np.int64]:
        """Draw a bucket per row, -1 for null; bucket 5 where nothing was learned."""
        if not self.buckets.any():
            return np.full(count, 5, dtype=np.int64)
        drawn = random.choice(BUCKETS + 1, count, p=self.buckets / self.buckets.sum())
        return np.where(drawn == BUCKETS, -1, drawn)

    def accepts(
        self, buckets: NDArray[np.int64], lengths: NDArray[np.int64], random: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Keep lengths in proportion to the share of their cell; all of them where the cells are alike."""
        low, high = bounds(buckets)
        cell = np.clip((lengths - low) * CELLS // (high - low + 1), 0, CELLS - 1)
        shares = self.cells[np.minimum(buckets, BUCKETS - 1), cell]
        return np.asarray(random.random(len(lengths)) < shares * CELLS)

    def draw(self, buckets: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
        """Draw a length within each bucket, from 1 on."""
        low, high = bounds(buckets)
        edges = np.cumsum(self.cells[np.minimum(buckets, BUCKETS - 1)], axis=1)
        cell = np.minimum((random.random(len(buckets))[:, None] >= edges).sum(axis=1), CELLS - 1)
        width = (high - low + 1) / CELLS
        drawn: NDArray[np.int64] = low + np.floor((cell + random.random(len(buckets))) * width).astype(np.int64)
        return np.clip(drawn, low, high)


def _held(values: NDArray[np.int64], subjects: NDArray[np.uint64], size: int, least: int) -> NDArray[np.float64]:
    """Count the values that at least ``least`` subjects hold."""
    pairs = np.unique(np.stack([values.astype(np.uint64), subjects]), axis=1)[0].astype(np.int64)
    holders = np.bincount(pairs, minlength=size)
    return np.where(holders >= least, np.bincount(values, minlength=size), 0).astype(np.float64)
