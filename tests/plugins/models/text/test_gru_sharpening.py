"""The bound of the nucleus is the widest at which drawn texts sound like held-out ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from semblant_models.text.gru import sharpening
from semblant_models.text.gru.network import RECALLED
from semblant_models.text.gru.sharpening import BOUNDS, bounds_of
from semblant_models.text.gru.stream import Texts, joined
from semblant_models.text.gru.vocabulary import FIRST_PIECE
from tests.plugins.models.text.learning import TINY, trained
from tests.plugins.models.text.tables import run_in

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from semblant_models.text.gru.sampling import Wanted

_WORDS = 40
_SIZE = 8


def texts(count: int, seed: int, column: int = 0, noise: float = 0.0) -> Texts:
    """Give texts of words that mostly follow each other in a circle."""
    random = np.random.default_rng(seed)
    steps = np.where(random.random((count, _SIZE)) < 0.1 + noise, random.integers(0, _WORDS, (count, _SIZE)), 1)
    tokens = FIRST_PIECE + (np.cumsum(steps, axis=1) + random.integers(0, _WORDS, (count, 1))) % _WORDS
    starts = np.arange(count + 1) * _SIZE
    codes = np.full((count, 1), column, np.int32)
    recalled = np.zeros((count, RECALLED), np.int32)
    return Texts(tokens.ravel().astype(np.int32), np.full(count * _SIZE, 4, np.int32), starts, codes, recalled)


class Noisy:
    """Draws texts that are the noisier, the wider the bound; column 1 is learned worse than column 0."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float]] = []

    def draw(
        self, wanted: Wanted, temperature: float, top_p: float, seed: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        assert temperature == 1.0
        column = int(wanted.codes[0, 0])
        self.asked.append((column, top_p))
        made = texts(len(wanted.targets), seed, noise=(0.1, 1.5)[column] * (top_p - 0.8))
        return made.tokens, np.diff(made.starts)


def test_the_widest_bound_is_taken_whose_texts_sound_like_held_out_ones(tmp_path: Path) -> None:
    train, held = (joined([texts(n, seed, column) for column in (0, 1)]) for n, seed in ((2000, 1), (300, 2)))
    sampler: Any = Noisy()
    found = bounds_of(sampler, train, held, 5, run_in(tmp_path))
    assert found[0] == BOUNDS[0]
    assert BOUNDS[-1] <= found[1] < BOUNDS[1]
    assert [bound for column, bound in sampler.asked if column == 1] == [b for b in BOUNDS if b >= found[1]]


def test_few_held_out_texts_choose_nothing(tmp_path: Path) -> None:
    sampler: Any = Noisy()
    assert bounds_of(sampler, texts(500, 1), texts(60, 2), 5, run_in(tmp_path)) == {}
    assert sampler.asked == []


def test_rare_words_and_the_border_of_two_texts_make_no_runs() -> None:
    tokens = np.array([FIRST_PIECE, FIRST_PIECE + 1, FIRST_PIECE + 2, FIRST_PIECE + 3, FIRST_PIECE - 1, FIRST_PIECE])
    runs = sharpening._runs(tokens.astype(np.int32), np.array([3, 3]))
    assert len(runs) == 1
    assert len(sharpening._runs(tokens.astype(np.int32)[:4], np.array([4]))) == 2


@pytest.mark.parametrize("own", [{}, {"top_p": 0.7}])
def test_a_bound_that_is_set_is_kept(own: dict[str, Any], tmp_path: Path) -> None:
    model: Any = trained(tmp_path, own=TINY | own, max_epochs=1)
    assert model.settings_used["top_p"] == (0.7 if own else {"text": 0.9})
