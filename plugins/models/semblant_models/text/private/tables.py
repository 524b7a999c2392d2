"""From noisy counts of runs to the probabilities of the next symbol, by backing off (Katz 1987)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from semblant_models.text.private.counting import BITS, MOST_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant_models.text.private.counting import Runs

_LEAST = 1e-6
_UNSEEN = 0.003
"""Share of a context at least that what was not kept of it has."""


@frozen(eq=False)
class Tables:
    """Probabilities of the next symbol: row by row for each context, longest contexts last."""

    contexts: tuple[np.ndarray, ...]
    """Per length from 0 up the contexts that are known, int64, rising."""
    rows: tuple[np.ndarray, ...]
    """Per length the probabilities, float32, shape (contexts, symbols)."""

    @property
    def symbols(self) -> int:
        """Number of symbols, the edge among them."""
        return int(self.rows[0].shape[1])

    def of(self, before: np.ndarray) -> np.ndarray:
        """Give the probabilities after runs of the longest length, int64, float32, shape (n, symbols)."""
        out = np.repeat(self.rows[0], len(before), axis=0)
        for length in range(1, len(self.rows)):
            known = self.contexts[length]
            if not len(known):
                continue
            short = before & ((1 << (BITS * length)) - 1)
            at = np.minimum(np.searchsorted(known, short), len(known) - 1)
            hit = known[at] == short
            out[hit] = self.rows[length][at[hit]]
        return out


def tables_of(symbols: int, orders: Sequence[Runs]) -> Tables:
    """Build the tables from the kept runs of the orders 1, 2, …

    What a kept context is followed by is known where the run was kept; the rest of its count, by the count of the
    context itself, is divided among the other symbols as after the shorter context.
    """
    first = np.full(symbols, _LEAST)
    first[orders[0].keys] = np.maximum(orders[0].counts, _LEAST)
    contexts, rows = [np.zeros(1, np.int64)], [(first / first.sum()).astype(np.float32)[None]]
    for length, runs in enumerate(orders[1:], 1):
        known = np.unique(runs.keys >> BITS)
        lower = Tables(tuple(contexts), tuple(rows)).of(known)
        counts = np.zeros((len(known), symbols))
        counts[np.searchsorted(known, runs.keys >> BITS), runs.keys & (MOST_SYMBOLS - 1)] = runs.counts
        held = counts.sum(1)
        missing = np.maximum(_expected(known, orders[length - 1], runs) - held, np.maximum(_UNSEEN * held, 1e-3))
        left = np.where(counts > 0, 0.0, np.maximum(lower, _LEAST))
        share = left / np.maximum(left.sum(1, keepdims=True), 1e-12)
        made = counts + missing[:, None] * share
        contexts.append(known)
        rows.append((made / made.sum(1, keepdims=True)).astype(np.float32))
    return Tables(tuple(contexts), tuple(rows))


def _expected(known: np.ndarray, above: Runs, runs: Runs) -> np.ndarray:
    """Give the sum of all that follows each context: its own count, in the units of the longer runs.

    Runs that end a text are followed by nothing; they stand in for the beginnings, which are as many.
    """
    if not len(above.keys):
        return np.zeros(len(known))
    at = np.minimum(np.searchsorted(above.keys, known), len(above.keys) - 1)
    found = np.where(above.keys[at] == known, above.counts[at], 0.0)
    whole = max(float(above.counts.sum()), 1e-9)
    return np.asarray(found / whole * runs.total)
