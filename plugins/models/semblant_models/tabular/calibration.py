"""After training: the fixed log-shares are shifted until drawn marginals are those of the training rows.

A network that predicts each token well given true earlier ones still drifts a little when it is fed
its own draws. Drawing a set of rows, comparing the counts of each token (given its parent) with those
of the training rows and adding the logarithm of their ratio removes the drift of marginals; the
dependence between columns stays as learned. Small counts move little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from semblant_models.tabular.network import IMPOSSIBLE
from semblant_models.tabular.ratio import log_ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant_models.tabular.layout import Layout
    from semblant_models.tabular.shape import Shape


def corrections(layout: Layout, wanted: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Give what to add to each log-share, flat like the counts (see :class:`Layout`).

    >>> import types
    >>> from semblant_models.tabular.layout import Layout
    >>> one = np.zeros(1, int)
    >>> two = Layout(column=one, field=one, cardinality=one + 2, parent=one - 1, ordered=one > 0, blocked=((),))
    >>> corrections(two, np.array([500, 500]), np.array([600, 400])).round(2).tolist()
    [-0.18, 0.21]
    """
    out = np.zeros(len(wanted))
    offsets = layout.count_offsets
    for token in range(layout.tokens):
        part = slice(int(offsets[token]), int(offsets[token + 1]))
        size = int(layout.cardinality[token])
        true, made = wanted[part].reshape(-1, size).astype(np.float64), drawn[part].reshape(-1, size).astype(np.float64)
        open_ = np.ones(size, bool)
        open_[list(layout.blocked[token])] = False
        true, made = true * open_, made * open_
        shift = log_ratio(true, made)
        shift[(made.sum(axis=1) == 0) | (true.sum(axis=1) == 0)] = 0.0
        out[part] = (shift * open_).reshape(-1)
    return out


def calibrate(
    shape: Shape,
    layout: Layout,
    tables: dict[str, np.ndarray],
    wanted: np.ndarray,
    draw: Callable[[dict[str, np.ndarray], int], np.ndarray],
    rounds: int = 2,
) -> dict[str, np.ndarray]:
    """Give shifted log-share tables; ``draw(tables, round)`` gives tokens, shape (n, tokens), drawn with them.

    A few counts move little, and a network that is sure of few rows follows little: then it takes more rounds.
    """
    for number in range(rounds):
        counts = np.zeros(len(wanted), np.int64)
        layout.count(draw(tables, number), counts)
        tables = shifted(shape, layout, tables, corrections(layout, wanted, counts))
    return tables


def shifted(shape: Shape, layout: Layout, tables: dict[str, np.ndarray], change: np.ndarray) -> dict[str, np.ndarray]:
    """Give log-share tables with ``change``, flat like the counts, added to what is possible."""
    offsets, tables = layout.count_offsets, {name: table.copy() for name, table in tables.items()}
    for k, head in enumerate(shape.heads):
        table = tables[f"shares_{k}"]
        for token, start in zip(head.tokens, head.rows, strict=True):
            part = change[offsets[token] : offsets[token + 1]].reshape(-1, int(layout.cardinality[token]))
            block = table[start : start + len(part), : part.shape[1]]
            block += np.where(block > IMPOSSIBLE / 2, part, 0.0).astype(np.float32)
    return tables
