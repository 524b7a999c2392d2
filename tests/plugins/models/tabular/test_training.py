"""Training: the same seed, resume, small and odd tables, protection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from semblant.errors import Cancelled, DataError
from semblant.vocabulary import EncodingType
from semblant_models.tabular import training as training_module
from semblant_models.tabular.model import TabularModel
from tests.plugins.models.tabular.making import backend_with, drawn, loaded, people, run_in, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_seed_trains_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    table = training_table(people(200))
    first = trained(table, tmp_path / "a")
    again = trained(table, tmp_path / "b")
    other = trained(table, tmp_path / "c", run=run_in(tmp_path / "c", seed=2))
    assert all(np.array_equal(first.arrays[n], again.arrays[n]) for n in first.arrays)
    assert not all(np.array_equal(first.arrays[n], other.arrays[n]) for n in first.arrays)


@pytest.mark.feature(260)
def test_an_interrupted_training_goes_on_and_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_module, "_CHECKPOINT_SECONDS", 0.0)
    table = training_table(people(300))
    settings: dict[str, Any] = {"max_epochs": 8, "early_stop_delta": 0.0, "steps_between_validations": 5}
    whole = trained(table, tmp_path / "whole", **settings)
    backend, run = backend_with(**settings), run_in(tmp_path / "cut")
    prepared = backend.prepare(table, run)
    seen = []

    def cancel_in_the_middle(event: Any) -> None:
        seen.append(event)
        if "validation_loss" in event.metrics and event.done > 3:
            run.cancel.set()

    run.emit = cancel_in_the_middle
    with pytest.raises(Cancelled):
        backend.fit(table, prepared, run)
    assert (tmp_path / "cut" / "checkpoint" / "progress.json").is_file()
    later = run_in(tmp_path / "cut")
    heard: list[Any] = []
    later.emit = heard.append
    again = backend.fit(table, backend.load_prepared(tmp_path / "cut"), later)
    assert isinstance(again, TabularModel)
    assert min(event.done for event in heard if event.done is not None) > 3, "it began anew"
    assert [h["step"] for h in again.history] == [h["step"] for h in whole.history]
    assert all(np.array_equal(whole.arrays[n], again.arrays[n]) for n in whole.arrays)


@pytest.mark.feature(79)
@pytest.mark.parametrize("rows", [0, 1, 4])
def test_fewer_than_five_subjects_are_refused(rows: int, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="data set too small"):
        backend_with().prepare(training_table(people(rows)), run_in(tmp_path))


def test_many_rows_of_four_subjects_are_refused(tmp_path: Path) -> None:
    table = people(400)
    subjects = np.arange(400, dtype=np.uint64) % 4
    training = training_table(table, subjects=lambda: iter([subjects[i * 1000 : (i + 1) * 1000] for i in range(1)]))
    with pytest.raises(DataError, match="4 subjects"):
        backend_with().prepare(training, run_in(tmp_path))


@pytest.mark.parametrize("rows", [5, 7, 20])
def test_tiny_tables_train_and_generate(rows: int, tmp_path: Path) -> None:
    model = trained(training_table(people(rows)), tmp_path)
    made = drawn(model, tmp_path, rows=30)
    assert made.num_rows == 30
    assert made.schema == people(1).schema


def test_a_table_without_anything_to_learn_generates_what_it_is(tmp_path: Path) -> None:
    table = pa.table({"same": ["x"] * 50, "none": pa.nulls(50, pa.float64()), "id": range(50)})
    model = trained(training_table(table, encodings={"id": EncodingType.IDENTIFIER}), tmp_path)
    assert (model.shape.tokens, len(model.history)) == (0, 0)
    model.save(tmp_path)
    made = drawn(loaded(tmp_path), tmp_path, rows=70)
    assert set(made["same"].to_pylist()) == {"x"}
    assert made["none"].null_count == 70
    assert len(set(made["id"].to_pylist())) == 70
    assert model.log_prob(made).tolist() == [0.0] * 70


@pytest.mark.feature(220)
def test_flexible_training_serves_conditions_on_late_columns_without_candidates(tmp_path: Path) -> None:
    model = trained(training_table(people(3000)), tmp_path, max_epochs=25, flexible_generation=True)
    given = pa.table({"income": pa.array([3210] * 200 + [1510] * 200)})
    made = drawn(model, tmp_path, rows=400, given=given)
    assert {kind.candidates for kind in model._samplers} == {1}
    cities = made["city"].to_pylist()
    assert cities[:200].count("Milan") > 150
    assert cities[200:].count("Milan") < 40


def test_a_wide_table_is_learned_in_blocks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hidden = rng.integers(0, 2, 1500)
    columns = {f"c{i}": np.where(rng.random(1500) < 0.9, hidden, 1 - hidden) for i in range(100)}
    table = pa.table({name: pa.array(values.astype(np.int8)) for name, values in columns.items()})
    encodings = dict.fromkeys(table.column_names, EncodingType.CATEGORICAL)
    model = trained(training_table(table, encodings=encodings), tmp_path, max_epochs=30)
    assert model.shape.blocks == 4
    made = drawn(model, tmp_path, rows=2000).to_pandas()
    assert np.corrcoef(made["c0"], made["c99"])[0, 1] > 0.4
    assert (
        model.log_prob(table).mean()
        > model.log_prob(pa.table({n: rng.permutation(c) for n, c in columns.items()}, table.schema)).mean() + 5
    )


@pytest.mark.feature(244)
def test_planted_categories_and_extremes_of_one_subject_stay_out_of_files_and_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = 1050
    table = pa.table(
        {
            "name": ["common"] * 500 + ["usual"] * 500 + ["planted"] * 50,
            "size": np.concatenate([rng.normal(0, 1, 1000), np.full(50, 77_777.0)]),
        }
    )
    who = np.concatenate([np.arange(1000), np.full(50, 5000)]).astype(np.uint64)
    training = training_table(table, subjects=lambda: iter([who[s : s + 1000] for s in range(0, rows, 1000)]))
    model = trained(training, tmp_path)
    model.save(tmp_path)
    assert "planted" not in (tmp_path / "model.json").read_text()
    assert "77777" not in (tmp_path / "model.json").read_text()
    made = drawn(model, tmp_path, rows=20_000)
    assert "planted" not in set(made["name"].to_pylist())
    assert max(made["size"].to_pylist()) < 10


def test_more_columns_than_can_be_learned_are_refused_before_training(tmp_path: Path) -> None:
    values = pa.array([1, 2] * 20, pa.int8())
    table = pa.table([values] * 2500, names=[f"c{i}" for i in range(2500)])
    with pytest.raises(DataError, match="2500 columns in 2500 tokens"):
        backend_with().prepare(training_table(table), run_in(tmp_path))


def test_prepare_needs_no_jax(tmp_path: Path) -> None:
    import subprocess
    import sys

    program = (
        "import sys, pathlib; from tests.plugins.models.tabular.making import *;"
        f"b = backend_with(); b.prepare(training_table(people(50)), run_in(pathlib.Path({str(tmp_path)!r})));"
        "assert 'jax' not in sys.modules, 'jax'"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert json.loads((tmp_path / "tokens" / "table.json").read_text())["rows"] == 50
