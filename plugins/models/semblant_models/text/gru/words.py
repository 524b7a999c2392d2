"""Texts as words, and which of them enough subjects hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SINGLE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that set no blanks between words: each sign is a word of its own."""
_PARTS = (
    rf"(?s) ?[{_SINGLE}]\p{{M}}*"
    r"| ?\p{L}[\p{L}\p{M}--" + f"[{_SINGLE}]]*" + r"(?:['’]\p{L}+)*"
    r"| ?\p{N}+| ?[^\s\p{L}\p{N}]|."
)
KINDS = ("lower", "capital", "upper", "letters", "number", "sign")
"""What a word looks like: by its case, or what it is made of."""
LONGEST = 5
"""Length classes of a word, by powers of two: 1, 2–3, 4–7, 8–15, 16 and more characters."""
RARE = len(KINDS) * 2 * LONGEST
"""Classes of rare words: with a blank before them or not, by kind and length."""


def split(texts: pl.Series) -> pl.DataFrame:
    """Give (row, word) in order; nulls and empty texts give nothing. The words of a text make up the text.

    >>> split(pl.Series(["It's 20 °C, 東京"]))["word"].to_list()
    ["It's", ' 20', ' °', 'C', ',', ' 東', '京']
    """
    frame = pl.DataFrame({"row": np.arange(len(texts)), "word": texts.cast(pl.String).str.extract_all(_PARTS)})
    return frame.filter(pl.col("word").list.len() > 0).explode("word")


def common(words: pl.DataFrame, subjects: NDArray[np.uint64], least: int) -> pl.DataFrame:
    """Give (word, held): the words that ``least`` subjects hold, whatever their case and the blank before them.

    A form of a word that is written otherwise than usual, ``gReAt``, must be held by as many itself.
    """
    held = words.with_columns(
        subject=pl.Series(subjects[words["row"].to_numpy()]), plain=_plain(words["word"]), kind=kind(words["word"])
    )
    whole = _holders(held, ["plain"], least)
    usual = held.filter(pl.col("kind").is_in([KINDS.index("lower"), KINDS.index("capital"), KINDS.index("upper")]))
    found = pl.concat(
        [
            usual.join(whole.select("plain"), on="plain", how="semi").select("word"),
            _holders(held, ["word"], least).select("word"),
        ]
    ).unique()
    counted = held.join(found, on="word", how="semi").unique(["subject", "word"]).group_by("word").len("held")
    return counted.sort(["held", "word"], descending=[True, False])


def _holders(held: pl.DataFrame, names: list[str], least: int) -> pl.DataFrame:
    return held.unique(["subject", *names]).group_by(names).len("held").filter(pl.col("held") >= least)


def _plain(words: pl.Series) -> pl.Series:
    return words.str.strip_prefix(" ").str.to_lowercase()


def kind(words: pl.Series) -> pl.Series:
    """Give the kind of each word, a number into ``KINDS``."""
    word = pl.col("word").str.strip_prefix(" ")
    frame = words.to_frame("word").select(
        pl.when(word.str.contains(r"^\p{Ll}[\p{Ll}\p{M}'’]*$"))
        .then(0)
        .when(word.str.contains(r"^\p{Lu}[\p{Ll}\p{M}'’]+$"))
        .then(1)
        .when(word.str.contains(r"^\p{Lu}[\p{Lu}\p{M}'’]*$"))
        .then(2)
        .when(word.str.contains(r"^\p{L}"))
        .then(3)
        .when(word.str.contains(r"^\p{N}"))
        .then(4)
        .otherwise(5)
        .cast(pl.Int64)
        .alias("kind")
    )
    return frame["kind"]


def rare_class(words: pl.Series) -> pl.Series:
    """Give the class of each rare word, 0 to ``RARE`` - 1: blank, kind and length.

    >>> classes = rare_class(pl.Series(["Ann", " Ann", " 1234567"]))
    >>> [describe(number) for number in classes]
    [(False, 'capital', 2), (True, 'capital', 2), (True, 'number', 3)]
    """
    frame = pl.DataFrame({"word": words, "kind": kind(words)})
    blank = pl.col("word").str.starts_with(" ") & (pl.col("word") != " ")
    length = pl.col("word").str.len_chars().cast(pl.Int64) - blank.cast(pl.Int64)
    size = length.cast(pl.Float64).log(2).floor().clip(0, LONGEST - 1).cast(pl.Int64)
    found = frame.select(((blank.cast(pl.Int64) * len(KINDS) + pl.col("kind")) * LONGEST + size).alias("class"))
    return found["class"]


def describe(number: int) -> tuple[bool, str, int]:
    """Give of a class of rare words whether a blank comes before it, its kind, and its length bucket from 1 on."""
    rest, size = divmod(number, LONGEST)
    blank, kind_ = divmod(rest, len(KINDS))
    return bool(blank), KINDS[kind_], size + 1
