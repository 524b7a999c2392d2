"""One trained model: what it makes, keeps, and refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from semblant.errors import ArtefactError, DataError
from semblant.training import GenerationRequest, Sampling
from semblant_models.tabular.model import TabularModel
from tests.plugins.models.tabular.making import drawn, loaded, people, run_in, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


@pytest.fixture(scope="module")
def model(folder: Path) -> TabularModel:
    table = training_table(people(3000), options={"city": {"rebalance": True}})
    return trained(table, folder, max_epochs=12)


def test_rows_have_the_schema_and_number_asked_for(model: TabularModel, tmp_path: Path) -> None:
    batches = list(model.generate(GenerationRequest(rows=150, seed=3, batch_rows=64), run_in(tmp_path)))
    assert [b.num_rows for b in batches] == [64, 64, 22]
    assert all(b.schema.equals(people(1).schema) for b in batches)


@pytest.mark.feature(50)
def test_the_same_seed_and_batch_size_make_the_same_rows_and_another_seed_others(
    model: TabularModel, tmp_path: Path
) -> None:
    first = drawn(model, tmp_path, rows=200, batch_rows=64)
    assert first.equals(drawn(model, tmp_path, rows=200, batch_rows=64))
    assert first.slice(0, 100).equals(drawn(model, tmp_path, rows=100, batch_rows=64))
    assert not first.equals(drawn(model, tmp_path, rows=200, batch_rows=64, seed=8))
    assert not first.equals(drawn(model, tmp_path, rows=200, batch_rows=50))


def test_marginals_and_dependence_are_those_of_the_data(model: TabularModel, tmp_path: Path) -> None:
    real, made = people(3000), drawn(model, tmp_path, rows=4096)
    for table in (real, made):
        assert abs(pc.mean(pc.equal(table["city"], "Rome")).as_py() - 0.5) < 0.04
        milan = pc.mean(table.filter(pc.equal(table["city"], "Milan"))["income"]).as_py()
        other = pc.mean(table.filter(pc.not_equal(table["city"], "Milan"))["income"]).as_py()
        assert 1400 < milan - other < 1600
    assert abs(made["score"].null_count / made.num_rows - real["score"].null_count / real.num_rows) < 0.03
    assert pc.all(pc.equal(pc.bit_wise_and(made["income"], 1), 0)).as_py()


@pytest.mark.feature(94)
def test_a_saved_model_makes_the_same_rows_and_holds_no_training_row(model: TabularModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    again = loaded(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.json", "model.safetensors"]
    assert drawn(again, tmp_path, rows=100).equals(drawn(model, tmp_path, rows=100))
    assert [dict(h) for h in again.history] == [dict(h) for h in model.history]
    text = (tmp_path / "model.json").read_text()
    scores = [repr(v) for v in people(3000)["score"].drop_null().to_pylist()]
    assert not any(score in text for score in scores)


def test_a_model_file_that_does_not_fit_its_description_is_refused(model: TabularModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    whole, arrays = (tmp_path / "model.json").read_text(), (tmp_path / "model.safetensors").read_bytes()
    state = json.loads(whole)
    changes: tuple[dict[str, Any], ...] = (
        {"format": 99},
        {"network": {**state["network"], "hidden": 48}},
        {"network": {}},
        {"encoding": {}},
        {"encoding": {**state["encoding"], "names": ["a"]}},
    )
    for change in changes:
        (tmp_path / "model.json").write_text(json.dumps({**state, **change}))
        with pytest.raises(ArtefactError):
            TabularModel.load(tmp_path)
    for text in ("[]", "{", "", "[" * 100_000):
        (tmp_path / "model.json").write_text(text)
        with pytest.raises(ArtefactError):
            TabularModel.load(tmp_path)
    (tmp_path / "model.json").write_text(whole)
    for data in (b"", arrays[: len(arrays) // 2], b"\xff" * 1000):
        (tmp_path / "model.safetensors").write_bytes(data)
        with pytest.raises(ArtefactError):
            TabularModel.load(tmp_path)


@pytest.mark.feature(225)
def test_log_probabilities_tell_likely_rows_from_shuffled_ones(model: TabularModel) -> None:
    real = people(2000, seed=5)
    broken = real.set_column(1, "income", pc.subtract(pa.scalar(5000), real["income"]))
    likely = model.log_prob(real)
    assert likely.shape == (2000,)
    assert likely.dtype == np.float64
    assert likely.mean() > model.log_prob(broken).mean() + 2
    assert abs(-likely.mean() - model.history[-1]["validation_loss"]) < 0.5


@pytest.mark.feature(220, 105)
def test_given_values_come_out_as_they_are_and_the_rest_follows_them(model: TabularModel, tmp_path: Path) -> None:
    given = pa.table({"income": pa.array([3210] * 100 + [1510] * 100), "weight": pa.array([70.3, None] * 100)})
    made = drawn(model, tmp_path, rows=200, given=given)
    assert made["income"].to_pylist() == given["income"].to_pylist()
    assert made["weight"].to_pylist()[::2] == [70.3] * 100
    assert made["weight"].null_count == 0
    assert pc.mean(pc.equal(made["city"].slice(0, 100), "Milan")).as_py() > 0.75
    assert pc.mean(pc.equal(made["city"].slice(100), "Milan")).as_py() < 0.15


@pytest.mark.feature(220, 221)
def test_nulls_in_given_rows_are_filled_unless_they_are_named(model: TabularModel, tmp_path: Path) -> None:
    given = pa.table({"score": pa.nulls(100, pa.float64()), "city": pa.array(["Turin"] * 100)})
    filled = drawn(model, tmp_path, rows=100, given=given)
    kept = drawn(model, tmp_path, rows=100, given=given, given_nulls=frozenset(["score"]))
    assert filled["score"].null_count < 50
    assert kept["score"].null_count == 100
    assert set(filled["city"].to_pylist()) == {"Turin"}


@pytest.mark.feature(221)
def test_no_null_is_drawn_where_none_is_wanted(model: TabularModel, tmp_path: Path) -> None:
    given = pa.table({"city": pa.array(["Turin"] * 200)})
    usual = drawn(model, tmp_path, rows=200, given=given)
    filled = drawn(model, tmp_path, rows=200, given=given, no_nulls=frozenset(["score", "city", "weight"]))
    again = drawn(model, tmp_path, rows=200, given=given)
    assert usual["score"].null_count > 10
    assert filled["score"].null_count == 0
    assert again.equals(usual)


def test_what_cannot_be_given_is_refused_by_name(model: TabularModel, tmp_path: Path) -> None:
    for request, words in (
        ({"given": pa.table({"nose": [1, 2]}), "rows": 2}, "'nose'"),
        ({"given": pa.table({"income": ["x", "y"]}), "rows": 2}, "'income'"),
        ({"given": pa.table({"income": [1, 2]}), "rows": 3}, "3 are asked for"),
        ({"shares": {"weight": {"70": 0.5}}, "rows": 3}, "'weight'"),
        ({"shares": {"city": {"Paris": 0.5}}, "rows": 3}, "'Paris'"),
        ({"shares": {"city": {"Rome": 0.7, "Milan": 0.6}}, "rows": 3}, "1.3"),
        ({"shares": {"city": {"Rome": -0.1}}, "rows": 3}, "-0.1"),
    ):
        with pytest.raises(DataError, match=words):
            drawn(model, tmp_path, **request)


@pytest.mark.feature(19, 49)
def test_shares_of_a_rebalanced_column_are_met_and_the_others_keep_their_proportions(
    model: TabularModel, tmp_path: Path
) -> None:
    made = drawn(model, tmp_path, rows=2000, shares={"city": {"Turin": 0.7}})
    shares = {v: pc.mean(pc.equal(made["city"], v)).as_py() for v in ("Turin", "Rome", "Milan")}
    assert shares["Turin"] == pytest.approx(0.7, abs=0.01)
    assert shares["Rome"] / shares["Milan"] == pytest.approx(5 / 3, rel=0.15)
    milan = pc.mean(made.filter(pc.equal(made["city"], "Milan"))["income"]).as_py()
    assert milan > 3000


@pytest.mark.feature(222)
def test_a_column_that_comes_late_can_be_rebalanced_too(model: TabularModel, tmp_path: Path) -> None:
    made = drawn(model, tmp_path, rows=1000, shares={"member": {True: 0.8}, "city": {"Milan": 0.9}})
    assert pc.mean(pc.cast(made["member"], pa.int8())).as_py() == pytest.approx(0.8, abs=0.01)
    assert pc.mean(pc.equal(made["city"], "Milan")).as_py() == pytest.approx(0.9, abs=0.01)


@pytest.mark.feature(224)
def test_temperature_and_top_p_narrow_what_is_drawn_per_column(model: TabularModel, tmp_path: Path) -> None:
    cold = drawn(model, tmp_path, rows=500, sampling=Sampling(columns={"city": (0.1, 1.0)}))
    # Rome is 5/3 as probable as Milan: at a tenth of the temperature (5/3) ** 10, or 165 times
    assert cold["city"].to_pylist().count("Rome") > 0.98 * 500
    assert len(set(cold["income"].to_pylist())) > 30
    narrow = drawn(model, tmp_path, rows=500, sampling=Sampling(columns={"city": (1.0, 0.6)}))
    assert set(narrow["city"].to_pylist()) == {"Rome", "Milan"}
    usual = drawn(model, tmp_path, rows=500)
    assert set(usual["city"].to_pylist()) == {"Rome", "Milan", "Turin"}
    hot = drawn(model, tmp_path, rows=500, sampling=Sampling(temperature=5.0))
    assert pc.mean(pc.equal(hot["city"], "Turin")).as_py() > pc.mean(pc.equal(usual["city"], "Turin")).as_py()


def test_history_and_settings_say_what_was_done(model: TabularModel) -> None:
    assert {"step", "epoch", "seconds", "loss", "validation_loss", "learning_rate"} <= set(model.history[0])
    assert model.history[-1]["loss"] < model.history[0]["loss"]
    assert {"batch_size", "epochs", "parameters", "best_step"} <= set(model.settings_used)
