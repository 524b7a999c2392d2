"""Bounded contributions: whoever has more rows than are counted has some of them left out, at random."""

from __future__ import annotations

import numpy as np


def bounded(subjects: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Choose at most ``most`` rows of each subject; int64 row numbers, rising.

    Each row draws its rank by itself, so whether it stays depends on the rows of its own subject alone: one subject
    more or less changes at most ``most`` of the chosen rows.

    >>> bounded(np.array([7, 7, 7, 8]), 1, np.random.default_rng(0)).size
    2
    """
    order = np.lexsort((rng.random(len(subjects)), subjects))
    owners = subjects[order]
    new = np.concatenate([[True], owners[1:] != owners[:-1]])[: len(owners)]
    first = np.maximum.accumulate(np.where(new, np.arange(len(owners)), 0))
    return np.sort(order[np.arange(len(owners)) - first < most])


def places(parents: np.ndarray) -> np.ndarray:
    """Give the place of each row among those of its parent, in the order in which they stand, from 1; int64.

    >>> places(np.array([4, 2, 4, 4])).tolist()
    [1, 1, 2, 3]
    """
    order = np.argsort(parents, kind="stable")
    owners = parents[order]
    new = np.concatenate([[True], owners[1:] != owners[:-1]])[: len(owners)]
    first = np.maximum.accumulate(np.where(new, np.arange(len(owners)), 0))
    out = np.empty(len(parents), np.int64)
    out[order] = np.arange(len(owners)) - first + 1
    return out
