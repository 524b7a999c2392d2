"""A white-box audit of private training: what it does is watched, and its price compared with what it claims.

Everything that the mechanism does is written down: which rows a step chose, the clipped sum, the noise. From this comes
a lower bound of epsilon (alpha 1e-6 per estimate): the rate at which rows were really chosen, how far one row really
moved the sum, how large the noise really was, and what was released beside. It must not exceed the reported epsilon.
What a number cannot show is told apart: batches that are not Poisson, noise that comes twice.

``python -m tests.plugins.models.privacy.auditing`` prints the table of ``tox -e audit``.
"""

from __future__ import annotations

import math
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import dp_accounting
import numpy as np
from attrs import define, evolve, field, frozen
from scipy import stats

from semblant_models.privacy.account import BudgetAccount, spent_by
from semblant_models.privacy.descent.training import Descent, PrivateTraining
from semblant_models.privacy.events import simplified
from semblant_models.privacy.noise import KEY_BYTES, NoiseStream
from semblant_models.privacy.plan import PrivacyPlan, training_event
from semblant_models.privacy.preprocessing.releases import Releases
from tests.plugins.models.privacy.networks import network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from semblant_models.privacy.descent.training import Weights

ALPHA = 1e-6
ROWS, BATCH, STEPS, DELTA = 400, 60, 40, 1e-5
CANARY = 0
_TRIED = 12
_MUCH = 3
"""Preprocessing has so many times less noise than by default: its part must stand out of what chance hides."""
_NOTHING = 0.05
"""Noise that small, over the sensitivity, is none: its epsilon is beyond 100."""


@define(eq=False)
class Watched(PrivateTraining):
    """Training that writes down what it does."""

    sizes: list[int] = field(init=False, factory=list)
    chosen: int = field(init=False, default=0)
    noises: list[NDArray[np.float64]] = field(init=False, factory=list)
    _sum: Weights = field(init=False, factory=dict)

    def clipped(self, weights: Weights, tokens: np.ndarray, chosen: NDArray[np.int64]) -> Weights:
        self.sizes.append(len(chosen))
        self.chosen += int(CANARY in chosen)
        self._sum = super().clipped(weights, tokens, chosen)
        return self._sum

    def noisy(self, total: Weights) -> Weights:
        made = super().noisy(total)
        expected = self.descent.rate * self.descent.rows
        parts = [(made[name] * expected - total[name]).ravel() for name in sorted(made)]
        self.noises.append(np.concatenate(parts))
        return made


@frozen(kw_only=True)
class Finding:
    """What an audit found."""

    reported: float
    lower: float
    """Epsilon is at least this, from what was watched."""
    faults: tuple[str, ...]

    @property
    def caught(self) -> bool:
        """Whether the claim is refuted."""
        return bool(self.faults) or self.lower > self.reported * (1 + 1e-3)


def audit(
    epsilon: float,
    training: type[Watched] = Watched,
    *,
    account: Callable[[BudgetAccount], Any] = lambda account: account,
    claimed: Callable[[Descent], Descent] = lambda descent: descent,
    composed: bool = True,
    key: bytes | None = None,
) -> Finding:
    """Prepare and train a small network at ``epsilon``, watch it, and compare.

    :param account: gives what preprocessing charges in place of the real account.
    :param claimed: gives what is accounted in place of what is done.
    :param composed: whether training is calibrated on what was charged before.
    """
    shape, params, tables, codes = network([2, 9, 5, 12], ROWS, hidden=8)
    plan, budget = PrivacyPlan(epsilon=epsilon, delta=DELTA), BudgetAccount(epsilon, DELTA)
    noise = NoiseStream(key)
    releases = Releases(account(budget), noise)
    releases.noisy("counts", [np.bincount(codes[:, 1])], [plan.noise_multiplier_of("preprocessing") / _MUCH])
    before = budget.event if composed else dp_accounting.NoOpDpEvent()
    rough = Descent(rows=ROWS, batch_size=BATCH, steps=STEPS, noise_multiplier=1.0, physical=64, learning_rate=0.02)
    told = claimed(rough)
    scale = plan.calibrated_noise(before, told.rate, STEPS)
    descent = evolve(rough, noise_multiplier=scale)
    event = evolve(told, noise_multiplier=scale).event
    reported = spent_by(simplified([before, event]), DELTA, quick=True).epsilon
    loop = training(descent=descent, shape=shape, tables={k: np.asarray(v) for k, v in tables.items()}, noise=noise)
    weights = {name: 20 * np.asarray(value) for name, value in params.items()}
    loop.run({name: np.asarray(value) for name, value in params.items()}, codes)
    return Finding(
        reported=reported,
        lower=_least(loop, _sensitivity(loop, weights, codes), releases.precision),
        faults=tuple(_faults(loop, key)),
    )


