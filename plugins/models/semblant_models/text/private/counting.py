"""Noisy counts of runs of characters: which runs are frequent, order by order, each subject of the same weight.

A subject's texts are one vector of counts per order, divided by its L2 norm: whoever writes much or repeats itself
moves the sums by one at most, like everybody. Order by order all runs are counted that go on from a kept one by any
symbol (Chen et al. 2012, "Differentially private sequential data publication via variable-length n-grams"): the list of
what is counted follows from what was released before, so a run of one subject alone is told by nothing.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from semblant_models.privacy.preprocessing.releases import Releases

BITS: Final = 7
MOST_SYMBOLS: Final = 2**BITS
MOST_ORDER: Final = 8
EDGE: Final = 0
"""The symbol before and behind each text."""
PUBLIC: Final = np.array([EDGE, 9, 10, *range(32, 127)], np.int64)
"""Code points that need not be found out: the edge, tabulator, line feed, printable ASCII."""
_TOTAL_SHARE: Final = 0.05
"""Of an order's budget, for the sum of all its runs."""
_CHANCE: Final = 2.0
"""Runs per order that may be kept by noise alone."""


@frozen(eq=False)
class Texts:
    """Texts as symbols, one behind the other: each begins after an edge, and ends with one."""

    symbols: np.ndarray
    """int64, shape (n,)."""
    text: np.ndarray
    """The text that each symbol belongs to, int64, rising."""
    subject: np.ndarray
    """Whose it is, int64 from 0."""

    def runs(self, order: int) -> np.ndarray:
        """Give the run of ``order`` symbols that ends at each place, the last symbol in the lowest bits, int64.

        >>> texts = Texts(np.array([5, 6, 0]), np.zeros(3, int), np.zeros(3, int))
        >>> [divmod(int(run), 128) for run in texts.runs(2)]
        [(0, 5), (5, 6), (6, 0)]
        """
        out = np.zeros(len(self.symbols), np.int64)
        for back in range(order):
            moved = np.zeros_like(out)
            moved[back:] = self.symbols[: len(out) - back]
            same = np.zeros(len(out), bool)
            same[back:] = self.text[back:] == self.text[: len(out) - back]
            out |= np.where(same, moved, EDGE) << (BITS * back)
        return out

    def before(self, order: int) -> np.ndarray:
        """Give the run of ``order`` symbols before each place, int64; edges stand before the text."""
        return self.runs(order + 1) >> BITS


@frozen(eq=False)
class Runs:
    """The frequent runs of one order, rising, with their noisy counts."""

    keys: np.ndarray
    counts: np.ndarray
    total: float
    """Noisy sum of all runs that go on from a kept one."""
    deviation: float


def weighed(keys: np.ndarray, subjects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum the normed vectors of counts of all subjects.

    :returns: the keys that occur, rising, their sums, and per subject the sum of its own vector.

    >>> keys, sums, own = weighed(np.array([3, 3, 4, 4]), np.array([0, 0, 0, 1]))
    >>> keys.tolist(), sums.round(3).tolist(), own.round(3).tolist()
    ([3, 4], [0.894, 1.447], [1.342, 1.0])
    """
    every, which = np.unique(keys, return_inverse=True)
    owners, who = np.unique(subjects, return_inverse=True)
    pairs, counts = np.unique(who.astype(np.int64) * max(len(every), 1) + which, return_counts=True)
    owner, key = np.divmod(pairs, max(len(every), 1))
    norm = np.sqrt(np.bincount(owner, counts.astype(np.float64) ** 2, minlength=len(owners)))
    weight = counts / norm[owner]
    return every, np.bincount(key, weight, minlength=len(every)), np.bincount(owner, weight, minlength=len(owners))


def alphabet_runs(
    points: np.ndarray, subjects: np.ndarray, releases: Releases, rho: float, delta: float, most: int
) -> Runs:
    """Release which characters there are, by their code points, and how often; those of ``PUBLIC`` always are.

    :param most: characters of a subject that count, so values that it may add.
    """
    every, sums, own = weighed(points, subjects)
    extra = np.setdiff1d(every, PUBLIC)
    keys = np.concatenate([PUBLIC, extra])
    vector = np.zeros(len(keys))
    order = np.argsort(keys)
    vector[order[np.searchsorted(keys[order], every)]] = sums
    deviation = float(np.sqrt(1 / (2 * rho * (1 - _TOTAL_SHARE))))
    ((kept, noisy),) = releases.frequent(
        "characters", [vector], [deviation], delta=delta, public=len(PUBLIC), chances=most
    )
    total = _sum(own, releases, rho, most, "characters")
    rising = np.argsort(keys[kept])
    return Runs(keys[kept][rising], np.maximum(noisy[rising], 0.0), total, deviation)


def next_runs(texts: Texts, order: int, shorter: Runs, symbols: int, releases: Releases, rho: float, most: int) -> Runs:
    """Release how often each symbol follows each kept run, and keep what is more than noise.

    All runs that go on from a kept one are counted, whether they occur or not: which they are is known beforehand.
    """
    contexts = np.unique(np.append(shorter.keys[shorter.keys & (MOST_SYMBOLS - 1) != EDGE], 0))
    keys = texts.runs(order)
    before = keys >> BITS
    at = np.minimum(np.searchsorted(contexts, before), len(contexts) - 1)
    goes_on = contexts[at] == before
    every, sums, own = weighed(keys[goes_on], texts.subject[goes_on])
    places = np.searchsorted(contexts, every >> BITS) * symbols + (every & (MOST_SYMBOLS - 1))
    vector = np.zeros(len(contexts) * symbols)
    vector[places] = sums
    deviation = float(np.sqrt(1 / (2 * rho * (1 - _TOTAL_SHARE))))
    (noisy,) = releases.noisy(f"runs of {order} characters", [vector], [deviation])
    total = _sum(own, releases, rho, most, f"runs of {order} characters")
    kept = np.flatnonzero(noisy > deviation * NormalDist().inv_cdf(1 - min(_CHANCE / len(vector), 0.5)))
    context, symbol = np.divmod(kept, symbols)
    return Runs((contexts[context] << BITS) | symbol, noisy[kept], max(total, float(noisy[kept].sum()), 1.0), deviation)


def _sum(own: np.ndarray, releases: Releases, rho: float, most: int, what: str) -> float:
    """Release the sum of all subjects' vectors: one of length 1 with ``most`` entries adds up to the root of that."""
    sensitivity = float(np.sqrt(most))
    spread = sensitivity / float(np.sqrt(2 * rho * _TOTAL_SHARE))
    (total,) = releases.noisy(f"sum of all {what}", [np.array([own.sum()])], [spread], sensitivity=sensitivity)
    return max(float(total[0]), 1.0)
