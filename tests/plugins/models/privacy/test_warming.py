"""Private training starts at noisy pairs: these are charged, what is drawn of them is nobody's, and they help."""

from __future__ import annotations

import dp_accounting
import jax.numpy as jnp
import numpy as np
import pytest
from attrs import frozen

from semblant.pipeline.private import by_type
from semblant.spec.training import ModelSpec, PrivacySpec
from semblant.training import ColumnPlan
from semblant_models.privacy.account import BudgetAccount
from semblant_models.privacy.descent.encoding import PrivateCodes
from semblant_models.privacy.descent.recipe import LEARNING_RATE, WARM_LEARNING_RATE, descent_of
from semblant_models.privacy.descent.warming import SHARE, noisy_rows, warmed
from semblant_models.privacy.opening import budget_of, open_account
from semblant_models.privacy.plan import PrivacyPlan
from semblant_models.tabular.network import initial_parameters, log_share_tables, row_losses
from semblant_models.tabular.shape import Shape
from semblant_models.tabular.table import TableEncoding
from tests.plugins.models.privacy.preprocessing.making import people, preprocess
from tests.plugins.models.privacy.preprocessing.replaying import Recorded

ROWS, EPSILON = 8_000, 4.0


@frozen(eq=False)
class Scene:
    """A table as codes, an account and its plan, and the rows that were drawn under it."""

    encoding: TableEncoding
    tokens: np.ndarray
    account: BudgetAccount
    plan: PrivacyPlan
    drawn: np.ndarray


@pytest.fixture(scope="module")
def scene() -> Scene:
    table = people(ROWS).select(["town", "age", "weight", "member"])
    columns = preprocess(table, Recorded()).columns
    plans = tuple(ColumnPlan(name=f.name, type=f.type, encoding=by_type(f.type)) for f in table.schema)
    encoding = TableEncoding.of(plans, tuple(map(PrivateCodes, columns)))
    tokens = encoding.encode(table)
    opened = open_account(PrivacySpec(epsilon=EPSILON, subjects=ROWS), ModelSpec())
    opened.begin(ROWS)
    account, plan = budget_of(opened)
    drawn = noisy_rows(tokens, columns, account, plan, lambda _: None)
    return Scene(encoding, tokens, account, plan, drawn)


@pytest.mark.feature(241)
def test_the_pairs_are_charged_and_cost_their_share_at_most(scene: Scene) -> None:
    spent = scene.account.event
    assert isinstance(spent, dp_accounting.GaussianDpEvent)
    assert 0 < spent.noise_multiplier**-2 / 2 <= SHARE * scene.plan.rho * (1 + 1e-9)  # few columns need less
    assert all(release.what.startswith("start: ") for release in scene.account.releases)


def test_drawn_rows_have_the_dependence_of_the_real_ones_and_are_not_these(scene: Scene) -> None:
    def apart(one: np.ndarray, other: np.ndarray) -> float:
        town, member = (scene.encoding.names.index(name) for name in ("town", "member"))
        shares = [np.histogram2d(t[:, town], t[:, member], (range(5), range(4)))[0] / len(t) for t in (one, other)]
        return float(np.abs(shares[0] - shares[1]).sum() / 2)

    alone = np.stack([np.random.default_rng(place).permutation(c) for place, c in enumerate(scene.tokens.T)], axis=1)
    assert apart(scene.drawn, scene.tokens) < 0.03
    assert apart(alone, scene.tokens) > 0.1


def test_the_network_starts_nearer_to_the_real_rows_without_having_seen_them(scene: Scene) -> None:
    layout = scene.encoding.layout
    shape = Shape.of(layout, embedding=8, hidden=16, flexible=False)
    counts = np.zeros(int(layout.count_offsets[-1]), np.int64)
    layout.count(scene.tokens, counts)
    tables = log_share_tables(shape, layout, counts)
    first = initial_parameters(shape, layout.ordered, np.random.default_rng(0))
    parts: list[float] = []
    started = warmed(first, tables, shape, scene.drawn, scene.account, parts.append)
    fixed = {name: jnp.asarray(value) for name, value in tables.items()}
    fixed, rows = {name: jnp.asarray(value) for name, value in tables.items()}, jnp.asarray(scene.tokens, jnp.int32)
    losses = []
    for weights in (first, started):
        params = {name: jnp.asarray(value) for name, value in weights.items()}
        losses.append(float(jnp.mean(row_losses(params, fixed, shape, rows))))
    assert losses[1] < losses[0] - 0.3
    assert parts[-1] == 1.0
    assert {name: value.shape for name, value in started.items()} == {n: v.shape for n, v in first.items()}


@pytest.mark.feature(33)
def test_what_the_pairs_cost_the_training_does_not_have(scene: Scene) -> None:
    fresh = open_account(PrivacySpec(epsilon=EPSILON, subjects=ROWS), ModelSpec())
    fresh.begin(ROWS)
    account, plan = budget_of(fresh)
    assert account.spec is not None
    cold = descent_of(ROWS, account, plan, account.spec, ModelSpec())
    warm = descent_of(ROWS, scene.account, scene.plan, account.spec, ModelSpec(), warm=True)
    assert warm.noise_multiplier > 1.02 * cold.noise_multiplier
    assert (cold.learning_rate, warm.learning_rate) == (LEARNING_RATE, WARM_LEARNING_RATE)
    scene.account.charge(warm.event, "training")
    assert scene.account.spent.epsilon <= EPSILON
