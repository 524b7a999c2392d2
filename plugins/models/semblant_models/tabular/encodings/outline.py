"""Outlines of strings: which kinds of characters follow each other, and how many there are in all."""

from __future__ import annotations

import numpy as np

from semblant_models.tabular.encodings.form import LOWER, UPPER, kinds_of

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_CAPITALS = 3
"""Capitals in a row from which their number is no part of the outline: a word, not an abbreviation."""


def outlines(points: np.ndarray) -> np.ndarray:
    """Give a hash of each string's outline, uint64, shape (n,).

    Small letters in a row count once, three capitals or more count as three; each digit and each sign counts,
    and so does the length of the whole.

    :param points: code points, uint32, shape (n, longest), 0 behind the end.

    >>> texts = np.array(["Ann Lee", "Al Snow", "Maria Rossi", "Annalee", "20018", "2001"])
    >>> hashes = outlines(texts.view(np.uint32).reshape(len(texts), -1))
    >>> len(set(hashes.tolist())), bool(hashes[0] == hashes[1])
    (5, True)
    """
    kinds = kinds_of(points)
    counted = kinds > 0
    counted[:, 1:] &= ~((kinds[:, 1:] == LOWER) & (kinds[:, :-1] == LOWER))
    capital = kinds == UPPER
    long = capital[:, _CAPITALS:].copy()
    for back in range(1, _CAPITALS + 1):
        long &= capital[:, _CAPITALS - back : -back]
    counted[:, _CAPITALS:] &= ~long
    place = np.cumsum(counted, axis=1)
    powers = np.full(points.shape[1] + 1, _FACTOR)
    powers = np.multiply.accumulate(powers)
    kinds = np.where(counted, kinds, 0).astype(np.uint64) * powers[place]
    length = (points > 0).sum(axis=1).astype(np.uint64)
    return np.asarray(kinds.sum(axis=1, dtype=np.uint64) + length * powers[0])
