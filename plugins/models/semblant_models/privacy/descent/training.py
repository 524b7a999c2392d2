"""DP-SGD: Poisson batches, clipped sums, noise in float64, a number of steps that is fixed before the first.

The expected batch is divided by, never the drawn one, which would tell its size. An empty batch is a step of noise.
No loss is computed, so nothing stops early and nothing is told. Weights are averaged over the later steps, which costs
nothing (post-processing; polynomial decay, Shamir and Zhang 2013).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import jax.numpy as jnp
import numpy as np
from attrs import asdict, define, field, frozen

from semblant_models.privacy.descent.clipping import clipped_sum
from semblant_models.privacy.plan import training_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import dp_accounting
    from numpy.typing import NDArray

    from semblant_models.privacy.noise import NoiseStream
    from semblant_models.tabular.shape import Shape

Weights = dict[str, np.ndarray]

_FIRST_DECAY: Final = 0.9
_SECOND_DECAY: Final = 0.99
_TINY: Final = 1e-8
_LAST_RATE: Final = 0.1
_AVERAGING: Final = 8.0


@frozen(kw_only=True)
class Descent:
    """All that training does to the data, and so its price: sampling, clipping, noise and steps in one object."""

    rows: int
    """The released number of subjects, by which the sampling rate is set; never the true one."""
    batch_size: int
    """Expected rows per step."""
    steps: int
    noise_multiplier: float
    clip: float = 1.0
    physical: int = 1024
    """Rows whose gradients are computed at once: decides memory, and nothing about the result."""
    learning_rate: float = 0.03

    @property
    def rate(self) -> float:
        """Probability of each row to be in a step's batch."""
        return min(1.0, self.batch_size / self.rows)

    @property
    def event(self) -> dp_accounting.DpEvent:
        """What all steps together cost."""
        return training_event(self.rate, self.noise_multiplier, self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Give the numbers as JSON."""
        return {**asdict(self), "rate": self.rate}


@define(eq=False)
class PrivateTraining:
    """Trains weights on tokens; the caller has charged ``descent.event`` before it asks for the first step."""

    descent: Descent
    shape: Shape
    tables: Mapping[str, np.ndarray]
    noise: NoiseStream
    steps_done: int = field(init=False, default=0)

    def batch(self, rows: int) -> NDArray[np.int64]:
        """Choose the rows of one step, each by itself."""
        return self.noise.poisson_batch(rows, self.descent.rate)

    def clipped(self, weights: Weights, tokens: np.ndarray, chosen: NDArray[np.int64]) -> Weights:
        """Sum the clipped gradients of the chosen rows, float64, in physical batches of one static size."""
        size = self.descent.physical
        total = {name: np.zeros(value.shape) for name, value in weights.items()}
        params = {name: jnp.asarray(value, jnp.float32) for name, value in weights.items()}
        tables = {name: jnp.asarray(value) for name, value in self.tables.items()}
        parts = []
        for start in range(0, len(chosen), size):
            here = chosen[start : start + size]
            codes = np.zeros((size, tokens.shape[1]), np.int32)
            codes[: len(here)] = tokens[here]
            valid = np.arange(size) < len(here)
            parts.append(clipped_sum(params, tables, self.shape, codes, valid, self.descent.clip)[0])
        for part in parts:
            for name, value in part.items():
                total[name] += np.asarray(value, np.float64)
        return total

    def noisy(self, total: Weights) -> Weights:
        """Add noise to a sum of clipped gradients, and divide by the expected batch."""
        scale = self.descent.noise_multiplier * self.descent.clip
        expected = self.descent.rate * self.descent.rows
        return {name: (value + self.noise.gaussian(scale, value.shape)) / expected for name, value in total.items()}

    def run(self, weights: Weights, tokens: np.ndarray, told: Callable[[int, int], None] | None = None) -> Weights:
        """Train; gives the averaged weights, float32.

        :param weights: where to start; must not depend on the data but through what was charged.
        :param tokens: int16, shape (rows, tokens).
        :param told: called with the steps done and the steps in all.
        """
        state = Adam(weights)
        average = {name: value.astype(np.float64) for name, value in weights.items()}
        steps = self.descent.steps
        for step in range(steps):
            gradient = self.noisy(self.clipped(state.weights, tokens, self.batch(len(tokens))))
            share = step / max(steps - 1, 1)
            rate = self.descent.learning_rate * (_LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share)))
            state.step(gradient, rate * min(1.0, (step + 1) / max(steps // 20, 1)))
            part = (_AVERAGING + 1) / (step + 1 + _AVERAGING)
            for name, value in state.weights.items():
                average[name] += part * (value - average[name])
            self.steps_done = step + 1
            if told is not None:
                told(step + 1, steps)
        return {name: value.astype(np.float32) for name, value in average.items()}


class Adam:
    """Adam (Kingma and Ba 2015) in float64 on the host: a step costs little beside the gradient's."""

    def __init__(self, weights: Weights) -> None:
        """Start at ``weights``."""
        self.weights = {name: value.astype(np.float64) for name, value in weights.items()}
        self._first = {name: np.zeros(value.shape) for name, value in weights.items()}
        self._second = {name: np.zeros(value.shape) for name, value in weights.items()}
        self._steps = 0

    def step(self, gradient: Weights, rate: float) -> None:
        """Go one step down."""
        self._steps += 1
        for name, value in gradient.items():
            first, second = self._first[name], self._second[name]
            first += (1 - _FIRST_DECAY) * (value - first)
            second += (1 - _SECOND_DECAY) * (value**2 - second)
            mean = first / (1 - _FIRST_DECAY**self._steps)
            spread = second / (1 - _SECOND_DECAY**self._steps)
            self.weights[name] -= rate * mean / (np.sqrt(spread) + _TINY)
