"""What rows of a matched key do, and how many partners they have, as classes to be learned."""

from __future__ import annotations

import numpy as np

from semblant.training import NOWHERE
from semblant_models.tabular.context.assign import depths_of

LOOP = -3
"""State of a row that refers to itself."""
DEEPEST = 16
"""Depth in a tree from which on rows are not told apart."""
MOST_COUNTS = 48


def state_of(numbers: np.ndarray, *, itself: bool) -> np.ndarray:
    """Give what each row does: 1 refers to a row, or its depth; 0 nothing; ``NOWHERE``; ``LOOP``."""
    if not itself:
        return np.where(numbers >= 0, 1, np.where(numbers == NOWHERE, NOWHERE, 0))
    depth = np.minimum(depths_of(numbers), DEEPEST)
    depth = np.where(numbers == np.arange(len(numbers)), LOOP, depth)
    return np.asarray(np.where(numbers == NOWHERE, NOWHERE, depth))


def without_gaps(state: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let depths follow each other from 0 on: few rows may not have drawn a root, or a depth between.

    >>> int(without_gaps(np.array([2, 2, 4]), np.random.default_rng(0)).max())
    2
    """
    deep = state >= 0
    if not deep.any():
        return state
    out = state.copy()
    if not (state == 0).any() and not (state == LOOP).any():
        least = np.flatnonzero(state == state[deep].min())
        out[rng.choice(least)] = 0
    depths = np.unique(out[out >= 0])
    first = 0 if (out == 0).any() else 1
    out[out >= 0] = np.searchsorted(depths, out[out >= 0]) + first
    return np.asarray(out)


def count_codes(partners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give numbers of partners by code, and the code of each row; many different ones are put together."""
    values, codes = np.unique(partners, return_inverse=True)
    if not len(values):
        return np.ones(1, np.int64), codes
    if len(values) > MOST_COUNTS:
        edges = np.unique(np.quantile(partners, np.linspace(0, 1, MOST_COUNTS + 1)[1:-1]))
        codes = np.searchsorted(edges, partners, side="left")
        used, codes = np.unique(codes, return_inverse=True)
        values = np.array([np.round(partners[codes == c].mean()) for c in range(len(used))])
    return values.astype(np.int64), codes


def whole_numbers(exact: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Round up or down at random, so that means are kept; at least as many in all as they add up to."""
    whole = np.floor(exact).astype(np.int64)
    whole += rng.random(len(whole)) < exact - whole
    missing = int(np.ceil(exact.sum())) - int(whole.sum())
    if missing > 0:
        np.add.at(whole, rng.choice(len(whole), missing, p=exact / exact.sum()), 1)
    return np.asarray(whole, np.int64)
