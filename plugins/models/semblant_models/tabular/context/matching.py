"""A learned match: two small networks turn the rows of both sides into vectors; fitting pairs have large products.

Training sets each row's real partner against the partners of other rows (the InfoNCE loss of van den
Oord et al., 2018). These come as often as they are referred to, so the product becomes the logarithm
of how much likelier the pair is than chance, and drawing in proportion to *partners wanted* times its
exponent gives back both how often rows are referred to, and by which. A third network draws, from a
row alone, whether it refers to anything, or how deep it stands in a tree; a fourth how many partners
a row has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from attrs import define, evolve

from semblant.training import NO_ROW, NOWHERE
from semblant_models.tabular.context.assign import assign, assign_within, demand
from semblant_models.tabular.context.states import LOOP, whole_numbers, without_gaps
from semblant_models.tabular.storage import read_arrays, read_json, write_arrays
from semblant_models.tabular.table import TableEncoding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from semblant.run import Run
    from semblant.training import MatchRequest

WIDTH = 32
LEAST_GAIN = 0.005
"""Nats per pair by which a match must be better than chance to be used at all."""
_SLACK = 1.15
"""Partners open per partner wanted: without it the last rows would get what is left, whether it fits or not."""
_WIDE = 6
"""Tokens from which on some are dropped in training."""


@define(eq=False)
class TwoTowers:
    """A trained match; see :class:`~semblant.protocols.Matcher`."""

    child: TableEncoding
    target: TableEncoding
    arrays: dict[str, np.ndarray]
    states: tuple[int, ...]
    """What a row can do: refer to a row (or stand at a depth), nothing, a row that is not there, or itself."""
    shares: np.ndarray
    """Share of each state among the training rows."""
    counts: np.ndarray
    """Numbers of partners by code."""
    itself: bool
    gain: float
    """How much better than chance held-back pairs were told from others, in nats."""

    def assign(self, request: MatchRequest, run: Run) -> np.ndarray:
        """Give the target row of each child row."""
        return self.draw(request, run.check)

    def draw(self, request: MatchRequest, check: Callable[[], None] = lambda: None) -> np.ndarray:
        """Draw the target row of each child row; ``check`` may raise on the way."""
        rng = np.random.default_rng([request.seed % 2**32, 7])
        child, target = codes_of(self.child, request.child), codes_of(self.target, request.target)
        check()
        state = self._states(child, rng)
        if self.itself:
            state = without_gaps(state, rng)
        wanted = self._partners(target, rng)
        q, g = self._vectors("child", child), self._vectors("target", target)
        out = np.full(len(child), NO_ROW, np.int64)
        out[state == NOWHERE] = NOWHERE
        levels = np.unique(state[state > 0])
        if not len(target):
            return out
        for level in levels:
            rows = np.flatnonzero(state == level)
            open_ = np.arange(len(target))
            if self.itself:
                open_ = np.flatnonzero(np.maximum(state, 0) == level - 1)
                if not len(open_):
                    state[rows] = 0
                    continue
            check()
            some = wanted[open_] if wanted[open_].any() else np.ones(len(open_), np.int64)
            capacity = whole_numbers(_SLACK * demand(q[rows], g[open_], some, rng), rng)
            found = assign(q[rows], g[open_], capacity, rng)
            out[rows] = open_[found]
        if request.groups is not None and not self.itself:
            inside = np.flatnonzero((state > 0) & (rng.random(len(state)) < request.groups.share))
            inner = evolve(request.groups, child=request.groups.child[inside])
            found = assign_within(q[inside], g, wanted.astype(np.float64), inner, rng)
            out[inside[found >= 0]] = found[found >= 0]
        loops = state == LOOP
        out[loops] = np.flatnonzero(loops)
        return out

    def _states(self, child: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw what each row does, so that shares are those of the training rows."""
        if len(self.states) == 1:
            return np.full(len(child), self.states[0], np.int64)
        logits = np.asarray(head(self.arrays, "child", "state", child))
        shift = np.zeros(len(self.states))
        for _ in range(30):
            p = _softmax(logits + shift)
            shift += np.log(self.shares + 1e-9) - np.log(p.mean(axis=0) + 1e-9)
        edges = np.cumsum(_softmax(logits + shift), axis=1)
        drawn = (edges < rng.random((len(child), 1))).sum(axis=1)
        return np.asarray(np.array(self.states, np.int64)[np.minimum(drawn, len(self.states) - 1)])

    def _partners(self, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw how many partners each target has."""
        logits = np.asarray(head(self.arrays, "target", "count", target))
        edges = np.cumsum(_softmax(logits), axis=1)
        drawn = np.minimum((edges < rng.random((len(target), 1))).sum(axis=1), len(self.counts) - 1)
        return np.asarray(self.counts[drawn])

    def _vectors(self, side: str, codes: np.ndarray) -> np.ndarray:
        if self.gain < LEAST_GAIN:
            return np.zeros((len(codes), 1), np.float32)
        return np.asarray(batched(lambda part: vector(self.arrays, side, part), codes))

    def save(self, folder: Path) -> None:
        """Write ``match.safetensors`` and ``match.json``."""
        write_arrays(folder, "match", self.arrays)
        state = {
            "child": self.child.to_dict(),
            "target": self.target.to_dict(),
            "states": list(self.states),
            "shares": self.shares.tolist(),
            "counts": self.counts.tolist(),
            "itself": self.itself,
            "gain": self.gain,
        }
        (folder / "match.json").write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TwoTowers:
        """Load what :meth:`save` wrote."""
        state = read_json(folder / "match.json")
        return cls(
            child=TableEncoding.from_dict(state["child"]),
            target=TableEncoding.from_dict(state["target"]),
            arrays=read_arrays(folder, "match"),
            states=tuple(int(s) for s in state["states"]),
            shares=np.array(state["shares"], np.float64),
            counts=np.array(state["counts"], np.int64),
            itself=bool(state["itself"]),
            gain=float(state["gain"]),
        )


def _trunk(weights: Mapping[str, Any], side: str, codes: Any, key: jax.Array | None = None) -> jax.Array:
    embedded = jnp.asarray(weights[f"{side}_embedding"])[codes]
    if key is not None and embedded.shape[1] >= _WIDE:
        embedded = embedded * (jax.random.bernoulli(key, 0.95, embedded.shape[:2])[..., None] / 0.95)
    flat = embedded.reshape(len(codes), -1)
    out: jax.Array = jax.nn.silu(flat @ weights[f"{side}_in"] + weights[f"{side}_in_bias"])
    return out


def vector(weights: Mapping[str, Any], side: str, codes: Any, key: jax.Array | None = None) -> jax.Array:
    """Give the vector of each row, shape (n, width)."""
    return jnp.asarray(_trunk(weights, side, codes, key) @ weights[f"{side}_out"])


def head(weights: Mapping[str, Any], side: str, what: str, codes: Any, key: jax.Array | None = None) -> jax.Array:
    """Give the logits of what a side tells of itself, shape (n, classes)."""
    return jnp.asarray(_trunk(weights, side, codes, key) @ weights[f"{side}_{what}"] + weights[f"{side}_{what}_bias"])


def codes_of(encoding: TableEncoding, table: pa.Table) -> np.ndarray:
    """Give places in the embedding table, int32, shape (n, tokens); a row of nothing has one token."""
    layout = encoding.layout
    if not layout.tokens:
        return np.zeros((table.num_rows, 1), np.int32)
    offsets = np.concatenate([[0], np.cumsum(layout.cardinality)[:-1]])
    return np.asarray((encoding.encode(table) + offsets).astype(np.int32))


def _softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def batched(function: Any, codes: np.ndarray, size: int = 65_536) -> np.ndarray:
    """Apply a function to rows part by part."""
    parts = [np.asarray(function(codes[start : start + size])) for start in range(0, len(codes), size)]
    return np.concatenate(parts) if parts else np.zeros((0, WIDTH), np.float32)
