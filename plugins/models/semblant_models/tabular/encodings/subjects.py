"""Counting the subjects, not the rows, that hold a value."""

from __future__ import annotations

import numpy as np


def holders(codes: np.ndarray, subjects: np.ndarray | None, size: int) -> np.ndarray:
    """Count the distinct subjects per code.

    Args:
        codes: int array, shape (n,), values in ``0 .. size - 1``.
        subjects: uint64 array, shape (n,), or None when every row is a subject of its own.
        size: number of codes.

    Returns:
        int64 array, shape (size,).

    >>> holders(np.array([0, 0, 1]), np.array([7, 7, 7], np.uint64), 2).tolist()
    [1, 1]
    >>> holders(np.array([0, 0, 1]), None, 2).tolist()
    [2, 1]
    """
    if subjects is None:
        return np.bincount(codes, minlength=size)
    if not len(codes):
        return np.zeros(size, np.int64)
    order = np.lexsort((subjects, codes))
    c, s = codes[order], subjects[order]
    first = np.ones(len(c), bool)
    first[1:] = (c[1:] != c[:-1]) | (s[1:] != s[:-1])
    return np.bincount(c[first], minlength=size)


FEWEST = 5
"""Subjects below which even a mean over all of them tells of each."""


def too_few(rows: np.ndarray, subjects: np.ndarray | None, least: int) -> bool:
    """Tell whether so few subjects hold a value in ``rows``, bool, shape (n,), that none can be made from them.

    >>> too_few(np.array([True, False]), None, 10), too_few(np.ones(5, bool), None, 10)
    (True, False)
    """
    who = None if subjects is None else subjects[rows]
    return bool(holders(np.zeros(int(rows.sum()), np.int64), who, 1)[0] < min(least, FEWEST))


def groups_of_subjects(
    counts: np.ndarray, members: np.ndarray, subjects: np.ndarray | None, wanted: int, least: int
) -> np.ndarray:
    """Cut a sorted list of values into runs of equal mass, each held by at least ``least`` subjects.

    Args:
        counts: rows per value, int array, shape (values,).
        members: for each row the index of its value, shape (n,).
        subjects: subject of each row, or None.
        wanted: how many runs there may be at most.
        least: subjects per run at least; runs that fall short are joined to their neighbour.

    Returns:
        The run of each value, int64 array, shape (values,), ascending from 0.

    >>> groups_of_subjects(np.ones(6, int), np.arange(6), None, 3, 2).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    rows = int(counts.sum())
    wanted = max(1, min(wanted, rows // max(least, 1)))
    middle = np.cumsum(counts) - counts / 2
    group = np.minimum((middle * wanted / max(rows, 1)).astype(np.int64), wanted - 1)
    group = np.unique(group, return_inverse=True)[1]
    while group[-1] > 0:
        held = holders(group[members], subjects, int(group[-1]) + 1)
        short = held < least
        if not short.any():
            break
        group = (np.cumsum(~_joins(short)) - 1)[group]
    return group


def _joins(short: np.ndarray) -> np.ndarray:
    """Tell which runs are joined to the one before: every second one of a chain, so that chains do not collapse."""
    places = np.arange(len(short))
    starts = np.maximum.accumulate(np.where(short & ~np.r_[False, short[:-1]], places, 0))
    join = short & ((places - starts) % 2 == 1)
    alone = short & ~np.r_[False, short[:-1]] & ~np.r_[short[1:], False]
    join |= alone
    if join[0]:
        join[0], join[1] = False, True
    return np.asarray(join)
