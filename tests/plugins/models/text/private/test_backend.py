"""The backend ``dp-text`` under a budget: what it spends, what it leaves in, and that nobody's text comes out (P9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from semblant.errors import ArtefactError
from semblant.privacy import Part
from semblant.spec.training import ModelSpec
from semblant.testing.lessons import run_in
from semblant.testing.text import reviews
from semblant.training import ColumnPlan, GenerationRequest, Split, TrainingTable
from semblant.vocabulary import EncodingType
from semblant_models.privacy.account import BudgetAccount
from semblant_models.text.private.backend import PrivateTextBackend
from semblant_models.text.private.model import PrivateTextModel
from semblant_models.text.settings import PrivateTextSettings

if TYPE_CHECKING:
    from pathlib import Path

DELTA = 1e-6


def _table(table: pa.Table) -> TrainingTable:
    def encoding(name: str) -> EncodingType:
        return EncodingType.TEXT if name == "review" else EncodingType.CATEGORICAL

    return TrainingTable(
        name="reviews",
        columns=tuple(ColumnPlan(name=f.name, type=f.type, encoding=encoding(f.name)) for f in table.schema),
        rows=table.num_rows,
        open=lambda: iter(table.to_batches(max_chunksize=500)),
        split=Split(seed=0, fraction=0.1),
    )


def _trained(folder: Path, account: BudgetAccount, table: pa.Table | None = None, **settings: Any) -> PrivateTextModel:
    run = run_in(folder, privacy=account)
    training = _table(reviews() if table is None else table)
    backend = PrivateTextBackend(PrivateTextSettings(**settings), ModelSpec())
    backend.prepare(training, run)
    return backend.fit(training, backend.load_prepared(folder), run)


def _written(model: PrivateTextModel, folder: Path, rows: int, bucket: int = 6) -> list[str]:
    given = pa.table({"review": pa.array(np.full(rows, bucket), pa.int16())})
    request = GenerationRequest(rows=rows, seed=1, given=given)
    found: list[str] = pa.Table.from_batches(list(model.generate(request, run_in(folder)))).column(0).to_pylist()
    return found


@pytest.mark.feature(240)
def test_texts_pay_from_the_budget_of_the_job_and_every_release_names_its_column(tmp_path: Path) -> None:
    account = BudgetAccount(epsilon=3.0, delta=DELTA)
    account.expect([Part(table="reviews", columns=6), Part(table="reviews", columns=1, text=True)])
    assert account.take("reviews") == 0.5
    _trained(tmp_path, account)
    assert 0.9 * 3.0 < account.spent.epsilon <= 3.0
    assert account.delta_spent <= 0.1 * DELTA * (1 + 1e-9)
    assert all("'reviews.review': " in release.what for release in account.releases)


@pytest.mark.feature(240)
def test_the_longest_run_and_the_characters_that_count_change_what_is_learned(tmp_path: Path) -> None:
    def bits(**settings: Any) -> float:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        model = _trained(folder, BudgetAccount(epsilon=4.0, delta=DELTA), **settings)
        texts = reviews().filter(pa.array(np.arange(1500) % 5 == 0)).select(["review"])
        return float(-model.log_prob(texts).mean())

    usual = bits()
    assert usual < 0.7 * bits(order=2)
    assert usual < bits(characters=10) - 1


def test_saved_and_loaded_it_writes_the_same_texts(tmp_path: Path) -> None:
    model = _trained(tmp_path / "work", BudgetAccount(epsilon=3.0, delta=DELTA))
    (tmp_path / "model").mkdir()
    model.save(tmp_path / "model")
    again = PrivateTextModel.load(tmp_path / "model")
    assert _written(again, tmp_path, 50) == _written(model, tmp_path, 50)
    path = tmp_path / "model" / "model.json"
    path.write_text(path.read_text().replace('"alphabet"', '"letters"'))
    with pytest.raises(ArtefactError, match="damaged"):
        PrivateTextModel.load(tmp_path / "model")


def _canaries(count: int = 100) -> list[str]:
    rng = np.random.default_rng(9)
    return ["".join(rng.choice(list("abcdefghijklmnop"), 12)) + f" {n:03d} lives here" for n in range(count)]


def _regenerated(folder: Path, rows: int, epsilon: float, times: int = 1) -> int:
    """Count the canaries of which a distinctive part stands in made texts; each was written by one subject."""
    texts = [text for text in reviews().column("review").to_pylist() if text]
    table = pa.table({"review": [*texts, *[" ".join([canary] * times) for canary in _canaries()]]})
    model = _trained(folder, BudgetAccount(epsilon=epsilon, delta=DELTA), table)
    model.save(folder)
    held = (folder / "model.json").read_bytes()
    assert not any(canary[:12].encode() in held for canary in _canaries())
    made = "\n".join(_written(model, folder, rows))
    return sum(canary[:8] in made for canary in _canaries())


@pytest.mark.feature(240)
def test_sentences_that_one_subject_each_wrote_are_not_written_again(tmp_path: Path) -> None:
    (tmp_path / "once").mkdir()
    assert _regenerated(tmp_path / "once", 4_000, 8.0, times=20) == 0


@pytest.mark.nightly
def test_none_of_a_hundred_canary_sentences_is_written_again_in_a_hundred_thousand_rows(tmp_path: Path) -> None:
    assert _regenerated(tmp_path, 100_000, 8.0) == 0
