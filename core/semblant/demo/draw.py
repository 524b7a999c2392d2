"""Random draws that come out the same with every version of NumPy.

Only the raw stream of PCG64 as doubles is used; distributions are computed here, because NumPy may
change its own methods between versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class Draw:
    """A stream of random numbers.

    >>> Draw(1).uniform(3).round(3).tolist()
    [0.512, 0.95, 0.144]
    """

    def __init__(self, seed: int) -> None:
        """Start the stream; equal seeds give equal draws."""
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Give ``count`` doubles in [0, 1)."""
        return self._generator.random(count)

    def normal(self, count: int) -> NDArray[np.float64]:
        """Give ``count`` standard normal doubles (Box and Muller, 1958)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(count)))
        return radius * np.cos(2.0 * np.pi * self.uniform(count))

    def chance(self, probability: ArrayLike, count: int) -> NDArray[np.bool_]:
        """Give ``count`` booleans that are true with ``probability`` (one number or one per draw)."""
        return self.uniform(count) < np.asarray(probability)

    def pick(self, weights: ArrayLike, count: int) -> NDArray[np.int64]:
        """Give ``count`` indices with ``weights`` (any scale), shape (k,)."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        picked: NDArray[np.int64] = np.searchsorted(edges, self.uniform(count) * edges[-1], side="right").astype(
            np.int64
        )
        return picked

    def pick_each(self, weights: ArrayLike, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give an index per draw, with the weights in row ``rows[i]`` of ``weights``, shape (m, k)."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64), axis=1)
        edges /= edges[:, -1:]
        picked: NDArray[np.int64] = (self.uniform(len(rows))[:, None] >= edges[rows]).sum(axis=1)
        return picked

    def poisson(self, means: NDArray[np.float64], most: int = 60) -> NDArray[np.int64]:
        """Give a Poisson count per mean, at most ``most``, by inversion."""
        count = np.zeros(len(means), dtype=np.int64)
        mass = np.exp(-means)
        reached = mass.copy()
        wanted = self.uniform(len(means))
        for step in range(1, most + 1):
            above = wanted >= reached
            if not above.any():
                break
            count += above
            mass = mass * means / step
            reached = reached + mass
        return count


def zipf(count: int, exponent: float = 1.0) -> Sequence[float]:
    """Give weights that fall with the rank.

    >>> [round(weight, 2) for weight in zipf(3)]
    [1.0, 0.5, 0.33]
    """
    return [rank**-exponent for rank in range(1, count + 1)]
