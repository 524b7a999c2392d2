"""How training ends or goes on: by the clock, when asked, after a loss that is no number, after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from semblant.errors import ModelError
from semblant_models.tabular import batching, stepping
from semblant_models.tabular import training as training_module
from tests.plugins.models.tabular.making import backend_with, drawn, people, run_in, trained, training_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from semblant_models.tabular.model import TabularModel

TABLE = training_table(people(400).select(["city", "income", "member"]))
LONG: dict[str, Any] = {"max_epochs": 60, "early_stop_delta": 0.0}


def same(one: TabularModel, other: TabularModel) -> bool:
    return set(one.arrays) == set(other.arrays) and all(
        np.array_equal(one.arrays[n], other.arrays[n]) for n in one.arrays
    )


@pytest.mark.feature(134)
def test_stopping_keeps_the_best_weights_and_a_rerun_to_that_step_repeats_them(tmp_path: Path) -> None:
    run = run_in(tmp_path / "a")

    def stop_after_three_validations(event: Any) -> None:
        if "validation_loss" in event.metrics and event.done > 2:
            run.stop_training.set()

    run.emit = stop_after_three_validations
    stopped = trained(TABLE, tmp_path / "a", run=run, **LONG)
    at = stopped.settings_used["stopped_at_step"]
    assert stopped.settings_used["stopped"] == "asked"
    assert (
        0 < at < 0.5 * LONG["max_epochs"] * stopped.settings_used["training_rows"] / stopped.settings_used["batch_size"]
    )
    again = trained(TABLE, tmp_path / "b", stopped_at_step=at, max_minutes=0.000001, **LONG)
    assert same(stopped, again)
    assert (again.settings_used["stopped_at_step"], again.settings_used["stopped"]) == (at, "as before")
    plain = [{key: entry[key] for key in entry if key != "seconds"} for entry in stopped.history]
    assert plain == [{key: entry[key] for key in entry if key != "seconds"} for entry in again.history]
    assert drawn(stopped, tmp_path, rows=50).equals(drawn(again, tmp_path, rows=50))


def test_the_longest_training_time_is_kept_and_written_as_a_step(tmp_path: Path) -> None:
    model = trained(TABLE, tmp_path, max_minutes=0.0001, **LONG)
    assert model.settings_used["stopped"] == "time"
    assert model.settings_used["stopped_at_step"] == model.history[-1]["step"] < 500


@pytest.mark.feature(134)
def test_a_wish_to_stop_outlives_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in(tmp_path)
    run.stop_training.set()
    backend = backend_with(**LONG)
    prepared = backend.prepare(TABLE, run)
    with monkeypatch.context() as patch:
        patch.setattr("semblant_models.tabular.backend._BY_HAND", None)
        with pytest.raises(TypeError):
            backend.fit(TABLE, prepared, run)
    model = backend.fit(TABLE, backend.load_prepared(tmp_path), run_in(tmp_path))
    assert model.settings_used["stopped"] == "asked"


def breaking_at(calls: set[int]) -> Callable[..., Any]:
    """Give ``make_steps`` whose compiled steps return broken weights at some calls."""
    real, made = stepping.make_steps, iter(range(10_000))

    def make_steps(*arguments: Any) -> Any:
        steps = real(*arguments)

        def broken(*state: Any) -> Any:
            state_, mean = steps(*state)
            if next(made) in calls:
                state_["params"] = {name: value * np.float32(np.nan) for name, value in state_["params"].items()}
                mean = mean * np.float32(np.nan)
            return state_, mean

        return broken

    return make_steps


def test_after_a_loss_that_is_no_number_training_goes_on_from_the_best_weights_at_half_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {
        "adaptive_learning_rate": False,
        "learning_rate": 0.004,
        "max_epochs": 12,
        "early_stop_delta": 0.0,
    }
    monkeypatch.setattr(training_module, "make_steps", breaking_at({3}))
    heard: list[Any] = []
    run = run_in(tmp_path)
    run.emit = heard.append
    model = trained(TABLE, tmp_path, run=run, **settings)
    assert model.settings_used["restarts"] == 1
    assert any("is not a number: training goes on from step" in event.message for event in heard)
    rates = [entry["learning_rate"] for entry in model.history]
    assert rates[0] <= 0.004
    assert rates[-1] == pytest.approx(0.002)
    steps = [entry["step"] for entry in model.history]
    assert steps == sorted(set(steps))
    assert all(np.isfinite(value).all() for value in model.arrays.values())
    done = [event.done for event in heard if event.done is not None and event.unit == "epochs"]
    assert done == sorted(done)


def test_a_stop_at_the_very_step_of_a_broken_loss_keeps_the_best_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {**LONG, "steps_between_validations": 10}
    monkeypatch.setattr(training_module, "make_steps", breaking_at({3}))
    broken = trained(TABLE, tmp_path / "a", stopped_at_step=40, **settings)
    monkeypatch.undo()
    before = trained(TABLE, tmp_path / "b", stopped_at_step=30, **settings)
    assert broken.settings_used["stopped_at_step"] == 40
    assert broken.settings_used["steps"] == broken.settings_used["best_step"]
    assert same(broken, before)


def test_a_loss_that_is_never_a_number_ends_in_a_named_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_module, "make_steps", breaking_at(set(range(1000))))
    with pytest.raises(ModelError, match="not a number"):
        trained(TABLE, tmp_path, **LONG)


@pytest.mark.feature(26)
def test_little_memory_makes_smaller_batches_that_are_added_up_and_a_rerun_repeats_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "LEAST_BATCH", 4)
    usual = trained(TABLE, tmp_path / "a", max_epochs=1)
    heard: list[str] = []
    run = run_in(tmp_path / "b", memory_bytes=100_000)
    run.emit = lambda event: heard.append(event.message)
    small = trained(TABLE, tmp_path / "b", run=run, max_epochs=1)
    batch, added = small.settings_used["batch_size"], small.settings_used["accumulation"]
    assert batch < usual.settings_used["batch_size"] == batch * added
    assert small.settings_used["steps"] == usual.settings_used["steps"]
    assert any(f"{added} batches of {batch} rows instead of one" in text for text in heard)
    again = trained(
        TABLE, tmp_path / "c", max_epochs=1, auto_batching=False, batch_size=batch, gradient_accumulation=added
    )
    assert same(small, again)


@pytest.mark.feature(26)
def test_a_resumed_training_keeps_the_batch_that_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "LEAST_BATCH", 4)
    tight = trained(TABLE, tmp_path, run=run_in(tmp_path, memory_bytes=100_000), max_epochs=1)
    monkeypatch.setattr(batching, "available_memory", lambda: (2**40, 2**40))
    again = trained(TABLE, tmp_path, max_epochs=1)
    assert again.settings_used["batch_size"] == tight.settings_used["batch_size"] == 4
    assert same(tight, again)


PROGRAM = """
import hashlib, sys
from pathlib import Path
from semblant_models.tabular import training
from tests.plugins.models.tabular.making import *

