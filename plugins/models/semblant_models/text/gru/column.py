"""What is kept of each text column: how long its texts are, and what of them may not come out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import frozen

from semblant_models.replay import ReplayGuard
from semblant_models.text.gru.runs import guard_runs, replayed
from semblant_models.text.ngram.lengths import CELLS, Lengths, bounds, buckets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@frozen(eq=False)
class Column:
    """One text column."""

    name: str
    lengths: Lengths
    texts: ReplayGuard
    """Texts that few subjects hold."""
    runs: ReplayGuard
    """Long runs of words that few subjects hold."""

    @classmethod
    def learn(
        cls,
        name: str,
        texts: pl.Series,
        subjects: NDArray[np.uint64],
        least: int,
        salt: int,
        *,
        guarded: bool,
    ) -> Column:
        """Learn from all texts of the column, nulls among them."""
        lengths = texts.str.len_chars().fill_null(-1).to_numpy().astype(np.int64)
        known = Lengths.learn(lengths, subjects, least)
        there = pl.Series(lengths > 0) if guarded else pl.Series(np.zeros(len(texts), bool))
        kept, owners = texts.filter(there), subjects[there.to_numpy()]
        frame = pl.DataFrame({"text": kept, "subject": owners})
        few = frame.group_by("text").agg(pl.col("subject").n_unique().alias("held")).filter(pl.col("held") < least)
        whole = ReplayGuard.of(few["text"].sort().to_arrow().cast(pa.large_string()), salt)
        return cls(name, known, whole, guard_runs(kept, owners, least, salt))

    def replays(self, texts: pl.Series) -> NDArray[np.bool_]:
        """Tell which texts are, or hold a long run of, what few subjects wrote."""
        return self.texts.recognises(texts.to_arrow().cast(pa.large_string())) | replayed(self.runs, texts)

    def length_scores(self, lengths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the log-probability in nats of each length from 1 on within its bucket."""
        buckets = buckets_of(np.maximum(lengths, 1))
        low, high = bounds(buckets)
        cell = np.clip((lengths - low) * CELLS // (high - low + 1), 0, CELLS - 1)
        shares = np.maximum(self.lengths.cells[buckets, cell], 1e-3)
        return np.asarray(np.log(shares) - np.log(np.maximum((high - low + 1) / CELLS, 1.0)))

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Give its arrays."""
        return {
            f"{prefix}_buckets": self.lengths.buckets,
            f"{prefix}_cells": self.lengths.cells,
            f"{prefix}_texts": self.texts.bits,
            f"{prefix}_runs": self.runs.bits,
        }

    def to_json(self) -> dict[str, Any]:
        """Give the rest as plain data."""
        return {"name": self.name, "salt": str(self.texts.salt), "probes": [self.texts.probes, self.runs.probes]}

    @classmethod
    def from_parts(cls, data: dict[str, Any], prefix: str, arrays: dict[str, NDArray[Any]]) -> Column:
        """Put it together again."""
        salt, (few, many) = int(data["salt"]), data["probes"]
        lengths = Lengths(arrays[f"{prefix}_buckets"], arrays[f"{prefix}_cells"])
        return cls(
            str(data["name"]),
            lengths,
            ReplayGuard(salt, arrays[f"{prefix}_texts"], int(few)),
            ReplayGuard(salt, arrays[f"{prefix}_runs"], int(many)),
        )
