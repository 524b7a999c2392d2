"""PhiK: as the package ``phik`` computes it, from counts of any size and shape."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest

from semblant_reports.measure.phik import phik_matrix, phik_of

pytest.importorskip("scipy", reason="comes with the extra 'reports'")


@pytest.fixture(scope="module")
def package() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting library's business
        return pytest.importorskip("phik.phik", reason="the extra 'test' is not installed")


def tables() -> list[np.ndarray]:
    """Give contingency tables of correlations from none to full, two to twelve classes a side."""
    rng, found = np.random.default_rng(5), []
    for strength in (0.0, 0.05, 0.3, 0.6, 0.9, 0.97, 0.999):
        for rows, cells in ((2, 2), (2, 7), (3, 3), (5, 12), (9, 4), (11, 11)):
            first = rng.normal(size=4000)
            second = strength * first + np.sqrt(1 - strength**2) * rng.normal(size=4000)
            codes = [
                np.digitize(side, np.quantile(side, np.linspace(0, 1, parts + 1)[1:-1]))
                for side, parts in ((first, rows), (second, cells))
            ]
            counted = np.bincount(codes[0] * cells + codes[1], minlength=rows * cells)
            found.append(counted.reshape(rows, cells).astype(float))
    return found


def test_it_agrees_with_the_package_within_a_millionth(package: Any) -> None:
    ours = [phik_of(table) for table in tables()]

    theirs = [package.phik_from_hist2d(table) for table in tables()]

    assert np.abs(np.array(ours) - np.array(theirs)).max() < 1e-6
    assert min(theirs) == 0.0
    assert max(theirs) > 0.98


def test_a_matrix_of_columns_with_missing_values_is_that_of_the_package(package: Any) -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(3)
    base = rng.integers(0, 6, 3000)
    columns = [base, (base + rng.integers(0, 3, 3000)) % 7, rng.integers(0, 4, 3000), np.minimum(base, 1)]
    codes, sizes = np.array(columns, dtype=np.int16), [7, 8, 5, 3]
    codes[1, :200] = sizes[1] - 1  # missing
    frame = pandas.DataFrame({str(place): pandas.Series(column).astype(object) for place, column in enumerate(codes)})
    frame.loc[:199, "1"] = np.nan

    ours = phik_matrix(codes, sizes, [size - 1 for size in sizes])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = package.phik_matrix(frame, interval_cols=[], verbose=False, njobs=1).to_numpy()
    assert np.abs(ours - theirs).max() < 1e-6


def test_a_column_of_one_class_has_none_and_a_copy_has_one() -> None:
    codes = np.array([[0, 1, 0, 1] * 50, [0] * 200, [1, 0, 1, 0] * 50], dtype=np.int16)

    found = phik_matrix(codes, [3, 3, 3], [2, 2, 2])

    assert np.isnan(found[0, 1])
    assert found[0, 2] == pytest.approx(1.0, abs=1e-3)


def test_forty_columns_take_seconds_of_the_processor() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 11, (40, 5000)).astype(np.int16)
    codes[1::2] = np.where(rng.random((20, 5000)) < 0.5, codes[::2], codes[1::2])
    started = time.process_time()

    phik_matrix(codes, [12] * 40, [11] * 40)

    assert time.process_time() - started < 10
