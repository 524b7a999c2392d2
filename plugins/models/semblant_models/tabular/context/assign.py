"""Giving every row a partner: drawn by likeness, with as many partners on the other side as were drawn for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from semblant.training import Groups

_CHUNK = 2048
_CANDIDATES = 4096
_ROUNDS = 12
_PAIRS = 4_000_000


def assign(queries: np.ndarray, targets: np.ndarray, capacity: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a target for each query, in proportion to what is left of its capacity times the exponent of the score.

    :param queries: float32, shape (n, d); the score of a pair is the product of the two vectors.
    :param targets: float32, shape (m, d), m > 0.
    :param capacity: partners wanted per target, int64, shape (m,); where they run out all targets are open.
    :returns: int64, shape (n,).

    >>> rng = np.random.default_rng(0)
    >>> same = assign(np.eye(3) * 9, np.eye(3) * 9, np.ones(3, int), rng)
    >>> same.tolist()
    [0, 1, 2]
    """
    left = capacity.astype(np.int64).copy()
    out = np.full(len(queries), -1, np.int64)
    order = rng.permutation(len(queries))
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        for last in range(_ROUNDS):
            if left.sum() <= 0:
                left = np.maximum(capacity, 1).astype(np.int64)
            open_ = np.flatnonzero(left > 0)
            if len(open_) > _CANDIDATES:
                open_ = rng.choice(open_, _CANDIDATES, replace=False, p=left[open_] / left[open_].sum())
                open_.sort()
            score = queries[rows] @ targets[open_].T + np.log(left[open_])
            pick = open_[np.argmax(score - np.log(rng.exponential(size=score.shape)), axis=1)]
            ranked = np.lexsort((rng.random(len(rows)), pick))
            place = np.arange(len(rows)) - np.searchsorted(pick[ranked], pick[ranked])
            taken = np.zeros(len(rows), bool)
            taken[ranked] = place < left[pick[ranked]]
            if last == _ROUNDS - 1:
                taken[:] = True
            out[rows[taken]] = pick[taken]
            np.subtract.at(left, pick[taken], 1)
            left = np.maximum(left, 0)
            rows = rows[~taken]
            if not len(rows):
                break
    return out


def demand(queries: np.ndarray, targets: np.ndarray, wanted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give how often each target would be drawn if none ran out, shape (m,), adding up to the number of queries.

    Targets that were drawn to have few partners get few; but a kind of target that more queries ask
    for gets more. Where both sides would be held to fixed numbers, those that come last would be
    left with partners that do not fit them.
    """
    rows = queries if len(queries) <= _CANDIDATES else queries[rng.choice(len(queries), _CANDIDATES, replace=False)]
    total = np.zeros(len(targets))
    with np.errstate(divide="ignore"):
        weight = np.log(np.maximum(wanted, 0).astype(np.float64))
    for start in range(0, len(rows), 256):
        score = rows[start : start + 256] @ targets.T + weight
        score = np.exp(score - score.max(axis=1, keepdims=True))
        total += (score / score.sum(axis=1, keepdims=True)).sum(axis=0)
    return np.asarray(total * (len(queries) / max(len(rows), 1)))


def assign_within(
    queries: np.ndarray, targets: np.ndarray, weight: np.ndarray, groups: Groups, rng: np.random.Generator
) -> np.ndarray:
    """Draw a target of the same group for each query; -1 where its group has none.

    :param weight: partners wanted per target, shape (m,).
    """
    order = np.argsort(groups.target, kind="stable")
    sorted_groups = groups.target[order]
    begin = np.searchsorted(sorted_groups, groups.child, side="left")
    end = np.searchsorted(sorted_groups, groups.child, side="right")
    end[groups.child < 0] = begin[groups.child < 0]
    sizes = end - begin
    out = np.full(len(queries), -1, np.int64)
    rows = np.flatnonzero(sizes > 0)
    total = np.cumsum(sizes[rows])
    start = 0
    while start < len(rows):
        base = total[start - 1] if start else 0
        stop = max(int(np.searchsorted(total, base + _PAIRS, side="right")), start + 1)
        here = rows[start:stop]
        size = sizes[here]
        offsets = np.concatenate([[0], np.cumsum(size)[:-1]])
        candidate = order[np.repeat(begin[here] - offsets, size) + np.arange(int(size.sum()))]
        score = np.einsum("ij,ij->i", queries[np.repeat(here, size)], targets[candidate])
        score += np.log(np.maximum(weight[candidate], 0.05)) - np.log(rng.exponential(size=len(candidate)))
        best = np.maximum.reduceat(score, offsets)
        hit = np.flatnonzero(score == np.repeat(best, size))
        owner = np.searchsorted(offsets, hit, side="right") - 1
        out[here[owner]] = candidate[hit]
        start = stop
    return out


def depths_of(numbers: np.ndarray) -> np.ndarray:
    """Give the depth of each row in the forest of references; 0 for roots and rows that point to themselves.

    Rows on a ring, and those that hang on one, get depth 1.

    >>> depths_of(np.array([-1, 0, 1, 3, 5, 4])).tolist()
    [0, 1, 2, 0, 1, 1]
    """
    rows = np.arange(len(numbers))
    depth = np.where((numbers < 0) | (numbers == rows), 0, -1)
    for level in range(1, len(numbers) + 1):
        new = (depth < 0) & (depth[np.maximum(numbers, 0)] == level - 1)
        if not new.any():
            break
        depth[new] = level
    return np.asarray(np.where(depth < 0, 1, depth), np.int64)
