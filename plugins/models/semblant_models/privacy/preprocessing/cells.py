"""Cells of numbers: from powers of two down to where the data are dense, and what is in them, by noisy counts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from attrs import evolve, frozen

LOWEST, HIGHEST = -34, 63
"""Exponents of two between which bounds are looked for."""
REACH = 4.0
"""How many times further than what is sure the next numbers lie at most."""


@frozen(eq=False)
class Cells:
    """Cells side by side: cell i holds the numbers from ``edges[i]`` up to, not including, ``edges[i + 1]``.

    >>> cells = Cells(np.array([0.0, 4.0, 8.0]), np.array([90.0, 10.0]), np.array([1.0, 1.0]))
    >>> cells.split(4, 100.0, whole=True).edges.tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 8.0]
    """

    edges: np.ndarray
    """float64, rising, shape (cells + 1,)."""
    counts: np.ndarray
    """Estimates of rows, float64, shape (cells,)."""
    variances: np.ndarray
    """Of these estimates."""
    parent: np.ndarray | None = None
    """Of a split: the cell of the former cells that each lies in."""
    empty: np.ndarray | None = None
    """Which cells are known to hold nothing: they take no noise and no share. None: no cell."""

    def __len__(self) -> int:
        """Give the number of cells."""
        return len(self.counts)

    def places(self, numbers: np.ndarray) -> np.ndarray:
        """Give the cell of each number, int64; what lies outside belongs to the nearest cell."""
        return np.clip(np.searchsorted(self.edges, numbers, side="right") - 1, 0, len(self) - 1)

    def histogram(self, numbers: np.ndarray) -> np.ndarray:
        """Count numbers, int64, shape (cells,); one number changes one count by one."""
        return np.bincount(self.places(numbers), minlength=len(self))

    def without(self, numbers: np.ndarray) -> Cells:
        """Mark the cells that hold nothing but one of these whole numbers, which are counted elsewhere."""
        one = np.diff(self.edges) <= 1
        return evolve(self, empty=one & np.isin(self.edges[:-1], numbers))

    @property
    def live(self) -> np.ndarray:
        """Which cells may hold something, as 1.0 and 0.0."""
        return np.ones(len(self)) if self.empty is None else 1.0 - self.empty

    def split(self, parts: int, rows: float, *, whole: bool, single: int = 0) -> Cells:
        """Split cells that hold much into equal parts, so that ``parts`` cells would hold all ``rows`` evenly.

        :param whole: numbers are whole: no cell becomes narrower than one.
        :param single: cells of so many whole numbers at most become single numbers, where they would be split at all.
        """
        edges, parent = [self.edges[:1]], []
        for cell in range(len(self)):
            low, high = self.edges[cell], self.edges[cell + 1]
            many = int(np.clip(np.ceil(self.counts[cell] / max(rows, 1.0) * parts), 1, parts))
            if whole:
                many = int(high - low if many > 1 and high - low <= single else min(many, max(high - low, 1)))
            cuts = low + (high - low) * np.arange(1, many + 1) / many
            if whole:
                cuts = np.round(cuts)
            cuts[-1] = high
            edges.append(cuts)
            parent += [cell] * many
        children = np.array(parent)
        share = self.counts / np.bincount(children)
        return Cells(np.concatenate(edges), share[children], np.full(len(children), np.inf), children)

    def measured(self, noisy: np.ndarray, variance: float, former: Cells) -> Cells:
        """Take noisy counts in: parts and the whole that they were split from are brought into agreement.

        Per former cell the two estimates of its rows are averaged by their variances, and what is missing is given to
        its parts in equal shares (Hay et al. 2010).
        """
        live = self.live
        noisy = noisy * live
        if self.parent is None:
            return evolve(self, counts=noisy, variances=np.full(len(noisy), variance))
        parts = np.maximum(np.bincount(self.parent, live, minlength=len(former)), 1e-9)
        total = np.bincount(self.parent, noisy, minlength=len(former))
        both = parts * variance + former.variances
        gain = np.where(np.isfinite(former.variances), parts * variance / both, 0.0)
        change = gain * (former.counts - total)
        counts = noisy + (change / parts)[self.parent] * live
        left = variance * (1 - (gain / np.maximum(parts, 1.0)))[self.parent]
        return evolve(self, counts=counts, variances=left)

    def flattened(self, former: Cells, least: float) -> Cells:
        """Even out the parts of a former cell that differ by no more than noise.

        See :func:`evened`.

        :param least: how many standard deviations from the median of its siblings a part stands apart.
        """
        if self.parent is None:
            return self
        counts, variances = self.counts * self.live, self.variances.copy()
        ends = np.searchsorted(self.parent, np.arange(len(former) + 1))
        for first, last in pairwise(ends):
            held = first + np.flatnonzero(self.live[first:last])
            counts[held], variances[held] = evened(counts[held], variances[held], least)
        return evolve(self, counts=counts, variances=variances)


def evened(counts: np.ndarray, variances: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Even out noisy counts of equal cells that differ by no more than noise.

    Those that stand apart keep what they hold; the others are drawn together towards their mean as far as noise
    explains that they differ (positive-part estimator of James & Stein 1961, Efron & Morris 1973; three or fewer
    become equal). Where most stand apart nothing is changed.

    :param least: how many standard deviations from the median a count stands apart.
    :returns: estimates and their variances.

    >>> evened(np.array([4.0, 250, 9, 12, 8, 17]), np.full(6, 100.0), 3.0)[0].tolist()
    [10.0, 250.0, 10.0, 10.0, 10.0, 10.0]
    """
    apart = np.abs(counts - np.median(counts)) > least * np.sqrt(variances) if len(counts) else np.zeros(0, bool)
    rest = ~apart
    many = int(rest.sum())
    if many < 2 or 2 * many < len(counts):
        return counts, variances
    mean = counts[rest].mean()
    off = float(((counts[rest] - mean) ** 2).sum())
    kept = max(1.0 - (many - 3) * float(variances[rest].mean()) / off, 0.0) if many > 3 and off > 0 else 0.0
    evener = np.where(apart, counts, mean + kept * (counts - mean))
    return evener, np.where(apart, variances, variances * (kept + (1 - kept) / many))


