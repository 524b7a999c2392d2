"""How unlikely words may be when texts are drawn: as far as runs of words still sound like texts that were held out.

A network that could not learn enough spreads its chances over words that nobody would write there. How far it does is
seen in runs of three words: of the runs in texts that it draws, fewer occur in the held-out texts than of the runs in
the texts it was trained on. So of some bounds of the nucleus the widest is taken whose texts come near to real ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from semblant_models.text.gru.sampling import Wanted
from semblant_models.text.ngram.lengths import bounds, buckets_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from semblant_models.text.gru.stream import Texts

BOUNDS = (0.95, 0.92, 0.88, 0.84, 0.8)
"""Shares of the likeliest tokens that are tried where the usual one is too wide, the widest first."""
_NEAR = 0.9
"""Runs of drawn texts that occur in held-out ones, against those of real texts, from which a bound is taken."""
_DRAWN = 300
"""Texts drawn for each bound."""
_LEAST_TEXTS = 100
_LEAST_RUNS = 500
"""Held-out texts, and runs in them, below which chance would choose."""
_WORD = r"[\p{L}\p{M}\p{N}'’]+"
_RUN = 3


def bound_of(learned: pl.Series, held: pl.Series, usual: float, draw: Callable[[float], pl.Series]) -> float:
    """Choose the bound for a column: the usual one, or a narrower one where held-out texts are enough to ask for it.

    :param learned: the texts that were trained on, nulls among them.
    :param held: those that were held out.
    :param draw: draws some texts with a bound.
    """
    known = runs(held)
    if int((held.str.len_chars() > 0).sum()) < _LEAST_TEXTS or len(known) < _LEAST_RUNS:
        return usual
    real, found = _share(runs(learned), known), usual
    for found in (usual, *(bound for bound in BOUNDS if bound < usual)):
        if _share(runs(draw(found)), known) >= _NEAR * real:
            break
    return found


def some_of(texts: Texts, seed: int) -> Wanted:
    """Give what 300 texts are to be like: the rows, and the lengths, of some that were trained on."""
    chosen = np.sort(np.random.default_rng(seed).choice(len(texts), min(_DRAWN, len(texts)), replace=False))
    some = texts.take(chosen)
    ends = np.concatenate([[0], np.cumsum(some.characters)])[some.starts]
    sizes = np.maximum(np.diff(ends), 1)
    low, high = bounds(buckets_of(sizes))
    return Wanted(some.codes, some.recalled, *(size.astype(np.int32) for size in (sizes, low, high)))


def runs(texts: pl.Series) -> NDArray[np.uint64]:
    """Give a hash per run of three words within a text, whatever their case and the signs between them.

    >>> one, other = runs(pl.Series(["The tea, is good!", "", None, "the TEA is"])), runs(pl.Series(["the tea is"]))
    >>> len(one), int((one == other[0]).sum())
    (3, 2)
    """
    words = texts.cast(pl.String).str.to_lowercase().str.extract_all(_WORD)
    frame = pl.DataFrame({"row": np.arange(len(words)), "word": words}).explode("word").drop_nulls("word")
    rows, hashes = frame["row"].to_numpy(), frame["word"].hash().to_numpy()
    if len(rows) < _RUN:
        return np.zeros(0, np.uint64)
    found = np.zeros(len(rows) - _RUN + 1, np.uint64)
    with np.errstate(over="ignore"):
        for place in range(_RUN):
            found = found * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + len(found)]
    inside: NDArray[np.uint64] = found[rows[: len(found)] == rows[_RUN - 1 :]]
    return inside


def _share(some: NDArray[np.uint64], known: NDArray[np.uint64]) -> float:
    return float(np.isin(some, known).mean()) if len(some) else 0.0
