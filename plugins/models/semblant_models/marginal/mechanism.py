"""From codes to a fitted model: rounds of choosing, measuring and fitting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from semblant_models.marginal.counting import counted
from semblant_models.marginal.inference import Fit, Measurement, fit
from semblant_models.marginal.network import Network
from semblant_models.marginal.selection import Limits, chosen, pairs_of, scored, shares_of, triples_of, worth_a_look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from semblant_models.marginal.graph import Clique
    from semblant_models.privacy.preprocessing.codes import ColumnCodes
    from semblant_models.privacy.preprocessing.releases import Releases

_FIRST, _BETWEEN, _LAST = 50, 150, 500
"""Steps of the fits: of single columns, between two rounds, of the last one."""
_SAMPLE = 200_000
"""Rows drawn of a model to know its expected counts of columns that do not lie together."""


@frozen(kw_only=True)
class Rounds:
    """How the budget of the rounds is divided."""

    selecting: float = 0.15
    """Of all rho, for scores; in equal parts."""
    rounds: tuple[float, ...] = (0.35, 0.2, 0.2, 0.25)
    """Shares of the rounds in the rest, for measuring."""
    limits: Limits = field(factory=Limits)

    @property
    def steps(self) -> int:
        """Steps of all fits together, at most."""
        return _FIRST + _BETWEEN * (len(self.rounds) - 1) + _LAST


@frozen(kw_only=True)
class Round:
    """What a round did; nothing of it is more than the releases tell."""

    cliques: tuple[Clique, ...]
    deviation: float
    """Noise of each measured count, in rows."""
    fit: Fit
    step: int
    """Steps of all fits so far."""

    def to_dict(self) -> dict[str, float]:
        """Give an entry of the history: finite numbers only."""
        return {
            "step": float(self.step),
            "measured": float(len(self.cliques)),
            "deviation": self.deviation,
            "loss": self.fit.loss,
            "cells": float(self.fit.graph.cells),
        }


def learned(
    codes: np.ndarray,
    columns: Sequence[ColumnCodes],
    rows: float,
    releases: Releases,
    rho: float,
    rounds: Rounds,
    *,
    early: frozenset[int] = frozenset(),
    about: frozenset[int] | None = None,
    told: Callable[[int], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Fit, list[Round]]:
    """Choose, measure and fit, round by round.

    The first round takes a forest of pairs, as MST does; the later ones what the model so far explains worst.

    :param codes: int32, shape (rows, columns).
    :param columns: the codes of each column; their noisy counts are the first measurements.
    :param rows: noisy number of rows.
    :param early: columns that are drawn before all others.
    :param about: only what one of these columns depends on is wanted; None: all dependence.
    :param told: hears the number of steps so far; may raise.
    :param stopped: whether no further round is wanted.
    :returns: the fit, and what each round did.
    """
    sizes = [column.size for column in columns]
    measured = [
        Measurement((v,), column.totals, np.maximum(column.deviations, 1.0))
        for v, column in enumerate(columns)
        if column.size > 1
    ]
    model = fit(sizes, measured, rows, steps=_FIRST, early=early, told=told)
    history: list[Round] = []
    done, limits = _FIRST, rounds.limits
    open_ = pairs_of(sizes, limits, about)
    spending = rho * rounds.selecting / len(rounds.rounds)
    remaining = rho * (1 - rounds.selecting)
    for number, share in enumerate(rounds.rounds):
        first, last = number == 0, number == len(rounds.rounds) - 1
        before = [m.clique for m in measured]
        candidates = [clique for clique in open_ if clique not in before]
        if not candidates or stopped():
            break
        expected = expectations(model, rows, releases.noise.seed(), independent=first)
        found = scored(candidates, codes, sizes, expected, releases, spending, f"scores of round {number + 1}")
        if first:
            deviation = float(np.sqrt(len(candidates) / (2 * spending)))
            open_ = worth_a_look(found, deviation, triples_of(sizes, limits, about))
        most = 2 * len(sizes) if first or last else len(sizes) // 2 + 2
        left = remaining * share / sum(rounds.rounds[number:])
        picked, deviation = chosen(found, before, sizes, left, limits, forest=first, most=most, early=early)
        cliques = [c.clique for c in picked]
        if last and history:  # what little is new leaves over goes to what was found first, measured once more
            spare = int(2 * left * history[-1].deviation ** 2) - len(cliques)
            cliques += [clique for clique in before if len(clique) > 1][: max(spare, 0)]
            deviation = float(np.sqrt(max(len(cliques), 1) / (2 * left)))
        exact = [counted(codes, sizes, clique) for clique in cliques]
        noisy = releases.noisy(f"marginals of round {number + 1}", exact, [deviation] * len(cliques))
        remaining -= len(cliques) / (2 * deviation**2)
        measured += [Measurement(c, t, deviation) for c, t in zip(cliques, noisy, strict=True)]
        steps = _LAST if last else _BETWEEN
        model = fit(sizes, measured, rows, steps=steps, start=model.factors, early=early, told=_from(done, told))
        done += steps
        history.append(Round(cliques=tuple(c.clique for c in picked), deviation=deviation, fit=model, step=done))
    return model, history


def _from(base: int, told: Callable[[int], None]) -> Callable[[int], None]:
    return lambda step: told(base + step)


def expectations(model: Fit, rows: float, seed: int, *, independent: bool) -> Callable[[Clique], np.ndarray]:
    """Give a function from cliques to the counts that the model expects."""
    tree = model.tree()
    sizes = model.graph.sizes
    if independent:
        return shares_of({v: tree.marginal((v,)) for v in range(len(sizes))}, rows)
    sample = Network.of(tree).draw(_SAMPLE, np.random.default_rng(seed))
    return lambda clique: counted(sample, sizes, clique) * (rows / _SAMPLE)