def octaves(*, whole: bool, low: float = -np.inf, high: float = np.inf) -> Cells:
    """Give cells between powers of two of both signs: public, whatever the data.

    :param low: the lowest number that can occur, public as well; no cell reaches below it.
    :param high: the highest; no cell reaches further above it than it must to hold it.

    >>> octaves(whole=True).edges[63:66].tolist()
    [-1.0, 0.0, 1.0]
    >>> octaves(whole=True, low=-3, high=5).edges.tolist()
    [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 6.0]
    """
    powers = 2.0 ** np.arange(0 if whole else LOWEST, HIGHEST + 1)
    edges = np.unique(np.clip(np.concatenate([-powers[::-1], [0.0], powers]), low, high + 1 if whole else high))
    return Cells(edges, np.zeros(len(edges) - 1), np.full(len(edges) - 1, np.inf))


def even(low: float, high: float, parts: int, *, whole: bool) -> Cells:
    """Give equal cells from ``low`` to ``high`` (itself included where numbers are whole): a declared range."""
    end = high + 1 if whole else high
    one = Cells(np.array([low, max(end, np.nextafter(low, np.inf))]), np.array([1.0]), np.array([np.inf]))
    return evolve(one.split(parts, 1.0, whole=whole), parent=None)


def spanned(cells: Cells, beside: float, least: float, far: float, known: np.ndarray) -> Cells:
    """Cut off the cells at both ends that hold nothing but noise.

    Among a hundred empty powers of two the noise of some column passes ``least`` now and then. Where its neighbours
    hold something it does little harm; alone at 2**40 it would make a mean of billions: more is asked of it there.

    :param beside: what a cell holds more than that touches the sure ones: there are two of these, and a wrong one is
        found to be empty when its parts are counted.
    :param least: what a cell holds more than that reaches no further than ``REACH`` times the sure ones.
    :param far: what any other holds more than. Where none does, those are sure that hold one of the ``known`` numbers,
        and without these the fullest one.

    >>> ends = np.array([0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
    >>> counts = np.array([90.0, 60.0, 1.0, 4.2, 0.0, 0.0, 4.2])
    >>> spanned(Cells(ends, counts, np.ones(7)), 2.0, 4.0, 5.0, np.zeros(0)).edges.tolist()
    [0.0, 1.0, 2.0, 4.0, 8.0]
    """
    size = np.maximum(np.abs(cells.edges[:-1]), np.abs(cells.edges[1:]))
    sure = cells.counts > far
    if not sure.any():
        sure[cells.places(known) if len(known) else int(np.argmax(cells.counts))] = True
    while True:
        touching = np.concatenate([sure[1:], [False]]) | np.concatenate([[False], sure[:-1]])
        near = (cells.counts > least) & (size <= REACH * float(size[sure].max()))
        near |= (cells.counts > beside) & touching
        if not (near & ~sure).any():
            break
        sure |= near
    full = np.flatnonzero(sure)
    first, last = int(full[0]), int(full[-1])
    return Cells(cells.edges[first : last + 2], cells.counts[first : last + 1], cells.variances[first : last + 1])


def settled(counts: np.ndarray, total: float) -> np.ndarray:
    """Give the nearest counts that are not negative and add up to ``total`` (projection to the simplex).

    Duchi et al. 2008.

    >>> settled(np.array([5.0, 3.0, -2.0]), 8.0).tolist()
    [5.0, 3.0, 0.0]
    """
    if not len(counts):
        return counts
    total = max(total, 0.0)
    falling = np.sort(counts)[::-1]
    excess = (np.cumsum(falling) - total) / np.arange(1, len(counts) + 1)
    kept = int(np.flatnonzero(falling - excess > 0)[-1]) if (falling - excess > 0).any() else 0
    return np.asarray(np.maximum(counts - excess[kept], 0.0))


def within(counts: np.ndarray, deviations: np.ndarray, least: float) -> np.ndarray:
    """Tell which cells lie between the ends of what is more than noise, bool.

    An end is where the sum of all cells from outside first exceeds ``least`` of its standard deviations; cells
    above their own deviation that touch it belong to it.

    >>> within(np.array([1.0, -1.0, 2.0, 90.0, 80.0, 1.0]), np.ones(6), 3.0).tolist()
    [False, False, True, True, True, False]
    """
    inside = np.ones(len(counts), bool)
    for turn in (1, -1):
        held, spread, kept = counts[::turn], deviations[::turn], inside[::turn]
        sure = np.flatnonzero(np.cumsum(held) > least * np.sqrt(np.cumsum(spread**2)))
        if not len(sure):
            return np.ones(len(counts), bool)
        first = int(sure[0])
        while first > 0 and held[first - 1] > spread[first - 1]:
            first -= 1
        kept[:first] = False
    return inside
