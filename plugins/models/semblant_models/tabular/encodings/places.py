"""Latitude and longitude together: no place is finer than the area that enough subjects share.

Each half is learned as a number, with its coarse codes before the fine ones of both; that is as near to the data
as one code for both would be (see decision 0005). But a pair of two usual numbers can still be one person's house.
So the training places are cut into areas by a k-d tree (Bentley, 1975) whose leaves hold at least ``least``
subjects each, and a drawn place moves to another point of its area, unless that many share the very place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define

from semblant_models.tabular.encodings.scale import outer_bound
from semblant_models.tabular.encodings.subjects import holders

_DEEPEST = 12
_STEPS = 1000


@define(eq=False)
class Places:
    """Areas of places, shape (n, 2) throughout.

    >>> rng = np.random.default_rng(0)
    >>> places = Places.fit(rng.normal(size=(500, 2)), None, 10)
    >>> len(places.splits), places.moved(np.zeros((1, 2)), rng).shape
    (31, (1, 2))
    """

    splits: np.ndarray
    """Where each inner node cuts, in level order, shape (2**depth - 1,); infinite where it does not."""
    low: np.ndarray
    """Bounds of each leaf, shape (2**depth, 2)."""
    high: np.ndarray
    curves: np.ndarray
    """Quantiles of either half, at even steps, shape (2, steps): how places lie within an area."""
    shared: np.ndarray
    """Places that enough subjects share, sorted, shape (k, 2)."""

    @classmethod
    def fit(cls, points: np.ndarray, subjects: np.ndarray | None, least: int) -> Places:
        """Learn the areas; ``points`` is float64 and finite, shape (n, 2), n > 0, ``subjects`` uint64, shape (n,)."""
        unique, members = np.unique(points, axis=0, return_inverse=True)
        common = holders(members.ravel(), subjects, len(unique)) >= least
        rest = ~common[members.ravel()]
        if rest.any():
            points, subjects = points[rest], None if subjects is None else subjects[rest]
        if subjects is not None:
            points = points[np.unique(subjects, return_index=True)[1]]
        depth = int(np.clip(np.log2(len(points) / least), 0, _DEEPEST))
        splits = np.full(2**depth - 1, np.inf)
        nodes = {0: (np.arange(len(points)), *_bounds(points, least))}
        for node in range(len(splits)):
            inside, low, high = nodes.pop(node)
            axis = _axis(node)
            along = points[inside, axis]
            splits[node] = at = _cut(along, least)
            below, above = high.copy(), low.copy()
            below[axis] = above[axis] = np.clip(at, low[axis], high[axis])
            left = along < at
            nodes[2 * node + 1] = inside[left], low, below
            nodes[2 * node + 2] = inside[~left], above, high
        leaves = [nodes[node] for node in sorted(nodes)]
        return cls(
            splits=splits,
            low=np.array([low for _, low, _ in leaves]),
            high=np.array([high for _, _, high in leaves]),
            curves=np.stack([_curve(np.sort(part), least) for part in points.T]),
            shared=unique[common],
        )

    def moved(self, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Give another point of the same area for each place that is not shared."""
        node = np.zeros(len(points), np.int64)
        for level in range(len(self.splits).bit_length()):
            node = 2 * node + 2 - (points[:, _axis(2**level - 1)] < self.splits[node])
        leaf = node - len(self.splits)
        steps, out = np.linspace(0, 1, self.curves.shape[1]), np.empty_like(points)
        for axis, curve in enumerate(self.curves):
            low, high = (np.interp(bound[:, axis], curve, steps)[leaf] for bound in (self.low, self.high))
            out[:, axis] = np.interp(low + rng.random(len(points)) * (high - low), steps, curve)
        known = self._is_shared(points)
        out[known] = points[known]
        return np.asarray(out)

    def _is_shared(self, points: np.ndarray) -> np.ndarray:
        if not len(self.shared):
            return np.zeros(len(points), bool)
        both = np.unique(np.concatenate([self.shared, points]), axis=0, return_inverse=True)[1].ravel()
        return np.isin(both[len(self.shared) :], both[: len(self.shared)])

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON; a node that does not cut is null."""
        return {
            "splits": [None if np.isinf(s) else float(s) for s in self.splits],
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "curves": self.curves.tolist(),
            "shared": self.shared.tolist(),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Places:
        """Take back what :meth:`to_dict` gave."""
        return cls(
            np.array([np.inf if s is None else s for s in state["splits"]], np.float64),
            np.array(state["low"], np.float64).reshape(-1, 2),
            np.array(state["high"], np.float64).reshape(-1, 2),
            np.array(state["curves"], np.float64),
            np.array(state["shared"], np.float64).reshape(-1, 2),
        )


def _axis(node: int) -> int:
    """Give the axis that a node cuts: 0 at the root, then in turn."""
    return ((node + 1).bit_length() + 1) % 2


def _cut(values: np.ndarray, least: int) -> float:
    """Give the mean of the ``least`` values in the middle, if as many lie on either side of it; infinite otherwise."""
    if len(values) < 2 * least:
        return np.inf
    start = (len(values) - least) // 2
    at = float(np.partition(values, (start, start + least - 1))[start : start + least].mean())
    below = int((values < at).sum())
    return at if least <= below <= len(values) - least else np.inf


def _bounds(points: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Give outer bounds that no single point moves far, shape (2,) each."""
    low = np.array([outer_bound(np.sort(part), None, least) for part in points.T])
    high = np.array([-outer_bound(np.sort(-part), None, least) for part in points.T])
    return low, np.maximum(low, high)


def _curve(values: np.ndarray, least: int) -> np.ndarray:
    """Give quantiles of sorted values, each a mean over ``least`` of them; the ends are outer bounds."""
    steps = min(max(len(values) // least, 1), _STEPS)
    total = np.concatenate([[0.0], np.cumsum(values - values[0])])
    middle = np.linspace(0, len(values), steps + 1)[1:-1].astype(np.int64)
    first = np.clip(middle - least // 2, 0, max(len(values) - least, 0))
    last = np.minimum(first + least, len(values))
    inner = values[0] + (total[last] - total[first]) / np.maximum(last - first, 1)
    low, high = (float(outer_bound(np.sort(sign * values), None, least)) * sign for sign in (1, -1))
    curve = np.concatenate([[low], inner, [max(low, high)]])
    grid: np.ndarray = np.interp(
        np.linspace(0, 1, _STEPS + 1), np.linspace(0, 1, len(curve)), np.maximum.accumulate(curve)
    )
    return np.asarray(np.clip(grid, low, max(low, high)))
