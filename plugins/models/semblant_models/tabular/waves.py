"""Embeddings of ordered codes to begin with: they vary smoothly from code to code."""

from __future__ import annotations

import numpy as np


def waves(size: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Give random Fourier features of the rank, float32, shape (size, width), of variance one."""
    rank = np.arange(size)[:, None] / max(size - 1, 1)
    frequency = np.exp(rng.uniform(np.log(0.3), np.log(max(size / 6, 0.6)), (1, width)))
    found = np.sqrt(2.0) * np.sin(2 * np.pi * (rank * frequency + rng.random((1, width))))
    return np.asarray(found, np.float32)
