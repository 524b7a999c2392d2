"""The static shape of a network: everything that decides what is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from semblant_models.tabular.context.shape import ContextShape
    from semblant_models.tabular.layout import Layout

_ONE_BLOCK = 64
_BLOCK = 32
_MOST_HEADS = {False: 3, True: 2}
_HEAD_COST = 64
"""What a further head shape costs in compile and dispatch time, in columns of a head."""


@frozen(kw_only=True)
class Head:
    """Tokens whose output layers are computed together, padded to one cardinality."""

    size: int
    tokens: tuple[int, ...]
    child: bool
    """Whether the tokens have a parent, so that their fixed log-shares depend on its code."""
    rows: tuple[int, ...]
    """Where each token's log-shares begin in the head's table."""


@frozen(kw_only=True)
class Shape:
    """Sizes of a network for one layout."""

    tokens: int
    cardinality: tuple[int, ...]
    parent: tuple[int, ...]
    embedding: int
    hidden: int
    summary: int
    """Width of the summary through which blocks of tokens see earlier blocks."""
    flexible: bool
    heads: tuple[Head, ...]
    joint: tuple[int, ...] = ()
    """Tokens whose codes are learned together with their parents' (see :mod:`~semblant_models.tabular.joint`)."""
    context: ContextShape | None = None
    """What every row is conditioned on; None for a table by itself."""

    @classmethod
    def of(cls, layout: Layout, *, embedding: int, hidden: int, flexible: bool, joint: tuple[int, ...] = ()) -> Shape:
        """Choose heads for a layout."""
        heads: list[Head] = []
        rows = layout.table_rows
        for child in (False, True):
            places = np.flatnonzero((layout.parent >= 0) == child)
            for size in _sizes(layout.cardinality[places], _MOST_HEADS[child]):
                below = max((h.size for h in heads if h.child == child), default=0)
                at = places[(layout.cardinality[places] <= size) & (layout.cardinality[places] > below)]
                starts = np.concatenate([[0], np.cumsum(rows[at])[:-1]])
                heads.append(
                    Head(size=int(size), tokens=tuple(at.tolist()), child=child, rows=tuple(int(s) for s in starts))
                )
        return cls(
            tokens=layout.tokens,
            cardinality=tuple(layout.cardinality.tolist()),
            parent=tuple(layout.parent.tolist()),
            embedding=embedding,
            hidden=hidden,
            summary=4 * hidden,
            flexible=flexible,
            heads=tuple(heads),
            joint=joint,
        )

    @property
    def block(self) -> int:
        """Tokens per block: all of them up to 64, else 32."""
        return self.tokens if self.tokens <= _ONE_BLOCK else _BLOCK

    @property
    def blocks(self) -> int:
        """Number of blocks; the last one may be padded."""
        return -(-self.tokens // self.block)

    @property
    def offsets(self) -> np.ndarray:
        """Where each token's rows begin in the embedding table; int32, shape (tokens,)."""
        return np.concatenate([[0], np.cumsum(self.cardinality)[:-1]]).astype(np.int32)

    @property
    def codes(self) -> int:
        """Rows of the embedding table."""
        return int(sum(self.cardinality))

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Give the head of each token and its place within the head, int32, shape (blocks * block,)."""
        head, place = np.zeros((2, self.blocks * self.block), np.int32)
        for index, item in enumerate(self.heads):
            head[list(item.tokens)] = index
            place[list(item.tokens)] = np.arange(len(item.tokens))
        return head, place


def _sizes(cardinality: np.ndarray, most: int) -> list[int]:
    """Choose at most ``most`` padded sizes so that padding is least; ascending.

    >>> _sizes(np.array([2, 3, 64, 60, 250]), 3)
    [3, 64, 250]
    """
    values, counts = np.unique(cardinality, return_counts=True)
    if not len(values):
        return []
    sizes = len(values)
    best = np.full((most + 1, sizes + 1), np.inf)
    cut = np.zeros((most + 1, sizes + 1), np.int64)
    best[:, 0] = 0.0
    for k in range(1, most + 1):
        for end in range(1, sizes + 1):
            costs = [best[k - 1, s] + values[end - 1] * counts[s:end].sum() + _HEAD_COST for s in range(end)]
            cut[k, end], best[k, end] = int(np.argmin(costs)), min(costs)
    k, end, out = int(np.argmin(best[:, sizes])), sizes, []
    while end > 0:
        out.append(int(values[end - 1]))
        k, end = k - 1, int(cut[k, end])
    return sorted(out)
