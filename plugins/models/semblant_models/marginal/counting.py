"""Counting codes: exact marginals, how far they are from a model, and what noise would do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant_models.marginal.graph import Clique


def counted(codes: np.ndarray, sizes: Sequence[int], clique: Clique) -> np.ndarray:
    """Count the rows of each combination of codes, int64, one axis per column of ``clique``.

    >>> counted(np.array([[0, 1], [0, 1], [1, 0]]), (2, 2), (0, 1)).tolist()
    [[0, 2], [1, 0]]
    """
    shape = tuple(sizes[v] for v in clique)
    flat = np.ravel_multi_index(tuple(codes[:, v] for v in clique), shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)


def distance(counts: np.ndarray, expected: np.ndarray) -> float:
    """Give the L1 distance of exact counts from released ones; one row more or less changes it by at most one."""
    return float(np.abs(counts - expected).sum())


def chance_distance(expected: np.ndarray) -> float:
    """Give the L1 distance that rows drawn from the model itself would have (normal or Poisson approximation)."""
    return float(np.minimum(np.sqrt(2.0 / np.pi * expected), 2.0 * expected).sum())


def noise_distance(expected: np.ndarray, deviation: float) -> float:
    """Give about the L1 error that noise of this deviation leaves after negative counts are gone."""
    return float(np.minimum(np.sqrt(2.0 / np.pi) * deviation, expected + 0.3 * deviation).sum())
