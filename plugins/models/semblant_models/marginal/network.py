"""A fitted model as a network: each column drawn given some earlier ones, also with any columns known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from semblant_models.privacy.preprocessing.codes import strata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant_models.marginal.inference import Tree

_BLOCK = 4_000_000
"""Numbers held at once where rows are conditioned on known columns."""
_LEAST = 1e-12
"""Smallest probability, so that nothing a user gives is impossible."""


@frozen(eq=False)
class Network:
    """Columns in the order of drawing with their conditional probabilities.

    ``tables[v]`` has the axes ``given[v]`` in order, then column ``v``; rows along the last axis add up to one.
    The columns that one is given always lie together in the table of the last of them (the graph is chordal),
    which is what makes conditioning exact.
    """

    order: tuple[int, ...]
    given: tuple[tuple[int, ...], ...]
    tables: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, tree: Tree) -> Network:
        """Take the conditionals of a fitted model."""
        graph = tree.graph
        tables = tuple(tree.conditional[v].astype(np.float32) for v in range(len(graph.sizes)))
        return cls(graph.order, graph.given, tables)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Codes of each column."""
        return tuple(table.shape[-1] for table in self.tables)

    def draw(
        self,
        rows: int,
        rng: np.random.Generator,
        *,
        known: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        tables: Sequence[np.ndarray] | None = None,
    ) -> np.ndarray:
        """Draw codes, int32, shape (rows, columns).

        :param known: codes that some rows have already, of the same shape, where ``mask`` is True.
        :param tables: conditionals to draw from instead of the model's own (another temperature).
        """
        tables = self.tables if tables is None else tables
        out = np.zeros((rows, len(self.order)), np.int32)
        if known is None or mask is None or not mask.any():
            for v in self.order:
                out[:, v] = self._column(out, v, tables[v], rng)
            return out
        keys = np.where(mask, known, -1)
        unique, which = np.unique(keys, axis=0, return_inverse=True)
        which = which.reshape(-1)
        messages = Messages(self, tables)
        order = np.argsort(which, kind="stable")
        ends = np.searchsorted(which[order], np.arange(len(unique) + 1))
        block = max(1, _BLOCK // max(*(table.size for table in tables), 1))
        for start in range(0, len(unique), block):
            here = unique[start : start + block]
            at = order[ends[start] : ends[min(start + block, len(unique))]]
            out[at] = messages.draw(here, which[at] - start, rng)
        return out

    def _column(self, rows: np.ndarray, v: int, table: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        size = table.shape[-1]
        context = self._context(rows, v)
        ends = np.cumsum(table.reshape(-1, size).astype(np.float64), axis=1)
        ends /= ends[:, -1:]
        flat = (ends + np.arange(len(ends))[:, None]).reshape(-1)
        found = np.searchsorted(flat, context + strata(context, rng), side="right") - context * size
        return np.asarray(np.clip(found, 0, size - 1))

    def _context(self, rows: np.ndarray, v: int) -> np.ndarray:
        """Give the place of each row among the combinations of the columns that ``v`` is given, int64."""
        if not self.given[v]:
            return np.zeros(len(rows), np.int64)
        shape = self.tables[v].shape[:-1]
        return np.asarray(np.ravel_multi_index(tuple(rows[:, u] for u in self.given[v]), shape))

    def log_prob(self, codes: np.ndarray) -> np.ndarray:
        """Give the log-probability (nats) of rows of codes, float64, shape (n,)."""
        out = np.zeros(len(codes))
        for v in self.order:
            flat = self.tables[v].reshape(-1, self.tables[v].shape[-1])
            out += np.log(np.maximum(flat[self._context(codes, v), codes[:, v]], _LEAST))
        return out

    def tempered(self, heat: Sequence[float], top: Sequence[float]) -> tuple[np.ndarray, ...]:
        """Give conditionals at a temperature per column, cut to the most probable codes of mass ``top``."""
        made = []
        for table, warm, kept in zip(self.tables, heat, top, strict=True):
            changed = table.astype(np.float64)
            if warm != 1.0:
                changed = np.maximum(changed, _LEAST) ** (1.0 / max(warm, 1e-3))
                changed /= changed.sum(axis=-1, keepdims=True)
            if kept < 1.0:
                falling = -np.sort(-changed, axis=-1)
                before = np.cumsum(falling, axis=-1) - falling
                least = np.where(before < kept, falling, np.inf).min(axis=-1, keepdims=True)
                changed = np.where(changed >= least, changed, 0.0)
                changed /= changed.sum(axis=-1, keepdims=True)
            made.append(changed)
        return tuple(made)


class Messages:
    """Exact conditioning: known columns send what they tell up the order of drawing (variable elimination)."""

    def __init__(self, network: Network, tables: Sequence[np.ndarray]) -> None:
        """Prepare for a network with these conditionals."""
        self._network, self._tables = network, tables

    def draw(self, known: np.ndarray, which: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw rows given combinations of known codes.

        :param known: int, shape (combinations, columns), -1 where a column is not known.
        :param which: the combination of each row to be drawn, int, shape (rows,).
        :returns: int32, shape (rows, columns).
        """
        network, many = self._network, len(known)
        weights: dict[int, np.ndarray] = {}
        for v in reversed(network.order):
            table = np.maximum(self._tables[v], _LEAST)[None]
            told_by_others, known_here = v in weights, bool((known[:, v] >= 0).any())
            if told_by_others:
                table = table * weights[v]
            if known_here:
                size = table.shape[-1]
                told = (known[:, v, None] < 0) | (known[:, v, None] == np.arange(size))
                table = table * told.reshape(many, *([1] * (table.ndim - 2)), size)
            weights[v] = table
            if network.given[v] and (told_by_others or known_here):
                self._send(v, table, weights)
        out = np.zeros((len(which), len(network.order)), np.int32)
        for v in network.order:
            table = weights[v]
            place = tuple(out[:, u] for u in network.given[v])
            chances = table[(which if table.shape[0] > 1 else np.zeros_like(which), *place)]
            ends = np.cumsum(chances, axis=1, dtype=np.float64)
            ends /= np.maximum(ends[:, -1:], 1e-300)
            out[:, v] = np.minimum((rng.random(len(which))[:, None] >= ends).sum(1), table.shape[-1] - 1)
        return out

    def _send(self, v: int, table: np.ndarray, weights: dict[int, np.ndarray]) -> None:
        network = self._network
        parent = network.given[v][-1]
        axes = (*network.given[parent], parent)
        message = table.sum(axis=-1)
        message = message / np.maximum(message.max(axis=tuple(range(1, message.ndim)), keepdims=True), 1e-300)
        lengths = iter(message.shape[1:])
        shape = [next(lengths) if u in network.given[v] else 1 for u in axes]
        spread = message.reshape(len(message), *shape)
        weights[parent] = weights[parent] * spread if parent in weights else spread
