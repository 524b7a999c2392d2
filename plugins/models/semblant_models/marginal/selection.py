"""Which marginals are worth their noise: a one-shot choice by noisy scores, all in one Gaussian release.

The score of a set of columns is the L1 distance between its exact counts and those of the model so far, which is
released already; a row changes each score by at most one. All scores of a round are one vector of sensitivity
sqrt(candidates), so a round costs one Gaussian event that composes tightly with everything else; the exponential
mechanism of MST and AIM (McKenna et al. 2021, 2022) would have to be accounted by Renyi divergences (decision 0017).
"""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from semblant.vocabulary import ModelSize
from semblant_models.marginal.counting import chance_distance, counted, distance, noise_distance
from semblant_models.marginal.graph import ChordalGraph, Clique

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from semblant_models.privacy.preprocessing.releases import Releases


_NARROW = 3
"""Codes of a column whose triples are looked at."""
_TRIES = 6
"""Candidates tried for each that may be taken: some would make the graph too large."""
_MOST_CANDIDATES = 1200
"""Sets of columns that are scored in a round after the first."""


@frozen(kw_only=True)
class Limits:
    """What bounds time and memory."""

    clique_cells: int = 4_000
    """Of one measured marginal."""
    table_cells: int = 20_000
    """Of one table of the chordal graph."""
    all_cells: int = 120_000
    """Of all tables of the graph."""

    @classmethod
    def of(cls, size: ModelSize) -> Limits:
        """Give the limits of a model size.

        >>> Limits.of(ModelSize.SMALL).all_cells
        15000
        """
        if size is ModelSize.SMALL:
            return cls(clique_cells=2_000, table_cells=3_000, all_cells=15_000)
        if size is ModelSize.LARGE:
            return cls(clique_cells=10_000, table_cells=60_000, all_cells=400_000)
        return cls()


@frozen(eq=False)
class Candidate:
    """A set of columns with its noisy score and the counts that the model expects."""

    clique: Clique
    gap: float
    """Noisy L1 distance in rows beyond what chance explains."""
    expected: np.ndarray = field(repr=False)

    def gain(self, deviation: float) -> float:
        """Give what measuring with this noise would mend, in rows."""
        return self.gap - noise_distance(self.expected, deviation)


def scored(
    cliques: Sequence[Clique],
    codes: np.ndarray,
    sizes: Sequence[int],
    expected: Callable[[Clique], np.ndarray],
    releases: Releases,
    rho: float,
    what: str,
) -> list[Candidate]:
    """Release the scores of all cliques for ``rho`` altogether.

    :param expected: gives the counts of a clique by the model.
    """
    if not cliques:
        return []
    tables = [expected(clique) for clique in cliques]
    exact = np.array([distance(counted(codes, sizes, c), t) for c, t in zip(cliques, tables, strict=True)])
    sensitivity = float(np.sqrt(len(cliques)))
    noisy = releases.noisy(what, [exact], [sensitivity / np.sqrt(2 * rho)], sensitivity=sensitivity)[0]
    return [
        Candidate(clique, float(score) - chance_distance(table), table)
        for clique, score, table in zip(cliques, noisy, tables, strict=True)
    ]


def pairs_of(sizes: Sequence[int], limits: Limits, about: frozenset[int] | None = None) -> list[Clique]:
    """Give all pairs of columns that have something to tell and are small enough.

    :param about: only those with one of these columns.
    """
    told = [v for v, size in enumerate(sizes) if size > 1]
    pairs: list[Clique] = [c for c in combinations(told, 2) if prod(sizes[v] for v in c) <= limits.clique_cells]
    return pairs if about is None else [c for c in pairs if about & set(c)]


def triples_of(sizes: Sequence[int], limits: Limits, about: frozenset[int] | None = None) -> list[Clique]:
    """Give the triples with a column of two or three codes: how such a column hangs on two others at once.

    These are the columns that are predicted from others most often, and their triples have few cells.

    :param about: the triples with one of these columns instead.

    >>> triples_of((2, 9, 9, 9), Limits())
    [(0, 1, 2), (0, 1, 3), (0, 2, 3)]
    """
    told = [v for v, size in enumerate(sizes) if size > 1]
    narrow = {v for v in told if sizes[v] <= _NARROW} if about is None else about
    return [c for c in combinations(told, 3) if narrow & set(c) and prod(sizes[v] for v in c) <= limits.clique_cells]


def worth_a_look(scores: Sequence[Candidate], deviation: float, triples: Sequence[Clique]) -> list[Clique]:
    """Give what later rounds look at: pairs that seem to depend on each other, and triples of two such pairs.

    Fewer scores need less noise and less time; this follows from released scores alone.
    """
    depending = sorted((c for c in scores if c.gap > deviation), key=lambda c: -c.gap)[:_MOST_CANDIDATES]
    pairs = {c.clique: c.gap for c in depending}
    strength = {
        t: sum(sorted((pairs.get(p, 0.0) for p in combinations(t, 2)), reverse=True)[:2])
        for t in triples
        if sum(p in pairs for p in combinations(t, 2)) > 1
    }
    most = max(_MOST_CANDIDATES - len(pairs), 0)
    return [*pairs, *sorted(strength, key=lambda t: -strength[t])[: min(most, 2 * len(pairs))]]


def chosen(
    candidates: Sequence[Candidate],
    before: Sequence[Clique],
    sizes: Sequence[int],
    rho: float,
    limits: Limits,
    *,
    forest: bool = False,
    most: int = 10_000,
    early: frozenset[int] = frozenset(),
) -> tuple[list[Candidate], float]:
    """Choose the candidates that mend most when ``rho`` is divided among them.

    How many: the more are measured, the more noise each gets; the number with the largest sum of gains is taken.

    :param before: cliques that are in the model already.
    :param forest: only a forest: no column pair that is joined already.
    :param early: columns that are drawn before all others.
    :returns: candidates, and the deviation of the noise of each.
    """
    alone = float(np.sqrt(1 / (2 * rho)))
    ranked = sorted((c for c in candidates if c.gain(alone) > 0), key=lambda c: -c.gain(alone * np.sqrt(len(sizes))))
    fitting: list[Candidate] = []
    cliques, root = list(before), list(range(len(sizes)))

    def leader(v: int) -> int:
        while root[v] != v:
            v = root[v]
        return v

    for candidate in ranked if forest else ranked[: _TRIES * most]:
        if len(fitting) >= most:
            break
        if forest:
            ends = {leader(v) for v in candidate.clique}
            if len(ends) < len(candidate.clique) or prod(candidate.expected.shape) > limits.table_cells:
                continue
            first, *others = ends
            for other in others:
                root[other] = first
        else:
            graph = ChordalGraph.of(sizes, [*cliques, candidate.clique], early)
            if graph.widest > limits.table_cells or graph.cells > limits.all_cells:
                continue
        fitting.append(candidate)
        cliques.append(candidate.clique)
    best, best_gain = 0, 0.0
    for many in range(1, len(fitting) + 1):
        gain = sum(c.gain(np.sqrt(many / (2 * rho))) for c in fitting[:many])
        if gain > best_gain:
            best, best_gain = many, gain
    return fitting[:best], float(np.sqrt(max(best, 1) / (2 * rho)))


def shares_of(tables: Mapping[int, np.ndarray], rows: float) -> Callable[[Clique], np.ndarray]:
    """Give the expected counts of cliques when columns are independent."""

    def expected(clique: Clique) -> np.ndarray:
        out = np.array(rows)
        for v in clique:
            out = out[..., None] * tables[v]
        return out

    return expected
