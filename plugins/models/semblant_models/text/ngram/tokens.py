"""Texts as token numbers: common words, the letters of other words, digits, single signs.

A word carries the blank before it. What is held by fewer than ``min_subjects`` subjects is spelled; a
letter that is still too rare is left out. Any digit of a spelled number is the same token.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

END, START, LENGTHS, FIRST_WORD = 0, 1, 2, 40
"""Token numbers: end of text, start of text, one per length bucket, then the vocabulary."""
OPEN, CLOSED, SPELLING = 0, 1, 2
"""What a token leaves open for the next one."""

_PARTS = r"(?s) ?[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*| ?\p{N}+|."
_PIECE = r"(?s)^ .|."
_SPELLED = "\x01"
"""Begins the key of a piece of a spelled word; a text's own tokens of that kind are one sign long."""
_NUMBER = r"^\x01 ?00+$"
"""A rare number of two or more digits, known by its length alone."""
_HIDDEN = re.compile(r"\x01 ?0+")
_BLANKED = _SPELLED + " "
_PUBLIC_SIGNS = " .etaoinshrdlu"
_FEWEST_SIGNS = 3
"""Below so many signs learned, common signs that nobody's data decided are added."""


def _tokens(texts: pl.Series) -> pl.DataFrame:
    """Give (row, token) in order; nulls and empty texts give nothing."""
    frame = pl.DataFrame({"row": np.arange(len(texts)), "token": texts.cast(pl.String).str.extract_all(_PARTS)})
    return frame.filter(pl.col("token").list.len() > 0).explode("token")


def _common(frame: pl.DataFrame, subjects: NDArray[np.uint64], least: int, most: int) -> list[str]:
    """Give the tokens held by at least ``least`` subjects, commonest first, in a fixed order."""
    held = frame.with_columns(subject=pl.Series(subjects[frame["row"].to_numpy()])).unique(["subject", "token"])
    counts = held.group_by("token").len().filter(pl.col("len") >= least)
    found: list[str] = counts.sort(["len", "token"], descending=[True, False]).head(most)["token"].to_list()
    return found


def _kind(key: str) -> int:
    """Tell what a token leaves open."""
    if len(key) > 1 and key[0] == _SPELLED and len(key.strip(_BLANKED)) <= 1:
        return SPELLING
    return CLOSED if key[-1].isalnum() else OPEN


def _zeroed(tokens: pl.Series) -> pl.Series:
    """Make all digits of rare tokens alike: the keys of whole numbers by their length."""
    return _SPELLED + tokens.str.replace_all(r"\p{Nd}", "0")


def _pieces(keys: pl.Series) -> pl.Series:
    """Spell rare tokens, given with digits made alike: a list of keys each."""
    return keys.str.slice(1).str.extract_all(_PIECE).list.eval(pl.concat_str(pl.lit(_SPELLED), pl.element()))


