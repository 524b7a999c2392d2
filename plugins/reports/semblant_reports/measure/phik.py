"""PhiK: dependence of two columns of any kind as the correlation of a normal distribution, from 0 to 1.

Baak, Koopman, Snoek and Klous, *A new correlation coefficient between categorical, ordinal and interval variables
with Pearson characteristics*, 2020. The chi-square statistic of the contingency table is turned into the correlation
of a bivariate normal distribution that has the same statistic when cut into as many equal parts of [-5, 5]; what
chance explains (the degrees of freedom) is taken off first. Agrees with the package ``phik``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SPAN = 5.0
TOLERANCE = 1e-5
"""Of the correlation, as in the package."""
STEEP = 0.9
"""Beyond this correlation the integral needs more points."""
_FEW, _MANY = (np.polynomial.legendre.leggauss(points) for points in (32, 160))
_ERF = np.frompyfunc(math.erf, 1, 1)


def phik_of(table: NDArray[np.float64]) -> float | None:
    """Give PhiK of a contingency table of counts, shape (rows, cells); None where a side has fewer than two classes.

    >>> phik_of(np.diag([50.0, 50.0, 50.0]))
    1.0
    >>> phik_of(np.array([[25.0, 25.0], [25.0, 25.0]]))
    0.0
    """
    table = table[table.any(axis=1)][:, table.any(axis=0)].astype(np.float64)
    rows, cells = table.shape
    if rows < 2 or cells < 2:
        return None
    total = float(table.sum())
    freedom = (rows - 1) * (cells - 1)
    chi2 = _chi_square(table, freedom)
    most = total * min(rows - 1, cells - 1)
    if math.isclose(chi2, most, rel_tol=1e-9) or chi2 >= most:
        return 1.0
    if chi2 <= freedom:
        return 0.0
    independent, full = _normal_table(0.0, rows, cells), _normal_table(1.0, rows, cells)
    scale = (most - freedom) / (total * _ratio(full, independent))
    return _root(
        lambda rho: freedom + total * _ratio(_normal_table(rho, rows, cells), independent) * scale - chi2, TOLERANCE
    )


def phik_matrix(codes: NDArray[np.int16], sizes: Sequence[int], missing: Sequence[int]) -> NDArray[np.float64]:
    """Give PhiK of all pairs of columns, shape (columns, columns), NaN where it is not known.

    :param codes: class codes, shape (columns, n).
    :param sizes: number of codes of each column.
    :param missing: the code that stands for a missing value; such rows do not count for the pair.
    """
    count = len(codes)
    found = np.full((count, count), np.nan)
    wide = codes.astype(np.intp)
    for first in range(count):
        found[first, first] = 1.0
        for second in range(first):
            cells = wide[first] * sizes[second] + wide[second]
            counted = np.bincount(cells, minlength=sizes[first] * sizes[second]).astype(np.float64)
            table = counted.reshape(sizes[first], sizes[second])
            table[missing[first], :] = 0.0
            table[:, missing[second]] = 0.0
            value = phik_of(table)
            found[first, second] = found[second, first] = np.nan if value is None else value
    return found


def _chi_square(table: NDArray[np.float64], freedom: int) -> float:
    """Give Pearson's statistic; a table of four cells is corrected for continuity (Yates)."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    gaps = np.abs(table - expected)
    if freedom == 1:
        gaps -= np.minimum(0.5, gaps)
    return float((gaps**2 / expected).sum())


def _ratio(table: NDArray[np.float64], independent: NDArray[np.float64]) -> float:
    """Give the statistic of a table of shares against the independent one."""
    return float(((table - independent) ** 2 / independent).sum())


@lru_cache(maxsize=4096)
def _normal_table(rho: float, rows: int, cells: int) -> NDArray[np.float64]:
    """Give the shares of a bivariate normal distribution in equal parts of [-5, 5]."""
    first, second = np.linspace(-SPAN, SPAN, rows + 1), np.linspace(-SPAN, SPAN, cells + 1)
    both = _below(first, second, rho)
    return np.maximum(np.diff(np.diff(both, axis=0), axis=1), 0.0)


def _below(first: NDArray[np.float64], second: NDArray[np.float64], rho: float) -> NDArray[np.float64]:
    """Give the joint distribution function on a grid, by Plackett's integral over the angle of the correlation."""
    a, b = first[:, None], second[None, :]
    if rho >= 1.0:
        return _normal(np.minimum(a, b))
    top = math.asin(rho)
    nodes, weights = _FEW if rho < STEEP else _MANY
    angles = (top / 2 * (nodes + 1))[:, None, None]
    sines, squares = np.sin(angles), np.cos(angles) ** 2
    heights = np.exp((a * b * sines - (a**2 + b**2) / 2) / squares)
    return np.asarray(_normal(a) * _normal(b) + np.tensordot(weights, heights, axes=1) * top / (4 * math.pi))


def _normal(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the normal distribution function."""
    return np.asarray((1 + np.asarray(_ERF(values / math.sqrt(2)), dtype=np.float64)) / 2)


def _root(function: Callable[[float], float], tolerance: float) -> float:
    """Find where a rising function of [0, 1] is zero (Brent's method)."""
    from scipy import optimize

    return float(optimize.brentq(function, 0.0, 1.0, xtol=tolerance))
