"""From the settings and the released number of subjects to the numbers of private training.

Large batches, few steps and a high rate: noise per step falls with the batch, and starting at the noisy independent
model leaves only dependence to be learned; starting at noisy pairs (:mod:`.warming`) leaves less, and a high rate
would only undo them. Figures: decisions 0016 and 0029.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from semblant.settings import AUTO
from semblant_models.privacy.descent.training import Descent

if TYPE_CHECKING:
    from semblant.spec.training import ModelSpec, PrivacySpec
    from semblant_models.privacy.account import BudgetAccount
    from semblant_models.privacy.plan import PrivacyPlan
    from semblant_models.settings import ColumnArSettings

BATCH_SHARE: Final = 0.25
STEPS: Final = 150
LEARNING_RATE: Final = 0.03
WARM_LEARNING_RATE: Final = 0.015
PHYSICAL: Final = 1024
CLIP: Final = 1.0
_MOST_BATCH: Final = 16_384
_LEAST_BATCH: Final = 32
_WEAK: Final = 3.0


def width(plan: PrivacyPlan, settings: ColumnArSettings) -> tuple[int, int]:
    """Give the embedding's width and the hidden units per token: small, as noise grows with the parameters."""
    embedding, hidden = (8, 16) if plan.epsilon <= _WEAK else (8, 32)
    return settings.embedding or embedding, settings.hidden or hidden


def descent_of(
    subjects: int,
    account: BudgetAccount,
    plan: PrivacyPlan,
    privacy: PrivacySpec,
    model: ModelSpec,
    *,
    warm: bool = False,
) -> Descent:
    """Decide batch, steps and noise; of epsilon, noise and steps the one that is not given follows from the others.

    :param subjects: their released number.
    :param account: with all that was charged so far.
    :param warm: whether weights start at noisy pairs.
    :raises PrivacyError: nothing of the budget is left.
    """
    batch = int(min(max(round(BATCH_SHARE * subjects), _LEAST_BATCH), _MOST_BATCH, subjects))
    if not model.auto_batching and model.batch_size != AUTO:
        batch = min(int(model.batch_size), subjects)
    steps = STEPS if plan.steps is None else plan.steps
    rate = WARM_LEARNING_RATE if warm else LEARNING_RATE
    if not model.adaptive_learning_rate and model.learning_rate != AUTO:
        rate = float(model.learning_rate)
    physical = PHYSICAL if privacy.max_physical_batch_size == AUTO else int(privacy.max_physical_batch_size)
    made = Descent(
        rows=subjects,
        batch_size=batch,
        steps=steps,
        noise_multiplier=plan.noise_multiplier or 1.0,
        clip=CLIP if privacy.max_gradient_norm == AUTO else float(privacy.max_gradient_norm),
        physical=min(physical, batch) if privacy.max_physical_batch_size != AUTO else physical,
        learning_rate=rate,
    )
    if plan.noise_multiplier is None:
        noise = plan.calibrated_noise(account.event, made.rate, steps, delta_spent=account.delta_spent)
        return evolve(made, noise_multiplier=noise)
    if plan.steps is None and privacy.epsilon is not None:
        left = account.delta_spent
        return evolve(made, steps=plan.steps_within(account.event, made.rate, plan.noise_multiplier, delta_spent=left))
    return made