training._CHECKPOINT_SECONDS = 0.0
table = training_table(people(400).select(["city", "income", "member"]))
run = run_in(Path(sys.argv[1]))
run.emit = lambda event: print("step", event.done, flush=True) if "validation_loss" in event.metrics else None
backend = backend_with(max_epochs=40, early_stop_delta=0.002, steps_between_validations=7)
prepared = backend.load_prepared(run.workspace) if (run.workspace / "tokens").is_dir() else backend.prepare(table, run)
model = backend.fit(table, prepared, run)
rows = drawn(model, run.workspace, rows=200)
weights = b"".join(model.arrays[name].tobytes() for name in sorted(model.arrays))
history = [(e["step"], e["loss"], e["validation_loss"]) for e in model.history]
print("end", hashlib.sha256(weights + repr((rows.to_pylist(), history)).encode()).hexdigest(), flush=True)
"""


def outcome(folder: Path, kill_after: int | None = None) -> tuple[str, float]:
    """Train in a process of its own; gives the hash of weights, rows and history, and where it began.

    With ``kill_after`` it is killed after so many validations, and the hash is empty.
    """
    first, seen = 0.0, 0
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            word, value = line.split()
            if word == "end":
                return value, first
            seen += 1
            first = first or float(value)
            if seen == kill_after:
                os.kill(process.pid, signal.SIGKILL)
                return "", first
    msg = f"it ended by itself with {process.returncode}"
    raise AssertionError(msg)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    return outcome(tmp_path_factory.mktemp("whole"))[0]


@pytest.mark.feature(260)
def test_a_killed_training_goes_on_and_ends_with_the_same_weights_rows_and_history(whole: str, tmp_path: Path) -> None:
    killed, _ = outcome(tmp_path, kill_after=int(np.random.default_rng().integers(3, 8)))
    assert killed == "", "it ended before it could be killed"
    found, first = outcome(tmp_path)
    assert found == whole
    assert first > 0.5, "it began anew"


@pytest.mark.nightly
@pytest.mark.feature(260)
def test_several_kills_in_one_training_change_nothing(whole: str, tmp_path: Path) -> None:
    random = np.random.default_rng()
    for _ in range(6):
        # a validation is told before its checkpoint is written: one alone may leave none
        assert outcome(tmp_path, kill_after=int(random.integers(2, 6)))[0] == ""
        assert json.loads((tmp_path / "checkpoint" / "progress.json").read_text())["progress"]["step"] > 0
    assert outcome(tmp_path)[0] == whole
