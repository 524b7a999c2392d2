"""Clipped sums of gradients without a gradient per example.

Every weight of the network multiplies one input per example and token, so an example's gradient of it is an outer
product ``x (x) d`` of that input and of the loss's derivative at the output, and its squared norm is
``|x|**2 |d|**2`` (Goodfellow 2015; for clipping in one pass Bu et al. 2023). Derivatives at all outputs come from one
backward pass to zero-valued taps; the clipped sum is then the same product as in ordinary training, with each
example's ``d`` scaled by ``min(1, C / norm)``. Memory and time are those of ordinary training.

The formula is exact for this network: tests compare it with ``vmap(grad)``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from semblant_models.tabular.network import embed, first_mask

if TYPE_CHECKING:
    from semblant_models.tabular.network import Params
    from semblant_models.tabular.shape import Shape

_LEAST_NORM = 1e-12
_MARGIN = 1e-5
"""Examples are clipped to a little less than the norm, so that float32's rounding never brings one beyond it."""


@partial(jax.jit, static_argnames=("shape",))
def clipped_sum(
    params: Params, tables: Params, shape: Shape, codes: jax.Array, valid: jax.Array, clip: float
) -> tuple[Params, jax.Array]:
    """Give the sum of clipped gradients and each example's norm before clipping.

    :param codes: int32, shape (rows, tokens).
    :param valid: bool, shape (rows,): rows that only fill the batch add nothing.
    :param clip: the L2 norm that no example's gradient goes beyond; an example whose gradient is not finite adds
        nothing at all.
    :returns: gradients like ``params``, and norms, float32, shape (rows,).
    """
    taps = _taps(shape, len(codes))
    loss, pull, seen = jax.vjp(lambda t: _forward(params, tables, shape, codes, t), taps, has_aux=True)
    (slopes,) = pull(jnp.ones_like(loss))
    square = _squares(shape, seen, slopes)
    norms = jnp.sqrt(square)
    good = valid & jnp.isfinite(norms)
    weight = jnp.where(good, jnp.minimum(1.0, clip * (1 - _MARGIN) / jnp.maximum(norms, _LEAST_NORM)), 0.0)
    return _products(params, shape, codes, seen, slopes, weight), norms


def _taps(shape: Shape, rows: int) -> dict[str, jax.Array]:
    t, h = shape.tokens, shape.hidden
    taps = {
        "embedded": jnp.zeros((rows, t, shape.embedding)),
        "before": jnp.zeros((t, rows, h)),
        "inner": jnp.zeros((t, rows, h)),
    }
    if shape.blocks > 1:
        taps["summed"] = jnp.zeros((shape.blocks, rows, shape.summary))
    for k, head in enumerate(shape.heads):
        taps[f"logits_{k}"] = jnp.zeros((len(head.tokens), rows, head.size))
    return taps