def _sensitivity(loop: Watched, weights: Weights, codes: np.ndarray) -> float:
    """Give how far one row moves the clipped sum, at weights where gradients are long."""
    everybody = np.arange(40)
    most = 0.0
    whole = PrivateTraining.clipped if type(loop).clipped is Watched.clipped else type(loop).clipped
    first = whole(loop, weights, codes, everybody)
    for row in range(_TRIED):
        rest = whole(loop, weights, codes, np.delete(everybody, row))
        most = max(most, math.sqrt(sum(float(((first[n] - rest[n]) ** 2).sum()) for n in first)))
    return most


def _least(loop: Watched, moved: float, precision: float) -> float:
    """Give the least epsilon that what was watched allows."""
    steps = loop.steps_done
    noise = np.concatenate(loop.noises[:steps])
    # the variance of n normal draws is chi-squared: this is the most that the noise can be
    highest = math.sqrt(float((noise**2).sum()) / stats.chi2.ppf(ALPHA, len(noise)))
    rate = float(stats.beta.ppf(ALPHA, sum(loop.sizes[:steps]), ROWS * steps - sum(loop.sizes[:steps]) + 1))
    if highest <= _NOTHING * moved:
        return math.inf
    event = training_event(rate, highest / moved, steps)
    beside = dp_accounting.GaussianDpEvent(precision**-0.5)
    return spent_by(simplified([beside, event]), DELTA, quick=True).epsilon


def _faults(loop: Watched, key: bytes | None) -> list[str]:
    found = []
    sizes = np.array(loop.sizes[: loop.steps_done])
    wanted = stats.binom(ROWS, BATCH / ROWS)
    spread = float(((sizes - sizes.mean()) ** 2).sum() / wanted.var())
    if not ALPHA < stats.chi2(len(sizes) - 1).cdf(spread) < 1 - ALPHA:
        found.append("batches are not Poisson")
    noises = np.stack(loop.noises)
    if len(np.unique(noises)) < noises.size:
        found.append("noise comes twice within a run")
    elsewhere = NoiseStream(key).gaussian(loop.descent.noise_multiplier * loop.descent.clip, (9,)) if key else None
    if elsewhere is not None and np.intersect1d(NoiseStream(key).words(9), NoiseStream(key).words(9)).size:
        found.append("noise can be drawn again by who knows the key")
    return found


Row = tuple[str, int, int, float, float]
"""Name, runs, runs that were caught, and the last reported epsilon and lower bound."""


def table(epsilons: tuple[float, ...] = (1.0, 3.0, 8.0), runs: int = 3) -> Iterator[Row]:
    """Audit what is right and what is wrong: name, runs, caught, and the last reported epsilon and lower bound."""
    from tests.plugins.models.privacy.planted import BUGS

    planned: list[tuple[str, Callable[[], Finding]]] = [
        *((f"as it is, epsilon {epsilon:g}", partial(audit, epsilon)) for epsilon in epsilons),
        *((name, partial(planted, 3.0)) for name, planted in BUGS.items()),
    ]
    for name, run in planned:
        found = [run() for _ in range(runs)]
        caught = sum(one.caught for one in found)
        yield name, runs, caught, found[-1].reported, found[-1].lower


def main() -> int:
    """Print the table; 1 where something right was caught, or something wrong was not."""
    print(f"{'mechanism':52} {'runs':>5} {'caught':>7} {'reported':>9} {'at least':>9}")
    right = True
    for name, runs, caught, reported, lower in table():
        print(f"{name:52} {runs:5} {caught:7} {reported:9.3f} {lower:9.3f}", flush=True)
        right = right and caught == (0 if name.startswith("as it is") else runs)
    return 0 if right else 1


__all__ = ["KEY_BYTES", "Watched", "audit", "table"]

if __name__ == "__main__":
    sys.exit(main())
