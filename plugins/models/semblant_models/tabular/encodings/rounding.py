"""How often values are multiples of round units, and drawing them so."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define

_LEAST_ROWS = 100


def decimal_steps(span: int) -> tuple[int, ...]:
    """Give 1, 5, 10, 50, … up to a tenth of ``span``; each divides the next.

    >>> decimal_steps(1200)
    (1, 5, 10, 50, 100)
    """
    steps, unit = [1], 1
    while len(steps) < 13:
        unit *= 5 if len(steps) % 2 else 2
        if unit > span // 10:
            break
        steps.append(unit)
    return tuple(steps)


@define(eq=False)
class Rounding:
    """Shares of round numbers among the values of a column that have no item of their own.

    ``weights[k]`` is the probability of drawing a multiple of ``steps[k]``, chosen so that the share
    of values divisible by each step comes out as in the data.
    """

    steps: tuple[int, ...]
    weights: np.ndarray

    @classmethod
    def none(cls) -> Rounding:
        """Give the rounding that changes nothing."""
        return cls((1,), np.ones(1))

    @classmethod
    def fit(cls, values: np.ndarray, counts: np.ndarray, steps: tuple[int, ...] = ()) -> Rounding:
        """Learn from int64 ``values`` and their ``counts``, shape (n,)."""
        span = int(values.max()) - int(values.min()) if len(values) else 0
        steps = tuple(s for s in steps if s <= max(span, 1)) or decimal_steps(span)
        rows = int(counts.sum())
        if rows < _LEAST_ROWS or len(steps) == 1:
            return cls.none()
        share = np.array([counts[values % s == 0].sum() / rows for s in steps])
        # P(divisible by s_k) = sum of the weights of coarser steps + those of finer ones by chance
        chance = np.array(
            [[1.0 if j >= k else steps[j] / steps[k] for j in range(len(steps))] for k in range(len(steps))]
        )
        weights = np.clip(np.linalg.solve(chance, share), 0.0, None)
        weights[weights < 10.0 / rows] = 0.0
        total = weights.sum()
        return cls(steps, weights / total) if total > 0 else cls.none()

    def draw(self, rows: int, rng: np.random.Generator) -> np.ndarray:
        """Draw for each row to which of ``steps`` it is rounded, int64, shape (rows,); 0 is not at all."""
        if len(self.steps) == 1:
            return np.zeros(rows, np.int64)
        return np.searchsorted(np.cumsum(self.weights)[:-1], rng.random(rows), side="right")

    def apply(self, values: np.ndarray, wanted: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Round int64 values to the steps drawn for them, within ``low`` and ``high``; finer steps where that fails."""
        out, left, place = values.copy(), np.arange(len(values)), wanted
        while len(left):
            step = np.array(self.steps)[place]
            rounded = (values[left] + step // 2) // step * step
            fits = (rounded >= low[left]) & (rounded <= high[left])
            out[left[fits]] = rounded[fits]
            finer = ~fits & (place > 1)
            left, place = left[finer], place[finer] - 1
        return out

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"steps": list(self.steps), "weights": self.weights.tolist()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Rounding:
        """Take back what :meth:`to_dict` gave."""
        return cls(tuple(int(s) for s in state["steps"]), np.array(state["weights"], np.float64))
