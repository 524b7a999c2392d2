"""Opening an account: from the spec's section to a budget, and from the counted subjects to its division."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import dp_accounting

from semblant.errors import PrivacyError
from semblant.settings import AUTO
from semblant_models.privacy.account import BudgetAccount, part_name
from semblant_models.privacy.plan import COUNT, TRAINING, PrivacyPlan, gaussian_mu

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.privacy import Part, PrivacyAccount
    from semblant.spec.training import ModelSpec, PrivacySpec

_USUAL_DELTA: Final = 1e-6
"""Stands in for delta while the number of subjects that decides it is not yet known."""
_COUNT_NOISE: Final = 30.0
"""Noise of the number of subjects where no epsilon is given."""
_AMPLE: Final = 3.0
_AMPLE_SHARES: Final = {"preprocessing": 0.12, "one_way": 0.18, "training": 0.69}
"""Of a larger budget: what gives rows away then is the noise in single columns (decision 0016)."""
DELTA_TIMES_SUBJECTS: Final = 0.1
_TEXT_WEIGHT: Final = 6.0
"""Columns that a text counts for when the budget is divided: its runs of characters are many."""
_NOT_COVERED: Final = (
    "names and types of tables and columns, and keys that the source or the spec declares",
    "the quality report: its figures compare with the real rows; keep it to yourself",
    "how long the steps took, and how much memory they used",
)


def open_account(privacy: PrivacySpec, model: ModelSpec) -> BudgetAccount:
    """Open the account of a private job; the budget is divided once the subjects are counted.

    >>> from semblant.spec.training import ModelSpec, PrivacySpec
    >>> account = open_account(PrivacySpec(epsilon=1.0, subjects=1000), ModelSpec())
    >>> account.begin(998)
    >>> account.subjects, account.delta, account.as_dict()["public"]
    (1000, 0.0001, ['number of subjects'])
    """
    del model
    account = BudgetAccount(
        epsilon=math.inf if privacy.epsilon is None else privacy.epsilon,
        delta=_USUAL_DELTA if privacy.delta == AUTO else float(privacy.delta),
        spec=privacy,
    )
    for what in _NOT_COVERED:
        account.uncovered(what)
    account.withhold("losses, learning curves and numbers of rows read: events and history of a private run hold none")
    account.withhold("validation: all rows train, a fixed number of steps, nothing stops early")
    return account


def weights(parts: Sequence[Part]) -> dict[str, float]:
    """Give the weight of each part in the division of the budget: its columns; a text counts as several."""
    return {
        part_name(part.table, text=part.text): part.columns * (_TEXT_WEIGHT if part.text else 1.0) for part in parts
    }


def begin(account: BudgetAccount, subjects: int) -> None:
    """Release the number of subjects, set delta by it, divide the rest."""
    spec = account.spec
    if spec is not None and spec.subjects is not None:
        account.public("number of subjects")
        account.subjects = spec.subjects
    else:
        noise = _COUNT_NOISE
        if math.isfinite(account.epsilon):
            planned = PrivacyPlan(epsilon=account.epsilon, delta=account.delta)
            noise = planned.noise_multiplier_of(COUNT)
        account.charge(dp_accounting.GaussianDpEvent(noise), "number of subjects")
        account.subjects = max(1, round(subjects + float(account.noise.gaussian(noise))))
    if spec is None or spec.delta == AUTO:
        account.delta = DELTA_TIMES_SUBJECTS / account.subjects
        account.forget()
    divided(account)


def divided(account: BudgetAccount) -> None:
    """Divide the budget; without an epsilon, as if it were the one that noise and steps are going to spend."""
    spec = account.spec
    if account.subjects is None:
        return
    epsilon = account.epsilon
    noise, steps = (None, None) if spec is None else (spec.noise_multiplier, spec.steps)
    if not math.isfinite(epsilon):
        if noise is None:
            msg = "neither epsilon nor the noise multiplier is given"
            raise PrivacyError(msg, fix="write 'privacy.epsilon': 1 for strong protection")
        epsilon = _epsilon_of(noise, account.delta)
    plan = PrivacyPlan(epsilon=epsilon, delta=account.delta, noise_multiplier=noise, steps=steps)
    account.plan = plan.with_shares(**_AMPLE_SHARES) if epsilon > _AMPLE else plan


def budget_of(account: PrivacyAccount) -> tuple[BudgetAccount, PrivacyPlan]:
    """Give the account of a private run and its plan, for a backend that charges it.

    :raises PrivacyError: it is another plugin's, or its subjects were never counted.
    """
    if not isinstance(account, BudgetAccount):
        msg = f"the account of this run ('{type(account).__name__}') is not one that this backend can charge"
        raise PrivacyError(msg, fix="open it with 'semblant_models.privacy.opening:open_account'")
    if account.plan is None:
        msg = "the subjects of this run were not counted before its backend was asked"
        raise PrivacyError(msg, fix="call 'begin' of the account with their number")
    return account, account.plan


def _epsilon_of(noise: float, delta: float) -> float:
    """Give the epsilon whose training share is about one full-batch step at this noise: only shares hang on it."""
    wanted = 1.0 / noise / math.sqrt(PrivacyPlan(epsilon=1.0, delta=delta).shares[TRAINING])
    low, high = 1e-4, 1e3
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if gaussian_mu(middle, delta) < wanted else (low, middle)
    return low
