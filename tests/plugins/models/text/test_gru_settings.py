"""Each setting of ``model.text`` changes what it says, alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from semblant.run import Run, Token
from semblant.spec.training import TextModelSpec
from semblant.training import Sampling
from semblant_models.text.gru.batching import batched
from semblant_models.text.gru.recipe import Recipe
from semblant_models.text.gru.shape import Shape
from semblant_models.text.settings import GruSettings
from tests.plugins.models.text.learning import fit, reviews, trained, written
from tests.plugins.models.text.tables import training_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.protocols import Model


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Give the training that others are compared with."""
    return trained(tmp_path_factory.mktemp("base"))


def rates(model: Model) -> list[float]:
    return [entry["learning_rate"] for entry in model.history]


@pytest.mark.feature(38)
def test_the_epochs_are_as_many_as_asked_for(base: Model, tmp_path: Path) -> None:
    longer = trained(tmp_path, max_epochs=5)
    assert [model.history[-1]["epoch"] for model in (base, longer)] == [3.0, 5.0]
    assert longer.history[-1]["validation_loss"] < base.history[-1]["validation_loss"]


@pytest.mark.feature(39)
def test_the_rate_falls_by_itself_or_stays(base: Model, tmp_path: Path) -> None:
    assert rates(base)[-1] < 0.1 * max(rates(base))
    assert len(set(rates(trained(tmp_path, adaptive_learning_rate=False))[1:])) == 1


@pytest.mark.feature(40)
def test_the_learning_rate_is_the_one_that_is_set(tmp_path: Path) -> None:
    slow, fast = (
        trained(tmp_path / str(rate), adaptive_learning_rate=False, learning_rate=rate) for rate in (1e-5, 0.01)
    )
    assert (rates(slow)[-1], rates(fast)[-1]) == (1e-5, 0.01)
    assert fast.history[-1]["loss"] < slow.history[-1]["loss"] - 1.0


@pytest.mark.feature(41)
def test_auto_batching_fits_a_step_into_memory(tmp_path: Path) -> None:
    found = []
    for auto in (True, False):
        folder = tmp_path / str(auto)
        folder.mkdir()
        run = Run(job="test", seed=1, workspace=folder, memory_bytes=1_000_000)
        own = {"window": 4}
        model = fit(training_table(reviews()), folder, run=run, own=own, auto_batching=auto, max_epochs=1)
        found.append((model.settings_used["batch_size"], model.settings_used["accumulation"]))
    assert found == [(16, 2), (32, 1)]


def test_a_batch_that_was_decided_stays_when_training_goes_on(tmp_path: Path) -> None:
    shape = Shape(tokens=4000, codes=10, narrow=64, width=128, layers=1)
    recipe = Recipe.of(TextModelSpec(), GruSettings(), 10_000_000)
    run = Run(job="test", seed=1, workspace=tmp_path, memory_bytes=140_000_000)
    cut = batched(recipe, shape, run)
    assert (recipe.batch_size, recipe.accumulation) == (64, 1)
    assert cut.batch_size * cut.accumulation == 64 > cut.batch_size
    roomy = evolve(run, memory_bytes=2**40)
    assert batched(recipe, shape, roomy) == cut


@pytest.mark.feature(42)
def test_a_larger_batch_makes_fewer_steps(tmp_path: Path) -> None:
    small, large = (trained(tmp_path / str(size), auto_batching=False, batch_size=size) for size in (8, 32))
    assert small.settings_used["batch_size"] == 8
    assert small.settings_used["steps"] == pytest.approx(4 * large.settings_used["steps"], rel=0.2)


@pytest.mark.feature(43)
def test_accumulated_batches_make_one_step(tmp_path: Path) -> None:
    one, three = (
        trained(tmp_path / str(count), auto_batching=False, batch_size=8, gradient_accumulation=count)
        for count in (1, 3)
    )
    assert three.settings_used["steps"] == pytest.approx(one.settings_used["steps"] / 3, rel=0.1)


@pytest.mark.feature(45)
def test_validations_come_as_often_as_asked_for(base: Model, tmp_path: Path) -> None:
    found = [entry["step"] for entry in trained(tmp_path, steps_between_validations=7).history]
    assert found[:-1] == [7 * (number + 1) for number in range(len(found) - 1)]
    assert len(found) > len(base.history)


@pytest.mark.feature(46)
def test_a_larger_delta_stops_earlier(tmp_path: Path) -> None:
    long, short = (
        trained(tmp_path / str(delta), max_epochs=40, steps_between_validations=20, early_stop_delta=delta)
        for delta in (0.0, 0.3)
    )
    assert short.settings_used["steps"] < 0.6 * long.settings_used["steps"]


@pytest.mark.nightly
def test_the_clock_ends_training_and_says_where(tmp_path: Path) -> None:
    timed = trained(tmp_path / "timed", max_epochs=500, max_minutes=0.02)
    at = timed.settings_used["stopped_at_step"]
    assert timed.settings_used["stopped"] == "time"
    again = trained(tmp_path / "again", max_epochs=500, stopped_at_step=at)
    assert [entry["loss"] for entry in again.history] == [entry["loss"] for entry in timed.history]


def test_a_killed_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", max_epochs=4)
    stop = Token()
    run = Run(job="test", seed=1, workspace=tmp_path / "cut", stop_training=stop)
    (tmp_path / "cut").mkdir()
    stop.set()
    first = fit(training_table(reviews()), tmp_path / "cut", run=run, max_epochs=4)
    assert first.settings_used["stopped"] == "asked"
    assert first.history[0]["step"] < whole.history[-1]["step"]


@pytest.mark.nightly
def test_temperature_and_nucleus_narrow_what_is_written(base: Model, tmp_path: Path) -> None:
    rows = reviews().slice(0, 200)
    free, cold, narrow = (
        len(set(written(base, tmp_path, rows, sampling=sampling).column("text").to_pylist()))
        for sampling in (Sampling(), Sampling(temperature=0.2), Sampling(top_p=0.3))
    )
    assert cold < free
    assert narrow < free


@pytest.mark.nightly
def test_generation_costs_in_proportion_to_length(base: Model, tmp_path: Path) -> None:
    def seconds(bucket: int) -> float:
        table = reviews().slice(0, 32)
        given = table.set_column(1, "text", [[bucket] * 32])
        written(base, tmp_path, table, given=given)
        started = time.process_time()
        written(base, tmp_path, table, given=given, seed=8)
        return time.process_time() - started

    assert seconds(11) < 8 * seconds(9)


def test_few_texts_are_learned_with_more_dropped_and_fewer_unlikely_words() -> None:
    few, many = (Recipe.of(TextModelSpec(), GruSettings(), tokens) for tokens in (40_000, 400_000))
    assert (few.dropout, few.input_dropout, few.top_p) == (0.5, 0.25, 0.85)
    assert (many.dropout, many.input_dropout, many.top_p) == (0.3, 0.1, 0.98)
    assert Recipe.of(TextModelSpec(), GruSettings(dropout=0.0, top_p=1.0), 40_000).dropout == 0.0
    assert (few.max_epochs, many.max_epochs) == (33, 12)
