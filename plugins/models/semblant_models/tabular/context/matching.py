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
import optax
from attrs import define, evolve

from semblant.training import NO_ROW, NOWHERE
from semblant_models.tabular.context.assign import assign, assign_within, demand
from semblant_models.tabular.context.states import LOOP, count_codes, state_of, whole_numbers, without_gaps
from semblant_models.tabular.encodings import fit_encoding
from semblant_models.tabular.storage import read_arrays, read_json, write_arrays
from semblant_models.tabular.table import TableEncoding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from semblant.run import Run
    from semblant.training import ColumnPlan, MatchRequest, MatchTask

_BATCH = 256
_STEPS = 1200
_EVERY = 50
_PATIENCE = 5
_WIDTH, _HIDDEN, _EMBEDDING = 32, 64, 6
_LEAST_GAIN = 0.005
_SLACK = 1.15
"""Partners open per partner wanted: without it the last rows would get what is left, whether it fits or not."""
_WIDE = 6
"""Tokens from which on some are dropped in training."""
_SMALL = 64
"""Rows below which there is nothing to hold back: so few are not trained on for long."""


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
        rng = np.random.default_rng([request.seed % 2**32, 7])
        child, target = _codes(self.child, request.child), _codes(self.target, request.target)
        run.check()
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
            run.check()
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
        logits = np.asarray(_head(self.arrays, "child", "state", child))
        shift = np.zeros(len(self.states))
        for _ in range(30):
            p = _softmax(logits + shift)
            shift += np.log(self.shares + 1e-9) - np.log(p.mean(axis=0) + 1e-9)
        edges = np.cumsum(_softmax(logits + shift), axis=1)
        drawn = (edges < rng.random((len(child), 1))).sum(axis=1)
        return np.asarray(np.array(self.states, np.int64)[np.minimum(drawn, len(self.states) - 1)])

    def _partners(self, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw how many partners each target has."""
        logits = np.asarray(_head(self.arrays, "target", "count", target))
        edges = np.cumsum(_softmax(logits), axis=1)
        drawn = np.minimum((edges < rng.random((len(target), 1))).sum(axis=1), len(self.counts) - 1)
        return np.asarray(self.counts[drawn])

    def _vectors(self, side: str, codes: np.ndarray) -> np.ndarray:
        if self.gain < _LEAST_GAIN:
            return np.zeros((len(codes), 1), np.float32)
        return np.asarray(_batched(lambda part: _vector(self.arrays, side, part), codes))

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


def fit_match(task: MatchTask, run: Run, seed: int) -> TwoTowers:
    """Learn a match."""
    rng = np.random.default_rng([seed % 2**32, 1])
    child_encoding = _fitted(task.child_plans, task.child, task.child_subjects, task.min_subjects)
    target_encoding = _fitted(task.target_plans, task.target, task.target_subjects, task.min_subjects)
    child, target = _codes(child_encoding, task.child), _codes(target_encoding, task.target)
    state = state_of(task.numbers, itself=task.itself)
    states, coded = np.unique(state, return_inverse=True)
    partners = np.bincount(task.numbers[task.numbers >= 0], minlength=len(target))
    counts, coded_counts = count_codes(partners)
    params = {
        **_initial("child", child_encoding.layout.cardinality, len(states), rng),
        **_initial("target", target_encoding.layout.cardinality, len(counts), rng),
    }
    held = task.split.validates(task.child_subjects)
    trainer = _Trainer(child=child, target=target, state=coded, count=coded_counts, numbers=task.numbers, held=held)
    arrays, gain = trainer.run(params, run, rng)
    return TwoTowers(
        child=child_encoding,
        target=target_encoding,
        arrays=arrays,
        states=tuple(int(s) for s in states),
        shares=np.bincount(coded, minlength=len(states)) / max(len(coded), 1),
        counts=counts,
        itself=task.itself,
        gain=gain,
    )


@define(eq=False)
class _Trainer:
    child: np.ndarray
    target: np.ndarray
    state: np.ndarray
    count: np.ndarray
    numbers: np.ndarray
    held: np.ndarray

    def run(
        self, params: dict[str, np.ndarray], run: Run, rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], float]:
        """Train, keeping the weights that tell held-back pairs best."""
        rows = np.flatnonzero(~self.held)
        rows = rows if len(rows) else np.arange(len(self.child))
        held = np.flatnonzero(self.held)
        held = held if len(held) >= 2 else rows
        size = int(min(_BATCH, max(len(rows), 2)))
        steps = _STEPS if len(rows) >= _SMALL else 100
        optimizer = optax.chain(
            optax.clip_by_global_norm(5.0), optax.adamw(optax.cosine_decay_schedule(1e-2, steps), weight_decay=0.01)
        )
        weights = {name: jnp.asarray(value) for name, value in params.items()}
        average, state = weights, optimizer.init(weights)

        @jax.jit
        def step(
            weights: Any, average: Any, state: Any, key: jax.Array, *data: jax.Array
        ) -> tuple[Any, Any, Any, jax.Array]:
            loss, gradient = jax.value_and_grad(lambda w: sum(_losses(w, *data, key=key)))(weights)
            updates, state = optimizer.update(gradient, state, weights)
            weights = optax.apply_updates(weights, updates)
            average = jax.tree.map(lambda a, w: 0.98 * a + 0.02 * w, average, weights)
            return weights, average, state, loss

        judge = jax.jit(lambda w, *data: jnp.stack(_losses(w, *data)))
        tests = [self._batch(rng.choice(held, size), rng) for _ in range(8)]
        best, best_loss, stale = params, np.inf, 0
        chance = float(np.log(size))
        pair = chance
        for number in range(steps):
            data = self._batch(rng.choice(rows, size), rng)
            weights, average, state, _ = step(weights, average, state, jax.random.key(number), *data)
            if (number + 1) % _EVERY == 0:
                run.progress(number + 1, steps, "steps")
                found = np.mean([np.asarray(judge(average, *one)) for one in tests], axis=0)
                if found.sum() < best_loss - 1e-3:
                    best, best_loss, stale, pair = (
                        {k: np.asarray(v) for k, v in average.items()},
                        found.sum(),
                        0,
                        found[0],
                    )
                else:
                    stale += 1
                if stale >= _PATIENCE or run.stop_training.is_set():
                    break
        best, pair = _sharpened(best, tests, judge, pair)
        return best, float(chance - pair) if (self.numbers >= 0).any() else 0.0

    def _batch(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        numbers = self.numbers[rows]
        others = rng.integers(0, max(len(self.target), 1), len(rows))
        target = self.target if len(self.target) else np.zeros((1, self.target.shape[1]), np.int32)
        count = self.count if len(self.count) else np.zeros(1, np.int64)
        return (
            self.child[rows],
            target[np.maximum(numbers, 0)],
            numbers >= 0,
            self.state[rows],
            target[others],
            count[others],
        )


def _sharpened(
    weights: dict[str, np.ndarray], tests: list[tuple[np.ndarray, ...]], judge: Any, loss: float
) -> tuple[dict[str, np.ndarray], float]:
    """Scale the scores until held-back pairs are told best: what dropout and decay shrank comes back."""
    best = weights
    for factor in np.linspace(0.7, 2.0, 14):
        tried = {**weights, "child_out": (weights["child_out"] * factor).astype(np.float32)}
        found = float(np.mean([np.asarray(judge(tried, *one))[0] for one in tests]))
        if found < loss:
            best, loss = tried, found
    return best, loss


def _losses(
    weights: Mapping[str, jax.Array],
    child: jax.Array,
    partner: jax.Array,
    paired: jax.Array,
    state: jax.Array,
    other: jax.Array,
    count: jax.Array,
    *,
    key: jax.Array | None = None,
) -> list[jax.Array]:
    """Give the losses of pairs, states and numbers of partners."""
    q, g = _vector(weights, "child", child, key), _vector(weights, "target", partner, key)
    logits = jnp.where(paired[None, :], q @ g.T, -1e9)
    # the mean over partners of other rows is what chance is: log(batch) for a match that knows nothing
    fit = jax.nn.logsumexp(logits, axis=1) - jnp.diagonal(logits)
    fit = fit + jnp.log(len(child)) - jnp.log(jnp.maximum(paired.sum(), 1))
    pairs = jnp.where(paired, fit, 0.0).sum() / jnp.maximum(paired.sum(), 1)
    states = _cross(_head(weights, "child", "state", child, key), state)
    counts = _cross(_head(weights, "target", "count", other, key), count)
    return [pairs, states, counts]


def _cross(logits: jax.Array, wanted: jax.Array) -> jax.Array:
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, wanted))


def _trunk(weights: Mapping[str, Any], side: str, codes: Any, key: jax.Array | None = None) -> jax.Array:
    embedded = jnp.asarray(weights[f"{side}_embedding"])[codes]
    if key is not None and embedded.shape[1] >= _WIDE:
        embedded = embedded * (jax.random.bernoulli(key, 0.95, embedded.shape[:2])[..., None] / 0.95)
    flat = embedded.reshape(len(codes), -1)
    out: jax.Array = jax.nn.silu(flat @ weights[f"{side}_in"] + weights[f"{side}_in_bias"])
    return out


def _vector(weights: Mapping[str, Any], side: str, codes: Any, key: jax.Array | None = None) -> jax.Array:
    """Give the vector of each row, shape (n, width)."""
    return jnp.asarray(_trunk(weights, side, codes, key) @ weights[f"{side}_out"])


def _head(weights: Mapping[str, Any], side: str, what: str, codes: Any, key: jax.Array | None = None) -> jax.Array:
    return jnp.asarray(_trunk(weights, side, codes, key) @ weights[f"{side}_{what}"] + weights[f"{side}_{what}_bias"])


def _initial(side: str, cardinality: np.ndarray, classes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    what = "state" if side == "child" else "count"
    inputs = max(len(cardinality), 1) * _EMBEDDING
    sizes = {
        f"{side}_embedding": ((int(cardinality.sum()) + 1, _EMBEDDING), 1.0),
        f"{side}_in": ((inputs, _HIDDEN), np.sqrt(2.0 / inputs)),
        f"{side}_in_bias": ((_HIDDEN,), 0.0),
        f"{side}_out": ((_HIDDEN, _WIDTH), 0.3 / np.sqrt(_HIDDEN)),
        f"{side}_{what}": ((_HIDDEN, classes), 0.0),
        f"{side}_{what}_bias": ((classes,), 0.0),
    }
    return {name: (rng.normal(size=size) * scale).astype(np.float32) for name, (size, scale) in sizes.items()}


def _fitted(plans: tuple[ColumnPlan, ...], table: pa.Table, subjects: np.ndarray, least: int) -> TableEncoding:
    encodings = tuple(fit_encoding(plan, table.column(i), subjects, least) for i, plan in enumerate(plans))
    return TableEncoding.of(plans, encodings)


def _codes(encoding: TableEncoding, table: pa.Table) -> np.ndarray:
    """Give places in the embedding table, int32, shape (n, tokens); a row of nothing has one token."""
    layout = encoding.layout
    if not layout.tokens:
        return np.zeros((table.num_rows, 1), np.int32)
    offsets = np.concatenate([[0], np.cumsum(layout.cardinality)[:-1]])
    return np.asarray((encoding.encode(table) + offsets).astype(np.int32))


def _softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _batched(function: Any, codes: np.ndarray, size: int = 65_536) -> np.ndarray:
    parts = [np.asarray(function(codes[start : start + size])) for start in range(0, len(codes), size)]
    return np.concatenate(parts) if parts else np.zeros((0, _WIDTH), np.float32)
