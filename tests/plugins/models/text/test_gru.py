"""The text backend gru: what it is given, what it protects, what it keeps, and when it leaves texts to ngram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from attrs import evolve

from semblant.errors import PrivacyError
from semblant.testing.lessons import private_account
from semblant.training import above_column
from semblant_models.text.gru.backend import GruBackend
from semblant_models.text.gru.model import GruModel
from semblant_models.text.gru.runs import RUN, guard_runs, replayed
from semblant_models.text.ngram.model import NgramModel
from semblant_models.text.settings import GruSettings
from tests.plugins.models.text.learning import fit, reviews, trained, written
from tests.plugins.models.text.tables import given_of, run_in, training_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.protocols import Model

LONGER = {"max_epochs": 12}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Give a model that has learned the reviews well."""
    return trained(tmp_path_factory.mktemp("model"), **LONGER)


def share(texts: pa.ChunkedArray, word: str) -> float:
    return float(np.mean(pc.match_substring(texts, word).to_numpy(zero_copy_only=False)))


def test_words_follow_the_row_and_do_not_without_it(model: Model, tmp_path: Path) -> None:
    rows = reviews(400, seed=9)
    texts = written(model, tmp_path, rows).column("text")
    good = pc.equal(rows.column("score"), "good")
    assert share(texts.filter(good), "stale|awful|ill") == 0.0
    assert share(texts.filter(good), "fresh") > 0.2
    assert share(texts.filter(pc.invert(good)), "fresh") < 0.05
    blind = trained(tmp_path / "blind", own={"context": False}, **LONGER)
    texts = written(blind, tmp_path, rows).column("text")
    assert abs(share(texts.filter(good), "fresh") - share(texts.filter(pc.invert(good)), "fresh")) < 0.2


def test_a_text_ends_its_sentence_near_the_length_that_was_drawn_for_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    texts = ["we " + "walk and " * n + "rest." for n in rng.integers(2, 26, 800)]
    table = pa.table({"text": texts})
    made = fit(training_table(table), tmp_path, own={"replay_guard": False}, max_epochs=6)
    out = written(made, tmp_path, table).column("text")
    whole = pc.match_substring_regex(out, r"^we (walk and )+rest\.$")
    assert float(np.mean(whole.to_numpy(zero_copy_only=False))) > 0.9
    found, real = (np.sort(pc.utf8_length(some).to_numpy()) for some in (out, table.column("text")))
    assert np.abs(found - real).mean() < 0.05 * real.mean()


