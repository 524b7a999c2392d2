"""The account: epsilon is never below the truth, the budget is never overdrawn (P1)."""

from __future__ import annotations

import dp_accounting
import numpy as np
import pytest

from semblant_models.privacy.account import BudgetAccount, BudgetError
from semblant_models.privacy.events import event_as_dict, event_from_dict, simplified
from semblant_models.privacy.plan import PrivacyPlan, gaussian_mu, training_event


def _by_hand(event: dp_accounting.DpEvent, delta: float) -> tuple[float, float]:
    losses = dp_accounting.pld.PLDAccountant(value_discretization_interval=1e-4).compose(event).get_epsilon(delta)
    return losses, dp_accounting.rdp.RdpAccountant().compose(event).get_epsilon(delta)


@pytest.mark.parametrize("number", range(12))
def test_epsilon_is_what_both_accountants_find_in_the_stored_events(number: int) -> None:
    rng = np.random.default_rng(number)
    rate, noise, steps = rng.uniform(0.002, 0.3), rng.uniform(0.8, 8), int(rng.integers(1, 120))
    delta = 10 ** -rng.uniform(4, 8)
    account = BudgetAccount(epsilon=1e3, delta=delta)
    for scale in rng.uniform(20, 60, 3):
        account.charge(dp_accounting.GaussianDpEvent(scale), "a count")
    account.charge(training_event(rate, noise, steps), "training")
    kept = [event_from_dict(entry["event"]) for entry in account.as_dict()["charged"]]
    losses, renyi = _by_hand(dp_accounting.ComposedDpEvent(kept), delta)
    assert account.spent.epsilon >= losses - 1e-6 - 1e-3 * losses
    assert account.spent.epsilon == pytest.approx(min(losses, renyi), rel=1e-3)
    assert renyi >= losses - 1e-3


def test_a_published_figure_is_met() -> None:
    # Abadi et al. 2016, figure 2: q 0.01, sigma 4, delta 1e-5, 10,000 steps; moments accountant 1.26
    account = BudgetAccount(epsilon=10, delta=1e-5)
    account.charge(training_event(0.01, 4.0, 10_000), "training")
    assert account.spent.by_renyi is not None
    assert 0.9 < account.spent.epsilon <= account.spent.by_renyi <= 1.26


def test_nothing_is_charged_beyond_the_budget() -> None:
    account = BudgetAccount(epsilon=0.5, delta=1e-5)
    account.charge(dp_accounting.GaussianDpEvent(10.0), "counts of 'age'")
    before = account.spent.epsilon
    with pytest.raises(BudgetError, match="counts of 'city'") as caught:
        account.charge(dp_accounting.GaussianDpEvent(5.0), "counts of 'city'")
    assert "privacy.epsilon" in str(caught.value)
    assert account.spent.epsilon == before
    assert [entry["what"] for entry in account.as_dict()["charged"]] == ["counts of 'age'"]


def test_delta_spent_outside_of_events_is_taken_off() -> None:
    plain, other = (BudgetAccount(epsilon=5, delta=1e-5) for _ in range(2))
    plain.charge(dp_accounting.GaussianDpEvent(3.0), "categories")
    other.charge(dp_accounting.GaussianDpEvent(3.0), "categories", delta=9e-6)
    assert other.spent.epsilon > plain.spent.epsilon
    with pytest.raises(BudgetError):
        other.charge(dp_accounting.GaussianDpEvent(300.0), "more", delta=2e-6)


def test_an_event_no_accountant_knows_is_refused() -> None:
    account = BudgetAccount(epsilon=5, delta=1e-5)
    with pytest.raises(BudgetError):
        account.charge(dp_accounting.NonPrivateDpEvent(), "the rows")


def test_an_exponential_mechanism_is_accounted_by_renyi_divergences() -> None:
    account = BudgetAccount(epsilon=5, delta=1e-5)
    account.charge(dp_accounting.ZCDpEvent(0.01), "choice of pairs")
    assert account.spent.by_losses is None
    assert account.spent.epsilon == account.spent.by_renyi


def test_composing_gaussians_into_one_is_exact() -> None:
    many = [dp_accounting.GaussianDpEvent(scale) for scale in (5.0, 7.0, 9.0)]
    one = _by_hand(simplified(many), 1e-5)
    assert one[0] == pytest.approx(_by_hand(dp_accounting.ComposedDpEvent(many), 1e-5)[0], rel=2e-3)
    assert event_as_dict(simplified(many))["kind"] == "gaussian"


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 4.0])
def test_a_calibrated_plan_spends_the_budget_and_no_more(epsilon: float) -> None:
    plan = PrivacyPlan(epsilon=epsilon, delta=1e-6)
    account = BudgetAccount(epsilon=epsilon, delta=1e-6)
    for part in ("count", "preprocessing", "one-way"):
        account.charge(dp_accounting.GaussianDpEvent(plan.noise_multiplier_of(part)), part)
    noise = plan.calibrated_noise(account.event, 0.2, 50)
    account.charge(training_event(0.2, noise, 50), "training")
    assert 0.995 * epsilon <= account.spent.epsilon <= epsilon


def test_steps_follow_from_noise_and_epsilon() -> None:
    plan, nothing = PrivacyPlan(epsilon=1.0, delta=1e-6), dp_accounting.NoOpDpEvent()
    steps = plan.steps_within(nothing, 0.1, 4.0)
    account = BudgetAccount(epsilon=1.0, delta=1e-6)
    account.charge(training_event(0.1, 4.0, steps), "training")
    with pytest.raises(BudgetError):
        BudgetAccount(epsilon=1.0, delta=1e-6).charge(training_event(0.1, 4.0, steps + 1), "training")


def test_the_whole_budget_is_one_gaussian() -> None:
    for epsilon, delta in ((0.1, 1e-6), (1.0, 1e-5), (8.0, 1e-9)):
        found = BudgetAccount(epsilon=1e3, delta=delta)
        found.charge(dp_accounting.GaussianDpEvent(1 / gaussian_mu(epsilon, delta)), "all")
        assert found.spent.epsilon == pytest.approx(epsilon, rel=2e-3)
