"""Words, pieces and classes: every text comes back, and no piece stems from a word of few subjects."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant_models.text.gru import words
from semblant_models.text.gru.assembly import assembled
from semblant_models.text.gru.network import left_codes, left_codes_device
from semblant_models.text.gru.vocabulary import FIRST_PIECE, FIRST_RARE, Vocabulary
from semblant_models.text.ngram.lengths import Lengths

SAMPLES = [
    "plain words, and a number 1234.",
    "Zeile eins\nZeile zwei\r\n\tmit Tab  und zwei Blanks ",
    "日本語の文章です。漢字かな交じり",
    "مرحبا بك هنا، كيف الحال؟",
    "👍🏽 family: 👨‍👩‍👧 and a flag 🇮🇹",
    "e\u0301 combining, ﻿ zero width, \u200f marks",
    "x" * 3000,
    " ",
    "",
]


@given(st.lists(st.text(max_size=60) | st.sampled_from(SAMPLES), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_the_words_of_a_text_make_up_the_text(texts: list[str]) -> None:
    parts = words.split(pl.Series(texts, dtype=pl.String))
    found = {row: "".join(group["word"]) for (row,), group in parts.group_by("row", maintain_order=True)}
    assert [found.get(row, "") for row in range(len(texts))] == texts


@given(st.lists(st.text(max_size=40) | st.sampled_from(SAMPLES), min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_texts_of_common_words_come_back_from_their_tokens(texts: list[str]) -> None:
    many = pl.Series(texts * 4, dtype=pl.String)
    vocabulary = Vocabulary.learn(many, np.arange(len(many), dtype=np.uint64), 2, 4096)
    encoded = vocabulary.encode(many)
    assert (encoded.tokens >= FIRST_PIECE).all()
    counts = np.bincount(encoded.rows, minlength=len(many))
    back = assembled(vocabulary, None, encoded.tokens, counts, np.random.default_rng(1))
    assert back.to_list() == many.to_list()
    assert np.bincount(encoded.rows, encoded.characters, len(many)).tolist() == many.str.len_chars().to_list()


def test_no_piece_stems_from_a_word_of_few_subjects() -> None:
    texts = pl.Series(["the cat sat"] * 30 + ["the zyxquvarn sat"] * 20 + ["Xyq 777"] * 3)
    subjects = np.array([*range(30), *[99] * 20, 31, 32, 33], np.uint64)
    vocabulary = Vocabulary.learn(texts, subjects, 10, 4096)
    known = b"".join(vocabulary.pieces)
    assert b"cat" in known
    assert not any(part in known for part in (b"zy", b"xq", b"Xyq", b"777"))
    encoded = vocabulary.encode(texts)
    assert set(encoded.rare["word"]) == {" zyxquvarn", "Xyq", " 777"}
    rare = encoded.tokens[(encoded.tokens >= FIRST_RARE) & (encoded.tokens < FIRST_PIECE)] - FIRST_RARE
    assert {words.describe(int(number)) for number in rare} == {
        (True, "lower", 4),
        (False, "capital", 2),
        (True, "number", 2),
    }


def test_the_same_word_in_another_case_is_common_too() -> None:
    texts = pl.Series([f"word {(n % 2 and 'Great') or 'great'}" for n in range(12)])
    known = words.common(words.split(texts), np.arange(12, dtype=np.uint64), 10)
    assert set(known["word"]) == {"word", " great", " Great"}


def test_a_bound_on_pieces_is_kept() -> None:
    rng = np.random.default_rng(1)
    letters = [chr(97 + n) for n in range(26)]
    made = ["".join(rng.choice(letters, 6)) for _ in range(600)]
    texts = pl.Series([" ".join(rng.choice(made, 60)) for _ in range(400)])
    small = Vocabulary.learn(texts, np.arange(400, dtype=np.uint64), 5, 300)
    large = Vocabulary.learn(texts, np.arange(400, dtype=np.uint64), 5, 4096)
    assert len(small.pieces) <= 300 < len(large.pieces)
    assert len(small.encode(texts).tokens) > len(large.encode(texts).tokens)


def test_codes_of_what_is_left_are_the_same_on_host_and_device() -> None:
    left = np.arange(-5, 70_000)
    assert left_codes(left).tolist() == np.asarray(left_codes_device(jnp.asarray(left))).tolist()


def test_made_up_words_count_as_many_characters_as_they_will_have() -> None:
    texts = pl.Series([f"here is name{'abcdefgh'[:n]}{n}x at" for n in range(8)] * 5)
    vocabulary = Vocabulary.learn(texts, np.arange(40, dtype=np.uint64), 30, 64)
    sizes = vocabulary.lengths[FIRST_RARE:FIRST_PIECE]
    for number, size in enumerate(sizes):
        blank, _, bucket = words.describe(number)
        assert 2 ** (bucket - 1) <= size - blank < 2**bucket


def test_lengths_that_lie_close_together_come_out_so_where_enough_subjects_hold_them() -> None:
    random = np.random.default_rng(0)
    real = random.integers(140, 150, 2000)
    found = Lengths.learn(real, np.arange(2000, dtype=np.uint64), 10)
    drawn = found.draw(np.full(2000, 8), random)
    assert (drawn.min(), drawn.max()) == (140, 151)
    few = Lengths.learn(real[:40], np.arange(40, dtype=np.uint64), 10).draw(np.full(2000, 8), random)
    assert (few.min(), few.max()) == (136, 151)
