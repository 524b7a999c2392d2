"""What the marginal backend may spend: what is left of the account, in rho."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import dp_accounting
import numpy as np
from attrs import frozen

from semblant.errors import PrivacyError
from semblant_models.privacy.account import BudgetAccount, spent_by
from semblant_models.privacy.events import simplified
from semblant_models.privacy.plan import gaussian_mu

if TYPE_CHECKING:
    from semblant.privacy import PrivacyAccount

_FREE_RHO = 50.0
"""Without a promise: so little noise that counts are nearly exact."""
_USUAL_EPSILON, _USUAL_DELTA = 1.0, 1e-6
"""For an account that keeps a budget and does not say which."""
_DELTA_SHARE = 0.1
"""Of the account's delta, for partition selection."""
_SHARE, _SHARE_AT, _FALL = 0.4, 0.032, 0.19
"""Share of preprocessing up to the rho of epsilon 1, and the power by which it falls beyond (decision 0024)."""
_SLACK = 0.998
"""Part of epsilon that is aimed at: accountants round upwards."""


@frozen(kw_only=True)
class Allowance:
    """rho for everything and for preprocessing, and delta for partition selection."""

    rho: float
    preprocessing: float
    delta: float

    def per_row(self, reach: float) -> Allowance:
        """Give what it is worth where one subject has ``reach`` rows: noise grows with it, so rho with its square."""
        return Allowance(rho=self.rho / reach**2, preprocessing=self.preprocessing / reach**2, delta=self.delta)


def allowance(account: PrivacyAccount, share: float | None, part: float = 1.0) -> Allowance:
    """Read what an account has left.

    :param share: of rho for preprocessing; None: more where there is less to be had.
    :param part: of what is left; the rest is for other tables and texts.
    :raises PrivacyError: nothing is left.
    """
    if not account.private:
        return _divided(_FREE_RHO, 1e-6, share)
    if not isinstance(account, BudgetAccount):
        mu = gaussian_mu(_USUAL_EPSILON, (1 - _DELTA_SHARE) * _USUAL_DELTA)
        return _divided(mu**2 / 2, _DELTA_SHARE * _USUAL_DELTA, share)
    epsilon = account.epsilon
    if not math.isfinite(epsilon):  # noise and steps were given: the plan says what they would come to
        epsilon = _USUAL_EPSILON if account.plan is None else account.plan.epsilon
    spent = sum(release.delta for release in account.releases)
    delta = (account.delta - spent) * (1 - _DELTA_SHARE)
    event = account.event
    rho = gaussian_mu(epsilon * _SLACK, delta) ** 2 / 2 if delta > 0 else 0.0
    if isinstance(event, dp_accounting.GaussianDpEvent):
        rho -= event.noise_multiplier**-2 / 2
    elif account.releases:
        rho = _bisected(event, epsilon * _SLACK, delta, rho)
    if rho <= 0:
        msg = f"nothing is left of epsilon {epsilon:g} for the backend 'dp-marginal'"
        raise PrivacyError(msg, fix="raise 'privacy.epsilon'")
    return _divided(part * rho, part * (account.delta - spent) * _DELTA_SHARE, share)


def _divided(rho: float, delta: float, share: float | None) -> Allowance:
    if share is None:
        share = preprocessing_share(rho)
    return Allowance(rho=rho, preprocessing=share * rho, delta=delta)


def preprocessing_share(rho: float) -> float:
    """Give the share of preprocessing: beyond a small budget, more goes into pairs.

    >>> [round(preprocessing_share(rho), 2) for rho in (0.0004, 0.03, 0.4)]
    [0.4, 0.4, 0.25]
    """
    return float(np.clip(_SHARE * (rho / _SHARE_AT) ** -_FALL, 0.15, _SHARE))


def _bisected(event: dp_accounting.DpEvent, epsilon: float, delta: float, most: float) -> float:
    low, high = 0.0, most
    for _ in range(12):
        middle = (low + high) / 2
        both = simplified([event, dp_accounting.GaussianDpEvent((2 * middle) ** -0.5)])
        low, high = (middle, high) if spent_by(both, delta, quick=True).epsilon <= epsilon else (low, middle)
    return low
