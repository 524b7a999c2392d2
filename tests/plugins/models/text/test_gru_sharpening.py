"""The bound of the nucleus is the widest at which drawn texts sound like held-out ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from semblant_models.text.gru.sharpening import BOUNDS, bound_of
from tests.plugins.models.text.learning import TINY, fit, reviews
from tests.plugins.models.text.tables import training_table

if TYPE_CHECKING:
    from pathlib import Path

_WORDS = 40


def texts(count: int, seed: int, noise: float = 0.0) -> pl.Series:
    """Give texts of words that mostly follow each other in a circle."""
    random = np.random.default_rng(seed)
    steps = np.where(random.random((count, 8)) < 0.1 + noise, random.integers(0, _WORDS, (count, 8)), 1)
    places = (np.cumsum(steps, axis=1) + random.integers(0, _WORDS, (count, 1))) % _WORDS
    return pl.Series([" ".join(f"w{place}" for place in row) + "." for row in places])


@pytest.mark.parametrize(("noise", "high", "low"), [(0.1, 0.98, 0.98), (1.5, 0.92, 0.8), (50.0, 0.8, 0.8)])
def test_the_widest_bound_is_taken_whose_texts_sound_like_held_out_ones(noise: float, high: float, low: float) -> None:
    asked = []

    def draw(bound: float) -> pl.Series:
        asked.append(bound)
        return texts(300, 5, noise * (bound - 0.79))

    found = bound_of(texts(2000, 1), texts(300, 2), 0.98, draw)
    assert low <= found <= high
    assert asked == [0.98, *(bound for bound in BOUNDS if bound >= found)][: len(asked)]
    assert asked[-1] == found


def test_the_usual_bound_stays_where_few_texts_are_held_out() -> None:
    for held in (texts(99, 2), pl.Series(["two words"] * 200)):
        assert bound_of(texts(500, 1), held, 0.9, lambda _: texts(300, 3, noise=50.0)) == 0.9


def test_a_bound_is_never_wider_than_the_usual_one() -> None:
    assert bound_of(texts(2000, 1), texts(300, 2), 0.85, lambda _: texts(300, 5)) == 0.85


@pytest.mark.parametrize(
    ("own", "epochs", "expected"), [({}, 4, {"text": 0.85}), ({}, 1, {"text": 0.8}), ({"top_p": 0.7}, 1, 0.7)]
)
def test_a_bound_is_chosen_where_enough_texts_validate_and_none_is_set(
    own: dict[str, Any], epochs: int, expected: Any, tmp_path: Path
) -> None:
    model: Any = fit(training_table(reviews(1400)), tmp_path, own=TINY | own, max_epochs=epochs)
    assert model.settings_used["top_p"] == expected
