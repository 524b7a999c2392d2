"""Accuracy: one less the total variation distance between distributions of one, two and three columns."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int16]

COMBINATIONS = 10_000
"""No more pairs or triples than this are compared; of more a seeded sample is."""
DEPTHS = ("univariate", "bivariate", "trivariate")


@frozen(kw_only=True, eq=False)
class Accuracy:
    """Accuracy of a sample against the original, by number of columns taken together.

    ``expected`` is what a second sample of the original's own population would reach by chance.
    """

    overall: float
    by_depth: dict[str, float]
    expected: float
    columns: NDArray[np.float64]
    """Shape (columns,)."""
    pairs: dict[tuple[int, int], float] = field(factory=dict)


def compare(
    original: Codes, others: Sequence[Codes], sizes: Sequence[int], seed: int, deepest: int = 3
) -> list[Accuracy | None]:
    """Compare each of ``others`` with the original; codes have shape (columns, n).

    :param sizes: number of codes of each column.
    :param seed: draws the combinations where there are more than :data:`COMBINATIONS`.
    :returns: one result per other sample; None where a side has no rows or there are no columns.
    """
    usable = [original.size > 0 and other.size > 0 for other in others]
    if not any(usable):
        return [None] * len(others)
    rng = np.random.default_rng(seed)
    count = original.shape[0]
    wide = [np.ascontiguousarray(codes, dtype=np.intp) for codes in (original, *others)]
    means: list[dict[str, float]] = [{} for _ in others]
    expected: list[list[float]] = [[] for _ in others]
    columns = np.zeros((len(others), count))
    pairs: list[dict[tuple[int, int], float]] = [{} for _ in others]
    for depth, name in enumerate(DEPTHS[:deepest], start=1):
        combos = combinations(count, depth, rng)
        found = np.array([_distances(wide, sizes, chosen) for chosen in combos])
        if not len(found):
            continue
        for index in range(len(others)):
            if not usable[index]:
                continue
            means[index][name] = float(found[:, index, 0].mean())
            expected[index].append(float(found[:, index, 1].mean()))
            if depth == 1:
                columns[index] = found[:, index, 0]
            if depth == 2:
                pairs[index] = {(a, b): float(value) for (a, b), value in zip(combos, found[:, index, 0], strict=True)}
    return [
        Accuracy(
            overall=float(np.mean(list(means[index].values()))),
            by_depth=means[index],
            expected=float(np.mean(expected[index])),
            columns=columns[index],
            pairs=pairs[index],
        )
        if usable[index]
        else None
        for index in range(len(others))
    ]


def combinations(count: int, depth: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Give all combinations of ``depth`` of ``count`` columns, or a seeded sample without repeats.

    >>> combinations(3, 2, np.random.default_rng(0))
    [(0, 1), (0, 2), (1, 2)]
    """
    if depth == 1:
        return [(index,) for index in range(count)]
    total = count * (count - 1) // 2 if depth == 2 else count * (count - 1) * (count - 2) // 6
    if total <= 20 * COMBINATIONS:
        every = list(itertools.combinations(range(count), depth))
        if total <= COMBINATIONS:
            return every
        return [every[index] for index in np.sort(rng.permutation(total)[:COMBINATIONS])]
    drawn: set[tuple[int, ...]] = set()
    while len(drawn) < COMBINATIONS:
        for row in np.sort(rng.integers(0, count, size=(COMBINATIONS, depth)), axis=1).tolist():
            if len(set(row)) == depth and len(drawn) < COMBINATIONS:
                drawn.add(tuple(row))
    return sorted(drawn)


def _distances(samples: Sequence[NDArray[np.intp]], sizes: Sequence[int], chosen: tuple[int, ...]) -> list[list[float]]:
    """Give accuracy and its expectation for each sample but the first, against the first."""
    shares = []
    for sample in samples:
        code = sample[chosen[0]]
        cells = sizes[chosen[0]]
        for column in chosen[1:]:
            code = code * sizes[column] + sample[column]
            cells *= sizes[column]
        shares.append(np.bincount(code, minlength=cells) / max(1, sample.shape[1]))
    first = shares[0]
    rows = [max(1, sample.shape[1]) for sample in samples]
    spread = np.sqrt(first * (1 - first) * 2 / np.pi).sum() / 2
    return [
        [1 - float(np.abs(first - other).sum()) / 2, 1 - float(spread) * float(np.sqrt(1 / rows[0] + 1 / size))]
        for other, size in zip(shares[1:], rows[1:], strict=True)
    ]
