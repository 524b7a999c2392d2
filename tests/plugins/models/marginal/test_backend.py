"""The backend under a budget: what it spends, what it leaves in, what it refuses; its settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dp_accounting
import numpy as np
import pyarrow as pa
import pytest

from semblant.errors import DataError, PrivacyError
from semblant.spec.training import ModelSpec
from semblant.testing.lessons import bytes_below, lesson, run_in, secrets, training_table
from semblant.training import ColumnPlan, Context, GenerationRequest
from semblant.vocabulary import ColumnTreatment, EncodingType, ModelSize
from semblant_models.marginal import mechanism
from semblant_models.marginal.allowance import allowance
from semblant_models.marginal.backend import MarginalBackend
from semblant_models.marginal.model import MarginalModel
from semblant_models.privacy.account import BudgetAccount
from semblant_models.settings import MarginalSettings
from tests.plugins.models.privacy.preprocessing.making import people

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.training import TrainingTable

DELTA = 1e-6


def _train(
    table: TrainingTable, folder: Path, account: BudgetAccount | None = None, size: str = "small", **settings: Any
) -> MarginalModel:
    run = run_in(folder) if account is None else run_in(folder, privacy=account)
    backend = MarginalBackend(MarginalSettings(**settings), ModelSpec(size=ModelSize(size)))
    model = backend.fit(table, backend.prepare(table, run), run)
    assert isinstance(model, MarginalModel)
    return model


def _drawn(model: MarginalModel, folder: Path, rows: int = 2000) -> pa.Table:
    return pa.Table.from_batches(list(model.generate(GenerationRequest(rows=rows, seed=1), run_in(folder))))


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> tuple[MarginalModel, BudgetAccount, Path]:
    folder = tmp_path_factory.mktemp("private")
    account = BudgetAccount(epsilon=5.0, delta=DELTA)
    return _train(training_table(lesson()), folder, account), account, folder


def test_the_budget_is_spent_nearly_whole_and_never_overdrawn(
    private: tuple[MarginalModel, BudgetAccount, Path],
) -> None:
    _, account, _ = private
    assert 0.9 * 5 < account.spent.epsilon <= 5
    assert sum(release.delta for release in account.releases) == pytest.approx(0.1 * DELTA)


def test_every_release_is_named(private: tuple[MarginalModel, BudgetAccount, Path]) -> None:
    told = [entry["what"] for entry in private[1].as_dict()["charged"]]
    for part in ("number of rows", "missing and frequent values", "powers of two", "fine cells", "scores", "marginals"):
        assert any(part in what for what in told), part
    assert "'income'" in " ".join(told)


def test_no_planted_string_and_no_extreme_is_in_model_workspace_or_rows(
    private: tuple[MarginalModel, BudgetAccount, Path], tmp_path: Path
) -> None:
    model, _, workspace = private
    model.save(tmp_path)
    held = bytes_below(tmp_path) + bytes_below(workspace)
    planted = [*secrets(), "Xanadu-only-once", "987654321"]
    assert [text for text in planted if text.encode() in held] == []
    rows = json.dumps(_drawn(model, tmp_path / "drawing").to_pylist(), default=str)
    assert [text for text in planted if text in rows] == []


def test_two_private_runs_with_one_seed_differ(tmp_path: Path) -> None:
    table = training_table(people().select(["town", "age"]))
    one, other = (_train(table, tmp_path / n, BudgetAccount(epsilon=1.0, delta=DELTA)) for n in ("one", "other"))
    assert not np.array_equal(one.codes.columns[0].counts, other.codes.columns[0].counts)


def test_less_epsilon_gives_more_noise(tmp_path: Path) -> None:
    table = training_table(people().select(["town", "age", "gain"]))
    noise = [
        _train(table, tmp_path / str(epsilon), BudgetAccount(epsilon=epsilon, delta=DELTA)).history[0]["deviation"]
        for epsilon in (0.5, 5.0)
    ]
    assert noise[0] > 3 * noise[1]


@pytest.mark.parametrize("event", [dp_accounting.GaussianDpEvent(8.0), dp_accounting.ZCDpEvent(0.005)], ids=["g", "z"])
def test_what_was_spent_before_is_taken_off(event: dp_accounting.DpEvent, tmp_path: Path) -> None:
    fresh, used = (BudgetAccount(epsilon=1.0, delta=DELTA) for _ in range(2))
    used.charge(event, "another model")
    assert allowance(used, None).rho < 0.95 * allowance(fresh, None).rho
    _train(training_table(people().select(["town", "member"])), tmp_path, used)
    assert used.spent.epsilon <= 1.0
    used.epsilon = used.spent.epsilon
    with pytest.raises(PrivacyError, match="nothing is left"):
        allowance(used, None)


@pytest.mark.feature(242)
def test_the_share_of_preprocessing_moves_noise_from_columns_to_pairs(tmp_path: Path) -> None:
    table = training_table(people().select(["town", "age", "gain"]))
    made = [_train(table, tmp_path / str(share), preprocessing_share=share) for share in (0.1, 0.9)]
    columns = [model.codes.columns[1].variance for model in made]
    pairs = [model.history[0]["deviation"] for model in made]
    assert columns[0] > columns[1]
    assert pairs[0] < pairs[1]


@pytest.mark.feature(242)
def test_the_share_of_selection_takes_from_measuring(tmp_path: Path) -> None:
    table = training_table(people().select(["town", "age", "gain"]))
    made = [_train(table, tmp_path / str(share), selection_share=share) for share in (0.05, 0.9)]
    assert made[0].history[-1]["deviation"] < made[1].history[-1]["deviation"]


def test_a_small_model_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mechanism, "_BETWEEN", 10)
    monkeypatch.setattr(mechanism, "_LAST", 10)
    rng = np.random.default_rng(0)
    common = rng.integers(0, 9, 4000)
    wide = pa.table({f"c{n}": np.where(rng.random(4000) < 0.5, common, rng.integers(0, 9, 4000)) for n in range(9)})
    small, medium = (_train(training_table(wide), tmp_path / size, size=size) for size in ("small", "medium"))
    assert small.settings_used["parameters"] <= 15_000 < medium.settings_used["parameters"] <= 120_000


@pytest.mark.parametrize("kind", [pa.list_(pa.int8()), pa.binary(), pa.struct([("a", pa.int8())])], ids=str)
def test_columns_that_cannot_be_learned_are_refused_by_name(kind: pa.DataType, tmp_path: Path) -> None:
    table = pa.table({"fine": [1] * 50, "odd": pa.nulls(50, kind)})
    with pytest.raises(DataError, match="column 'odd'.*cannot be learned") as caught:
        _train(training_table(table, {"odd": EncodingType.CATEGORICAL}), tmp_path)
    assert "exclude 'odd'" in str(caught.value.fix)


def test_what_would_weaken_the_promise_is_refused(tmp_path: Path) -> None:
    account = BudgetAccount(epsilon=1.0, delta=DELTA)
    table = training_table(people().select(["town"]), subjects=lambda: iter([np.zeros(3000, np.uint64)]))
    with pytest.raises(PrivacyError, match="a subject may have several"):
        _train(table, tmp_path, account)
    with pytest.raises(PrivacyError, match="below others without a budget"):
        _train(training_table(people().select(["town"]), context=Context()), tmp_path)
    kept = ColumnPlan(name="town", type=pa.string(), encoding=EncodingType.CATEGORICAL, treatment=ColumnTreatment.KEEP)
    from attrs import evolve

    with pytest.raises(PrivacyError, match="kept as it is"):
        _train(evolve(training_table(people().select(["town"])), columns=(kept,)), tmp_path, account)
    assert account.releases == []


def test_a_table_that_drowns_in_noise_is_refused_by_its_noisy_count(tmp_path: Path) -> None:
    account = BudgetAccount(epsilon=0.01, delta=DELTA)
    with pytest.raises(DataError, match="too few rows for this privacy budget"):
        _train(training_table(people(60).select(["town", "age"])), tmp_path, account)
    assert account.releases != []


def test_no_nulls_are_drawn_where_none_are_wanted(tmp_path: Path) -> None:
    model = _train(training_table(people().select(["weight", "town"])), tmp_path)
    assert _drawn(model, tmp_path).column("weight").null_count > 0
    request = GenerationRequest(rows=500, seed=1, no_nulls=frozenset({"weight"}))
    made = pa.Table.from_batches(list(model.generate(request, run_in(tmp_path))))
    assert made.column("weight").null_count == 0


def test_what_cannot_be_given_is_said(tmp_path: Path) -> None:
    model = _train(training_table(people().select(["age", "town"])), tmp_path)
    for request, reason in (
        ({"shares": {"age": {3: 0.5}}}, "ranges of numbers"),
        ({"shares": {"town": {"Atlantis": 0.5}}}, "no value 'Atlantis'"),
        ({"shares": {"town": {"Rome": 0.8, "Milan": 0.8}}}, "add up to 1.6"),
        ({"shares": {"town": {"Rome": 2.0}}}, "not between 0 and 1"),
        ({"given": pa.table({"colour": ["red"] * 5})}, "no such column"),
        ({"given": pa.table({"age": ["red"] * 5})}, "are large_string"),
        ({"given": pa.table({"age": [3]})}, "1 rows are given"),
    ):
        with pytest.raises(DataError, match=reason):
            list(model.generate(GenerationRequest(rows=5, seed=1, **request), run_in(tmp_path)))
