"""How a budget is divided before anything is released, and how much noise the last part needs.

Parts are divided in zero-concentrated terms (rho = 1 / (2 s**2) for a Gaussian of noise multiplier s, Bun and Steinke
2016), where composing is adding. The whole is the rho of the one Gaussian mechanism that has exactly the wanted
epsilon and delta (Balle and Wang 2018, theorem 8). The last part, the training, is calibrated on the composed event of
all that was charged before, so nothing that subsampling saves is lost.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import dp_accounting
from attrs import evolve, field, frozen

from semblant.errors import PrivacyError
from semblant_models.privacy.account import spent_by
from semblant_models.privacy.events import simplified

if TYPE_CHECKING:
    from collections.abc import Mapping

PREPROCESSING: Final = "preprocessing"
ONE_WAY: Final = "one-way"
TRAINING: Final = "training"
COUNT: Final = "count"
_SHARES: Final = {COUNT: 0.01, PREPROCESSING: 0.07, ONE_WAY: 0.12, TRAINING: 0.80}
_MOST_NOISE: Final = 1e5
_LEAST_NOISE: Final = 1e-2
_TOLERANCE: Final = 5e-4
_MOST_STEPS: Final = 1_000_000


@frozen(kw_only=True)
class PrivacyPlan:
    """What may be spent and on what; ``shares`` are shares of rho and add up to one at most.

    >>> plan = PrivacyPlan(epsilon=1.0, delta=4e-6)
    >>> round(plan.share("preprocessing") / plan.rho, 3)
    0.07
    >>> round(plan.noise_multiplier_of("preprocessing", releases=14), 1)
    55.6
    """

    epsilon: float
    delta: float
    noise_multiplier: float | None = None
    """Of the training steps, in units of the clipping norm; None: calibrated."""
    steps: int | None = None
    """Training steps; None: from the recipe, or as many as the budget holds at ``noise_multiplier``."""
    shares: Mapping[str, float] = field(factory=lambda: dict(_SHARES))

    @property
    def rho(self) -> float:
        """The rho of a single Gaussian release that spends the whole budget."""
        return gaussian_mu(self.epsilon, self.delta) ** 2 / 2

    @property
    def renyi_rho(self) -> float:
        """The rho that Renyi accounting grants, a little less: for jobs with exponential mechanisms (``ZCDpEvent``)."""
        low, high = 0.0, self.rho
        for _ in range(40):
            middle = (low + high) / 2
            cost = spent_by(dp_accounting.ZCDpEvent(middle), self.delta).epsilon
            low, high = (low, middle) if cost > self.epsilon else (middle, high)
        return low

    def share(self, part: str) -> float:
        """Give the rho that a part may spend."""
        return self.shares[part] * self.rho

    def noise_multiplier_of(self, part: str, releases: int = 1, weight: float = 1.0) -> float:
        """Give the noise (standard deviation over L2 sensitivity) of each of ``releases`` equal Gaussian releases.

        :param weight: share of the part's rho that these releases may spend.
        """
        return math.sqrt(releases / (2.0 * self.share(part) * weight))

    def with_shares(self, **shares: float) -> PrivacyPlan:
        """Give the plan with other shares; those not named stay."""
        made = {**self.shares, **{name.replace("_", "-"): value for name, value in shares.items()}}
        if sum(made.values()) > 1 + 1e-9:
            msg = f"the shares of the budget add up to {sum(made.values()):g}, more than the whole"
            raise PrivacyError(msg, fix="lower one of them")
        return evolve(self, shares=made)

    def calibrated_noise(
        self, before: dp_accounting.DpEvent, rate: float, steps: int, *, delta_spent: float = 0.0
    ) -> float:
        """Give the least noise multiplier of ``steps`` Poisson-sampled Gaussian steps that keeps to the budget.

        :param before: all that was charged already (``account.event``).
        :param rate: probability of each subject to be in a batch.
        :param delta_spent: what of delta was charged beside the events (``account.delta_spent``).
        :raises PrivacyError: what was charged already leaves nothing.
        """
        target = self.epsilon * (1 - _TOLERANCE)
        low, high = _LEAST_NOISE, _MOST_NOISE
        if self._cost(before, rate, high, steps, delta_spent) > self.epsilon:
            msg = f"what was released already leaves nothing of epsilon {self.epsilon:g} for {steps} training steps"
            raise PrivacyError(msg, fix="raise 'privacy.epsilon', or lower 'privacy.steps'")
        noise = min(max(rate * math.sqrt(steps) / gaussian_mu(self.epsilon, self.delta), 0.5), high)
        while high - low > _TOLERANCE * high:
            found = self._cost(before, rate, noise, steps, delta_spent)
            if found > self.epsilon:
                low = noise
            else:
                high = noise
                if found >= target - self.epsilon * _TOLERANCE:
                    break
            # epsilon goes nearly as one over the noise: aim a little below, and halve where that leads nowhere
            aimed = noise * found / target if math.isfinite(found) else 2 * noise
            noise = aimed if low < aimed < high else math.sqrt(low * high)
        return high

    def steps_within(
        self, before: dp_accounting.DpEvent, rate: float, noise_multiplier: float, *, delta_spent: float = 0.0
    ) -> int:
        """Give the most training steps at a given noise that keep to the budget.

        :raises PrivacyError: not even one.
        """

        def over(steps: int) -> bool:
            return self._cost(before, rate, noise_multiplier, steps, delta_spent) > self.epsilon

        if over(1):
            msg = f"at noise multiplier {noise_multiplier:g} a single training step spends more than is left of epsilon"
            raise PrivacyError(msg, fix="raise 'privacy.noise_multiplier' or 'privacy.epsilon'")
        low, high = 1, 2
        while high < _MOST_STEPS and not over(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if over(middle) else (middle, high)
        return low

    def _cost(self, before: dp_accounting.DpEvent, rate: float, noise: float, steps: int, delta_spent: float) -> float:
        event = simplified([before, training_event(rate, noise, steps)])
        return spent_by(event, self.delta - delta_spent, quick=True).epsilon

    def as_dict(self) -> dict[str, Any]:
        """Give the plan as JSON."""
        return {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "noise_multiplier": self.noise_multiplier,
            "steps": self.steps,
            "shares": dict(self.shares),
        }


def training_event(rate: float, noise_multiplier: float, steps: int) -> dp_accounting.DpEvent:
    """Give the event of ``steps`` clipped sums over Poisson batches with Gaussian noise (Abadi et al. 2016)."""
    gaussian = dp_accounting.GaussianDpEvent(noise_multiplier)
    one = gaussian if rate >= 1 else dp_accounting.PoissonSampledDpEvent(rate, gaussian)
    return dp_accounting.SelfComposedDpEvent(one, steps)


def gaussian_mu(epsilon: float, delta: float) -> float:
    """Give the largest mu = 1 / s for which a Gaussian mechanism of noise multiplier s is (epsilon, delta)-private.

    Balle and Wang 2018, theorem 8: delta = Phi(mu/2 - epsilon/mu) - e**epsilon Phi(-mu/2 - epsilon/mu).

    >>> round(1 / gaussian_mu(1.0, 1e-5), 3)
    3.731
    """
    normal = NormalDist()

    def found(mu: float) -> float:
        second = normal.cdf(-mu / 2 - epsilon / mu)
        return normal.cdf(mu / 2 - epsilon / mu) - (math.exp(epsilon + math.log(second)) if second > 0 else 0.0)

    low, high = 1e-8, 1.0
    while found(high) < delta:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle) < delta else (low, middle)
    return low
