"""Words of texts as numbers, and the longest runs of words that texts have in common with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD = r"[\p{L}\p{M}\p{N}'’]+"
LONGEST = 60
"""Words of a run at most; longer ones count as this."""
_STEP = np.uint64(0x9E3779B97F4A7C15)


@frozen(eq=False)
class Words:
    """All words of some texts, one after the other, in lower case."""

    words: pl.Series
    rows: NDArray[np.int64]
    texts: int

    @classmethod
    def of(cls, texts: pl.Series) -> Words:
        """Split texts; nulls have no words."""
        frame = pl.DataFrame({"row": np.arange(len(texts)), "word": texts.str.to_lowercase().str.extract_all(WORD)})
        frame = frame.filter(pl.col("word").list.len() > 0).explode("word")
        return cls(frame["word"], frame["row"].to_numpy().astype(np.int64), len(texts))

    def hashes(self) -> NDArray[np.uint64]:
        """Give a number per word, the same for the same word."""
        return self.words.hash(seed=1).to_numpy().astype(np.uint64)

    def runs(self, size: int) -> NDArray[np.uint64]:
        """Give the hashes of all runs of ``size`` words that lie within one text.

        >>> len(Words.of(pl.Series(["a b c d", "e f"])).runs(3))
        2
        """
        single = self.hashes()
        count = max(len(single) - size + 1, 0)
        found = np.zeros(count, np.uint64)
        with np.errstate(over="ignore"):
            for place in range(size):
                found = found * _STEP + single[place : place + count]
        inside: NDArray[np.bool_] = self.rows[:count] == self.rows[size - 1 : size - 1 + count]
        return np.asarray(found[inside], np.uint64)


def longest_runs(texts: Words, others: Words) -> NDArray[np.int64]:
    """Give per text the words of the longest run that stands in one of the others, at most :data:`LONGEST`.

    >>> longest_runs(Words.of(pl.Series(["x a b c", "q"])), Words.of(pl.Series(["a b c d"]))).tolist()
    [3, 0]
    """
    longest = np.zeros(texts.texts, np.int64)
    own, known = texts.hashes(), others.hashes()
    starts, there = np.arange(len(own)), np.arange(len(known))
    run, seen = np.zeros(len(own), np.uint64), np.zeros(len(known), np.uint64)
    for size in range(1, LONGEST + 1):
        starts, run = _longer(starts, run, own, texts.rows, size)
        there, seen = _longer(there, seen, known, others.rows, size)
        found = np.isin(run, seen)
        if not found.any():
            break
        starts, run = starts[found], run[found]
        longest[texts.rows[starts]] = size
        both = np.isin(seen, run)
        there, seen = there[both], seen[both]
    return longest


def _longer(
    starts: NDArray[np.int64], runs: NDArray[np.uint64], words: NDArray[np.uint64], rows: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Add the next word to each run that has one in its text."""
    last = starts + size - 1
    inside = last < len(words)
    inside[inside] = rows[last[inside]] == rows[starts[inside]]
    with np.errstate(over="ignore"):
        longer = runs[inside] * _STEP + words[last[inside]]
    return starts[inside], longer
