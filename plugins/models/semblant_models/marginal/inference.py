"""From noisy marginals to a distribution: the log-linear model that fits them best.

Private-PGM (McKenna, Sheldon & Miklau 2019): among all distributions whose marginals are nearest to the
measured ones, weighted by their noise, the one of greatest entropy is a product of one factor per measured
set of columns. It is found by mirror descent on the logarithms of these factors; the marginals of each step
are exact, by one pass up and one down the chordal graph. All in float64 NumPy: nothing is compiled, so a new
graph costs nothing (decision 0017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from semblant_models.marginal.graph import ChordalGraph, Clique

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_GROW, _SHRINK = 1.1, 0.4
_STALLED = 1e-7
"""Relative gain over a look-back at which the fit has ended."""
_LOOK_BACK = 20


@frozen(eq=False)
class Measurement:
    """A released marginal: noisy counts of a set of columns.

    ``counts`` has one axis per column of ``clique``; ``deviation`` is the noise of each cell in rows, of
    the same shape or a number.
    """

    clique: Clique
    counts: np.ndarray
    deviation: np.ndarray | float


class Tree:
    """Passes over a chordal graph for given factors.

    >>> graph = ChordalGraph.of((2, 2), [(0, 1)])
    >>> tree = Tree(graph, {(0, 1): np.log(np.array([[.1, .2], [.3, .4]]))})
    >>> tree.marginal((0,)).round(6).tolist()
    [0.3, 0.7]
    """

    def __init__(self, graph: ChordalGraph, factors: Mapping[Clique, np.ndarray]) -> None:
        """Compute conditionals and marginals of all tables.

        :param factors: per clique (columns rising) the logarithm of a factor, one axis per column.
        """
        self.graph = graph
        when = {place: turn for turn, place in enumerate(graph.order)}
        tables = {place: np.zeros(graph.shape(place)) for place in graph.order}
        for clique, factor in factors.items():
            if clique:
                place = max(clique, key=when.__getitem__)
                tables[place] = tables[place] + _spread(factor, clique, graph.axes(place), when)
        self.log_normaliser = 0.0
        self.conditional: dict[int, np.ndarray] = {}
        for place in reversed(graph.order):
            table = tables.pop(place)
            top = table.max(axis=-1, keepdims=True)
            share = np.exp(table - top)
            mass = share.sum(axis=-1, keepdims=True)
            self.conditional[place] = share / mass
            message = (top + np.log(mass))[..., 0]
            if graph.given[place]:
                parent = graph.given[place][-1]
                tables[parent] = tables[parent] + _spread(message, graph.given[place], graph.axes(parent), when)
            else:
                self.log_normaliser += float(message)
        self.joint: dict[int, np.ndarray] = {}
        for place in graph.order:
            if graph.given[place]:
                parent = graph.given[place][-1]
                drop = tuple(k for k, v in enumerate(graph.axes(parent)) if v not in graph.given[place])
                self.joint[place] = self.joint[parent].sum(axis=drop)[..., None] * self.conditional[place]
            else:
                self.joint[place] = self.conditional[place]

    def marginal(self, clique: Clique) -> np.ndarray:
        """Give the probabilities of a clique of the graph, one axis per column in the order given."""
        place = self.graph.home(clique)
        axes = self.graph.axes(place)
        table = self.joint[place].sum(axis=tuple(k for k, v in enumerate(axes) if v not in clique))
        left = [v for v in axes if v in clique]
        return np.asarray(table.transpose([left.index(v) for v in clique]))


def _spread(array: np.ndarray, axes: Clique, onto: Clique, when: Mapping[int, int]) -> np.ndarray:
    """View an array over ``axes`` so that it broadcasts against one over ``onto``."""
    turned = sorted(axes, key=when.__getitem__)
    array = array.transpose([axes.index(v) for v in turned])
    lengths = iter(array.shape)
    return array.reshape([next(lengths) if v in axes else 1 for v in onto])


@frozen(eq=False)
class Fit:
    """A fitted model: graph, factors and what is left of the measured differences."""

    graph: ChordalGraph
    factors: dict[Clique, np.ndarray]
    loss: float
    steps: int

    def tree(self) -> Tree:
        """Compute the marginals."""
        return Tree(self.graph, self.factors)


def fit(
    sizes: Sequence[int],
    measured: Sequence[Measurement],
    rows: float,
    *,
    steps: int,
    start: Mapping[Clique, np.ndarray] | None = None,
    early: frozenset[int] = frozenset(),
    told: Callable[[int], None] = lambda _: None,
) -> Fit:
    """Find the distribution of greatest entropy that is nearest to the measured marginals.

    The loss is half the sum of squared differences in units of the noise. A step multiplies every factor by
    ``exp(-rate * gradient)`` (mirror descent with the entropy, Beck & Teboulle 2003), with momentum that
    starts anew when the loss rises (O'Donoghue & Candes 2015); the rate is searched for.

    :param sizes: values of each column.
    :param rows: (noisy) number of rows; counts are compared with ``rows`` times probabilities.
    :param start: factors to begin from, of an earlier fit.
    :param early: columns that are drawn before all others.
    :param told: hears the number of each step; may raise to end the fit.
    """
    graph = ChordalGraph.of(sizes, [m.clique for m in measured], early)
    factors: dict[Clique, np.ndarray] = {(v,): np.zeros(size) for v, size in enumerate(sizes)}
    factors |= {m.clique: np.zeros(m.counts.shape) for m in measured}
    factors |= {clique: np.array(value) for clique, value in (start or {}).items()}
    wanted = [(m.clique, m.counts / rows, (rows / np.asarray(m.deviation)) ** 2) for m in measured]

    def judged(at: Mapping[Clique, np.ndarray]) -> tuple[float, dict[Clique, np.ndarray]]:
        tree, loss = Tree(graph, at), 0.0
        slopes: dict[Clique, np.ndarray] = {}
        for clique, share, weight in wanted:
            gap = tree.marginal(clique) - share
            loss += 0.5 * float((weight * gap**2).sum())
            slopes[clique] = slopes[clique] + weight * gap if clique in slopes else weight * gap
        return loss, slopes

    rate = 1.0 / max(sum(float(np.mean(weight)) for _, _, weight in wanted), 1e-300)
    loss, slopes = judged(factors)
    before, speed, losses, done = factors, 0, [loss], 0
    for done in range(1, steps + 1):
        told(done)
        push = speed / (speed + 3)
        tried = {c: f + push * (f - before[c]) - (rate * slopes[c] if c in slopes else 0.0) for c, f in factors.items()}
        found, found_slopes = judged(tried)
        if found <= loss:
            before, factors, loss, slopes = factors, tried, found, found_slopes
            speed += 1
            rate *= _GROW
        elif speed:
            before, speed = factors, 0
        else:
            rate *= _SHRINK
        losses.append(loss)
        if len(losses) > _LOOK_BACK and losses[-_LOOK_BACK] - loss < _STALLED * max(loss, 1e-12):
            break
    return Fit(graph, factors, loss, done)
