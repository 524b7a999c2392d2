"""Rows 32 to 37: of epsilon, noise and steps two decide the third; each setting has its effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve

from semblant.spec.training import ModelSpec, PrivacySpec
from semblant_models.privacy.descent.recipe import descent_of
from semblant_models.privacy.descent.training import Descent, PrivateTraining
from semblant_models.privacy.noise import NoiseStream
from semblant_models.privacy.opening import budget_of, open_account
from tests.plugins.models.privacy.networks import network

SUBJECTS = 2_000
HAND = ModelSpec(auto_batching=False, batch_size=400)


def _descent(model: ModelSpec = HAND, **privacy: Any) -> Descent:
    spec = PrivacySpec(**{"subjects": SUBJECTS, **privacy})
    account = open_account(spec, model)
    account.begin(SUBJECTS)
    account, plan = budget_of(account)
    assert account.subjects is not None
    return descent_of(account.subjects, account, plan, spec, model)


@pytest.mark.feature(33)
def test_a_smaller_epsilon_makes_more_noise() -> None:
    strong, medium = (_descent(epsilon=epsilon, steps=10) for epsilon in (1.0, 4.0))
    assert strong.noise_multiplier > 1.5 * medium.noise_multiplier
    assert evolve(strong, noise_multiplier=1.0) == evolve(medium, noise_multiplier=1.0)


@pytest.mark.feature(34)
def test_a_smaller_delta_makes_more_noise() -> None:
    wide, narrow = (_descent(epsilon=1.0, steps=10, delta=delta) for delta in (1e-5, 1e-9))
    assert narrow.noise_multiplier > 1.2 * wide.noise_multiplier


@pytest.mark.feature(34)
def test_delta_by_itself_is_a_tenth_of_one_over_the_subjects() -> None:
    account = open_account(PrivacySpec(epsilon=1.0, subjects=500), ModelSpec())
    account.begin(503)
    assert account.delta == pytest.approx(1 / 5_000)


@pytest.mark.feature(35)
def test_noise_and_epsilon_decide_the_steps() -> None:
    little, much = (_descent(epsilon=1.0, noise_multiplier=noise) for noise in (1.5, 2.0))
    assert (little.noise_multiplier, much.noise_multiplier) == (1.5, 2.0)
    assert 1 <= little.steps < much.steps


@pytest.mark.feature(35)
def test_noise_and_steps_decide_epsilon() -> None:
    made = _descent(noise_multiplier=2.0, steps=10)
    assert (made.noise_multiplier, made.steps) == (2.0, 10)


@pytest.mark.feature(33)
def test_epsilon_and_steps_decide_the_noise() -> None:
    few, many = (_descent(epsilon=1.0, steps=steps) for steps in (5, 20))
    assert (few.steps, many.steps) == (5, 20)
    assert few.noise_multiplier < many.noise_multiplier


@pytest.mark.feature(26, 27)
def test_the_batch_is_the_expected_one_of_poisson_sampling() -> None:
    by_hand = _descent(epsilon=4.0, steps=5)
    by_itself = _descent(ModelSpec(), epsilon=4.0, steps=5)
    assert by_hand.rate == 400 / SUBJECTS
    assert by_itself.batch_size == SUBJECTS // 4


@pytest.mark.feature(36)
def test_the_clipping_norm_bounds_what_a_row_adds() -> None:
    assert (_descent(epsilon=4.0, steps=5).clip, _descent(epsilon=4.0, steps=5, max_gradient_norm=0.2).clip) == (1, 0.2)
    sums = []
    for clip in (0.2, 0.4):
        loop, weights, codes = _loop(
            Descent(rows=40, batch_size=40, steps=1, noise_multiplier=1.0, clip=clip, physical=8)
        )
        total = loop.clipped(weights, codes, np.array([3]))
        sums.append(np.sqrt(sum((value**2).sum() for value in total.values())))
    assert sums == pytest.approx([0.2, 0.4], rel=1e-3)


@pytest.mark.feature(37)
def test_the_physical_batch_changes_memory_and_not_the_sum() -> None:
    assert _descent(epsilon=4.0, steps=5, max_physical_batch_size=16).physical == 16
    found = []
    for physical in (8, 40):
        loop, weights, codes = _loop(Descent(rows=40, batch_size=40, steps=1, noise_multiplier=1.0, physical=physical))
        found.append(loop.clipped(weights, codes, np.arange(37)))
    for name, value in found[0].items():
        np.testing.assert_allclose(value, found[1][name], rtol=1e-4, atol=1e-5)


def _loop(descent: Descent) -> tuple[PrivateTraining, dict[str, np.ndarray], np.ndarray]:
    shape, params, tables, codes = network([2, 9, 5], 40)
    loop = PrivateTraining(
        descent=descent, shape=shape, tables={k: np.asarray(v) for k, v in tables.items()}, noise=NoiseStream()
    )
    return loop, {k: np.asarray(v) for k, v in params.items()}, codes


def test_empty_batches_are_steps_of_noise_alone() -> None:
    loop, weights, codes = _loop(Descent(rows=10**9, batch_size=1, steps=30, noise_multiplier=1.0, physical=8))
    made = loop.run(weights, codes)
    assert loop.steps_done == 30
    assert all(np.isfinite(value).all() for value in made.values())
    assert any((made[name] != weights[name]).any() for name in made)
