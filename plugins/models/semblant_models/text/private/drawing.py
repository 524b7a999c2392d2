"""Drawing texts symbol by symbol, all rows at once, each to a length of its bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from semblant_models.text.private.counting import BITS, EDGE

if TYPE_CHECKING:
    from semblant_models.text.private.tables import Tables

_EAGER: Final = 10.0
"""From its wanted length on a text ends this many times as often as elsewhere."""
_FLOOR: Final = 1e-9


def drawn_texts(
    tables: Tables,
    low: np.ndarray,
    high: np.ndarray,
    rng: np.random.Generator,
    *,
    blank: int = -1,
    temperature: float = 1.0,
) -> np.ndarray:
    """Draw texts of at least ``low`` and at most ``high`` symbols; int64, shape (rows, longest), edges behind.

    The length that is wanted lies evenly in the first three quarters between the two; a text ends there or soon after,
    where texts end. What has no end by ``high`` is cut behind its last whole word, if that is long enough.

    :param blank: the symbol between words; negative where there is none.
    """
    rows, longest = len(low), int(high.max(initial=0))
    out = np.full((rows, longest), EDGE, np.int64)
    wanted = low + np.floor(rng.random(rows) * 0.75 * (high - low + 1)).astype(np.int64)
    state, alive = np.zeros(rows, np.int64), np.flatnonzero(high > 0)
    keep = (1 << (BITS * (len(tables.rows) - 1))) - 1
    for place in range(longest):
        if not len(alive):
            break
        chances = tables.of(state[alive]).astype(np.float64)
        if temperature != 1.0:
            chances = np.maximum(chances, _FLOOR) ** (1.0 / max(temperature, 1e-3))
        chances[:, EDGE] *= np.where(place < wanted[alive], 0.0, _EAGER)
        ends = np.cumsum(chances, axis=1)
        picked = (rng.random(len(alive))[:, None] * ends[:, -1:] >= ends).sum(1)
        picked = np.minimum(picked, tables.symbols - 1)
        out[alive, place] = picked
        state[alive] = ((state[alive] << BITS) | picked) & keep
        alive = alive[(picked != EDGE) & (place + 1 < high[alive])]
    return _cut(out, low, high, blank)


def _cut(drawn: np.ndarray, low: np.ndarray, high: np.ndarray, blank: int) -> np.ndarray:
    """Take the beginning of a word from the end of texts that found none."""
    columns = np.arange(drawn.shape[1])
    last = np.where((drawn == blank) & (columns < high[:, None]), columns, -1).max(axis=1, initial=-1)
    endless = (high > 0) & ((drawn != EDGE).sum(axis=1) >= high) & (last >= low)
    return np.where(endless[:, None] & (columns >= last[:, None]), EDGE, drawn)
