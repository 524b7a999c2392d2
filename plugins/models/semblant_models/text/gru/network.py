"""The network: recurrent over tokens, given the row and the characters that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from semblant_models.text.gru.shape import LEFT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from semblant_models.text.gru.shape import Shape

Params = dict[str, jax.Array]
EXACT = 16
"""So many characters left are told apart one by one; above, four steps per doubling."""
SLACK = 25
"""A text may end one part in so many before or behind the length that is told."""
RECALLED = 32
"""Tokens of the text columns before that a text is given."""
_EDGES = np.array([*range(EXACT), *(int(np.ceil(EXACT * 2.0 ** (step / 4))) for step in range(LEFT - EXACT))])
"""The fewest characters left of each code."""


def left_codes(left: NDArray[np.int64]) -> NDArray[np.int32]:
    """Give the code of each number of characters that are left.

    >>> left_codes(np.array([-3, 0, 15, 16, 32, 1000])).tolist()
    [0, 0, 15, 16, 20, 39]
    """
    return np.maximum(np.searchsorted(_EDGES, left, side="right") - 1, 0).astype(np.int32)


def left_codes_device(left: jax.Array) -> jax.Array:
    """Do what :func:`left_codes` does, within a compiled program."""
    passed = left[..., None] >= jnp.asarray(_EDGES, jnp.int32)
    return jnp.maximum(passed.sum(axis=-1) - 1, 0).astype(jnp.int32)


def initial_parameters(shape: Shape, shares: NDArray[np.float64], random: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw parameters; the output bias begins at the logarithm of the tokens' ``shares``."""
    found: dict[str, np.ndarray] = {}
    for name, size in shape.sizes().items():
        if name == "bias":
            value = np.log(shares)
        elif "scale" in name:
            value = np.ones(size)
        elif "bias" in name:
            value = np.zeros(size)
        elif name == "embedding":
            value = random.normal(0.0, 0.1, size)
        elif name in ("left", "given"):
            value = random.normal(0.0, 0.05, size)
        else:
            value = random.normal(0.0, size[0] ** -0.5, size)
        found[name] = value.astype(np.float32)
    return found


def conditions(params: Params, codes: jax.Array, recalled: jax.Array) -> jax.Array:
    """Give what each text is given, shape (texts, width).

    :param codes: int32, shape (texts, columns), numbers into ``given``.
    :param recalled: int32, shape (texts, RECALLED), tokens of texts before; 0 for none.
    """
    given = params["given"][codes].sum(axis=1)
    there = (recalled > 0).astype(jnp.float32)[..., None]
    words = (params["embedding"][recalled] * there).sum(axis=1) / jnp.maximum(there.sum(axis=1), 1.0)
    return given + words @ params["recalled"]


def scaled(x: jax.Array, scale: jax.Array) -> jax.Array:
    """Root-mean-square normalisation (Zhang and Sennrich, 2019)."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6) * scale


def gate(inputs: jax.Array, recurrent: jax.Array, state: jax.Array) -> jax.Array:
    """One step of a GRU (Cho et al., 2014), the reset gate behind the recurrent product."""
    r, z, n = jnp.split(inputs, 3, axis=-1)
    hr, hz, hn = jnp.split(recurrent, 3, axis=-1)
    update = jax.nn.sigmoid(z + hz)
    return (1.0 - update) * jnp.tanh(n + jax.nn.sigmoid(r + hr) * hn) + update * state


def hidden_states(
    params: Params,
    shape: Shape,
    inputs: jax.Array,
    fresh: jax.Array,
    states: jax.Array,
    masks: tuple[jax.Array, ...] | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Run over time; gives what the output layer sees, shape (time, lanes, width), and the last states.

    :param inputs: shape (time, lanes, width).
    :param fresh: whether a text begins here, bool, shape (time, lanes).
    :param states: shape (layers, lanes, width).
    :param masks: dropout of each layer's input and of the output, one mask for all times (Gal and Ghahramani, 2016).
    """
    kept = (~fresh).astype(jnp.float32)[..., None]
    x, last = inputs, []
    for layer in range(shape.layers):
        normal = scaled(x, params[f"scale_{layer}"])
        if masks is not None:
            normal = normal * masks[layer]
        projected = normal @ params[f"in_{layer}"] + params[f"in_bias_{layer}"]
        weights, bias = params[f"state_{layer}"], params[f"state_bias_{layer}"]

        def step(
            state: jax.Array, now: tuple[jax.Array, jax.Array], weights: jax.Array = weights, bias: jax.Array = bias
        ) -> tuple[jax.Array, jax.Array]:
            projected, kept = now
            state = state * kept
            state = gate(projected, state @ weights + bias, state)
            return state, state

        final, out = jax.lax.scan(step, states[layer], (projected, kept))
        last.append(final)
        x = out if layer == 0 else x + out
    x = scaled(x, params["out_scale"])
    if masks is not None:
        x = x * masks[-1]
    return x @ params["out"], jnp.stack(last)


def logits(params: Params, hidden: jax.Array) -> jax.Array:
    """Give the scores of all tokens; the output weights are the embedding (Press and Wolf, 2017)."""
    return hidden @ params["embedding"].T + params["bias"]