def _forward(
    params: Params, tables: Params, shape: Shape, codes: jax.Array, taps: dict[str, jax.Array]
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Give each row's loss, as ``network.row_losses`` does, and the input of every weight."""
    e, g, n, t = shape.embedding, shape.block, shape.blocks, shape.tokens
    rows = len(codes)
    embedded = embed(params, shape, codes) + taps["embedded"]
    padded = jnp.pad(embedded, ((0, 0), (0, n * g - t), (0, 0)))
    x = padded.reshape(rows, n, g * e).transpose(1, 0, 2)
    before = _by_token(shape, jnp.einsum("nbi,nio->nbo", x, params["first"] * first_mask(shape, lower=True)))
    seen = {"x": x}
    if n > 1:
        z = jax.nn.silu(
            jnp.einsum("nbi,nir->nbr", x, params["summary"]) + params["summary_bias"][:, None] + taps["summed"]
        )
        mixed = jnp.einsum("mn,nbr->mbr", jnp.asarray(_mix(n), z.dtype), z)
        before += _by_token(shape, jnp.einsum("nbr,nro->nbo", mixed, params["context"]))
        seen["mixed"] = mixed
    hidden = jax.nn.silu(before + params["first_bias"][:t, None] + taps["before"])
    inner = jnp.einsum("tbh,thg->tbg", hidden, params["block"][:t]) + params["block_bias"][:t, None] + taps["inner"]
    last = hidden + jax.nn.silu(inner)
    seen |= {"hidden": hidden, "last": last}
    losses = jnp.zeros(rows)
    for k, head in enumerate(shape.heads):
        at = np.array(head.tokens)
        logits = jnp.einsum("tbh,thc->tbc", last[at], params[f"out_{k}"]) + params[f"out_bias_{k}"][:, None]
        places = jnp.asarray(head.rows, jnp.int32)[:, None]
        if head.child:
            places = places + codes[:, np.array(shape.parent)[at]].T
        logits += tables[f"shares_{k}"][places] + taps[f"logits_{k}"]
        picked = jnp.take_along_axis(logits, codes[:, at].T[..., None], axis=2)[..., 0]
        losses += jnp.sum(jax.nn.logsumexp(logits, axis=2) - picked, axis=0)
    return losses, seen


def _squares(shape: Shape, seen: dict[str, jax.Array], slopes: dict[str, jax.Array]) -> jax.Array:
    """Give each example's squared norm, summed over all weights."""
    e, g, n, t = shape.embedding, shape.block, shape.blocks, shape.tokens

    def square(values: jax.Array) -> jax.Array:
        return jnp.sum(values * values, axis=-1)

    rows = seen["x"].shape[1]
    per_token = square(seen["x"].reshape(n, rows, g, e))
    earlier = jnp.einsum("nbj,jk->nbk", per_token, jnp.asarray(np.triu(np.ones((g, g)), 1), per_token.dtype))
    earlier = earlier.transpose(0, 2, 1).reshape(n * g, rows)[:t]
    total = jnp.sum(square(slopes["embedded"]), axis=1)
    fed = square(slopes["before"])
    total += jnp.sum(fed * (earlier + 1.0), axis=0)
    total += jnp.sum(square(slopes["inner"]) * (square(seen["hidden"]) + 1.0), axis=0)
    for k, head in enumerate(shape.heads):
        outer = square(slopes[f"logits_{k}"]) * (square(seen["last"])[np.array(head.tokens)] + 1.0)
        total += jnp.sum(outer, axis=0)
    if n > 1:
        blocks = jnp.pad(fed, ((0, n * g - t), (0, 0))).reshape(n, g, rows).sum(1)
        total += jnp.sum(blocks * square(seen["mixed"]), axis=0)
        total += jnp.sum(square(slopes["summed"]) * (square(seen["x"]) + 1.0), axis=0)
    return total


def _products(
    params: Params,
    shape: Shape,
    codes: jax.Array,
    seen: dict[str, jax.Array],
    slopes: dict[str, jax.Array],
    weight: jax.Array,
) -> Params:
    """Give the weighted sum of all examples' gradients."""
    h, g, n, t = shape.hidden, shape.block, shape.blocks, shape.tokens
    rows = len(codes)
    good = weight > 0

    def scaled(values: jax.Array, axis: int) -> jax.Array:
        """Weigh examples; what is not finite would survive a product with zero."""
        by = [1] * values.ndim
        by[axis] = rows
        return jnp.where(good.reshape(by), values * weight.reshape(by), 0.0)

    before, inner = scaled(slopes["before"], 1), scaled(slopes["inner"], 1)
    places = (codes + jnp.asarray(shape.offsets)).reshape(-1)
    flat = scaled(slopes["embedded"], 0).reshape(-1, shape.embedding)
    wide = jnp.pad(before, ((0, n * g - t), (0, 0), (0, 0)))
    wide = wide.reshape(n, g, rows, h).transpose(0, 2, 1, 3).reshape(n, rows, g * h)
    x, hidden, last = (jnp.where(good[None, :, None], seen[name], 0.0) for name in ("x", "hidden", "last"))
    out: dict[str, Any] = {
        "embedding": jnp.zeros_like(params["embedding"]).at[places].add(flat),
        "first": jnp.einsum("nbi,nbo->nio", x, wide) * first_mask(shape, lower=True),
        "first_bias": _padded(jnp.sum(before, axis=1), params["first_bias"]),
        "block": _padded(jnp.einsum("tbh,tbg->thg", hidden, inner), params["block"]),
        "block_bias": _padded(jnp.sum(inner, axis=1), params["block_bias"]),
    }
    for k, head in enumerate(shape.heads):
        logits = scaled(slopes[f"logits_{k}"], 1)
        out[f"out_{k}"] = jnp.einsum("tbh,tbc->thc", last[np.array(head.tokens)], logits)
        out[f"out_bias_{k}"] = jnp.sum(logits, axis=1)
    if n > 1:
        summed = scaled(slopes["summed"], 1)
        out["summary"] = jnp.einsum("nbi,nbr->nir", x, summed)
        out["summary_bias"] = jnp.sum(summed, axis=1)
        out["context"] = jnp.einsum("nbr,nbo->nro", jnp.where(good[None, :, None], seen["mixed"], 0.0), wide)
    return out


def _padded(values: jax.Array, like: jax.Array) -> jax.Array:
    return jnp.pad(values, [(0, len(like) - len(values)), *[(0, 0)] * (values.ndim - 1)])


def _mix(blocks: int) -> np.ndarray:
    """Give the weights with which a block sees the summaries of earlier ones."""
    return np.asarray(np.tril(np.ones((blocks, blocks)), -1) / np.sqrt(np.maximum(np.arange(blocks), 1))[:, None])


def _by_token(shape: Shape, values: jax.Array) -> jax.Array:
    """Bring (blocks, rows, block * hidden) to (tokens, rows, hidden)."""
    n, g, h = shape.blocks, shape.block, shape.hidden
    rows = values.shape[1]
    return values.reshape(n, rows, g, h).transpose(0, 2, 1, 3).reshape(n * g, rows, h)[: shape.tokens]
