"""The settings of training: each changed alone, with its effect on result, cost or history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from semblant.settings import AUTO
from semblant.spec.training import ModelSpec
from semblant.training import Split
from semblant.vocabulary import Goal, ModelSize
from semblant_models.settings import ColumnArSettings
from semblant_models.tabular.prepared import PreparedTable
from semblant_models.tabular.recipe import Recipe
from tests.plugins.models.tabular.making import backend_with, people, run_in, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant_models.tabular.model import TabularModel

ROWS = 400
TABLE = training_table(people(ROWS).select(["city", "income", "member"]))
BY_HAND: dict[str, Any] = {"auto_batching": False, "batch_size": 60, "steps_between_validations": 6}


def recipe(rows: int = 50_000, **spec: Any) -> Recipe:
    return Recipe.of(ModelSpec(**spec), ColumnArSettings(), rows)


def steps_per_epoch(model: TabularModel, batch: int) -> int:
    return int(model.settings_used["training_rows"] // batch)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> TabularModel:
    """Give what the other tests compare with: three epochs, batches of 60."""
    return trained(TABLE, tmp_path_factory.mktemp("usual"), early_stop_delta=0.0, **BY_HAND)


def changed(folder: Path, *, settings: dict[str, Any] | None = None, **spec: Any) -> TabularModel:
    """Train like ``usual`` but for what is given."""
    return trained(TABLE, folder, settings=settings, **{"early_stop_delta": 0.0, **BY_HAND, **spec})


@pytest.mark.feature(21)
def test_a_larger_size_has_more_weights(usual: TabularModel, tmp_path: Path) -> None:
    small = changed(tmp_path / "s", size=ModelSize.SMALL, max_epochs=1)
    large = changed(tmp_path / "l", size=ModelSize.LARGE, max_epochs=1)
    weights = [model.settings_used["parameters"] for model in (small, usual, large)]
    assert weights[0] < weights[1] < weights[2]
    assert [recipe(size=s).hidden for s in ModelSize] == [32, 64, 128]


def test_the_fewer_rows_the_narrower_the_network() -> None:
    widths = [recipe(rows=rows).hidden for rows in (100, 500, 2_000, 20_000)]
    assert widths == sorted(set(widths))
    assert min(recipe(rows=rows, size=size).hidden for rows in (20, 300) for size in ModelSize) >= 8


@pytest.mark.feature(130)
def test_goal_speed_trains_less_and_narrower_than_goal_accuracy(usual: TabularModel, tmp_path: Path) -> None:
    fast = changed(tmp_path, goal=Goal.SPEED, max_epochs=1)
    assert fast.settings_used["parameters"] < usual.settings_used["parameters"]
    assert recipe(goal=Goal.SPEED).max_epochs < recipe(goal=Goal.ACCURACY).max_epochs


@pytest.mark.feature(22)
def test_a_setting_of_the_backend_itself_wins_over_size_and_goal(usual: TabularModel, tmp_path: Path) -> None:
    wide = changed(tmp_path, settings={"hidden": 40, "embedding": 4}, max_epochs=1)
    assert (wide.shape.hidden, wide.shape.embedding) == (40, 4) != (usual.shape.hidden, usual.shape.embedding)


@pytest.mark.feature(23)
def test_training_ends_after_the_most_epochs(usual: TabularModel, tmp_path: Path) -> None:
    one = changed(tmp_path, max_epochs=1)
    per_epoch = steps_per_epoch(usual, 60)
    assert (one.settings_used["steps"], usual.settings_used["steps"]) == (per_epoch, 3 * per_epoch)


@pytest.mark.feature(24)
def test_an_adaptive_rate_falls_and_another_stays(usual: TabularModel, tmp_path: Path) -> None:
    fixed = changed(tmp_path, adaptive_learning_rate=False)
    falling, constant = ([entry["learning_rate"] for entry in model.history] for model in (usual, fixed))
    assert falling[-1] < 0.5 * max(falling)
    assert constant[-1] == max(constant) == pytest.approx(0.005)


@pytest.mark.feature(25)
def test_the_rate_is_the_one_that_is_set(tmp_path: Path) -> None:
    slow = changed(tmp_path / "a", adaptive_learning_rate=False, learning_rate=0.0005, settings={"peak_rate": 0.5})
    quick = changed(tmp_path / "b", adaptive_learning_rate=False, learning_rate=0.004)
    assert [model.history[-1]["learning_rate"] for model in (slow, quick)] == pytest.approx([0.0005, 0.004])
    assert quick.history[-1]["loss"] < slow.history[-1]["loss"]


@pytest.mark.feature(27, 133)
def test_half_the_batch_makes_twice_the_steps(usual: TabularModel, tmp_path: Path) -> None:
    half = changed(tmp_path, batch_size=30)
    assert half.settings_used["batch_size"] == 30
    assert half.settings_used["steps"] == 3 * steps_per_epoch(usual, 30) == 2 * usual.settings_used["steps"]


@pytest.mark.feature(28)
def test_accumulated_batches_make_the_step_of_one_large_batch(tmp_path: Path) -> None:
    quiet = {"input_dropout": 0.0, "hidden_dropout": 0.0}
    one = changed(tmp_path / "a", settings=quiet)
    two = changed(tmp_path / "b", settings=quiet, batch_size=20, gradient_accumulation=3)
    alone = changed(tmp_path / "c", settings=quiet, batch_size=20)
    assert one.settings_used["steps"] == two.settings_used["steps"] == alone.settings_used["steps"] // 3
    losses = [model.history[-1]["validation_loss"] for model in (one, two, alone)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[0] != pytest.approx(losses[2], rel=1e-3)
    for name, value in one.arrays.items():
        assert np.allclose(value, two.arrays[name], atol=1e-3), name


@pytest.mark.feature(27, 28)
def test_a_batch_beyond_the_table_takes_all_rows_and_says_so(tmp_path: Path) -> None:
    table, heard = training_table(people(60).select(["city", "member"])), []
    run = run_in(tmp_path)
    run.emit = lambda event: heard.append(event.message)
    model = trained(
        table, tmp_path, run=run, max_epochs=1, auto_batching=False, batch_size=1000, gradient_accumulation=4
    )
    rows = model.settings_used["training_rows"]
    assert (model.settings_used["batch_size"], model.settings_used["accumulation"]) == (rows // 4, 4)
    assert any(f"a batch of 1000 rows was asked for; there are {rows} training rows" in text for text in heard)
    tight = recipe(rows=40, auto_batching=False, batch_size=30, gradient_accumulation=80)
    assert tight.batch_size * tight.accumulation <= 40


@pytest.mark.feature(26)
def test_batches_are_chosen_from_rows_unless_set(tmp_path: Path) -> None:
    assert recipe(auto_batching=True, batch_size=AUTO).batch_size == 512
    assert recipe(rows=600_000).batch_size == 1024
    used = changed(tmp_path, auto_batching=True, batch_size=AUTO, max_epochs=1).settings_used
    assert used["batch_size"] == recipe(rows=used["training_rows"]).batch_size != BY_HAND["batch_size"]


@pytest.mark.feature(29)
def test_the_validation_rows_are_those_of_the_split(tmp_path: Path) -> None:
    table = training_table(people(400), split=Split(seed=1, fraction=0.4))
    prepared = backend_with().prepare(table, run_in(tmp_path))
    assert isinstance(prepared, PreparedTable)
    train, validation = prepared.tokens()
    expected = int(table.split.validates(np.arange(400, dtype=np.uint64)).sum())
    assert (len(train), len(validation)) == (400 - expected, expected)
    assert prepared.summary["validation_rows"] == expected


@pytest.mark.feature(29)
def test_the_validation_fraction_is_of_subjects_and_none_is_on_both_sides(tmp_path: Path) -> None:
    who = np.arange(400, dtype=np.uint64) // 8
    table = people(400).append_column("who", [who.astype(np.int64)])
    for fraction in (0.1, 0.5):
        split = Split(seed=1, fraction=fraction)
        training = training_table(table, split=split, subjects=lambda: iter([who]))
        backend_with().prepare(training, run_in(tmp_path / str(fraction)))
        validates = np.fromfile(tmp_path / str(fraction) / "tokens" / "split.bin", np.uint8).astype(bool)
        assert not set(who[validates]) & set(who[~validates])
        assert len(set(who[validates])) == pytest.approx(50 * fraction, abs=9)


@pytest.mark.feature(30, 135)
def test_the_history_has_an_entry_per_so_many_steps(usual: TabularModel, tmp_path: Path) -> None:
    model = changed(tmp_path, steps_between_validations=4)
    steps = [entry["step"] for entry in model.history]
    assert set(np.diff([0, *steps[:-1]])) == {4}
    assert steps[-1] == usual.history[-1]["step"]
    assert len(steps) > len(usual.history)
    for entry in model.history:
        assert {"step", "epoch", "seconds", "loss", "validation_loss", "seen_loss", "learning_rate"} == set(entry)


@pytest.mark.feature(31, 131)
def test_a_larger_early_stop_delta_trains_less(tmp_path: Path) -> None:
    models = [
        changed(tmp_path / str(delta), early_stop_delta=delta, max_epochs=120, batch_size=40)
        for delta in (0.0, 0.001, 0.01)
    ]
    full, balanced, aggressive = (model.settings_used["epochs"] for model in models)
    assert full >= balanced >= aggressive
    assert full > aggressive
    assert all(model.history[-1]["validation_loss"] < model.history[0]["validation_loss"] for model in models)
