"""Protected numbers of rows are lifted so that as many rows come out as in the data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from semblant_models.tabular.context.lift import Lift
from semblant_models.tabular.encodings import Draw
from semblant_models.tabular.encodings.encoding import Sample
from semblant_models.tabular.encodings.number import Number


def _drawn(numbers: np.ndarray, *, least: int = 10) -> tuple[np.ndarray, Lift]:
    """Give what comes back of numbers of rows, twenty times, and their lift."""
    values = pa.array(numbers, pa.int64())
    encoding = Number.fit(Sample(values=values, subjects=None, min_subjects=least))
    rng = np.random.default_rng(3)
    back = [encoding.decode(encoding.encode(values), Draw(rng=rng)).to_numpy(zero_copy_only=False) for _ in range(20)]
    return np.maximum(np.concatenate(back), 0.0), Lift.fit(encoding, numbers)


@pytest.mark.feature(204)
@pytest.mark.parametrize("seed", range(6))
def test_below_few_parents_as_many_rows_come_out_as_there_are(seed: int) -> None:
    numbers = np.random.default_rng(seed).poisson(1.5, 60)
    drawn, lift = _drawn(numbers)
    lifted = lift.lifted(drawn, np.random.default_rng(seed))
    assert lifted.mean() == pytest.approx(numbers.mean(), rel=0.03)
    assert (lifted[drawn == 0] == 0).all()


@pytest.mark.feature(204)
def test_a_long_tail_is_long_again_and_the_numbers_before_it_stay() -> None:
    numbers = np.random.default_rng(1).zipf(1.9, 1500)
    numbers = numbers[numbers < 400]
    drawn, lift = _drawn(numbers)
    lifted = np.rint(lift.lifted(drawn, np.random.default_rng(0)))
    assert lifted.mean() == pytest.approx(numbers.mean(), rel=0.05)
    assert drawn.max() < 0.5 * np.quantile(numbers, 0.999)
    assert np.quantile(lifted, 0.999) == pytest.approx(np.quantile(numbers, 0.999), rel=0.4)
    for number in range(1, 10):
        assert (lifted == number).mean() == pytest.approx((numbers == number).mean(), abs=0.01)


def test_without_protection_nothing_is_lifted() -> None:
    drawn, lift = _drawn(np.random.default_rng(0).poisson(1.5, 60), least=1)
    assert np.allclose(lift.lifted(drawn, np.random.default_rng(0)), drawn, rtol=0.02)


@pytest.mark.feature(244)
def test_one_parent_with_most_of_all_rows_is_not_made_up_for_by_others() -> None:
    drawn, lift = _drawn(np.concatenate([np.random.default_rng(0).poisson(1.5, 99), [100_000]]))
    assert 1 + lift.excess <= 2
    assert lift.lifted(drawn, np.random.default_rng(0)).max() < 50
