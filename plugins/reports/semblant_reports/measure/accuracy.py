"""Accuracy: one less the total variation distance between distributions of one, two and three columns."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int16]

COMBINATIONS = 10_000
"""No more pairs or triples than this are compared; of more a seeded sample is."""
DEPTHS = ("univariate", "bivariate", "trivariate")


@frozen(kw_only=True, eq=False)
class Overlap:
    """Overlap of distributions: over all combinations, by number of columns, of each column, pair and triple."""

    overall: float
    by_depth: dict[str, float]
    columns: NDArray[np.float64]
    """Shape (columns,)."""
    pairs: dict[tuple[int, int], float]
    triples: dict[tuple[int, int, int], float]

    def shifted(self, plus: Overlap, less: Overlap) -> Overlap:
        """Add one and take off another; what had a part that the other lacks stays as it is."""
        return Overlap(
            overall=min(1.0, self.overall + plus.overall - less.overall),
            by_depth={
                name: min(1.0, value + plus.by_depth[name] - less.by_depth[name])
                for name, value in self.by_depth.items()
            },
            columns=np.minimum(1.0, self.columns + plus.columns - less.columns),
            pairs={pair: min(1.0, value + plus.pairs[pair] - less.pairs[pair]) for pair, value in self.pairs.items()},
            triples={
                triple: min(1.0, value + plus.triples[triple] - less.triples[triple])
                for triple, value in self.triples.items()
            },
        )


@frozen(kw_only=True, eq=False)
class Accuracy:
    """Accuracy of a sample against the original.

    ``expected`` is what a second sample of the same size from the original's own population would
    reach by chance.
    """

    measured: Overlap
    expected: Overlap


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
    parts: list[dict[str, tuple[list[tuple[int, ...]], NDArray[np.float64]]]] = [{} for _ in others]
    for depth, name in enumerate(DEPTHS[:deepest], start=1):
        combos = combinations(count, depth, rng)
        found = np.array([distances(wide, sizes, chosen) for chosen in combos])
        for index in range(len(others) if combos else 0):
            parts[index][name] = (combos, found[:, index])
    return [
        Accuracy(measured=_overlap(part, 0), expected=_overlap(part, 1)) if there else None
        for part, there in zip(parts, usable, strict=True)
    ]


def _overlap(parts: Mapping[str, tuple[list[tuple[int, ...]], NDArray[np.float64]]], place: int) -> Overlap:
    """Take the means of what was found."""
    by_depth = {name: float(found[:, place].mean()) for name, (_, found) in parts.items()}
    several: list[dict[tuple[int, ...], float]] = []
    for name in DEPTHS[1:]:
        combos, found = parts.get(name, ([], np.empty((0, 2))))
        several.append(dict(zip(combos, found[:, place].tolist(), strict=True)))
    return Overlap(
        overall=float(np.mean(list(by_depth.values()))),
        by_depth=by_depth,
        columns=parts["univariate"][1][:, place].copy(),
        pairs=cast("dict[tuple[int, int], float]", several[0]),
        triples=cast("dict[tuple[int, int, int], float]", several[1]),
    )


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


def distances(samples: Sequence[NDArray[np.intp]], sizes: Sequence[int], chosen: tuple[int, ...]) -> list[list[float]]:
    """Give accuracy and its expectation for each sample but the first, against the first.

    :param samples: class codes, each of shape (columns, n).
    """
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
