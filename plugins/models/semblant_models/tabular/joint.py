"""Values of two tokens as one: what a member of a group is, not which number it has in its group.

A column of many categories is learned as group and member, and member 5 of one group has nothing to do with member 5
of another. So the pair of codes has an embedding of its own, beside that of the member's number, and the scores of
the members are a product of what the row asks for and of what each pair offers: as in a factorised bilinear model
(Rendle 2010, *Factorization Machines*, section III), with the hidden layer in the place of the other features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from semblant_models.tabular.joint_shape import joint_shapes, joint_starts, pair_starts, spots, spots_by_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant_models.tabular.shape import Shape


def initial_joint(shape: Shape, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the first arrays: pairs begin with nothing of their own."""
    out = {name: np.zeros(size, np.float32) for name, size in joint_shapes(shape).items()}
    asks = {name: rng.normal(size=out[name].shape) / np.sqrt(shape.hidden) for name in out if "query" in name}
    return out | {name: value.astype(np.float32) for name, value in asks.items()}


def joint_embeddings(params: dict[str, jax.Array], shape: Shape, codes: jax.Array) -> jax.Array:
    """Look up what pairs add to the embeddings of :attr:`Shape.joint`, shape (rows, tokens learned so, embedding)."""
    at = np.array(shape.joint)
    sizes = np.array(shape.cardinality, np.int32)[at]
    pairs = codes[:, np.array(shape.parent)[at]] * sizes + codes[:, at] + joint_starts(shape)
    return params["joint_embedding"][pairs]


def joint_scores(
    params: dict[str, jax.Array], shape: Shape, hidden: jax.Array, codes: jax.Array, k: int
) -> jax.Array | None:
    """Give what pairs add to the scores of head ``k``, shape (tokens learned so, rows, head size); None for nothing."""
    if f"joint_query_{k}" not in params:
        return None
    at = tuple(shape.heads[k].tokens[i] for i in spots(shape, k))
    asked = jnp.einsum("tbh,thr->tbr", hidden[np.array(at)], params[f"joint_query_{k}"])
    rows = codes[:, np.array(shape.parent)[np.array(at)]].T + pair_starts(shape, at)[:-1, None]
    return jnp.einsum("tbr,tbrc->tbc", asked, params[f"joint_value_{k}"][rows])


def pair_scores(hidden: jax.Array, query: jax.Array, value: jax.Array) -> jax.Array:
    """Give what pairs add to the scores of one token, shape (rows, codes), for ``value``, shape (rows, RANK, codes)."""
    return jnp.einsum("br,brc->bc", hidden @ query, value)


def joint_of_token(shape: Shape, params: Mapping[str, np.ndarray], token: int, k: int) -> dict[str, np.ndarray]:
    """Give a token's own part of the arrays: ``query``, ``value`` and ``embedding`` by parent code and code."""
    place = shape.heads[k].tokens.index(token)
    among, start = (int(part[place]) for part in spots_by_place(shape, k))
    parents, size = shape.cardinality[shape.parent[token]], shape.cardinality[token]
    first = int(joint_starts(shape)[shape.joint.index(token)])
    pairs = params["joint_embedding"][first : first + parents * size].reshape(parents, size, shape.embedding)
    return {
        "query": params[f"joint_query_{k}"][among],
        "value": params[f"joint_value_{k}"][start : start + parents, :, :size],
        "embedding": pairs + params["embedding"][int(shape.offsets[token]) :][:size],
    }
