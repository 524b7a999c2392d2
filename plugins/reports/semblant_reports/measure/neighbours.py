"""Exact nearest neighbours by matrix products: fast enough for 25,000 rows against 25,000."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from semblant_reports.measure.threads import cores, one_thread, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BLOCK = 512
SMALL = 30_000_000
"""Up to this many distances are ranked in double precision."""


def nearest(
    reference: NDArray[np.float32],
    queries: NDArray[np.float32],
    neighbours: int = 2,
    progress: Callable[[], None] = lambda: None,
) -> NDArray[np.float64]:
    """Give the Euclidean distances to the nearest reference points, ascending, float64, shape (n, neighbours).

    Columns beyond the size of the reference are infinite.

    >>> nearest(np.array([[0.0], [3.0]], dtype=np.float32), np.array([[1.0]], dtype=np.float32)).tolist()
    [[1.0, 2.0]]
    """
    return nearest_places(reference, queries, neighbours, progress)[0]


def nearest_places(
    reference: NDArray[np.float32],
    queries: NDArray[np.float32],
    neighbours: int = 2,
    progress: Callable[[], None] = lambda: None,
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Give the distances as :func:`nearest` does, and which reference point is the nearest, shape (n,).

    Candidates are ranked by a matrix product (one more than asked for), their distances are then
    computed anew in double precision.
    """
    places = np.zeros(len(queries), dtype=np.intp)
    result = np.full((len(queries), neighbours), np.inf)
    if not len(reference) or not len(queries):
        return result, places
    candidates = min(neighbours + 1, len(reference))
    precision = np.float64 if len(reference) * len(queries) <= SMALL else np.float32
    centre = reference.mean(axis=0, dtype=np.float64)
    shifted = (reference - centre).astype(precision)
    squares = np.einsum("ij,ij->i", shifted, shifted) / 2
    turned = np.ascontiguousarray(shifted.T)
    exact = reference.astype(np.float64)
    starts = range(0, len(queries), BLOCK)

    def search(mine: range) -> None:
        """Fill in the blocks of one thread, with a buffer of its own."""
        buffer = np.empty((min(BLOCK, len(queries)), len(reference)), dtype=precision)
        for start in mine:
            progress()
            block = queries[start : start + BLOCK]
            scores = np.matmul((block - centre).astype(precision), turned, out=buffer[: len(block)])
            np.subtract(squares, scores, out=scores)
            rows = np.arange(len(block))
            found = np.empty((len(block), candidates), dtype=np.intp)
            for place in range(candidates):
                found[:, place] = scores.argmin(axis=1)
                scores[rows, found[:, place]] = np.inf
            gaps = exact[found] - block.astype(np.float64)[:, None, :]
            distances = np.sqrt(np.einsum("ijk,ijk->ij", gaps, gaps))
            places[start : start + len(block)] = found[rows, distances.argmin(axis=1)]
            kept = min(neighbours, candidates)
            result[start : start + len(block), :kept] = np.sort(distances, axis=1)[:, :kept]

    parts = min(cores(), len(starts))
    with one_thread("blas"):
        side_by_side([partial(search, starts[part::parts]) for part in range(parts)])
    return result, places
