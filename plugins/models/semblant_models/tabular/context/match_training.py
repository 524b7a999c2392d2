"""Training of a learned match, see :mod:`semblant_models.tabular.context.matching`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pyarrow as pa
from attrs import define, evolve

from semblant.training import MatchRequest
from semblant_models.tabular.context.matching import LEAST_GAIN, WIDTH, TwoTowers, batched, codes_of, head, vector
from semblant_models.tabular.context.states import count_codes, state_of
from semblant_models.tabular.encodings import fit_encoding
from semblant_models.tabular.table import TableEncoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.run import Run
    from semblant.training import ColumnPlan, MatchTask

_BATCH = 256
_STEPS = 1200
_EVERY = 50
_PATIENCE = 5
_HIDDEN, _EMBEDDING = 64, 6
_SMALL = 64
"""Rows below which there is nothing to hold back: so few are not trained on for long."""
_FACTORS = (1.0, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.5, 3.0)
_SHARPER = (1.0, 1.1, 1.2, 1.3, 1.45, 1.6, 1.8, 2.0, 2.3)
_DRAWS = 3
_MATCHED_ANEW = 4000
"""Real rows that are matched anew to see how sharp scores must be."""


def fit_match(task: MatchTask, run: Run, seed: int) -> TwoTowers:
    """Learn a match."""
    rng = np.random.default_rng([seed % 2**32, 1])
    child_encoding = _fitted(task.child_plans, task.child, task.child_subjects, task.min_subjects)
    target_encoding = _fitted(task.target_plans, task.target, task.target_subjects, task.min_subjects)
    child, target = codes_of(child_encoding, task.child), codes_of(target_encoding, task.target)
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
    towers = TwoTowers(
        child=child_encoding,
        target=target_encoding,
        arrays=arrays,
        states=tuple(int(s) for s in states),
        shares=np.bincount(coded, minlength=len(states)) / max(len(coded), 1),
        counts=counts,
        itself=task.itself,
        gain=gain,
    )
    run.check()
    return _fitting(towers, task, held, seed)


def _fitting(towers: TwoTowers, task: MatchTask, held: np.ndarray, seed: int) -> TwoTowers:
    """Scale the scores until pairs that are drawn fit each other as well as real ones do.

    Targets run out while partners are drawn, and what is left fits less; so scores are made larger before. The real
    rows are matched anew, and their scores with the partners drawn are held against those with their own; the vectors
    are centred, so that what belongs to one side alone does not count. Where training pairs fit surely better than
    held-back ones, they are known by heart, and only the latter count.
    """
    there = task.numbers >= 0
    rows = np.concatenate([np.flatnonzero(there & held), np.flatnonzero(there & ~held)])[:_MATCHED_ANEW]
    if towers.gain < LEAST_GAIN or towers.itself or len(rows) < _SMALL:
        return towers
    request = MatchRequest(child=task.child.take(pa.array(rows)), target=task.target, seed=seed)
    q = batched(partial(vector, towers.arrays, "child"), codes_of(towers.child, request.child))
    g = batched(partial(vector, towers.arrays, "target"), codes_of(towers.target, task.target))
    q, g = q - q.mean(axis=0), g - g[task.numbers[rows]].mean(axis=0)
    real = np.einsum("ij,ij->i", q, g[task.numbers[rows]])
    mine = held[rows]
    sure = 3.0 * float(real[mine].std()) / max(float(mine.sum()), 1.0) ** 0.5
    counts = mine if mine.any() and real[~mine].mean() - real[mine].mean() > sure else np.ones(len(rows), bool)
    wanted, reached = float(real[counts].mean()), list[float]()
    for factor in _SHARPER:
        tried = evolve(towers, arrays=_scaled(towers.arrays, factor))
        found = []
        for number in range(_DRAWS):
            partner = tried.draw(evolve(request, seed=seed + number))
            known = counts & (partner >= 0)
            found.append(float(np.einsum("ij,ij->i", q[known], g[partner[known]]).mean()) if known.any() else 0.0)
        reached.append(max(float(np.mean(found)), *reached, -np.inf))
        if reached[-1] > wanted:
            break
    return evolve(towers, arrays=_scaled(towers.arrays, float(np.interp(wanted, reached, _SHARPER[: len(reached)]))))


def _scaled(
    weights: Mapping[str, np.ndarray], factor: float, names: tuple[str, ...] = ("child_out",)
) -> dict[str, np.ndarray]:
    return {**weights, **{name: (weights[name] * factor).astype(np.float32) for name in names}}


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
        best, pair = _sharpened(best, tests, judge, 0, ("child_out",))
        best, _ = _sharpened(best, tests, judge, 1, ("child_state", "child_state_bias"))
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
    weights: dict[str, np.ndarray], tests: list[tuple[np.ndarray, ...]], judge: Any, part: int, names: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], float]:
    """Scale some weights until a part of the held-back loss is least: what dropout and decay shrank comes back."""
    best, least = weights, np.inf
    for factor in _FACTORS:
        tried = _scaled(weights, factor, names)
        found = float(np.mean([np.asarray(judge(tried, *one))[part] for one in tests]))
        if found < least:
            best, least = tried, found
    return best, least


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
    q, g = vector(weights, "child", child, key), vector(weights, "target", partner, key)
    logits = jnp.where(paired[None, :], q @ g.T, -1e9)
    # the mean over partners of other rows is what chance is: log(batch) for a match that knows nothing
    fit = jax.nn.logsumexp(logits, axis=1) - jnp.diagonal(logits)
    fit = fit + jnp.log(len(child)) - jnp.log(jnp.maximum(paired.sum(), 1))
    pairs = jnp.where(paired, fit, 0.0).sum() / jnp.maximum(paired.sum(), 1)
    states = _cross(head(weights, "child", "state", child, key), state)
    counts = _cross(head(weights, "target", "count", other, key), count)
    return [pairs, states, counts]


def _cross(logits: jax.Array, wanted: jax.Array) -> jax.Array:
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, wanted))


def _initial(side: str, cardinality: np.ndarray, classes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    what = "state" if side == "child" else "count"
    inputs = max(len(cardinality), 1) * _EMBEDDING
    sizes = {
        f"{side}_embedding": ((int(cardinality.sum()) + 1, _EMBEDDING), 1.0),
        f"{side}_in": ((inputs, _HIDDEN), np.sqrt(2.0 / inputs)),
        f"{side}_in_bias": ((_HIDDEN,), 0.0),
        f"{side}_out": ((_HIDDEN, WIDTH), 0.3 / np.sqrt(_HIDDEN)),
        f"{side}_{what}": ((_HIDDEN, classes), 0.0),
        f"{side}_{what}_bias": ((classes,), 0.0),
    }
    return {name: (rng.normal(size=size) * scale).astype(np.float32) for name, (size, scale) in sizes.items()}


def _fitted(plans: tuple[ColumnPlan, ...], table: pa.Table, subjects: np.ndarray, least: int) -> TableEncoding:
    encodings = tuple(fit_encoding(plan, table.column(i), subjects, least) for i, plan in enumerate(plans))
    return TableEncoding.of(plans, encodings)
