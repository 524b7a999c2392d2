"""The ends of a column that noisy counts of powers of two give: where the data are, and not where noise is loud."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from semblant_models.privacy.preprocessing.cells import Cells, octaves, spanned

DEVIATION = 15.0
_TRIES = 3_000


def _ends(numbers: np.ndarray, known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give the outermost edge of so many noisy counts of these numbers."""
    grid = octaves(whole=True)
    counts = grid.histogram(numbers)
    noisy = counts + rng.normal(0.0, DEVIATION, (_TRIES, len(counts)))
    beside, least, far = 2.0 * DEVIATION, 3.8 * DEVIATION, 5.0 * DEVIATION
    found = [spanned(evolve(grid, counts=row), beside, least, far, known) for row in noisy]
    return np.array([np.abs(cells.edges).max() for cells in found])


@pytest.mark.parametrize(
    ("numbers", "known"),
    [
        (np.random.default_rng(0).poisson(3.0, 1_000), np.zeros(0)),
        (np.full(25, 9), np.arange(8.0)),
        (np.zeros(0, np.int64), np.array([3.0])),
    ],
    ids=["many numbers", "few besides the known ones", "none besides the known one"],
)
def test_noise_far_away_makes_no_number_of_millions(numbers: np.ndarray, known: np.ndarray) -> None:
    """Of 3,000 columns 24 reached beyond 2**20 while one bound held for all powers of two."""
    ends = _ends(numbers, known, np.random.default_rng(7))
    assert (ends > 64).sum() <= 1


def test_what_is_surely_there_is_reached_however_far() -> None:
    numbers = np.concatenate([np.full(1_000, 3), np.full(200, 2**30)])
    ends = _ends(numbers, np.zeros(0), np.random.default_rng(8))
    assert (ends >= 2.0**31).mean() > 0.99
    assert (ends > 2.0**31).mean() < 0.05, "noise of the power beside it passes now and then, none further on"


def test_neighbours_need_less_than_what_lies_apart() -> None:
    counts = np.array([500.0, 60.0, 0.0, 0.0, 60.0])
    cells = Cells(2.0 ** np.arange(6), counts, np.ones(5))
    assert spanned(cells, 57.0, 57.0, 75.0, np.zeros(0)).edges.tolist() == [1.0, 2.0, 4.0]
    touching = Cells(2.0 ** np.arange(6), np.array([500.0, 40.0, 20.0, 0.0, 40.0]), np.ones(5))
    assert spanned(touching, 30.0, 57.0, 75.0, np.zeros(0)).edges.tolist() == [1.0, 2.0, 4.0]
    assert spanned(cells, 57.0, 57.0, 57.0, np.zeros(0)).edges.tolist() == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
