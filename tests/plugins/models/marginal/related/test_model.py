"""Private rows below others: their number and content depend on the row above; the budget holds; what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from attrs import evolve

from semblant.errors import ArtefactError, PrivacyError
from semblant.privacy import Part
from semblant.spec.training import ModelSpec, PrivacySpec
from semblant.testing.lessons import run_in
from semblant.training import PARENT_ROW, Context, GenerationContext, GenerationRequest, Related
from semblant.vocabulary import ModelSize
from semblant_models.marginal.backend import MarginalBackend
from semblant_models.marginal.related.model import RelatedMarginalModel
from semblant_models.privacy.account import BudgetAccount
from semblant_models.settings import MarginalSettings
from tests.plugins.models.marginal.related.families import PARENTS, households, purchases

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.training import TrainingTable

DELTA = 1e-6


def _account(epsilon: float, rows: int | None = 5) -> BudgetAccount:
    return BudgetAccount(epsilon=epsilon, delta=DELTA, spec=PrivacySpec(epsilon=epsilon, rows_per_subject=rows))


def _trained(folder: Path, account: BudgetAccount, table: TrainingTable | None = None) -> RelatedMarginalModel:
    run = run_in(folder, privacy=account)
    table = purchases(households()) if table is None else table
    backend = MarginalBackend(MarginalSettings(), ModelSpec(size=ModelSize.SMALL))
    backend.prepare(table, run)
    model = backend.fit(table, backend.load_prepared(folder), run)
    assert isinstance(model, RelatedMarginalModel)
    return model


def _made(model: RelatedMarginalModel, folder: Path, request: GenerationRequest | None = None) -> pa.Table:
    request = _request() if request is None else request
    return pa.Table.from_batches(list(model.generate(request, run_in(folder))))


def _request(counts: np.ndarray | None = None) -> GenerationRequest:
    above = households(seed=8)[0].rename_columns(["households.town", "households.size"])
    context = GenerationContext(parents=lambda: iter(above.to_batches()), parent_rows=PARENTS, counts=counts)
    return GenerationRequest(rows=0, seed=1, context=context)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[RelatedMarginalModel, BudgetAccount]:
    account = _account(4.0)
    account.expect([Part(table="households", columns=2), Part(table="purchases", columns=2)])
    account.take("households")
    return _trained(tmp_path_factory.mktemp("related"), account), account


@pytest.mark.feature(240)
def test_the_number_of_rows_and_what_they_are_depend_on_the_row_above(
    trained: tuple[RelatedMarginalModel, BudgetAccount], tmp_path: Path
) -> None:
    made = _made(trained[0], tmp_path)
    town = np.asarray(households(seed=8)[0].column("town"))
    owner = made.column(PARENT_ROW).to_numpy()
    number = np.bincount(owner, minlength=PARENTS)
    assert (np.diff(owner) >= 0).all()
    assert number[town == "Rome"].mean() == pytest.approx(4.0, abs=0.5)
    assert number[town != "Rome"].mean() == pytest.approx(1.0, abs=0.4)
    wine = np.asarray(made.column("what")) == "wine"
    assert wine[town[owner] == "Milan"].mean() > 0.7
    assert wine[town[owner] != "Milan"].mean() < 0.25
    price = made.column("price").to_numpy()
    assert price[wine].mean() - price[~wine].mean() == pytest.approx(20, abs=6)


@pytest.mark.feature(240)
def test_the_budget_is_spent_nearly_whole_and_never_overdrawn(
    trained: tuple[RelatedMarginalModel, BudgetAccount],
) -> None:
    account = trained[1]
    assert 0.9 * 4.0 < account.spent.epsilon <= 4.0
    assert account.to_come == {}
    assert account.delta_spent <= 0.1 * DELTA * (1 + 1e-9)


@pytest.mark.feature(240)
def test_more_rows_per_subject_cost_more_noise(tmp_path: Path) -> None:
    few, many = (_trained(tmp_path / str(rows), _account(2.0, rows)) for rows in (2, 20))
    assert many.history[-1]["deviation"] > 3 * few.history[-1]["deviation"]
    assert (few.settings_used["rows_per_subject"], many.settings_used["rows_per_subject"]) == (2, 20)


@pytest.mark.feature(240)
def test_a_part_spends_its_share_of_what_is_left(tmp_path: Path) -> None:
    account = _account(2.0)
    account.expect([Part(table="purchases", columns=2), Part(table="reviews", columns=1, text=True)])
    _trained(tmp_path, account)
    restored = BudgetAccount(epsilon=2.0, delta=DELTA, spec=account.spec)
    restored.restore(account.as_dict())
    assert 0.3 < account.spent.epsilon < 1.2
    assert list(restored.to_come) == ["reviews (text)"]
    assert restored.take("reviews", text=True) == 1.0


def test_saved_and_loaded_it_makes_the_same_rows(
    trained: tuple[RelatedMarginalModel, BudgetAccount], tmp_path: Path
) -> None:
    trained[0].save(tmp_path)
    backend = MarginalBackend(MarginalSettings(), ModelSpec())
    again = backend.load(tmp_path)
    assert isinstance(again, RelatedMarginalModel)
    assert _made(again, tmp_path).equals(_made(trained[0], tmp_path))
    assert np.array_equal(
        again.counts(_request(), run_in(tmp_path)),
        np.bincount(_made(again, tmp_path).column(PARENT_ROW).to_numpy(), minlength=PARENTS),
    )
    text = (tmp_path / "model.json").read_text().replace('"below"', '"elsewhere"', 1)
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ArtefactError, match="damaged"):
        backend.load(tmp_path)


def test_numbers_of_rows_and_values_that_are_given_come_out(
    trained: tuple[RelatedMarginalModel, BudgetAccount], tmp_path: Path
) -> None:
    counts = np.arange(PARENTS) % 3
    given = pa.table({"what": pa.array(["wine", None] * (int(counts.sum()) // 2))})
    made = _made(trained[0], tmp_path, evolve(_request(counts), given=given))
    assert np.array_equal(np.bincount(made.column(PARENT_ROW).to_numpy(), minlength=PARENTS), counts)
    assert set(made.column("what").to_pylist()[::2]) == {"wine"}
    assert pc.mean(made.column("price").take(pa.array(np.arange(0, made.num_rows, 2)))).as_py() > 20


def test_rows_without_a_parent_are_left_out(tmp_path: Path) -> None:
    above, below, owner = households()
    lost = owner.copy()
    lost[::7] = -2
    model = _trained(tmp_path, _account(4.0), purchases((above, below, lost)))
    kept = int((lost >= 0).sum())
    assert model.settings_used["rows"] == pytest.approx(kept, rel=0.1)


@pytest.mark.feature(240)
def test_without_a_bound_and_with_lookups_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="any number of its rows") as caught:
        _trained(tmp_path, _account(1.0, None))
    assert "rows_per_subject" in str(caught.value.fix)
    table = purchases(households())
    assert table.context is not None
    lookup = evolve(table.context.parent, key="k>countries") if table.context.parent else None
    assert isinstance(lookup, Related)
    looking = evolve(table, context=Context(parent=table.context.parent, lookups=(lookup,)))
    with pytest.raises(PrivacyError, match="rows that refer to a copied table"):
        _trained(tmp_path, _account(1.0), looking)
