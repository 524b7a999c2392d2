"""Made-up words in the place of those that too few subjects hold: of their kind and length, and none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from semblant_models.replay import ReplayGuard
from semblant_models.text.gru import words
from semblant_models.text.ngram.backend import framed
from semblant_models.text.ngram.column import ColumnModel
from semblant_models.text.ngram.context import Classes
from semblant_models.text.ngram.lengths import Lengths, buckets_of
from semblant_models.text.ngram.tokens import Vocabulary
from semblant_models.text.ngram.trie import Trie

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ORDER = 5
_SIGNS = 2000
_MOST = 200_000
"""Rare words learned from."""


def learn_speller(rare: pl.DataFrame, subjects: NDArray[np.uint64], least: int, salt: int) -> ColumnModel | None:
    """Learn how rare words are spelled, by their kind; None where there are none.

    :param rare: (row, word, class), a line per rare word, ``subjects`` by row.
    """
    if not rare.height:
        return None
    guard = ReplayGuard.of(_plain(rare["word"]).unique().sort().to_arrow().cast(pa.large_string()), salt)
    rare = rare.head(_MOST)
    plain, holders = _plain(rare["word"]), subjects[rare["row"].to_numpy()]
    vocabulary = Vocabulary.learn(plain, holders, least, _SIGNS)
    tokens, rows, _ = vocabulary.encode(plain)
    lengths = plain.str.len_chars().to_numpy().astype(np.int64)
    tokens, rows = framed(tokens, rows, buckets_of(lengths))
    kinds = (rare["class"].to_numpy() // words.LONGEST) % len(words.KINDS)
    _, owners = np.unique(holders, return_inverse=True)
    common, special = (
        Trie.build(
            tokens,
            rows,
            owners,
            of,
            roots=roots,
            vocabulary=vocabulary.size,
            order=_ORDER,
            least=least,
            kinds=vocabulary.kinds,
        )
        for of, roots in ((np.zeros(len(plain), np.int64), 1), (kinds, len(words.KINDS)))
    )
    return ColumnModel(
        "rare words",
        vocabulary,
        common,
        special,
        Classes("kind", words.KINDS),
        Lengths.learn(lengths, holders, least),
        guard,
    )


def spelled(speller: ColumnModel, classes: NDArray[np.int64], random: np.random.Generator) -> pa.Array:
    """Make up a word for each class of :func:`.words.rare_class`."""
    blanks, kinds, buckets = _described(classes)
    made = speller.generate(buckets, pa.array([words.KINDS[kind] for kind in kinds]), random)
    frame = pl.DataFrame({"word": pl.Series(pl.from_arrow(made)), "blank": blanks, "kind": kinds})
    raw = pl.col("word")
    word = (
        pl.when(pl.col("kind") == 0)
        .then(raw.str.to_lowercase())
        .when(pl.col("kind") == 1)
        .then(raw.str.slice(0, 1).str.to_uppercase() + raw.str.slice(1).str.to_lowercase())
        .when(pl.col("kind") == 2)
        .then(raw.str.to_uppercase())
        .otherwise(raw)
    )
    shown = frame.select(pl.when(pl.col("blank")).then(pl.lit(" ") + word).otherwise(word).alias("word"))["word"]
    return shown.to_arrow().cast(pa.large_string())


def spelling_scores(speller: ColumnModel, rare: pl.DataFrame) -> NDArray[np.float64]:
    """Give the log-probability in nats of each rare word, given its class."""
    _, kinds, _ = _described(rare["class"].to_numpy())
    plain = _plain(rare["word"]).to_arrow().cast(pa.large_string())
    return speller.log_prob(plain, pa.array([words.KINDS[kind] for kind in kinds]))


def _plain(known: pl.Series) -> pl.Series:
    return pl.select(pl.when(known == " ").then(known).otherwise(known.str.strip_prefix(" "))).to_series()


def _described(classes: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    rest, size = np.divmod(classes, words.LONGEST)
    blank, kind = np.divmod(rest, len(words.KINDS))
    return blank.astype(bool), kind, size + 1
