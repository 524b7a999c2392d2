"""Log-probabilities of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np

from semblant_models.text.gru.conditions import series
from semblant_models.text.gru.speller import spelling_scores
from semblant_models.text.gru.stepping import make_scoring
from semblant_models.text.gru.stream import Texts, most_texts, windows_of

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from numpy.typing import NDArray

    from semblant_models.text.gru.learned import Learned
    from semblant_models.text.gru.network import Params
    from semblant_models.text.gru.shape import Shape
    from semblant_models.text.gru.vocabulary import Encoded

_TIME = 64
_LANES = 32
_AT_ONCE = 1024
"""Texts laid out in one go."""


def texts_of(encoded: Encoded, rows: NDArray[np.int64], codes: NDArray[np.int32], recalled: NDArray[np.int32]) -> Texts:
    """Give the encoded texts of some rows; what is encoded are exactly these."""
    counts = np.bincount(encoded.rows, minlength=len(rows))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Texts(encoded.tokens, encoded.characters, starts, codes, recalled)


def score(learned: Learned, shape: Shape, weights: Params, rows: pa.Table) -> NDArray[np.float64]:
    """Give nats per row: tokens, spelling of rare words, and length within the bucket."""
    total = np.zeros(rows.num_rows)
    codes = learned.given(rows, rows.num_rows)
    before = [learned.vocabulary.encode(_strings(rows, name)) for name in learned.above if name in rows.schema.names]
    for number, column in enumerate(learned.columns):
        texts = _strings(rows, column.name)
        codes[:, 0] = number
        there = np.flatnonzero((texts.str.len_chars() > 0).fill_null(value=False).to_numpy())
        recalled = learned.recalled(before, rows.num_rows)
        for first in range(0, len(there), _AT_ONCE):
            part = there[first : first + _AT_ONCE]
            some = texts.gather(part)
            encoded = learned.vocabulary.encode(some)
            laid = texts_of(encoded, part, codes[part], recalled[part])
            found = -_nats(shape, weights, laid)
            if learned.speller is not None and encoded.rare.height:
                spelling = spelling_scores(learned.speller, encoded.rare)
                found += np.bincount(encoded.rare["row"].to_numpy(), spelling, minlength=len(part))
            total[part] += found + column.length_scores(some.str.len_chars().to_numpy().astype(np.int64))
        before.append(learned.vocabulary.encode(texts))
    return total


def _nats(shape: Shape, weights: Params, texts: Texts) -> NDArray[np.float64]:
    order = np.arange(len(texts))
    laid = windows_of(texts, order, _TIME, _LANES, most_texts(texts, _TIME, _LANES))
    padded = 1 << (len(laid) - 1).bit_length()
    most = 1 << (laid.texts.shape[1] - 1).bit_length()

    def filled(array: NDArray[np.int32], fill: int = 0) -> NDArray[np.int32]:
        more = np.full((padded - len(array), *array.shape[1:]), fill, array.dtype)
        return np.concatenate([array, more])

    owners = np.pad(laid.texts, ((0, 0), (0, most - laid.texts.shape[1])))
    arrays = (filled(laid.inputs, 1), filled(laid.targets, -1), filled(laid.left), filled(laid.place), filled(owners))
    size = 1 << (len(texts) - 1).bit_length()
    codes = np.pad(texts.codes, ((0, size - len(texts)), (0, 0)))
    recalled = np.pad(texts.recalled, ((0, size - len(texts)), (0, 0)))
    losses = make_scoring(shape)(weights, tuple(map(jnp.asarray, arrays)), (jnp.asarray(codes), jnp.asarray(recalled)))
    nats = np.asarray(losses, np.float64)[: len(laid)]
    owner = np.take_along_axis(laid.texts[:, None, :], laid.place.reshape(len(laid), 1, -1), axis=2).reshape(nats.shape)
    # padding has no loss, so whom it is counted for does not matter
    found: NDArray[np.float64] = np.bincount(owner.ravel(), nats.ravel(), minlength=len(texts)).astype(np.float64)
    return found


def _strings(rows: pa.Table, name: str) -> pl.Series:
    import polars as pl

    return series(rows.column(name)).cast(pl.String)
