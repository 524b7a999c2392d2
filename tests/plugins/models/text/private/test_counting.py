"""Runs of characters: what a subject moves, what is kept, and what follows from it (P2, P7, P9; row 240)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from semblant.testing.text import reviews
from semblant_models.text.private import counting
from semblant_models.text.private.counting import EDGE, Runs, Texts, alphabet_runs, next_runs, weighed
from semblant_models.text.private.drawing import drawn_texts
from semblant_models.text.private.learning import code_points, learned_tables
from semblant_models.text.private.tables import tables_of
from tests.plugins.models.privacy.preprocessing.replaying import Recorded, Replayed, moved

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 500
WRITER = "zzz the host was qq! " * 40
"""What a subject writes that repeats itself, in words that others have and in some that nobody has."""


def _learned(texts: list[str | None], subjects: np.ndarray, releases: Recorded) -> None:
    points = code_points(pa.array(texts, pa.large_string()), subjects, MOST)
    learned_tables(points, releases, 0.5, 1e-7, order=4, most=MOST)


def _neighbours(extra: int = 3) -> list[tuple[str, float, float]]:
    texts = reviews(600).column("review").to_pylist()
    first = Recorded()
    _learned(texts, np.arange(600), first)
    again = Replayed(first)
    _learned([*texts, *[WRITER] * extra], np.append(np.arange(600), [600] * extra), again)
    return moved(first, again)


@pytest.mark.feature(240)
def test_a_subject_with_many_long_texts_moves_no_measurement_further_than_is_claimed() -> None:
    found = _neighbours()
    assert [entry for entry in found if entry[1] > entry[2] + 1e-9] == []
    assert sum(distance > 0.5 for _, distance, _ in found) >= 4, "a subject that moves nothing proves nothing"


@pytest.mark.parametrize("bug", ["not normed", "one vector per text"])
def test_vectors_that_are_not_bounded_are_noticed(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]] = weighed

    def wrong(keys: np.ndarray, subjects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if bug == "not normed":
            every, sums = np.unique(keys, return_counts=True)
            return every, sums.astype(np.float64), np.bincount(subjects).astype(np.float64)
        return honest(keys, np.arange(len(keys)) // 60 if len(keys) else subjects)

    monkeypatch.setattr(counting, "weighed", wrong)
    assert [entry for entry in _neighbours() if entry[1] > entry[2] + 1e-9] != []


def test_runs_never_reach_into_another_text() -> None:
    symbols = np.array([1, 2, EDGE, 3, EDGE])
    texts = Texts(symbols, np.array([0, 0, 0, 1, 1]), np.zeros(5, int))
    assert [tuple(int(run) >> shift & 127 for shift in (14, 7, 0)) for run in texts.runs(3)] == [
        (0, 0, 1),
        (0, 1, 2),
        (1, 2, 0),
        (0, 0, 3),
        (0, 3, 0),
    ]
    assert texts.before(2).tolist() == [0, 1, (1 << 7) | 2, 0, 3]


def test_only_the_first_characters_of_a_subject_count_and_nulls_have_none() -> None:
    points, text, who = code_points(pa.array(["abc", None, "de", "fgh"], pa.large_string()), np.array([7, 7, 7, 8]), 5)
    assert "".join(map(chr, points)) == "abc\0dfgh\0"
    assert text.tolist() == [0, 0, 0, 0, 1, 2, 2, 2, 2]
    assert who.tolist() == [0] * 5 + [1] * 4


def test_characters_that_few_have_are_left_out_and_public_ones_never() -> None:
    texts = pa.array(["ж", *["ü a"] * 400], pa.large_string())
    points = code_points(texts, np.arange(401), MOST)
    found = alphabet_runs(points[0], points[2], Recorded(), 0.5, 1e-7, MOST)
    assert {ord("ü"), ord("a"), ord("~"), EDGE} <= set(found.keys.tolist())
    assert ord("ж") not in found.keys


def test_what_goes_on_from_a_kept_run_is_counted_and_noise_alone_is_hardly_kept() -> None:
    texts = np.tile([5, 6, EDGE], 300)
    every = Texts(texts, np.repeat(np.arange(300), 3), np.repeat(np.arange(300), 3))
    first = Runs(np.arange(10), np.full(10, 300.0), 3000.0, 1.0)
    found = next_runs(every, 2, first, 10, Recorded(), 0.5, MOST)
    wanted = {5, (5 << 7) | 6, 6 << 7}
    assert wanted <= set(found.keys.tolist())
    assert len(found.keys) <= len(wanted) + 8
    assert found.total == pytest.approx(300 * np.sqrt(3), rel=0.5)


def test_backing_off_gives_what_was_not_kept_the_rest() -> None:
    first = Runs(np.arange(3), np.array([10.0, 60.0, 30.0]), 100.0, 1.0)
    second = Runs(np.array([(1 << 7) | 2]), np.array([30.0]), 100.0, 1.0)
    tables = tables_of(3, [first, second])
    after, elsewhere = tables.of(np.array([1, 2]))
    assert after == pytest.approx([0.5 * 10 / 70, 0.5 * 60 / 70, 0.5], abs=1e-3)
    assert elsewhere == pytest.approx([0.1, 0.6, 0.3], abs=1e-3)


def test_texts_have_a_length_of_their_bucket_and_end_with_whole_words() -> None:
    texts = reviews(1200).column("review").combine_chunks().cast(pa.large_string())
    alphabet, tables, _ = learned_tables(
        code_points(texts, np.arange(1200), MOST), Recorded(), 5.0, 1e-7, order=6, most=MOST
    )
    low, high = np.repeat([0, 1, 16, 32], 50), np.repeat([0, 1, 31, 63], 50)
    blank = int(np.argmax(alphabet == ord(" ")))
    drawn = drawn_texts(tables, low, high, np.random.default_rng(0), blank=blank)
    length = (drawn != EDGE).sum(axis=1)
    assert (length[:50] == 0).all()
    assert ((length >= low) & (length <= high)).all()
    known = {word for text in texts.to_pylist() if text for word in text.split()}
    last = ["".join(map(chr, alphabet[row[row != EDGE]])).split()[-1] for row in drawn[150:]]
    assert np.mean([word in known for word in last]) > 0.5
