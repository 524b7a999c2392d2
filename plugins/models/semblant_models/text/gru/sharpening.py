"""How unlikely words may be when texts are drawn: as far as runs of words still sound like texts that were held out.

A network that could not learn enough spreads its chances over words that nobody would write there. How far it does is
seen in runs of three tokens: of the runs in texts that it draws, fewer occur in the held-out texts than of the runs in
texts it was trained on. So of some bounds of the nucleus the widest is taken whose texts come near to the real ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from semblant_models.text.gru.sampling import Wanted
from semblant_models.text.gru.vocabulary import FIRST_PIECE
from semblant_models.text.ngram.lengths import bounds, buckets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from semblant.run import Run
    from semblant_models.text.gru.sampling import Sampler
    from semblant_models.text.gru.stream import Texts

BOUNDS = (0.98, 0.95, 0.92, 0.88, 0.84, 0.8)
"""Shares of the likeliest tokens that are tried, the widest first."""
_NEAR = 0.9
"""Runs of drawn texts that occur in held-out ones, against those of real texts, from which a bound is taken."""
_DRAWN = 300
"""Texts drawn for each bound."""
_LEAST_TEXTS = 100
_LEAST_RUNS = 1000
"""Held-out texts, and runs in them, below which chance would choose."""
_RUN = 3


def bounds_of(sampler: Sampler, train: Texts, held: Texts, seed: int, run: Run) -> dict[int, float]:
    """Choose a bound for each text column, by its number, whose held-out texts are enough."""
    found = {}
    for column in np.unique(train.codes[:, 0]).tolist():
        run.check()
        mine, other = (texts.take(np.flatnonzero(texts.codes[:, 0] == column)) for texts in (train, held))
        known = _runs(other.tokens, np.diff(other.starts))
        if len(other) < _LEAST_TEXTS or len(known) < _LEAST_RUNS:
            continue
        real = _share(_runs(mine.tokens, np.diff(mine.starts)), known)
        for bound in BOUNDS if real > 0 else ():
            found[column] = bound
            if _share(_runs(*_drawn(sampler, mine, bound, seed)), known) >= _NEAR * real:
                break
    return found


def _drawn(sampler: Sampler, texts: Texts, bound: float, seed: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Draw texts for the rows, and of the lengths, of some that were trained on; gives tokens and their counts."""
    chosen = np.sort(np.random.default_rng(seed).choice(len(texts), min(_DRAWN, len(texts)), replace=False))
    some = texts.take(chosen)
    ends = np.concatenate([[0], np.cumsum(some.characters)])[some.starts]
    sizes = np.maximum(np.diff(ends), 1)
    low, high = bounds(buckets_of(sizes))
    lengths = (size.astype(np.int32) for size in (sizes, low, high))
    return sampler.draw(Wanted(some.codes, some.recalled, *lengths), 1.0, bound, seed)


def _runs(tokens: NDArray[np.int32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the runs of three tokens within a text as numbers; those with a class of rare words are left out."""
    if len(tokens) < _RUN:
        return np.zeros(0, np.int64)
    owner = np.repeat(np.arange(len(counts)), counts)
    parts = [tokens[place : len(tokens) - _RUN + 1 + place].astype(np.int64) for place in range(_RUN)]
    whole = (owner[: 1 - _RUN] == owner[_RUN - 1 :]) & np.all([part >= FIRST_PIECE for part in parts], axis=0)
    found: NDArray[np.int64] = ((parts[0] << 42) | (parts[1] << 21) | parts[2])[whole]
    return found


def _share(runs: NDArray[np.int64], known: NDArray[np.int64]) -> float:
    return float(np.isin(runs, known).mean()) if len(runs) else 0.0
