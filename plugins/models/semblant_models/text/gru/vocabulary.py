"""Texts as token numbers: byte-level BPE over the words that enough subjects hold, a class for each other word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from attrs import frozen
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from semblant_models.text.gru import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

END, START = 0, 1
FIRST_RARE = 2
FIRST_PIECE = FIRST_RARE + words.RARE
_MOST_REPEATS = 200
_MERGES = 32_768
_USUAL = (1, 3, 6, 10, 18)
"""Characters of a made-up word, by its class of length."""


@frozen(eq=False)
class Encoded:
    """Texts as tokens: all tokens one after the other."""

    tokens: NDArray[np.int32]
    characters: NDArray[np.int32]
    """Characters of the text that each token stands for."""
    rows: NDArray[np.int64]
    """The text of each token."""
    rare: pl.DataFrame
    """The words that were replaced by a class: (row, word, class)."""


@frozen(eq=False)
class Vocabulary:
    """Pieces of common words, as bytes, and the words that they make up.

    No piece stems from a word of few subjects: such words are not shown to BPE, and become a class.
    """

    pieces: tuple[bytes, ...]
    """In the order of their numbers, from ``FIRST_PIECE`` on."""
    spelled: pl.DataFrame
    """Per common word its pieces: (word, tokens)."""

    @classmethod
    def learn(cls, texts: pl.Series, subjects: NDArray[np.uint64], least: int, most: int) -> Vocabulary:
        """Find common words and at most ``most`` pieces in the words of enough subjects."""
        known = words.common(words.split(texts), subjects, least)
        return cls.of_words(known, most)

    @classmethod
    def of_words(cls, known: pl.DataFrame, most: int) -> Vocabulary:
        """Make it of (word, held)."""
        repeats = (known["held"] / max(known["held"].min() or 1, 1)).round().clip(1, _MOST_REPEATS).cast(pl.Int64)
        corpus = known["word"].repeat_by(repeats).explode().to_list() if known.height else []
        size = _MERGES
        while True:
            tokenizer = _trained(corpus, size)
            spelled = [tokenizer.encode(word).ids for word in known["word"].to_list()]
            used = sorted({piece for pieces in spelled for piece in pieces})
            if len(used) <= most or size <= 256:
                break
            size = (
                max(256, size * most // len(used) - 64)
                if size < _MERGES
                else max(256, min(2 * most, tokenizer.get_vocab_size() - 64))
            )
        place = {piece: FIRST_PIECE + number for number, piece in enumerate(used)}
        pieces = tuple(_as_bytes(str(tokenizer.id_to_token(piece))) for piece in used)
        return cls(pieces, _table(known["word"].to_list(), [[place[piece] for piece in one] for one in spelled]))

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Characters per token: bytes that begin one; for classes of rare words about as many as are made up."""
        counts = [sum(byte & 0xC0 != 0x80 for byte in piece) for piece in self.pieces]
        classes = [words.describe(number) for number in range(words.RARE)]
        made_up = [blank + _USUAL[size - 1] for blank, _, size in classes]
        return np.array([0] * FIRST_RARE + made_up + counts, np.int32)

    @property
    def size(self) -> int:
        """One above the highest token number."""
        return FIRST_PIECE + len(self.pieces)

    def encode(self, texts: pl.Series) -> Encoded:
        """Give the tokens of texts."""
        parts = words.split(texts).with_row_index("at")
        known = parts.join(self.spelled, on="word", how="left", maintain_order="left")
        rare = known.filter(pl.col("tokens").is_null()).select("at", "row", "word")
        rare = rare.with_columns(words.rare_class(rare["word"]).alias("class"))
        known = known.join(rare.select("at", "class"), on="at", how="left", maintain_order="left").with_columns(
            pl.coalesce("tokens", pl.concat_list((pl.col("class") + FIRST_RARE).cast(pl.Int32))).alias("tokens")
        )
        pieces = known.select("row", "tokens", size=pl.col("word").str.len_chars().cast(pl.Int32)).explode("tokens")
        tokens = pieces["tokens"].to_numpy().astype(np.int32)
        sizes = np.where(tokens < FIRST_PIECE, pieces["size"].to_numpy(), self.lengths[tokens]).astype(np.int32)
        return Encoded(tokens, sizes, pieces["row"].to_numpy(), rare.select("row", "word", "class"))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "pieces": [piece.hex() for piece in self.pieces],
            "words": self.spelled["word"].to_list(),
            "spelled": self.spelled["tokens"].to_list(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Vocabulary:
        """Read what :meth:`to_json` gave.

        :raises ValueError: it is damaged.
        """
        pieces = tuple(bytes.fromhex(piece) for piece in data["pieces"])
        table = _table(data["words"], data["spelled"])
        numbers = table["tokens"].explode()
        if len(numbers) and not (numbers.is_between(FIRST_PIECE, FIRST_PIECE + len(pieces) - 1).all()):
            msg = "words have pieces that do not exist"
            raise ValueError(msg)
        return cls(pieces, table)


def _table(known: list[str], spelled: list[list[int]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"word": pl.Series(known, dtype=pl.String), "tokens": pl.Series(spelled, dtype=pl.List(pl.Int32))}
    )


def _trained(corpus: list[str], size: int) -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = BpeTrainer(
        vocab_size=size, min_frequency=1, show_progress=False, initial_alphabet=sorted(ByteLevel.alphabet())
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def _byte_of() -> dict[str, int]:
    """Give the byte that each sign of the byte-level alphabet stands for (as in GPT-2)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    found = {chr(byte): byte for byte in shown}
    hidden = [byte for byte in range(256) if byte not in shown]
    return found | {chr(256 + number): byte for number, byte in enumerate(hidden)}


_BYTE = _byte_of()


def _as_bytes(piece: str) -> bytes:
    return bytes(_BYTE[sign] for sign in piece)
