"""The context encoder: what a row is conditioned on becomes one vector that every token's first layer sees.

Tokens of the context are embedded, numbers are taken as they are; two layers make a vector of them,
and one matrix adds it to the first layer of all tokens. So the cost grows with the number of context
columns, not with its square.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from semblant_models.tabular.context.shape import CENTRE, UNIT
from semblant_models.tabular.waves import waves

if TYPE_CHECKING:
    from semblant_models.tabular.context.shape import ContextShape
    from semblant_models.tabular.shape import Shape


def context_shapes(context: ContextShape, tokens: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """Name every trained array of the encoder and give its shape."""
    c, as_they_are = context.width, context.inputs if context.direct else context.numbers
    return {
        "seen_embedding": (max(sum(context.cardinality), 1), context.embedding),
        "seen_in": (1, context.inputs, c),
        "seen_in_bias": (c,),
        "seen_block": (1, c, c),
        "seen_block_bias": (c,),
        "seen_out": (1, c, tokens * hidden),
        **({"seen_direct": (1, as_they_are, tokens * hidden)} if as_they_are else {}),
    }


def initial_context(context: ContextShape, tokens: int, hidden: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the encoder's first parameters."""
    c = context.width
    out = {name: np.zeros(size, np.float32) for name, size in context_shapes(context, tokens, hidden).items()}
    scales = {
        "seen_embedding": 1.0,
        "seen_in": np.sqrt(2.0 / max(context.inputs, 1)),
        "seen_block": 0.5 / np.sqrt(c),
        "seen_out": np.sqrt(1.0 / c),
    }
    for name, scale in scales.items():
        out[name] = (rng.normal(size=out[name].shape) * scale).astype(np.float32)
    for start, size, ordered in zip(context.offsets, context.cardinality, context.ordered, strict=False):
        if ordered:
            out["seen_embedding"][start : start + size] = waves(size, context.embedding, rng)
    return out


def context_layer(
    params: dict[str, jax.Array],
    shape: Shape,
    seen: jax.Array,
    *,
    drop: tuple[float, float] = (0.0, 0.0),
    key: jax.Array | None = None,
) -> jax.Array:
    """Give what the context adds to each token's first layer, shape (tokens, rows, hidden).

    ``seen`` holds codes of tokens and numbers, int32, shape (rows, columns). In training whole context
    tokens are dropped at ``drop[0]``, units at ``drop[1]``.
    """
    context = shape.context
    assert context is not None
    count, rows = len(context.cardinality), seen.shape[0]
    embedded = params["seen_embedding"][seen[:, :count] + jnp.asarray(context.offsets)]
    if key is not None and drop[0] > 0:
        kept = jax.random.bernoulli(jax.random.fold_in(key, 4), 1 - drop[0], embedded.shape[:2])
        embedded = embedded * (kept[..., None] / (1 - drop[0]))
    dense = (seen[:, count:].astype(jnp.float32) - CENTRE) / UNIT
    numbers = jnp.concatenate([dense, _ranks(context, seen)], axis=1)
    inputs = jnp.concatenate([embedded.reshape(rows, -1), numbers], axis=1)
    hidden = jax.nn.silu(inputs @ params["seen_in"][0] + params["seen_in_bias"])
    if key is not None and drop[1] > 0:
        kept = jax.random.bernoulli(jax.random.fold_in(key, 5), 1 - drop[1], hidden.shape)
        hidden = hidden * (kept / (1 - drop[1]))
    hidden = hidden + jax.nn.silu(hidden @ params["seen_block"][0] + params["seen_block_bias"])
    out = hidden @ params["seen_out"][0]
    if "seen_direct" in params:  # sharp dependence, such as on the value before, is lost in a narrow vector
        out = out + (inputs if context.direct else numbers) @ params["seen_direct"][0]
    return out.reshape(rows, shape.tokens, shape.hidden).transpose(1, 0, 2)


def _ranks(context: ContextShape, seen: jax.Array) -> jax.Array:
    """Give the rank, from 0 to 1, of every token that is a number, shape (rows, such tokens)."""
    places = np.flatnonzero(np.array(context.ordered, bool))
    most = np.maximum(np.array(context.cardinality, np.float32)[places] - 1, 1)
    return seen[:, places].astype(jnp.float32) / most
