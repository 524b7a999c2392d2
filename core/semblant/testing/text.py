"""Checks of text models: written for the rows that are given, nulls and empties exact, nobody's text replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from semblant.pipeline.text_columns import length_buckets
from semblant.testing.capabilities import needs
from semblant.testing.lessons import run_in
from semblant.testing.life import LifeConformance
from semblant.testing.model_access import BATCH, Learned
from semblant.training import ColumnPlan, GenerationRequest, Split, TrainingTable
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1500
CANARY = "zyxquvarn"
"""A word that one subject wrote."""
_OPENINGS = ("the room was", "our stay was", "breakfast was", "the host was", "check in was")
_WORDS = ("clean", "quiet", "friendly", "late", "cold", "lovely", "simple", "quick", "small", "bright")
_ENDS = ("and we come again", "for the price", "as described", "in every way", "but fine")


def reviews(rows: int = ROWS) -> pa.Table:
    """Give texts of a small grammar with nulls, empties and one word that occurs once; and two columns beside them."""
    rng = np.random.default_rng(5)
    texts: list[str | None] = [
        f"{rng.choice(_OPENINGS)} {rng.choice(_WORDS)} and {rng.choice(_WORDS)} {rng.choice(_ENDS)}"
        for _ in range(rows)
    ]
    kinds = rng.random(rows)
    texts = [None if kind < 0.1 else "" if kind < 0.2 else text for kind, text in zip(kinds, texts, strict=True)]
    texts[3] = f"my secret word is {CANARY} and nobody knows"
    city = pa.array(rng.choice(["Rome", "Milan"], rows).tolist())
    return pa.table({"city": city, "review": pa.array(texts), "stars": pa.array(rng.integers(1, 6, rows))})


class TextModelConformance(LifeConformance):
    """Checks of a :class:`~semblant.protocols.ModelBackend` that writes text columns.

    It is given the rows with a length bucket in each text column's place (null: a null text, 0: the
    empty one, k: 2^(k-1) to 2^k - 1 characters) and yields the text columns alone. Supply
    :attr:`component`; set :attr:`spec` to quick settings.
    """

    learns = "text"

    def lesson(self) -> TrainingTable:
        """Give the table that the checks learn."""
        return self.training(reviews())

    def training(self, table: pa.Table, texts: tuple[str, ...] = ("review",), **more: Any) -> TrainingTable:
        """Describe a table with text columns."""
        plans = tuple(
            ColumnPlan(
                name=field.name,
                type=field.type,
                encoding=EncodingType.TEXT if field.name in texts else EncodingType.CATEGORICAL,
            )
            for field in table.schema
        )
        return TrainingTable(
            name="reviews",
            columns=plans,
            rows=table.num_rows,
            open=lambda: iter(table.to_batches(max_chunksize=400)),
            split=Split(seed=1, fraction=0.1),
            **more,
        )

    def given(self, table: pa.Table, texts: tuple[str, ...] = ("review",)) -> pa.Table:
        """Put length buckets in the place of texts."""
        for name in texts:
            buckets = length_buckets(table.column(name).combine_chunks().cast(pa.large_string()))
            table = table.set_column(table.column_names.index(name), name, buckets)
        return table

    def request(self, rows: int, **request: Any) -> GenerationRequest:
        """Ask for the texts of the first rows of the lesson, and again from its beginning where they end."""
        given = self.given(reviews())
        given = pa.concat_tables([given] * (rows // ROWS + 1)).slice(0, rows).combine_chunks()
        return GenerationRequest(rows=rows, **{"seed": 7, "batch_rows": BATCH, "given": given, **request})

    def planted(self) -> list[bytes]:
        """Give the word of one subject."""
        return [CANARY.encode()]

    def columns_learned(self, learned: Learned) -> list[str]:
        """Name the text columns."""
        return ["review"]

    def written(self, learned: Learned, folder: Path, rows: int = 600, **request: Any) -> list[str | None]:
        """Write texts."""
        texts: list[str | None] = self.rows(learned.model, folder, rows, **request).column("review").to_pylist()
        return texts

    def test_only_the_text_columns_come(self, learned: Learned, tmp_path: Path) -> None:
        """The others are the tabular model's."""
        assert self.rows(learned.model, tmp_path, 10).column_names == ["review"]

    @pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
    def test_the_type_of_a_text_column_is_kept(self, kind: pa.DataType, tmp_path: Path) -> None:
        """Whatever kind of string it is."""
        table = reviews(300).set_column(1, "review", reviews(300).column("review").cast(kind))
        model = self.learn(self.training(table), tmp_path / "workspace").model
        request = GenerationRequest(rows=50, seed=7, batch_rows=BATCH, given=self.given(table).slice(0, 50))
        for batch in model.generate(request, run_in(tmp_path)):
            assert batch.schema.field("review").type == kind

    def test_nulls_are_exactly_where_they_are_given(self, learned: Learned, tmp_path: Path) -> None:
        """Row by row."""
        made = self.written(learned, tmp_path)
        assert [text is None for text in made] == [
            text is None for text in reviews().column("review").to_pylist()[:600]
        ]

    def test_empty_texts_are_exactly_where_they_are_given(self, learned: Learned, tmp_path: Path) -> None:
        """Row by row; no other text is empty."""
        made = self.written(learned, tmp_path)
        assert [text == "" for text in made] == [text == "" for text in reviews().column("review").to_pylist()[:600]]

    def test_texts_are_about_as_long_as_given(self, learned: Learned, tmp_path: Path) -> None:
        """Nearly all lie within one bucket of theirs."""
        wanted = self.given(reviews()).column("review").to_pylist()[:600]
        made = length_buckets(pa.array(self.written(learned, tmp_path), pa.large_string())).to_pylist()
        near = [abs(one - other) <= 1 for one, other in zip(wanted, made, strict=True) if one]
        assert sum(near) / len(near) > 0.9

    def test_all_nulls_and_all_empties_can_be_asked_for(self, learned: Learned, tmp_path: Path) -> None:
        """A batch without any text to write."""
        for bucket, text in ((None, None), (0, "")):
            given = self.given(reviews()).slice(0, 70)
            given = given.set_column(1, "review", pa.array([bucket] * 70, pa.int16()))
            assert self.written(learned, tmp_path, 70, given=given) == [text] * 70

    def test_lengths_that_were_never_there_can_be_asked_for(self, learned: Learned, tmp_path: Path) -> None:
        """A single character, and thousands."""
        for bucket in (1, 12):
            given = self.given(reviews()).slice(0, 5).set_column(1, "review", pa.array([bucket] * 5, pa.int16()))
            assert all(isinstance(text, str) for text in self.written(learned, tmp_path, 5, given=given))

    def test_the_word_of_one_subject_is_never_written(self, learned: Learned, tmp_path: Path) -> None:
        """In thousands of texts."""
        assert not any(CANARY in (text or "") for text in self.written(learned, tmp_path, 3000, batch_rows=1000))

    def test_no_text_of_few_subjects_is_replayed(self, tmp_path: Path) -> None:
        """Texts that one subject each wrote do not come out word for word."""
        words = [f"{a} {b} {c}" for a in _OPENINGS for b in _WORDS for c in _ENDS]
        rng = np.random.default_rng(2)
        unique = [f"{rng.choice(words)} {rng.choice(words)} {rng.choice(words)}" for _ in range(400)]
        table = pa.table({"city": ["Rome"] * 400, "review": unique})
        model = self.learn(self.training(table), tmp_path / "workspace").model
        request = GenerationRequest(rows=400, seed=3, batch_rows=200, given=self.given(table))
        made = pa.Table.from_batches(list(model.generate(request, run_in(tmp_path)))).column("review").to_pylist()
        assert len(set(made) & set(unique)) <= 4

    def test_a_text_of_many_subjects_may_come_again(self, tmp_path: Path) -> None:
        """A phrase that everybody writes is nobody's secret."""
        phrases = ["all good thank you", "never again sorry"] * 150
        table = pa.table({"city": ["Rome"] * 300, "review": phrases})
        model = self.learn(self.training(table), tmp_path / "workspace").model
        request = GenerationRequest(rows=200, seed=3, batch_rows=200, given=self.given(table).slice(0, 200))
        made = pa.Table.from_batches(list(model.generate(request, run_in(tmp_path)))).column("review").to_pylist()
        assert set(made) & set(phrases)

    def test_one_subject_with_many_rows_is_one_subject(self, tmp_path: Path) -> None:
        """What one subject repeats a hundred times is still one subject's."""
        texts = [f"the word {CANARY} is mine" if n % 4 == 0 else "the room was clean and quiet" for n in range(400)]
        subjects = np.array([0 if n % 4 == 0 else n for n in range(400)], np.uint64)
        training = self.training(
            pa.table({"city": ["Rome"] * 400, "review": texts}),
            subjects=lambda: (subjects[start : start + 400] for start in (0,)),
        )
        model = self.learn(training, tmp_path / "workspace").model
        given = self.given(pa.table({"city": ["Rome"] * 400, "review": texts}))
        request = GenerationRequest(rows=400, seed=3, batch_rows=400, given=given)
        made = pa.Table.from_batches(list(model.generate(request, run_in(tmp_path)))).column("review").to_pylist()
        assert not any(CANARY in (text or "") for text in made)

    def test_texts_are_made_of_the_words_of_the_data(self, learned: Learned, tmp_path: Path) -> None:
        """Most words are known words."""
        known = {word for text in reviews().column("review").to_pylist() if text for word in text.split()}
        made = [word for text in self.written(learned, tmp_path) if text for word in text.split()]
        assert sum(word in known for word in made) / len(made) > 0.8

    def test_texts_differ(self, learned: Learned, tmp_path: Path) -> None:
        """They are written, not picked from a few."""
        made = [text for text in self.written(learned, tmp_path) if text]
        assert len(set(made)) > len(made) // 4

    def test_texts_are_unicode(self, learned: Learned, tmp_path: Path) -> None:
        """No lone surrogate, no null character."""
        for text in self.written(learned, tmp_path):
            if text:
                text.encode("utf-8")
                assert "\0" not in text

    @pytest.mark.parametrize(
        "texts",
        [
            ["日本語 の 文章 です"] * 40,
            ["🙂 👍 ok"] * 40,
            ["مرحبا بك هنا"] * 40,
            ["x"] * 40,
            [None] * 40,
            [""] * 40,
            ["only", None],
        ],
        ids=["japanese", "emoji", "arabic", "one letter", "all null", "all empty", "two rows"],
    )
    def test_texts_of_any_kind_can_be_learned(self, texts: list[str | None], tmp_path: Path) -> None:
        """Any script, any lack."""
        table = pa.table({"city": ["Rome"] * len(texts), "review": pa.array(texts, pa.string())})
        model = self.learn(self.training(table), tmp_path / "workspace").model
        request = GenerationRequest(rows=len(texts), seed=3, batch_rows=BATCH, given=self.given(table))
        made = pa.Table.from_batches(list(model.generate(request, run_in(tmp_path)))).column("review").to_pylist()
        assert [text is None for text in made] == [text is None for text in texts]
        assert [text == "" for text in made] == [text == "" for text in texts]

    def test_two_text_columns_are_written_together(self, tmp_path: Path) -> None:
        """Each by its own buckets."""
        table = reviews(400).append_column("reply", reviews(400).column("review").combine_chunks()[::-1])
        texts = ("review", "reply")
        model = self.learn(self.training(table, texts), tmp_path / "workspace").model
        request = GenerationRequest(rows=400, seed=3, batch_rows=BATCH, given=self.given(table, texts))
        made = pa.Table.from_batches(list(model.generate(request, run_in(tmp_path))))
        assert made.column_names == list(texts)
        for name in texts:
            assert made.column(name).is_null().to_pylist() == table.column(name).is_null().to_pylist()

    def test_a_table_without_other_columns_can_be_learned(self, tmp_path: Path) -> None:
        """Texts alone."""
        table = reviews(300).select(["review"])
        model = self.learn(self.training(table), tmp_path / "workspace").model
        request = GenerationRequest(rows=30, seed=3, batch_rows=BATCH, given=self.given(table).slice(0, 30))
        assert sum(batch.num_rows for batch in model.generate(request, run_in(tmp_path))) == 30

    @needs("log_probs")
    def test_log_probabilities_have_their_shape(self, learned: Learned) -> None:
        """float64, one per row, finite."""
        found = learned.model.log_prob(reviews().slice(0, 100))
        assert found.shape == (100,)
        assert found.dtype == np.float64
        assert np.isfinite(found).all()

    @needs("log_probs")
    def test_real_texts_are_more_probable_than_scrambled_ones(self, learned: Learned) -> None:
        """The same letters, backwards."""
        rows = reviews().filter(pc.greater(pc.utf8_length(reviews().column("review")), 0)).slice(0, 200)
        turned = rows.set_column(1, "review", pc.utf8_reverse(rows.column("review")))
        assert learned.model.log_prob(rows).mean() > learned.model.log_prob(turned).mean()
