"""How far a score could lie from its expected value, because both samples are finite: 95 % intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from semblant_reports.measure.accuracy import DEPTHS, combinations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from semblant_reports.measure.accuracy import Codes

Z = 1.959964
REPLICATES = 60
FEWEST = 40
WIDER = 1.05
"""The deviation is itself known to a tenth only; without this a normal interval would cover too little."""
_PAIRS = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
COMBINATIONS = 40
"""Pairs, and triples, whose mean stands for that of all."""
ROWS = 20_000
"""Rows of each side that are cut up; the spread of more follows from their number."""


def wilson(share: float, count: float) -> list[float]:
    """Give the 95% interval of a share (Wilson, 1927); ``count`` may be an effective number.

    >>> [round(bound, 3) for bound in wilson(0.0, 100)]
    [0.0, 0.037]
    """
    if count <= 0:
        return [0.0, 1.0]
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count)) / (1 + Z * Z / count)
    return [max(0.0, middle - half), min(1.0, middle + half)]


def around(value: float, deviation: float, low: float = 0.0, high: float = 1.0) -> list[float]:
    """Give the 95% interval of a normal score, within its bounds.

    >>> around(0.5, 0.1)
    [0.304, 0.696]
    """
    return [round(max(low, value - Z * deviation), 5), round(min(high, value + Z * deviation), 5)]


def area_under_curve(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> tuple[float, NDArray[np.float64]]:
    """Give the area under the ROC curve, and what each row adds to its error.

    The sum of the squares of the second, float64, shape (n,), is the variance of the first (DeLong, DeLong and
    Clarke-Pearson, 1988). Ties count half.

    >>> area_under_curve(np.array([0.1, 0.9]), np.array([False, True]))[0]
    1.0
    """
    ups, downs = np.sort(scores[positive]), np.sort(scores[~positive])
    parts = np.zeros(len(scores))
    for mask, others, sign in ((positive, downs, 1.0), (~positive, ups, -1.0)):
        below = np.searchsorted(others, scores[mask], "left") + np.searchsorted(others, scores[mask], "right")
        placed = below / (2 * max(1, len(others)))
        parts[mask] = placed if sign > 0 else 1 - placed
    area = float(parts[positive].mean())
    for mask in (positive, ~positive):
        parts[mask] = (parts[mask] - area) / max(1, int(mask.sum()))
    return area, parts


def deviation_of(parts: NDArray[np.float64]) -> float:
    """Give the standard deviation of a score from what each row adds to its error."""
    return float(np.sqrt((parts**2).sum()))


def accuracy_deviation(original: Codes, other: Codes, sizes: Sequence[int], seed: int) -> dict[str, float]:
    """Give the standard deviation of each depth's accuracy and of ``overall``, over pairs of samples of these sizes.

    Overlap is no smooth function of the shares: a bootstrap adds noise of its own and comes out up to half too wide
    where the samples hardly differ. So both samples are cut into quarters at random, many times. Quarters, and halves
    made of two, are samples of their own; the spread of their accuracies is exactly that of samples a quarter and a
    half as large. Times the number of rows it hardly depends on it; what trend there is goes on to the whole.

    :param original: class codes, shape (columns, n).
    :param other: class codes, shape (columns, m).
    :returns: empty where a side has fewer than :data:`FEWEST` rows.
    """
    from scipy import sparse

    if min(original.shape[1], other.shape[1]) < FEWEST:
        return {}
    rng = np.random.default_rng(seed)
    scale = math.sqrt(1 / original.shape[1] + 1 / other.shape[1])
    sides = [_drawn(codes, rng) for codes in (original, other)]
    scale /= math.sqrt(sum(1 / codes.shape[1] for codes in sides))
    parts = [_quarters(codes.shape[1], rng) for codes in sides]

    def shares(side: int, combo: tuple[int, ...]) -> NDArray[np.float64]:
        """Give the shares of all cells in each quarter, shape (cells, 4, replicates)."""
        cells, size = _cells(sides[side], sizes, combo)
        rows = len(cells)
        ones = np.ones(rows, dtype=np.float32)
        counted = sparse.csc_matrix((ones, cells, np.arange(rows + 1)), shape=(size, rows)) @ parts[side]
        return np.asarray(counted).reshape(size, 4, REPLICATES) * (4 / rows)

    quarters, halves = [], []
    names = []
    for depth, name in enumerate(DEPTHS, start=1):
        combos = _some(combinations(len(original), depth, rng), rng)
        if not combos:
            continue
        names.append(name)
        small, large = np.zeros((4, REPLICATES)), np.zeros((6, REPLICATES))
        for combo in combos:
            gaps = shares(0, combo) - shares(1, combo)
            small += 1 - np.abs(gaps).sum(axis=0) / 2
            for place, (one, two) in enumerate(_PAIRS):
                large[place] += 1 - np.abs(gaps[:, one] + gaps[:, two]).sum(axis=0) / 4
        quarters.append(small / len(combos))
        halves.append(large / len(combos))
    groups = {name: ([quarter], [half]) for name, quarter, half in zip(names, quarters, halves, strict=True)}
    return {
        name: WIDER * scale * _extrapolated(np.mean(small, axis=0), np.mean(large, axis=0))
        for name, (small, large) in ({"overall": (quarters, halves)} | groups).items()
    }


def _extrapolated(quarters: NDArray[np.float64], halves: NDArray[np.float64]) -> float:
    """Give the deviation of the whole from accuracies of quarters, shape (4, n), and of pairs of quarters, (6, n)."""
    small = float(np.var(quarters, axis=0, ddof=1).mean()) / 4
    # a pair and the pair of the two other quarters are independent
    large = float(np.mean([(halves[place] - halves[5 - place]) ** 2 / 2 for place in range(3)])) / 2
    return math.sqrt(max(large + (large - small), large / 2))


def _quarters(rows: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Say which quarter each row is in, one column per quarter and replicate, shape (rows, 4 * replicates)."""
    labels = np.tile((np.arange(rows) % 4).astype(np.int8)[:, None], (1, REPLICATES))
    labels = rng.permuted(labels, axis=0)
    return np.concatenate([labels == quarter for quarter in range(4)], axis=1).astype(np.float32)


def _drawn(codes: Codes, rng: np.random.Generator) -> Codes:
    """Draw rows without repeats."""
    return codes if codes.shape[1] <= ROWS else codes[:, np.sort(rng.permutation(codes.shape[1])[:ROWS])]


def _some(combos: list[tuple[int, ...]], rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Draw combinations without repeats."""
    if len(combos) <= COMBINATIONS or len(combos[0]) == 1:
        return combos
    return [combos[place] for place in np.sort(rng.permutation(len(combos))[:COMBINATIONS])]


def _cells(codes: Codes, sizes: Sequence[int], combo: tuple[int, ...]) -> tuple[NDArray[np.int32], int]:
    """Give the cell of each row, and the number of cells."""
    cells, size = codes[combo[0]].astype(np.int32), sizes[combo[0]]
    for column in combo[1:]:
        cells = cells * sizes[column] + codes[column]
        size *= sizes[column]
    return cells, size
