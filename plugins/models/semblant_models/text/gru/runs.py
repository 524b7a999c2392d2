"""Long runs of words that few subjects wrote: recognised when they come out again.

Of the runs a fixed quarter is kept, as hashes in a Bloom filter with a low rate of errors: a copied passage of some
words more than a run is recognised nearly always, and what is kept is small (fingerprints as in Manber, 1994).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from semblant_models.replay import ReplayGuard, text_hashes
from semblant_models.text.gru.words import split

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUN = 10
"""Words and signs of a run."""
_KEPT = np.uint64(3)
_PROBES = 10


def run_hashes(texts: pl.Series, salt: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hash the runs of each text; gives those hashes that may be kept, and the text of each."""
    parts = split(texts)
    rows = parts["row"].to_numpy()
    if len(rows) < RUN:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    kinds = parts["word"].unique(maintain_order=True)
    table = pl.DataFrame({"word": kinds, "hash": text_hashes(kinds.to_arrow().cast(pa.large_string()), salt)})
    single = parts.join(table, on="word", how="left", maintain_order="left")["hash"].to_numpy()
    factors = np.random.Generator(np.random.PCG64(salt + 1)).integers(0, 2**62, RUN).astype(np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    count = len(rows) - RUN + 1
    with np.errstate(over="ignore"):
        runs = np.zeros(count, np.uint64)
        for place in range(RUN):
            runs += single[place : place + count] * factors[place]
        runs ^= runs >> np.uint64(29)
    kept = (rows[:count] == rows[RUN - 1 :]) & ((runs >> np.uint64(11)) & _KEPT == 0)
    return runs[kept], rows[:count][kept].astype(np.int64)


def guard_runs(texts: pl.Series, subjects: NDArray[np.uint64], least: int, salt: int) -> ReplayGuard:
    """Guard the runs that fewer than ``least`` subjects hold."""
    runs, rows = run_hashes(texts, salt)
    held = pl.DataFrame({"run": runs, "subject": subjects[rows]}).unique().group_by("run").len("held")
    few = held.filter(pl.col("held") < least)["run"].sort().to_numpy()
    return ReplayGuard.of_hashes(few, salt, _PROBES)


def replayed(guard: ReplayGuard, texts: pl.Series) -> NDArray[np.bool_]:
    """Tell which texts hold a guarded run."""
    found = np.zeros(len(texts), dtype=bool)
    if len(guard.bits):
        runs, rows = run_hashes(texts, guard.salt)
        found[rows[guard.knows(runs)]] = True
    return found
