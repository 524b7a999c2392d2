"""Numbers that are heaped on round steps come out heaped, by the votes that were released anyway."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from semblant_models.privacy.preprocessing.grid import Grid
from semblant_models.privacy.preprocessing.kinds import Ranges, cells_from_dict
from tests.plugins.models.privacy.preprocessing.making import preprocess
from tests.plugins.models.privacy.preprocessing.replaying import Recorded

ROWS = 20_000


def _made(values: np.ndarray, rho: float = 1.0) -> np.ndarray:
    codes = preprocess(pa.table({"amount": values}), Recorded(), rho=rho)
    table = pa.table({"amount": values})
    made = codes.decode(codes.encode(table), np.random.default_rng(0))
    return np.asarray(made.column(0).to_numpy())


def _shares(values: np.ndarray) -> list[float]:
    return [float((values % step == 0).mean()) for step in (1000, 100, 10)]


@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_heaps_on_hundreds_and_thousands_come_back(kind: type) -> None:
    rng = np.random.default_rng(1)
    raw = rng.integers(10_000, 900_000, ROWS)
    step = rng.choice([1, 100, 1000], ROWS, p=[0.4, 0.3, 0.3])
    real = (raw // step * step).astype(kind)
    assert _shares(_made(real)) == pytest.approx(_shares(real), abs=0.06)


def test_numbers_without_heaps_get_none() -> None:
    real = np.random.default_rng(2).integers(0, 100_000, ROWS)
    assert _shares(_made(real)) == pytest.approx([0.001, 0.01, 0.1], abs=0.015)


def test_steps_of_ten_thousand_are_found() -> None:
    real = np.random.default_rng(3).integers(1, 80, ROWS) * 10_000.0
    assert (_made(real) % 10_000 == 0).all()


def test_multiples_stay_in_their_cells_and_where_none_fits_the_next_grain_is_taken() -> None:
    low, high = np.array([95.0, 101.0, 250.0]), np.array([101.0, 109.0, 1050.0])
    cells = Ranges(Grid(pa.int64(), 1.0), low, high, null=False, grains=((100.0, 1.0), (10.0, 0.0), (1.0, 0.0)))
    places = np.repeat([0, 1, 2], 300)
    made = cells.made(places, np.ones(3), np.random.default_rng(0)).to_numpy()
    assert set(made[:300]) == {100}
    assert set(made[300:600]) == set(range(101, 109))
    assert set(made[600:]) == {300, 400, 500, 600, 700, 800, 900, 1000}
    again = cells_from_dict(cells.to_dict())
    assert isinstance(again, Ranges)
    assert again.grains == cells.grains
    with pytest.raises(ValueError, match="grains"):
        cells_from_dict({**cells.to_dict(), "grains": [[0, 1]]})
