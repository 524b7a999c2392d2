"""Where private training starts: at an ordinary training on rows of a model of noisy marginals.

A fifth of the budget measures pairs of columns (``marginal.mechanism``); rows drawn of what fits them are nobody's, so
the network learns from them as often as it likes. Gradients of real rows then have to add what lies beyond pairs alone.
Figures: decision 0029.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import jax
import jax.numpy as jnp
import numpy as np

from semblant.spec.training import ModelSpec
from semblant_models.marginal.mechanism import Rounds, learned
from semblant_models.marginal.network import Network
from semblant_models.privacy.choice import MOST_COLUMNS
from semblant_models.privacy.preprocessing.releases import Releases
from semblant_models.schedule import Progress, rate_of
from semblant_models.settings import ColumnArSettings
from semblant_models.tabular.recipe import Recipe
from semblant_models.tabular.stepping import initial_state, make_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from semblant.spec.training import PrivacySpec
    from semblant_models.privacy.account import BudgetAccount
    from semblant_models.privacy.descent.training import Weights
    from semblant_models.privacy.plan import PrivacyPlan
    from semblant_models.privacy.preprocessing.codes import ColumnCodes
    from semblant_models.tabular.shape import Shape

SHARE: Final = 0.2
"""Of rho."""
_ROWS: Final = 40_000
_EPOCHS: Final = 3
_RATE: Final = 0.004


def warms(privacy: PrivacySpec, columns: int) -> bool:
    """Say whether pairs are measured first: by what is public alone.

    Where noise and steps are given, epsilon is what they cost, and nothing is spent that nobody asked for.

    >>> from semblant.spec.training import PrivacySpec
    >>> warms(PrivacySpec(epsilon=4.0), 15), warms(PrivacySpec(epsilon=4.0), 40)
    (True, False)
    >>> warms(PrivacySpec(noise_multiplier=2.0, steps=10), 15)
    False
    """
    return privacy.epsilon is not None and 2 <= columns <= MOST_COLUMNS


def noisy_rows(
    tokens: np.ndarray,
    columns: Sequence[ColumnCodes],
    account: BudgetAccount,
    plan: PrivacyPlan,
    told: Callable[[float], None],
) -> np.ndarray:
    """Measure marginals, charge for them, and draw rows of what fits them.

    :param tokens: of the real rows, int16, shape (rows, columns).
    :param columns: the codes of each token.
    :param told: hears what part is done; may raise.
    :returns: int16, shape (40,000, columns).
    :raises BudgetError: the budget does not hold it.
    """
    assert account.subjects is not None
    releases, rounds = Releases(account, account.noise, named="start: "), Rounds()
    fit, _ = learned(
        tokens.astype(np.int32),
        columns,
        float(account.subjects),
        releases,
        SHARE * plan.rho,
        rounds,
        told=lambda done: told(min(done / rounds.steps, 1.0)),
    )
    drawn = Network.of(fit.tree()).draw(_ROWS, np.random.default_rng(account.noise.seed()))
    return drawn.astype(np.int16)


def warmed(
    first: Weights,
    tables: Mapping[str, np.ndarray],
    shape: Shape,
    drawn: np.ndarray,
    account: BudgetAccount,
    told: Callable[[float], None],
) -> Weights:
    """Train ordinarily on drawn rows: what touches no real row costs nothing.

    :param first: the weights to start with.
    :param drawn: int16, shape (rows, tokens).
    :param account: its secret numbers give the order of rows and what is dropped.
    :param told: hears what part is done; may raise.
    :returns: weights, float32, of the shapes of ``first``.
    """
    settings = ColumnArSettings(hidden=shape.hidden, embedding=shape.embedding, peak_rate=_RATE)
    recipe = Recipe.of(ModelSpec(), settings, len(drawn))
    batch = recipe.batch_size
    many = len(drawn) // batch
    steps, state = make_steps(shape, recipe), initial_state(dict(first), recipe)
    rng, key = np.random.default_rng(account.noise.seed()), jax.random.key(account.noise.seed())
    on_device = {name: jnp.asarray(value) for name, value in tables.items()}
    data, dropout = jnp.asarray(drawn), np.zeros(shape.tokens, np.float32)
    total = _EPOCHS * many
    rates = np.array([rate_of(Progress(), recipe, step, many, total) for step in range(total)], np.float32)
    for epoch in range(_EPOCHS):
        order = rng.permutation(len(drawn))[: many * batch].reshape(many, 1, batch).astype(np.int32)
        here = rates[epoch * many : (epoch + 1) * many]
        state, _ = steps(state, on_device, dropout, data, order, here, key, np.int32(0), np.int32(many))
        told((epoch + 1) / _EPOCHS)
    return {name: np.asarray(state["params"][name]) for name in first}
