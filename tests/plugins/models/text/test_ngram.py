"""The text backend ngram: lengths, context, protection, replay, seeds, saving."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.demo import shop, truth
from semblant.errors import ArtefactError, ModelError, PrivacyError
from semblant.pipeline.text_columns import length_buckets
from semblant.protocols import Model, ModelBackend, Prepared
from semblant.spec.training import ModelSpec
from semblant.training import GenerationRequest, Sampling
from semblant_models import semblant_models
from semblant_models.text.ngram.backend import NgramBackend
from semblant_models.text.settings import NgramSettings
from tests.plugins.models.text.tables import given_of, learn, run_in, training_table, write

if TYPE_CHECKING:
    from pathlib import Path

    from semblant_models.text.ngram.model import NgramModel


@pytest.fixture(scope="module")
def reviews() -> pa.Table:
    """Give the reviews of the demo shop with the category of their product."""
    tables = shop(seed=3, customers=1500)
    frame = pl.DataFrame(pl.from_arrow(tables["reviews"]))
    frame = frame.join(
        pl.DataFrame(pl.from_arrow(tables["products"])).select("id", "category"), left_on="product_id", right_on="id"
    )
    return frame.select("category", "text").to_arrow()


@pytest.fixture(scope="module")
def model(reviews: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> NgramModel:
    """Give a model of them."""
    return learn(tmp_path_factory.mktemp("model"), training_table(reviews))


def sentences(rows: int, seed: int = 1, words: int = 12, length: int = 6) -> list[str]:
    """Give sentences of common words."""
    random = np.random.default_rng(seed)
    return [" ".join(f"word{chr(97 + n)}" for n in random.integers(0, words, length)) for _ in range(rows)]


def test_the_backend_is_offered_and_keeps_the_contract(tmp_path: Path, reviews: pa.Table) -> None:
    (offer,) = [offer for offer in semblant_models() if offer.name == "ngram"]
    assert (offer.learns, offer.preference, offer.capabilities["privacy"]) == ("text", 10, False)
    backend = offer.load()(NgramSettings(), ModelSpec())
    assert isinstance(backend, ModelBackend)
    prepared = backend.prepare(training_table(reviews), run_in(tmp_path))
    assert isinstance(prepared, Prepared)
    assert backend.load_prepared(tmp_path).summary == prepared.summary
    model = backend.fit(training_table(reviews), backend.load_prepared(tmp_path), run_in(tmp_path))
    assert isinstance(model, Model)
    assert model.history[0]["loss"] > 0
    assert json.dumps(prepared.summary)


@pytest.mark.feature(118)
def test_null_empty_and_length_are_exactly_what_the_bucket_says(model: NgramModel, tmp_path: Path) -> None:
    buckets = pa.array([None, 0, *range(1, 12)] * 20, pa.int16())
    rows = pa.table({"category": ["books"] * len(buckets), "text": buckets})
    assert length_buckets(write(model, tmp_path, rows)["text"].combine_chunks()).equals(buckets)


def test_words_follow_the_context_column_and_do_not_without_it(
    reviews: pa.Table, tmp_path: Path, model: NgramModel
) -> None:
    def agreement(model: NgramModel) -> float:
        made = pl.DataFrame(
            {
                "category": reviews["category"].to_pylist(),
                "text": write(model, tmp_path, given_of(reviews))["text"].to_pylist(),
            }
        )
        made = made.filter(pl.col("text").str.len_chars() > 30).with_columns(pl.col("text").str.to_lowercase())
        hits = [
            pl.col("text").str.contains(word) & (pl.col("category") == category)
            for category, word in truth.PLANTED.items()
        ]
        return float(made.select(pl.any_horizontal(hits).mean()).item())

    assert agreement(model) > 0.8
    without = learn(tmp_path / "without", training_table(reviews), context=False)
    assert agreement(without) < 0.4


def test_written_texts_read_like_the_training_texts(model: NgramModel, reviews: pa.Table, tmp_path: Path) -> None:
    made = write(model, tmp_path, given_of(reviews))["text"]
    real = {word for text in reviews["text"].drop_null().to_pylist() for word in text.split()}
    words = [word for text in made.drop_null().to_pylist() for word in text.split()]
    assert np.mean([word in real for word in words]) > 0.97
    distance = np.abs(
        np.quantile(pa.compute.utf8_length(made.drop_null()), [0.25, 0.5, 0.75])
        - np.quantile(pa.compute.utf8_length(reviews["text"].drop_null()), [0.25, 0.5, 0.75])
    )
    assert distance.max() <= 6


@pytest.mark.feature(244)
@pytest.mark.parametrize(("holders", "comes_out"), [(9, False), (10, True)])
def test_a_word_comes_out_only_when_enough_subjects_hold_it(tmp_path: Path, holders: int, comes_out: bool) -> None:
    texts = [f"{text} quuxzanzi" if n < holders else text for n, text in enumerate(sentences(600))]
    training = training_table(pa.table({"text": texts}), fraction=1e-12)
    model = learn(tmp_path, training)
    model.save(tmp_path / "saved")
    kept = (tmp_path / "saved" / "column_0" / "model.json").read_text()
    assert ("quuxzanzi" in kept) is comes_out
    made = write(model, tmp_path, given_of(pa.table({"text": texts * 5})))["text"].to_pylist()
    assert any("quuxzanzi" in text for text in made) is comes_out


@pytest.mark.feature(244)
def test_rows_of_one_subject_count_once(tmp_path: Path) -> None:
    texts = [f"{text} quuxzanzi" if n < 300 else text for n, text in enumerate(sentences(600))]
    subjects = np.where(np.arange(600) < 300, 0, np.arange(600)).astype(np.uint64)
    model = learn(tmp_path, training_table(pa.table({"text": texts}), fraction=1e-12, subjects=subjects))
    made = write(model, tmp_path, given_of(pa.table({"text": texts})))["text"].to_pylist()
    assert not any("quuxzanzi" in text for text in made)


@pytest.mark.parametrize("least", [2, 10])
def test_every_stored_run_is_held_by_enough_subjects(tmp_path: Path, least: int) -> None:
    texts = sentences(200, words=6) + [f"Jo{chr(97 + n % 26)}hn {n * 37}! ünï 🙂" for n in range(60)]
    table = pa.table({"group": [f"g{n % 3}" for n in range(260)], "text": texts})
    model = learn(tmp_path, training_table(table, least=least, fraction=1e-12))
    (column,) = model._columns
    tokens, rows, _ = column.vocabulary.encode(pl.Series(texts))
    runs = defaultdict(set)
    for row in range(len(texts)):
        of_row = tokens[rows == row].tolist()
        for first in range(len(of_row)):
            for size in range(1, 6):
                runs[tuple(of_row[first : first + size])].add(row)
    tree, stored = column.common, 0
    for node in range(tree.roots, tree.roots + len(tree.keys)):
        path, current = [], node
        while current >= tree.roots:
            path.append(int(tree.token[current - tree.roots]))
            current = int(tree.parent[current - tree.roots])
        path.reverse()
        if min(path) >= 40:
            stored += 1
            assert len(runs[tuple(path)]) >= least
    assert stored > 50


def test_rows_that_validate_are_never_learned(tmp_path: Path) -> None:
    training = training_table(pa.table({"text": sentences(500)}), fraction=0.3)
    validates = training.split.validates(np.arange(500, dtype=np.uint64))
    texts = [f"{text} hiddenword" if hidden else text for text, hidden in zip(sentences(500), validates, strict=True)]
    model = learn(tmp_path, training_table(pa.table({"text": texts}), fraction=0.3))
    assert not any("hiddenword" in key for key in model._columns[0].vocabulary.keys)
    assert model.history[0]["validation_loss"] > model.history[0]["loss"]


def test_texts_of_few_subjects_are_not_replayed_and_are_without_the_guard(tmp_path: Path) -> None:
    texts = sentences(800, words=4, length=3) * 2
    subjects = (np.arange(1600) % 800).astype(np.uint64)
    texts = [f"{text} end{'abcdefgh'[n % 8]}" for n, text in enumerate(texts)]
    rare = {text for text, count in Counter(texts).items() if count < 10}
    table = pa.table({"text": texts})
    training = training_table(table, fraction=1e-12, subjects=subjects)

    def replayed(**settings: Any) -> int:
        folder = tmp_path / str(len(settings))
        folder.mkdir()
        made = write(learn(folder, training, **settings), folder, given_of(table))["text"].to_pylist()
        return sum(text in rare for text in made)

    assert replayed(replay_guard=False) > 20
    assert replayed() == 0


def test_the_artefact_holds_no_training_text(tmp_path: Path) -> None:
    texts = [f"{text} number {n * 7919}" for n, text in enumerate(sentences(400))]
    learn(tmp_path, training_table(pa.table({"text": texts}))).save(tmp_path / "saved")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "saved").rglob("*") if path.is_file())
    assert not any(text.encode() in stored for text in texts)
    assert b"7919" not in stored
    assert b"pickle" not in stored


def test_digits_of_rare_numbers_are_drawn_anew_and_common_numbers_stay(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    texts = [f"paid {random.integers(10**6, 10**7)} in 2024" for _ in range(400)]
    table = pa.table({"text": texts})
    made = write(learn(tmp_path, training_table(table)), tmp_path, given_of(table))["text"]
    frame = pl.DataFrame({"text": made.to_pylist()})
    fits = frame.filter(pl.col("text").str.contains(r"^paid \d{7} in 2024$"))
    assert fits.height > 0.9 * frame.height
    assert not set(fits["text"]) & set(texts)


def test_the_same_seed_gives_the_same_texts_and_another_does_not(
    model: NgramModel, reviews: pa.Table, tmp_path: Path
) -> None:
    rows = given_of(reviews.slice(0, 300))
    first = write(model, tmp_path, rows)
    assert first.equals(write(model, tmp_path, rows))
    assert not first.equals(write(model, tmp_path, rows, seed=8))


def test_learning_twice_gives_the_same_model(reviews: pa.Table, tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        model = learn(tmp_path / name, training_table(reviews.slice(0, 500), batch_rows=500 if name == "a" else 77))
        made.append(write(model, tmp_path, given_of(reviews.slice(0, 100))))
    assert made[0].equals(made[1])


@pytest.mark.feature(51)
def test_the_batch_size_decides_how_many_rows_are_written_at_once(
    model: NgramModel, reviews: pa.Table, tmp_path: Path
) -> None:
    rows = given_of(reviews.slice(0, 250))
    batches = list(model.generate(GenerationRequest(rows=250, seed=1, given=rows, batch_rows=100), run_in(tmp_path)))
    assert [batch.num_rows for batch in batches] == [100, 100, 50]


def test_a_saved_model_writes_the_same_and_a_damaged_one_is_refused(
    model: NgramModel, reviews: pa.Table, tmp_path: Path
) -> None:
    model.save(tmp_path / "saved")
    backend = NgramBackend(NgramSettings(), ModelSpec())
    again = backend.load(tmp_path / "saved")
    rows = given_of(reviews.slice(0, 200))
    assert write(again, tmp_path, rows).equals(write(model, tmp_path, rows))
    texts = reviews.slice(0, 50)
    assert np.array_equal(again.log_prob(texts), model.log_prob(texts))
    arrays = tmp_path / "saved" / "column_0" / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:-200])
    with pytest.raises(ArtefactError, match="damaged"):
        backend.load(tmp_path / "saved")
    with pytest.raises(ArtefactError, match="damaged"):
        backend.load(tmp_path / "nowhere")


def test_objects_in_an_artefact_are_never_unpickled(model: NgramModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    with (tmp_path / "column_0" / "arrays.npz").open("wb") as file:
        np.savez(file, common_shape=np.array([print], dtype=object))
    with pytest.raises(ArtefactError, match="damaged"):
        NgramBackend(NgramSettings(), ModelSpec()).load(tmp_path)


def test_probabilities_of_all_next_tokens_add_up_to_one(model: NgramModel) -> None:
    from semblant_models.text.ngram.scoring import _probability

    (column,) = model._columns
    trees, size = column.trees, column.vocabulary.size
    random = np.random.default_rng(1)
    allowed = trees[0].allowed(trees[-1].alone > 0)
    for drawn in random.integers(0, len(trees[-1].keys), 20):
        common = drawn if trees[-1].depth[drawn] < trees[-1].order else 0
        kind = 0 if common == 0 else int(column.vocabulary.kinds[trees[-1].token[common - 1]])
        for special in (-1, 0, 3):
            states = [np.full(size, special), np.full(size, common)]
            total = _probability(trees, states, np.full(size, kind), np.arange(size), allowed).sum()
            assert total == pytest.approx(1.0, abs=0.02)


def test_likely_texts_score_higher_than_scrambled_ones_and_the_context_matters(
    model: NgramModel, reviews: pa.Table
) -> None:
    texts = reviews.filter(pa.compute.greater(pa.compute.utf8_length(reviews["text"]), 30)).slice(0, 300)
    scrambled = [" ".join(sorted(text.split(), key=hash)) for text in texts["text"].to_pylist()]
    real = model.log_prob(texts)
    assert real.shape == (300,)
    assert real.dtype == np.float64
    assert (real > model.log_prob(texts.set_column(1, "text", [scrambled]))).mean() > 0.95
    about = texts.filter(pa.compute.match_substring_regex(texts["text"], "soil|bass|pan"))
    wrong = about.set_column(0, "category", [["books"] * about.num_rows])
    assert model.log_prob(about).mean() > model.log_prob(wrong).mean() + 2.0
    nothing = pa.table({"category": ["books", "books"], "text": pa.array([None, ""], pa.string())})
    assert model.log_prob(nothing).tolist() == [0.0, 0.0]


@pytest.mark.feature(224)
def test_temperature_and_top_p_narrow_the_choice(model: NgramModel, reviews: pa.Table, tmp_path: Path) -> None:
    rows = given_of(reviews.slice(0, 600))

    def made(**sampling: Any) -> pa.Table:
        return write(model, tmp_path, rows, sampling=Sampling(**sampling))

    usual, cold, narrow = made(), made(temperature=0.3), made(top_p=0.5)
    assert not cold.equals(usual)
    assert not narrow.equals(usual)
    assert not cold.equals(narrow)
    assert made(temperature=2.0, columns={"text": (0.3, 1.0)}).equals(cold)


@pytest.mark.feature(224)
def test_a_sharper_tree_prefers_the_likeliest_tokens_and_keeps_the_mass_of_each_run(model: NgramModel) -> None:
    tree = model._columns[0].common
    nodes = np.arange(tree.roots + len(tree.keys))

    def entropy(temperature: float, top_p: float) -> float:
        sharp = tree.sharpened(temperature, top_p)
        assert np.allclose(sharp.mass(nodes), tree.mass(nodes))
        assert np.allclose(sharp.alone.sum(axis=1), tree.alone.sum(axis=1))
        alone = sharp.alone[0][sharp.alone[0] > 0]
        return float(-(alone * np.log(alone)).sum())

    assert entropy(0.3, 1.0) < entropy(0.7, 1.0) < entropy(1.0, 1.0) < entropy(2.0, 1.0)
    assert entropy(1.0, 0.3) < entropy(1.0, 0.7) < entropy(1.0, 1.0)


def test_a_private_run_is_refused(reviews: pa.Table, tmp_path: Path) -> None:
    class Account:
        private = True

        def charge(self, event: Any, what: str) -> None: ...

        def withhold(self, what: str) -> None: ...

        def public(self, what: str) -> None: ...

    backend = NgramBackend(NgramSettings(), ModelSpec())
    with pytest.raises(PrivacyError, match="cannot keep a privacy budget"):
        backend.prepare(training_table(reviews), run_in(tmp_path, privacy=Account()))


@pytest.mark.parametrize("texts", [[], [None], [""], ["a"], ["hello there"], [None, "", "x"] * 3, ["🙂🙂"] * 5])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_very_little_data_works_and_tells_nothing(tmp_path: Path, texts: list[str | None], kind: pa.DataType) -> None:
    table = pa.table({"text": pa.array(texts, pa.string()).cast(pa.string())})
    table = table.set_column(
        0,
        "text",
        table["text"].combine_chunks().dictionary_encode().cast(kind)
        if pa.types.is_dictionary(kind)
        else table["text"].cast(kind),
    )
    model = learn(tmp_path, training_table(table))
    rows = pa.table({"text": pa.array([None, 0, 1, 2, 3, 4, 7], pa.int16())})
    made = write(model, tmp_path, rows)
    assert made["text"].type == kind
    plain = made["text"].cast(pa.large_string()).combine_chunks()
    assert length_buckets(plain).equals(rows["text"].combine_chunks())
    assert not {"hello", "there", "🙂"} & {word for text in plain.drop_null().to_pylist() for word in text.split()}


def test_two_text_columns_are_written_side_by_side_and_without_rows_given(tmp_path: Path) -> None:
    table = pa.table({"title": sentences(300, length=2), "body": sentences(300, seed=2, words=20)})
    model = learn(tmp_path, training_table(table, ("title", "body")))
    made = write(model, tmp_path, given_of(table, ("title", "body")))
    assert made.column_names == ["title", "body"]
    free = pa.Table.from_batches(list(model.generate(GenerationRequest(rows=200, seed=1), run_in(tmp_path))))
    assert length_buckets(free["title"].combine_chunks()).to_numpy().mean() == pytest.approx(4.0, abs=0.3)
    wrong = pa.table({"title": ["a text"], "body": ["a text"]})
    with pytest.raises(ModelError, match="length bucket belongs"):
        write(model, tmp_path, wrong)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=30), st.integers(1, 3)
)
@settings(max_examples=40, deadline=None)
def test_any_unicode_is_learned_and_written(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], least: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    table = pa.table({"text": pa.array(texts, pa.string())})
    model = learn(folder, training_table(table, least=least, fraction=1e-12), replay_guard=False)
    made = write(model, folder, given_of(table))["text"].combine_chunks()
    made.validate(full=True)
    assert length_buckets(made).equals(given_of(table)["text"].combine_chunks())


def test_scripts_emoji_and_line_breaks_come_through(tmp_path: Path) -> None:
    kinds = [
        "Привет, мир!\nКак дела?",
        "שלום עולם, מה נשמע?",
        "今天天气很好。",
        "👩\u200d👩\u200d👧 yes 🙂",
        "naïve café déjà vu",
    ]
    table = pa.table({"kind": [str(n % 5) for n in range(500)], "text": [kinds[n % 5] for n in range(500)]})
    made = write(learn(tmp_path, training_table(table)), tmp_path, given_of(table))["text"].to_pylist()
    assert set(kinds) <= set(made)


@pytest.mark.parametrize(
    ("setting", "value"), [("order", 1), ("vocabulary", 100), ("training_characters", 20_000), ("context", False)]
)
def test_each_setting_changes_what_is_learned(
    reviews: pa.Table, tmp_path: Path, setting: str, value: int, model: NgramModel
) -> None:
    changed = learn(tmp_path, training_table(reviews), **{setting: value})
    less = changed.settings_used["parameters"] < model.settings_used["parameters"]
    assert less or len(changed._columns[0].vocabulary.keys) < len(model._columns[0].vocabulary.keys)
    assert changed.history[0]["validation_loss"] != model.history[0]["validation_loss"]


def test_speed_is_at_least_twenty_thousand_characters_per_second(
    model: NgramModel, reviews: pa.Table, tmp_path: Path
) -> None:
    rows = given_of(reviews)
    started = time.process_time()
    made = write(model, tmp_path, rows)["text"]
    seconds = time.process_time() - started
    assert pa.compute.sum(pa.compute.utf8_length(made)).as_py() / seconds > 20_000
