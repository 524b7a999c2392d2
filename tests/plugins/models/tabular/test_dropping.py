"""Dropout per token: those that remember noise drop more, and training that only remembers ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from attrs import evolve

from semblant.spec.training import ModelSpec
from semblant_models.schedule import Progress
from semblant_models.settings import ColumnArSettings
from semblant_models.tabular.dropping import PARTS, next_rates
from semblant_models.tabular.recipe import Recipe
from semblant_models.tabular.stopping import early_stop
from tests.plugins.models.tabular.making import run_in, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant_models.tabular.model import TabularModel


@pytest.fixture(scope="module")
def noisy() -> pa.Table:
    rng = np.random.default_rng(0)
    size = rng.integers(0, 8, 1500)
    return pa.table({"size": size, "twice": 2 * size + rng.integers(0, 2, 1500), "noise": rng.integers(0, 60, 1500)})


def rates(model: TabularModel) -> list[float]:
    return list(model.settings_used["dropout"])


def test_a_token_that_has_nothing_to_learn_drops_more_than_one_that_has(noisy: pa.Table, tmp_path: Path) -> None:
    model = trained(training_table(noisy), tmp_path, max_epochs=30, early_stop_delta=0.0)
    size, twice, noise = rates(model)
    assert twice == pytest.approx(0.3)
    assert noise > 0.6
    assert size <= noise


def test_a_rate_that_is_set_stays(noisy: pa.Table, tmp_path: Path) -> None:
    model = trained(
        training_table(noisy), tmp_path, settings={"hidden_dropout": 0.2}, max_epochs=10, early_stop_delta=0.0
    )
    assert rates(model) == pytest.approx([0.2] * 3)


def test_held_out_rows_are_better_off_than_with_one_rate(noisy: pa.Table, tmp_path: Path) -> None:
    wanted: dict[str, Any] = {"max_epochs": 40, "early_stop_delta": 0.0}
    adaptive = trained(training_table(noisy), tmp_path / "a", run=run_in(tmp_path / "a"), **wanted)
    fixed = trained(
        training_table(noisy), tmp_path / "b", run=run_in(tmp_path / "b"), settings={"hidden_dropout": 0.3}, **wanted
    )
    last = [model.history[-1]["validation_loss"] for model in (adaptive, fixed)]
    assert last[0] < last[1] - 0.05


@pytest.mark.parametrize(
    ("losses", "expected"),
    [((1.0, 1.1, 1.2), 0.65), ((1.2, 1.1, 1.0), 0.425), ((1.1, 1.0, 1.1), 0.5)],
    ids=["too sure", "not sure enough", "right"],
)
def test_the_rate_goes_to_where_the_whole_answer_is_best(losses: tuple[float, ...], expected: float) -> None:
    assert len(losses) == len(PARTS)
    assert next_rates(np.array([0.5]), 0.3, np.array(losses)[:, None]) == pytest.approx([expected])


def test_rates_stay_between_the_least_and_a_little_below_one() -> None:
    found = np.array([0.3, 0.95])
    for _ in range(20):
        found = next_rates(found, 0.3, np.array([[1.2, 1.0], [1.1, 1.1], [1.0, 1.2]]))
    assert found == pytest.approx([0.3, 0.97])


def progress(seen: list[float], held: list[float]) -> Progress:
    history: list[dict[str, float]] = [
        {"step": 200 + i, "validation_loss": h, "seen_loss": s} for i, (s, h) in enumerate(zip(seen, held, strict=True))
    ]
    last = 200 + len(history) - 1
    return Progress(step=last, end=10_000, history=history, best_step=last)


@pytest.mark.parametrize(
    ("held", "delta", "stopped"),
    [
        ([20.0, 19.7, 19.4, 19.1], 0.001, "early stop"),
        ([20.0, 19.4, 18.8, 18.2], 0.001, ""),
        ([20.0, 19.7, 19.4, 19.1], 0.0, ""),
    ],
    ids=["memory", "learning", "not to be stopped"],
)
def test_training_ends_when_the_training_rows_alone_gain(held: list[float], delta: float, stopped: str) -> None:
    made = progress([20.0, 19.0, 18.0, 17.0], held)
    early_stop(made, Recipe.of(ModelSpec(early_stop_delta=delta), ColumnArSettings(), 50_000))
    assert made.stopped == stopped


@pytest.mark.parametrize(
    ("held", "cool_from", "stopped", "cools"),
    [
        ([20.0, 19.7, 19.4, 19.1], None, "", True),
        ([20.0, 19.7, 19.4, 19.5], None, "early stop", False),
        ([20.0, 19.9, 19.8, 19.7], 200, "", True),
        ([20.0, 19.9, 19.95, 19.99], 200, "early stop", True),
    ],
    ids=["the rate falls first", "nothing to win", "it falls to its end", "it falls in vain"],
)
def test_below_a_parent_the_rate_falls_before_training_that_remembers_ends(
    held: list[float], cool_from: int | None, stopped: str, cools: bool
) -> None:
    made = progress([20.0, 19.0, 18.0, 17.0], held)
    made.best_step = 200 + int(np.argmin(held))
    made.cool_from = cool_from
    recipe = Recipe.of(ModelSpec(early_stop_delta=0.001), ColumnArSettings(), 50_000)
    early_stop(made, evolve(recipe, cools_first=True))
    assert (made.stopped, made.cool_from is not None) == (stopped, cools)


@pytest.mark.parametrize(
    ("rows", "spec", "cools"),
    [
        (50_000, {}, True),
        (4_000, {}, False),
        (50_000, {"max_epochs": 100}, False),
        (50_000, {"early_stop_delta": 0.0}, False),
    ],
    ids=["enough", "few rows", "set by hand", "not to be stopped"],
)
def test_the_rate_falls_when_each_row_was_looked_at_often_enough(rows: int, spec: dict[str, Any], cools: bool) -> None:
    made = progress([20.0, 19.0, 18.0, 17.0], [20.0, 19.4, 18.8, 18.2])
    recipe = Recipe.of(ModelSpec(**spec), ColumnArSettings(), rows)
    made.step = 14 * (rows // recipe.batch_size)
    early_stop(made, recipe)
    assert (made.cool_from is not None, made.stopped) == (cools, "")
    assert (made.end <= recipe.longest) == cools or recipe.longest == float("inf")
    before = progress([20.0, 19.0, 18.0, 17.0], [20.0, 19.4, 18.8, 18.2])
    early_stop(before, recipe)
    assert before.cool_from is None
