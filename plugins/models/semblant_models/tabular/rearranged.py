"""Trained parameters, rearranged for drawing: once by NumPy, before anything is compiled.

On the device each rearrangement would be a program to compile, as ``jnp.asarray`` is: those of a sampler for sixteen
tokens took as long as the sampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from semblant_models.tabular.inverse import padded_size
from semblant_models.tabular.joint import joint_of_token
from semblant_models.tabular.joint_shape import joint_starts
from semblant_models.tabular.network import IMPOSSIBLE, first_mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant_models.tabular.layout import Layout
    from semblant_models.tabular.shape import Shape

_UNROLLED = 40
"""Tokens up to which a program without a loop is compiled: each layer has its own size then, nothing is padded."""


def few(shape: Shape) -> bool:
    """Tell whether each token has a part of its own in the program that draws."""
    return shape.tokens <= _UNROLLED and shape.context is None


def on_device(
    shape: Shape, layout: Layout, params: Mapping[str, np.ndarray], tables: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """Put on the device what drawing takes.

    ``params`` and ``tables`` as they are; ``heads``, their part of each head, and ``allowed`` of shape (tokens of the
    head, codes) per head, added to scores, both padded (see :mod:`~semblant_models.tabular.inverse`); and ``made``, the
    parameters in the order in which the program that draws wants them.
    """
    allowed = {}
    for k, head in enumerate(shape.heads):
        allowed[f"allowed_{k}"] = table = np.zeros((len(head.tokens), padded_size(head.size)), np.float32)
        for row, token in enumerate(head.tokens):
            table[row, list(layout.blocked[token])] = IMPOSSIBLE
    heads, made = shares_of_heads(tables), by_token(shape, params) if few(shape) else by_block(shape, params)
    if not few(shape):
        heads |= layers_of_heads(params)
    found: dict[str, Any] = jax.device_put(
        {"params": dict(params), "tables": dict(tables), "heads": heads, "allowed": allowed, "made": made}
    )
    return found


def layers_of_heads(params: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give the output layers, padded, for a program with a loop; without one each token has its own."""
    out = {name: padded(params[name], 0.0) for name in params if name.startswith(("out_", "joint_value_"))}
    return out | {name: params[name] for name in params if name.startswith("joint_query_")}


def shares_of_heads(tables: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give the fixed log-shares, padded by codes that are never drawn."""
    return {name: padded(table, IMPOSSIBLE) for name, table in tables.items()}


def padded(values: np.ndarray, by: float) -> np.ndarray:
    """Fill the last axis, of codes, up to the size at which drawing is fast."""
    more = padded_size(values.shape[-1]) - values.shape[-1]
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, more)], constant_values=by)


def by_block(shape: Shape, params: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give arrays of shape (blocks, tokens of a block, ...) for a loop: masked first layers, padded blocks."""
    n, g, e, h = shape.blocks, shape.block, shape.embedding, shape.hidden
    pad = n * g - shape.tokens

    def per_token(name: str, *, lower: bool) -> np.ndarray:
        weights: np.ndarray = (params[name] * first_mask(shape, lower=lower)).reshape(n, g * e, g, h)
        return weights.transpose(0, 2, 1, 3)

    head, place = shape.places()
    parent = np.array([*shape.parent, *[-1] * pad], np.int32)
    out: dict[str, np.ndarray] = {
        "first": per_token("first", lower=True),
        "bias": params["first_bias"].reshape(n, g, h),
        "block": params["block"].reshape(n, g, h, h),
        "block_bias": params["block_bias"].reshape(n, g, h),
        "offset": np.concatenate([shape.offsets, np.zeros(pad, np.int32)]).reshape(n, g),
        "head": head.reshape(n, g),
        "place": place.reshape(n, g),
        "parent": parent.reshape(n, g),
        "token": np.minimum(np.arange(n * g), shape.tokens - 1).astype(np.int32).reshape(n, g),
        "real": (np.arange(n * g) < shape.tokens).reshape(n, g),
    }
    if n > 1:
        out |= {
            "context": params["context"].reshape(n, shape.summary, g, h).transpose(0, 2, 1, 3),
            "summary": params["summary"],
            "summary_bias": params["summary_bias"],
        }
    if shape.joint:
        at = np.array(shape.joint)
        pairs, size, joint = np.zeros((3, n * g), np.int32)
        pairs[at], size[at], joint[at] = joint_starts(shape), np.array(shape.cardinality)[at], 1
        out |= {"pairs": pairs.reshape(n, g), "size": size.reshape(n, g), "joint": joint.reshape(n, g) > 0}
    return {name: np.ascontiguousarray(value) for name, value in out.items()}


def by_token(shape: Shape, params: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Give what each token needs alone, cut to its size, for a program without a loop."""
    block = by_block(shape, params)
    out = []
    for at in range(shape.tokens):
        head, place, size = int(block["head"][0, at]), int(block["place"][0, at]), shape.cardinality[at]
        start = int(shape.offsets[at])
        found = {name: block[name][0, at] for name in ("bias", "block", "block_bias")} | {
            "first": block["first"][0, at, : at * shape.embedding],
            "out": padded(params[f"out_{head}"][place][:, :size], 0.0),
            "out_bias": padded(params[f"out_bias_{head}"][place][:size], 0.0),
            "embedding": params["embedding"][start : start + size],
        }
        if at in shape.joint:
            found |= joint_of_token(shape, params, at, head)
            found["value"] = padded(found["value"], 0.0)
        out.append({name: np.ascontiguousarray(value) for name, value in found.items()})
    return out
