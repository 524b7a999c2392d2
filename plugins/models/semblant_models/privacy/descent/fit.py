"""The step *AI training* of a private run: a start at noisy marginals, one charge, then DP-SGD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from semblant_models.privacy.account import spent_by
from semblant_models.privacy.descent.recipe import descent_of, width
from semblant_models.privacy.descent.training import PrivateTraining
from semblant_models.privacy.descent.warming import noisy_rows, warmed, warms
from semblant_models.privacy.opening import budget_of
from semblant_models.tabular.model import TabularModel
from semblant_models.tabular.network import initial_parameters, log_share_tables
from semblant_models.tabular.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import TrainingTable
    from semblant_models.privacy.descent.prepared import PreparedPrivate
    from semblant_models.settings import ColumnArSettings


_CALIBRATION_ROWS = 65_536
_WARMING = 0.4
"""Part of the time that the start takes."""


def fit_private(
    training: TrainingTable, prepared: PreparedPrivate, run: Run, spec: ModelSpec, settings: ColumnArSettings
) -> TabularModel:
    """Train privately; the price is charged before the first step.

    :raises BudgetError: the budget does not hold it.
    """
    account, plan = budget_of(run.privacy)
    assert account.spec is not None
    assert account.subjects is not None
    layout = prepared.encoding.layout
    embedding, hidden = width(plan, settings)
    shape = Shape.of(layout, embedding=embedding, hidden=hidden, flexible=False)
    tables = log_share_tables(shape, layout, prepared.shares())
    used: dict[str, Any] = {"embedding": embedding, "hidden": hidden}
    arrays: dict[str, np.ndarray] = {}
    if layout.tokens:
        # where weights start needs no secrecy, but must not come from a seed that a user knows
        first = initial_parameters(shape, layout.ordered, np.random.default_rng(account.noise.seed()))
        tokens, warm = prepared.tokens(), warms(account.spec, layout.tokens)
        if warm:
            drawn = noisy_rows(tokens, prepared.codes(), account, plan, _part(run, 0.0, 0.2))
            first = warmed(first, tables, shape, drawn, account, _part(run, 0.2, _WARMING))
        descent = descent_of(account.subjects, account, plan, account.spec, spec, warm=warm)
        account.charge(descent.event, f"training of table '{training.name}', {descent.steps} steps")
        epsilon = account.spent.epsilon
        run.notice(
            f"private training: {descent.steps} steps of about {descent.batch_size:,} rows, noise multiplier "
            f"{descent.noise_multiplier:.3g}, clipping norm {descent.clip:g}; with all that was released before, "
            f"epsilon {epsilon:.3g} at delta {account.delta:.2g}"
        )
        loop = PrivateTraining(descent=descent, shape=shape, tables=tables, noise=account.noise)
        told = _part(run, _WARMING if warm else 0.0, 1.0)
        arrays = loop.run(first, tokens, lambda done, total: told(done / total))
        used |= {
            "starts_at_noisy_pairs": warm,
            "parameters": int(sum(a.size for a in arrays.values())),
            "steps": descent.steps,
            "batch_size": descent.batch_size,
            "sampling_rate": descent.rate,
            "noise_multiplier": descent.noise_multiplier,
            "max_gradient_norm": descent.clip,
            "max_physical_batch_size": descent.physical,
            "learning_rate": descent.learning_rate,
            "epsilon": epsilon,
            "epsilon_of_training_alone": spent_by(descent.event, account.delta).epsilon,
            "delta": account.delta,
        }
    model = TabularModel(
        encoding=prepared.encoding,
        shape=shape,
        arrays=arrays,
        tables=tables,
        history=[],
        settings_used=used,
        particles=settings.particles,
    )
    if layout.tokens:
        # the noisy counts are out already: bringing the marginals of drawn rows to them costs nothing
        run.check()
        model.calibrate(prepared.shares(), rows=_CALIBRATION_ROWS, seed=account.noise.seed())
    return model


def _part(run: Run, begins: float, ends: float) -> Callable[[float], None]:
    """Give what tells of a part of the training, from one share of its time to another."""
    return lambda done: run.progress(begins + (ends - begins) * done, 1.0, "steps")