@frozen(eq=False)
class Vocabulary:
    """The tokens of one column. ``keys`` are in the order of their numbers, from ``FIRST_WORD`` on."""

    keys: tuple[str, ...]
    _words: pl.DataFrame
    texts: pa.Array
    """What each number stands for in a text; digits are drawn by :meth:`join`."""
    lengths: NDArray[np.int64]
    """Characters per number."""
    digits: NDArray[np.int64]
    """Digits to be drawn per number."""
    kinds: NDArray[np.int64]
    """What each number leaves open: ``OPEN``, ``CLOSED`` (a word or number: letters cannot follow) or ``SPELLING``."""

    @classmethod
    def of(cls, keys: list[str]) -> Vocabulary:
        """Make it from its keys."""
        words = pl.DataFrame(
            {
                "token": pl.Series(keys, dtype=pl.String),
                "id": np.arange(FIRST_WORD, FIRST_WORD + len(keys), dtype=np.int32),
            }
        )
        shown = [""] * FIRST_WORD + [key[1:] if len(key) > 1 and key[0] == _SPELLED else key for key in keys]
        return cls(
            tuple(keys),
            words,
            pa.array(shown, pa.large_string()),
            np.array([len(text) for text in shown], dtype=np.int64),
            np.array(
                [0] * FIRST_WORD + [key.count("0") if _HIDDEN.fullmatch(key) else 0 for key in keys], dtype=np.int64
            ),
            np.array([OPEN] * FIRST_WORD + [_kind(key) for key in keys]),
        )

    @classmethod
    def learn(cls, texts: pl.Series, subjects: NDArray[np.uint64], least: int, most: int) -> Vocabulary:
        """Find the words and pieces of ``texts`` that at least ``least`` of ``subjects`` hold."""
        tokens = _tokens(texts)
        words = _common(tokens, subjects, least, most)
        rare = tokens.join(pl.DataFrame({"token": pl.Series(words, dtype=pl.String)}), on="token", how="anti")
        rare = rare.with_columns(token=_zeroed(rare["token"]))
        numbers = _common(rare.filter(pl.col("token").str.contains(_NUMBER)), subjects, least, most)
        rare = rare.filter(~pl.col("token").is_in(numbers))
        spelled = rare.with_columns(token=_pieces(rare["token"])).explode("token")
        keys = words + numbers + [key for key in _common(spelled, subjects, least, most) if key not in numbers]
        if sum(len(key) == 1 for key in keys) < _FEWEST_SIGNS:
            keys += [sign for sign in _PUBLIC_SIGNS if sign not in keys]
        return cls.of(keys)

    @property
    def size(self) -> int:
        """One above the highest token number."""
        return FIRST_WORD + len(self.keys)

    def encode(self, texts: pl.Series) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
        """Give token numbers, the row of each, and how many signs were left out per row."""
        tokens = _tokens(texts).with_row_index("at")
        known = tokens.join(self._words, on="token", how="left", maintain_order="left")
        rare = known.filter(pl.col("id").is_null()).select("at", "row", "token")
        rare = rare.with_columns(token=_zeroed(rare["token"]))
        numbers = rare.filter(pl.col("token").str.contains(_NUMBER)).join(
            self._words, on="token", maintain_order="left"
        )
        rest = rare.join(numbers.select("at"), on="at", how="anti", maintain_order="left")
        spelled = rest.with_columns(token=_pieces(rest["token"])).explode("token")
        spelled = spelled.join(self._words, on="token", how="left", maintain_order="left")
        words = known.filter(pl.col("id").is_not_null())
        both = pl.concat([part.select("at", "row", "id") for part in (words, numbers, spelled)]).sort(
            "at", maintain_order=True
        )
        lost = both.filter(pl.col("id").is_null())["row"].to_numpy()
        kept = both.drop_nulls("id")
        return kept["id"].to_numpy(), kept["row"].to_numpy(), np.bincount(lost, minlength=len(texts)).astype(np.int64)

    def join(self, ids: NDArray[np.int32], counts: NDArray[np.int64], random: np.random.Generator) -> pa.Array:
        """Put texts together from the tokens of all rows and their number per row; digits are drawn."""
        parts = self.texts.take(pa.array(ids))
        if not len(parts):
            return pa.array([""] * len(counts), pa.large_string())
        # The parts lie one behind the other in one buffer already: a text is a range of it.
        ends = np.frombuffer(parts.buffers()[1], np.int64)[parts.offset : parts.offset + len(parts) + 1]
        data = np.frombuffer(parts.buffers()[2], np.uint8).copy()
        zeros = self._zeros(ids, ends)
        data[zeros] = ord("0") + random.integers(0, 10, len(zeros))
        offsets = np.ascontiguousarray(ends[np.concatenate([[0], np.cumsum(counts)])])
        return pa.Array.from_buffers(pa.large_string(), len(counts), [None, pa.py_buffer(offsets), pa.py_buffer(data)])

    def _zeros(self, ids: NDArray[np.int32], ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the places of the digits to be drawn: the last bytes of the parts that have any."""
        drawn = np.flatnonzero(self.digits[ids])
        counts = self.digits[ids[drawn]]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        places: NDArray[np.int64] = np.repeat(ends[drawn + 1] - counts, counts) + within
        return places

    def to_json(self) -> list[Any]:
        """Give the keys as plain data."""
        return list(self.keys)
