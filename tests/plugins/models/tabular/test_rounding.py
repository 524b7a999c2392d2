"""Rounding of drawn numbers: as often as in the data, and never out of the cell."""

from __future__ import annotations

import numpy as np

from semblant_models.tabular.encodings.rounding import Rounding


def test_a_value_goes_to_the_coarsest_step_that_was_drawn_and_lies_within_its_bounds() -> None:
    rounding = Rounding((1, 5, 10, 50), np.array([0.25, 0.25, 0.25, 0.25]))
    values = np.array([23, 23, 23, 23, 47])
    wanted = np.array([0, 1, 2, 3, 3])
    low, high = np.array([0, 0, 0, 21, 0]), np.array([99, 99, 99, 39, 99])
    # the fourth finds neither 0 nor 50 within [21, 39], nor 20, but 25
    assert rounding.apply(values, wanted, low, high).tolist() == [23, 25, 20, 25, 50]


def test_where_no_step_fits_the_value_stays() -> None:
    rounding = Rounding((1, 5, 10), np.array([0.0, 0.0, 1.0]))
    values = np.array([23, 12])
    assert rounding.apply(values, np.array([2, 2]), np.array([22, 11]), np.array([24, 14])).tolist() == [23, 12]


def test_shares_of_round_numbers_are_those_of_the_data() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 10_000, 20_000)
    values = np.where(rng.random(20_000) < 0.4, values // 50 * 50, values)
    unique, counts = np.unique(values, return_counts=True)
    rounding = Rounding.fit(unique, counts)
    drawn = rng.integers(0, 10_000, 20_000)
    bounds = np.zeros(20_000, np.int64), np.full(20_000, 10_000)
    made = rounding.apply(drawn, rounding.draw(20_000, rng), *bounds)
    for step in (5, 10, 50):
        assert abs((made % step == 0).mean() - (values % step == 0).mean()) < 0.02
