"""From tokens back to texts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from semblant_models.text.gru.speller import spelled
from semblant_models.text.gru.vocabulary import FIRST_PIECE, FIRST_RARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from semblant_models.text.gru.vocabulary import Vocabulary
    from semblant_models.text.ngram.column import ColumnModel


def assembled(
    vocabulary: Vocabulary,
    speller: ColumnModel | None,
    tokens: NDArray[np.int32],
    counts: NDArray[np.int64],
    random: np.random.Generator,
) -> pl.Series:
    """Put texts together.

    :param tokens: tokens of all texts, one text after the other.
    :param counts: their number per text.
    """
    shown = pa.array([b""] * FIRST_PIECE + list(vocabulary.pieces), pa.large_binary())
    parts = shown.take(pa.array(tokens))
    rare = (tokens >= FIRST_RARE) & (tokens < FIRST_PIECE)
    if speller is not None and rare.any():
        made = spelled(speller, tokens[rare].astype(np.int64) - FIRST_RARE, random)
        parts = pc.replace_with_mask(parts, pa.array(rare), made.cast(pa.large_binary()))
    if not len(parts):
        return pl.Series([""] * len(counts), dtype=pl.String)
    ends = np.frombuffer(parts.buffers()[1], np.int64)[parts.offset : parts.offset + len(parts) + 1]
    offsets = ends[np.concatenate([[0], np.cumsum(counts)])]
    data = parts.buffers()[2].to_pybytes() if parts.buffers()[2] is not None else b""
    # pieces may be parts of a sign, and what does not make up a whole one is left out
    return pl.Series([data[a:b].decode("utf-8", "ignore") for a, b in itertools.pairwise(offsets)], dtype=pl.String)
