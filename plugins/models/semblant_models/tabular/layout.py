"""The order of a table's tokens, and what is fixed about each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant_models.tabular.encodings import Encoding, Gap

_IMPOSSIBLE = -1e9
_SMOOTHING = 0.1
_MOST_PAIRS = 1 << 16
"""Pairs of codes with their parents' that a table has room for: each costs 24 weights in every step."""


@define(eq=False)
class Layout:
    """All tokens of a table in the order in which the model draws them.

    All arrays have shape (tokens,). Columns marked for rebalancing come first with all their
    tokens; of the others, every coarse token comes before every fine one.
    """

    column: np.ndarray
    """Index of the column that a token belongs to."""
    field: np.ndarray
    """Index of the token within its column's encoding."""
    cardinality: np.ndarray
    parent: np.ndarray
    """Place, in this order, of the token that decides which codes are possible; -1 for none."""
    ordered: np.ndarray
    blocked: tuple[tuple[int, ...], ...]
    loose: tuple[bool, ...] = ()
    """Whether the parent decides code 0 alone; empty for nowhere."""

    @classmethod
    def of(cls, encodings: Sequence[Encoding | Gap], first: frozenset[int] = frozenset()) -> Layout:
        """Lay out the tokens of columns; those whose index is in ``first`` come first."""
        entries = [
            (c not in first, c if c in first else f.phase, c, i, f)
            for c, e in enumerate(encodings)
            for i, f in enumerate(e.fields)
        ]
        entries.sort(key=lambda entry: entry[:4])
        place = {(c, i): at for at, (_, _, c, i, _) in enumerate(entries)}
        return cls(
            column=np.array([e[2] for e in entries], np.int64),
            field=np.array([e[3] for e in entries], np.int64),
            cardinality=np.array([e[4].cardinality for e in entries], np.int64),
            parent=np.array([-1 if e[4].parent is None else place[e[2], e[4].parent] for e in entries], np.int64),
            ordered=np.array([e[4].ordered for e in entries], bool),
            blocked=tuple(e[4].blocked for e in entries),
            loose=tuple(e[4].loose for e in entries),
        )

    @property
    def tokens(self) -> int:
        """Number of tokens per row."""
        return len(self.column)

    @property
    def table_rows(self) -> np.ndarray:
        """Rows of each token's table of counts: the codes of its parent, or one."""
        return np.asarray(np.where(self.parent >= 0, self.cardinality[self.parent], 1))

    @property
    def joint(self) -> tuple[int, ...]:
        """The tokens whose codes mean something with their parents' only: members of groups, as far as room is."""
        pairs = self.table_rows * self.cardinality
        members = np.flatnonzero((self.parent >= 0) & ~self.ordered)
        members = members[np.argsort(pairs[members], kind="stable")]
        return tuple(sorted(members[np.cumsum(pairs[members]) <= _MOST_PAIRS].tolist()))

    @property
    def count_offsets(self) -> np.ndarray:
        """Where each token's counts begin in the flat array, shape (tokens + 1,)."""
        return np.concatenate([[0], np.cumsum(self.table_rows * self.cardinality)]).astype(np.int64)

    def count(self, tokens: np.ndarray, into: np.ndarray) -> None:
        """Add the codes of ``tokens``, shape (n, tokens), to the flat array of counts."""
        offsets = self.count_offsets
        for t in range(self.tokens):
            codes = tokens[:, t].astype(np.int64)
            if self.parent[t] >= 0:
                codes = codes + tokens[:, self.parent[t]].astype(np.int64) * self.cardinality[t]
            size = int(offsets[t + 1] - offsets[t])
            into[offsets[t] : offsets[t + 1]] += np.bincount(codes, minlength=size)

    def log_shares(self, counts: np.ndarray, token: int, occurring: np.ndarray | None = None) -> np.ndarray:
        """Give smoothed log-shares of a token's codes, float32, shape (parent codes, codes); the impossible at -1e9.

        :param occurring: counts that tell which codes are possible at all; ``counts`` when None. Held-out rows belong
            among them: what occurs only there would be infinitely improbable.
        """
        offsets, size = self.count_offsets, int(self.cardinality[token])
        here = slice(int(offsets[token]), int(offsets[token + 1]))
        table = counts[here].reshape(-1, size).astype(np.float64)
        smooth = table + _SMOOTHING
        if self.parent[token] >= 0:
            possible = (counts if occurring is None else occurring)[here].reshape(-1, size) > 0
            if self.loose and self.loose[token]:
                possible[:, 1:] |= (table[:, 1:].sum(axis=1) > 0)[:, None] & (table[:, 1:].sum(axis=0) > 0)
            smooth = np.where(possible, smooth, 0.0)
            smooth[smooth.sum(axis=1) == 0, 0] = 1.0
        with np.errstate(divide="ignore"):
            out = np.log(smooth) - np.log(smooth.sum(axis=1, keepdims=True))
        return np.asarray(np.maximum(out, _IMPOSSIBLE), np.float32)
