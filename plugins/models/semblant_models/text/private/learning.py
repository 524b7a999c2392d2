"""From a text column to its tables: characters, then runs of them, order by order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semblant_models.text.private.counting import EDGE, MOST_SYMBOLS, Runs, Texts, alphabet_runs, next_runs
from semblant_models.text.private.tables import Tables, tables_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant_models.privacy.preprocessing.releases import Releases

_WEIGHTS: Final = (0.3, 0.5, 1.0)
"""Of the budget for runs of one, two and three characters; longer ones have the last."""
_LONG: Final = 1.5


def code_points(texts: pa.Array, subjects: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the characters of all texts, an edge behind each: code points, text and subject of each, all int64.

    Of each subject the first ``most`` count. A null has none.

    >>> code_points(pa.array(["ab", None, "c"], pa.large_string()), np.array([4, 4, 9]), 10)[0].tolist()
    [97, 98, 0, 99, 0]
    """
    there = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
    texts = texts.take(pa.array(there))
    length = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    joined = "\0".join(text.replace("\0", " ") for text in texts.to_pylist()) + "\0" * bool(len(texts))
    points = np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32).astype(np.int64)
    text = np.repeat(np.arange(len(length)), length + 1)
    _, owner = np.unique(subjects[there], return_inverse=True)
    who = owner[text].astype(np.int64)
    order = np.argsort(who, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(who))])[:-1] if len(who) else np.zeros(0, np.int64)
    rank = np.empty(len(who), np.int64)
    rank[order] = np.arange(len(who)) - first[who[order]]
    kept = rank < most
    return points[kept], text[kept], who[kept]


def learned_tables(
    points: tuple[np.ndarray, np.ndarray, np.ndarray],
    releases: Releases,
    rho: float,
    delta: float,
    *,
    order: int,
    most: int,
    told: Callable[[int], None] = lambda _: None,
) -> tuple[np.ndarray, Tables, list[Runs]]:
    """Release characters and runs, and build the tables.

    :param points: what :func:`code_points` gave.
    :param rho: of all releases together.
    :param told: hears the number of orders done; may raise.
    :returns: the code point of each symbol (the edge first), the tables, and the runs of each order.
    """
    weights = [*_WEIGHTS, *[_LONG] * order][:order]
    parts = [rho * weight / sum(weights) for weight in weights]
    flat, text, who = points
    found = alphabet_runs(flat, who, releases, parts[0], delta, most)
    often = np.argsort(-np.where(found.keys == EDGE, np.inf, found.counts), kind="stable")[:MOST_SYMBOLS]
    alphabet = np.sort(found.keys[often])
    at = np.minimum(np.searchsorted(alphabet, flat), len(alphabet) - 1)
    known = alphabet[at] == flat
    texts = Texts(at[known], text[known], who[known])
    counts = found.counts[np.searchsorted(found.keys, alphabet)]
    orders = [Runs(np.arange(len(alphabet)), counts, found.total, found.deviation)]
    told(1)
    for length in range(2, order + 1):
        orders.append(next_runs(texts, length, orders[-1], len(alphabet), releases, parts[length - 1], most))
        told(length)
    return alphabet, tables_of(len(alphabet), orders), orders