def test_two_texts_of_a_row_agree(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    planted = rng.choice(["violet", "harbour", "copper", "meadow"], 900)
    table = pa.table(
        {
            "title": [f"about the {word}" for word in planted],
            "text": [
                f"we {rng.choice(['saw', 'liked', 'sold'])} a {word} {rng.choice(['today', 'here'])}"
                for word in planted
            ],
        }
    )
    made = fit(training_table(table, ("title", "text")), tmp_path, max_epochs=15)
    frame = pl.from_arrow(written(made, tmp_path, table.slice(0, 300), ("title", "text")))
    assert isinstance(frame, pl.DataFrame)
    assert len(set(frame["title"])) > 3
    found = frame.select(pl.col("text").str.contains(pl.col("title").str.split(" ").list.last(), literal=True))
    print("texts that name the subject of their title:", found["text"].mean())
    assert found["text"].mean() > 0.85  # type: ignore[operator]


@pytest.mark.nightly
def test_a_text_repeats_what_its_parent_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    planted = rng.choice(["violet", "harbour", "copper", "meadow"], 900)
    column, note = above_column("orders.kind"), above_column("orders.note")
    table = pa.table(
        {
            "text": [f"it was {rng.choice(['a', 'the'])} {word} {rng.choice(['again', 'indeed'])}" for word in planted],
            column: [word[:2] for word in planted],
            note: [f"note on {word}" for word in planted],
        }
    )
    for kept in (column, note):
        part = table.select(["text", kept])
        training = training_table(part, ("text", note))
        plans = tuple(evolve(plan, above=plan.name == kept) for plan in training.columns)
        made = fit(evolve(training, columns=plans), tmp_path / kept[-4:], max_epochs=15)
        given = given_of(part, ("text",)).slice(0, 300)
        texts = written(made, tmp_path, part.slice(0, 300), given=given)
        assert texts.column_names == ["text"]
        agrees = [word in text for word, text in zip(planted, texts.column("text").to_pylist(), strict=False)]
        print(f"texts that repeat the word of {kept}: {np.mean(agrees):.3f}")
        assert np.mean(agrees) > 0.85


def test_few_texts_are_left_to_the_other_backend(tmp_path: Path) -> None:
    found = {least: trained(tmp_path / str(least), own={"least_texts": least}) for least in (800, 801)}
    assert isinstance(found[800], GruModel)
    assert isinstance(found[801], NgramModel)
    found[801].save(tmp_path / "saved")
    assert isinstance(GruBackend(GruSettings(), None).load(tmp_path / "saved"), NgramModel)  # type: ignore[arg-type]


def test_a_private_run_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    backend = GruBackend(GruSettings(), None)  # type: ignore[arg-type]
    with pytest.raises(PrivacyError, match="gru"):
        backend.prepare(training_table(reviews()), run_in(tmp_path, privacy=private_account()))


def test_names_and_numbers_of_few_subjects_never_come_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    names = ["".join(rng.choice(list("abcdefghiklmnoprstu"), 7)).capitalize() for _ in range(400)]
    numbers = [str(n) for n in rng.integers(10_000, 99_999, 400)]
    texts = [f"dear {names[n // 2]}, your order {numbers[n // 2]} is on its way" for n in range(800)]
    table = pa.table({"text": texts})
    made = fit(training_table(table), tmp_path, max_epochs=4)
    out = written(made, tmp_path, table).column("text").to_pylist()
    said = {word for text in out for word in text.replace(",", "").split()}
    assert not said & set(names)
    assert len(said & set(numbers)) < 0.05 * len(said)
    assert share(pa.chunked_array([out]), "dear") > 0.9
    assert not any(name.encode() in path.read_bytes() for name in names[:50] for path in tmp_path.rglob("*.json"))


def test_a_long_run_of_one_subject_is_recognised_and_common_ones_are_not() -> None:
    rng = np.random.default_rng(5)
    known = [f"w{n}" for n in range(300)]
    own = pl.Series([" ".join(rng.choice(known, 60)) for _ in range(100)])
    common = pl.Series([" ".join(known[:60])] * 40)
    subjects = np.arange(140, dtype=np.uint64)
    guard = guard_runs(pl.concat([own, common]), subjects, 10, 11)
    copied = own.str.split(" ").list.slice(10, 3 * RUN).list.join(" ")
    assert replayed(guard, "so then " + copied + " the end").mean() > 0.95
    assert not replayed(guard, common).any()
    fresh = pl.Series([" ".join(rng.choice(known, 60)) for _ in range(300)])
    assert replayed(guard, fresh).mean() < 0.05


@pytest.mark.nightly
def test_the_guard_redraws_what_would_be_replayed(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    few = [f"{a} {b}" for a in ("red", "blue", "green", "black", "white") for b in ("door", "roof", "wall", "gate")]
    table = pa.table({"text": [few[n] for n in rng.integers(0, len(few), 100)] + ["the old house of stone"] * 100})
    found = {}
    for guarded in (True, False):
        made = fit(
            training_table(table, least=10), tmp_path / str(guarded), own={"replay_guard": guarded}, max_epochs=8
        )
        out = written(made, tmp_path, table).column("text").to_pylist()
        found[guarded] = len(set(out) & {text for text in few if table.column("text").to_pylist().count(text) < 10})
    assert found[True] == 0 < found[False]
