"""Draws texts for many rows at once: one compiled step per token, the state kept; who has ended makes room."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from attrs import define, field, frozen

from semblant_models.text.gru.network import SLACK, Params, conditions, gate, left_codes_device, logits, scaled
from semblant_models.text.gru.vocabulary import END, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from semblant_models.text.gru.shape import Shape

LANES = 256
"""Texts written side by side at most."""
_LEAST_LANES = 16
_STEPS = 16
"""Tokens per compiled call; between calls a text that has ended makes room for the next."""
_BLOCK = 64
_NEVER = -1e9
_HALVINGS = 8
_FLOOR = 1e-5


@frozen(eq=False)
class Wanted:
    """What is to be written, an entry per text."""

    codes: NDArray[np.int32]
    recalled: NDArray[np.int32]
    targets: NDArray[np.int32]
    """Characters."""
    lowest: NDArray[np.int32]
    highest: NDArray[np.int32]
    """Characters at least and at most."""


@define(eq=False)
class Sampler:
    """Writes texts with one network."""

    shape: Shape
    params: Params
    lengths: NDArray[np.int32]
    """Characters per token."""
    allowed: NDArray[np.bool_]
    """Tokens that may come out."""
    _extend: dict[int, Any] = field(factory=dict, init=False)

    def draw(
        self, wanted: Wanted, temperature: float, top_p: float, seed: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Give the tokens of all texts one after the other, and their number per text."""
        count = len(wanted.targets)
        rows, tokens = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
        for row, token in self._written(wanted, temperature, top_p, seed) if count else ():
            rows.append(row)
            tokens.append(token)
        row, token = np.concatenate(rows), np.concatenate(tokens)
        counts = np.bincount(row, minlength=count).astype(np.int64)
        return token[np.argsort(row, kind="stable")].astype(np.int32), counts

    def _written(
        self, wanted: Wanted, temperature: float, top_p: float, seed: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
        """Write all texts, the longest first, so that few lanes idle at the end; gives (text, token) as they come."""
        waiting = np.argsort(-wanted.targets, kind="stable")
        lanes = min(LANES, max(_LEAST_LANES, 1 << (len(waiting) - 1).bit_length()))
        held, steps = np.full(lanes, -1), np.zeros(lanes, np.int64)
        state = _empty(self.shape, lanes)
        key = jax.random.wrap_key_data(jnp.array([seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF], jnp.uint32))
        how = (jnp.asarray(temperature, jnp.float32), jnp.asarray(top_p, jnp.float32))
        call = 0
        while len(waiting) or (held >= 0).any():
            active = np.flatnonzero(held >= 0)
            if not len(waiting) and len(active) <= lanes // 2 and lanes > _LEAST_LANES:
                lanes //= 2
                kept = np.concatenate([active, np.flatnonzero(held < 0)])[:lanes]
                held, steps = held[kept], steps[kept]
                state = {name: jnp.take(array, kept, axis=int(name == "states")) for name, array in state.items()}
                continue
            fresh = held < 0
            free = np.flatnonzero(fresh)[: len(waiting)]
            held[free], steps[free], waiting = waiting[: len(free)], 0, waiting[len(free) :]
            rows = np.maximum(held, 0)
            given = tuple(
                jnp.asarray(array[rows])
                for array in (wanted.codes, wanted.recalled, wanted.targets, wanted.lowest, wanted.highest)
            )
            extend = self._compiled(lanes)
            state, drawn = extend(self.params, state, jnp.asarray(fresh), given, how, key, jnp.asarray(call, jnp.int32))
            part = np.asarray(drawn)
            ended = np.cumsum(part == END, axis=0) > 0
            step, lane = np.nonzero(~ended & (held >= 0)[None, :])
            yield held[lane], part[step, lane]
            steps += _STEPS
            held = np.where(ended[-1] | (steps > 2 * wanted.targets[rows] + _STEPS), -1, held)
            call += _STEPS

    def _compiled(self, lanes: int) -> Any:
        if lanes not in self._extend:
            lengths, allowed = jnp.asarray(self.lengths), jnp.asarray(np.where(self.allowed, 0.0, _NEVER), jnp.float32)
            self._extend[lanes] = jax.jit(partial(_extended, self.shape, lengths, allowed))
        return self._extend[lanes]


def _empty(shape: Shape, lanes: int) -> dict[str, jax.Array]:
    return {
        "states": jnp.zeros((shape.layers, lanes, shape.width)),
        "token": jnp.full((lanes,), START, jnp.int32),
        "written": jnp.zeros((lanes,), jnp.int32),
    }


def _extended(
    shape: Shape,
    lengths: jax.Array,
    allowed: jax.Array,
    params: Params,
    state: dict[str, jax.Array],
    fresh: jax.Array,
    given: tuple[jax.Array, ...],
    how: tuple[jax.Array, jax.Array],
    key: jax.Array,
    first: jax.Array,
) -> tuple[dict[str, jax.Array], jax.Array]:
    """Write some tokens more of each text, from the beginning where it is ``fresh``; what has ended stays at END."""
    codes, recalled, targets, lowest, highest = given
    temperature, top_p = how
    told = conditions(params, codes, recalled)
    state = {
        "states": jnp.where(fresh[None, :, None], 0.0, state["states"]),
        "token": jnp.where(fresh, START, state["token"]),
        "written": jnp.where(fresh, 0, state["written"]),
    }

    def step(carry: dict[str, jax.Array], number: jax.Array) -> tuple[dict[str, jax.Array], jax.Array]:
        left = targets - carry["written"]
        x = params["embedding"][carry["token"]] + params["left"][left_codes_device(left)] + told
        states = []
        for layer in range(shape.layers):
            projected = scaled(x, params[f"scale_{layer}"]) @ params[f"in_{layer}"] + params[f"in_bias_{layer}"]
            before = carry["states"][layer]
            after = gate(projected, before @ params[f"state_{layer}"] + params[f"state_bias_{layer}"], before)
            states.append(after)
            x = after if layer == 0 else x + after
        scores = logits(params, scaled(x, params["out_scale"]) @ params["out"]) + allowed
        too_long = lengths[None, :] > (highest - carry["written"])[:, None]
        too_soon = (carry["written"] < lowest) | (left * SLACK > targets)
        scores = jnp.where(too_long, scores + _NEVER, scores).at[:, END].add(jnp.where(too_soon, _NEVER, 0.0))
        token = _drawn(scores / temperature, top_p, jax.random.fold_in(key, number))
        token = jnp.where((carry["token"] == END) | (left * SLACK <= -targets), END, token)
        written = carry["written"] + lengths[token]
        return {"states": jnp.stack(states), "token": token, "written": written}, token

    return jax.lax.scan(step, state, first + jnp.arange(_STEPS))


def _drawn(scores: jax.Array, top_p: jax.Array, key: jax.Array) -> jax.Array:
    """Draw a token per row: among the likeliest that make up ``top_p``, by one uniform number per level of a tree."""
    shares = jax.nn.softmax(scores, axis=-1)

    def cut(shares: jax.Array) -> jax.Array:
        """Find the least share that is kept by halving its logarithm's range."""
        high = jnp.log(shares.max(axis=-1))

        def halve(_: int, bounds: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            low, high = bounds
            middle = 0.5 * (low + high)
            enough = jnp.where(shares >= jnp.exp(middle)[:, None], shares, 0.0).sum(axis=-1) >= top_p
            return jnp.where(enough, middle, low), jnp.where(enough, high, middle)

        low, _ = jax.lax.fori_loop(0, _HALVINGS, halve, (high + jnp.log(_FLOOR), high))
        return jnp.where(shares >= jnp.exp(low)[:, None], shares, 0.0)

    shares = jax.lax.cond(top_p < 1.0, cut, lambda same: same, shares)
    rows, size = shares.shape
    blocks = jnp.pad(shares, ((0, 0), (0, -size % _BLOCK))).reshape(rows, -1, _BLOCK)
    uniform = jax.random.uniform(key, (2, rows))
    block = _inverse(blocks.sum(axis=-1), uniform[0])
    inside = _inverse(jnp.take_along_axis(blocks, block[:, None, None], axis=1)[:, 0], uniform[1])
    return jnp.minimum(block * _BLOCK + inside, size - 1)


def _inverse(shares: jax.Array, uniform: jax.Array) -> jax.Array:
    """Give the first place at which the shares added up exceed a uniform part of their sum."""
    size = shares.shape[1]
    added = shares @ jnp.triu(jnp.ones((size, size), shares.dtype))
    passed = added <= (uniform * added[:, -1])[:, None]
    return jnp.minimum(passed.sum(axis=-1), size - 1).astype(jnp.int32)
