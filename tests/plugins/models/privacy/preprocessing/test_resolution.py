"""How finely numbers are told apart: as finely as the noise allows, and single numbers where they stand out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from semblant_models.privacy.preprocessing.cells import Cells, evened
from semblant_models.privacy.preprocessing.codes import ColumnCodes
from tests.plugins.models.privacy.preprocessing.making import preprocess
from tests.plugins.models.privacy.preprocessing.replaying import Recorded

ROWS = 8_000


def _column(numbers: np.ndarray, rho: float, seed: int) -> ColumnCodes:
    return preprocess(pa.table({"number": pa.array(numbers)}), Recorded(seed), rho=rho).columns[0]


def test_cells_are_as_many_as_noise_leaves_room_for() -> None:
    """A tenth of 8,000 rows was off by 33 % at this noise while there were 128 cells at any budget."""
    numbers = np.random.default_rng(0).normal(200_000, 60_000, ROWS).round().astype(np.int64)
    quiet, loud = (len(_column(numbers, rho, 0).cells) for rho in (0.5, 0.0003))
    assert loud < quiet / 3
    tenths = np.quantile(numbers, np.linspace(0, 1, 11)[1:-1])
    off = []
    for seed in range(8):
        column = _column(numbers, 0.0003, seed)
        ends = np.cumsum(column.counts) / column.counts.sum()
        share = np.interp(tenths, np.append(column.cells.low[:1], column.cells.high), np.append(0.0, ends))  # type: ignore[union-attr]
        off.append(np.abs(np.diff(share, prepend=0.0, append=1.0) - 0.1).sum() / 2)
    assert np.mean(off) < 0.2


def test_whole_numbers_of_a_narrow_cell_are_counted_one_by_one() -> None:
    cells = Cells(np.array([16.0, 32, 1024]), np.array([300.0, 7700.0]), np.ones(2))
    assert cells.split(60, 8000.0, whole=True, single=16).edges[:18].tolist() == [*range(16, 33), 49.0]
    assert cells.split(20, 8000.0, whole=True, single=16).edges[:2].tolist() == [16.0, 32.0]
    assert len(cells.split(60, 8000.0, whole=False, single=16)) == 3 + 58


@pytest.mark.parametrize("many", [1, 2, 3, 12])
def test_evening_out_keeps_the_sum_and_what_stands_apart(many: int) -> None:
    noisy = np.random.default_rng(0).normal(50.0, 10.0, many)
    counts, variances = evened(noisy, np.full(many, 100.0), 3.3)
    assert counts.sum() == pytest.approx(noisy.sum())
    assert (variances <= 100.0).all()
    spiked, _ = evened(np.append(noisy, 500.0), np.full(many + 1, 100.0), 3.3)
    assert spiked[-1] == 500.0


def test_evening_out_is_nearer_to_the_truth_than_noise_and_than_the_mean() -> None:
    rng, errors = np.random.default_rng(0), []
    for _ in range(200):
        truth = rng.normal(50.0, 10.0, 12)
        noisy = truth + rng.normal(0.0, 10.0, 12)
        counts, _ = evened(noisy, np.full(12, 100.0), 3.3)
        errors.append([((guess - truth) ** 2).sum() for guess in (counts, noisy, noisy.mean())])
    ours, noise, mean = np.mean(errors, axis=0)
    assert ours < noise
    assert ours < mean
