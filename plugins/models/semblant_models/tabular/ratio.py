"""How much likelier something is than it was drawn, from counts."""

from __future__ import annotations

import numpy as np

_PRIOR = 20.0
"""Rows added to each count: what few rows tell moves little."""
_MOST = 1.0


def log_ratio(wanted: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Give the logarithm of wanted shares over drawn ones from their counts along the last axis; at most 1 each.

    >>> log_ratio(np.array([500.0, 500.0, 0.0]), np.array([600.0, 400.0, 0.0])).round(2).tolist()
    [-0.18, 0.21, 0.0]
    """
    scale = wanted.sum(axis=-1, keepdims=True) / np.maximum(drawn.sum(axis=-1, keepdims=True), 1.0)
    return np.asarray(np.clip(np.log((wanted + _PRIOR) / (drawn * scale + _PRIOR)), -_MOST, _MOST))
