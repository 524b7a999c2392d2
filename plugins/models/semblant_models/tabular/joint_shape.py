"""Sizes and places of what is learned of pairs of codes (see :mod:`~semblant_models.tabular.joint`); needs no JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from semblant_models.tabular.shape import Shape

RANK = 16
"""Numbers by which a row asks and a pair answers."""


def pair_starts(shape: Shape, tokens: tuple[int, ...]) -> np.ndarray:
    """Give where each token's parent codes begin in a table of all of them, int32, shape (tokens + 1,)."""
    return np.cumsum([0, *(shape.cardinality[shape.parent[t]] for t in tokens)]).astype(np.int32)


def joint_starts(shape: Shape) -> np.ndarray:
    """Give where the pairs of each token of :attr:`Shape.joint` begin in the table of their embeddings, int32."""
    sizes = [shape.cardinality[shape.parent[t]] * shape.cardinality[t] for t in shape.joint]
    return np.cumsum([0, *sizes[:-1]]).astype(np.int32)[: len(sizes)]


def spots(shape: Shape, k: int) -> np.ndarray:
    """Give the places in head ``k`` of the tokens that are learned together with their parents."""
    return np.array([i for i, t in enumerate(shape.heads[k].tokens) if t in shape.joint], np.int64)


def spots_by_place(shape: Shape, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Give, for each place in head ``k``, its place among the tokens learned so (else -1) and where its parents start.

    Both are int32, shape (tokens of the head,).
    """
    tokens, at = shape.heads[k].tokens, spots(shape, k)
    among, start = np.full(len(tokens), -1, np.int32), np.zeros(len(tokens), np.int32)
    among[at] = np.arange(len(at))
    start[at] = pair_starts(shape, tuple(tokens[i] for i in at))[:-1]
    return among, start


def joint_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Name the arrays and give their shapes; none where no token is learned so."""
    if not shape.joint:
        return {}
    pairs = sum(shape.cardinality[shape.parent[t]] * shape.cardinality[t] for t in shape.joint)
    out: dict[str, tuple[int, ...]] = {"joint_embedding": (pairs, shape.embedding)}
    for k, head in enumerate(shape.heads):
        if len(at := spots(shape, k)):
            parents = pair_starts(shape, tuple(head.tokens[i] for i in at))[-1]
            out[f"joint_query_{k}"] = (len(at), shape.hidden, RANK)
            out[f"joint_value_{k}"] = (int(parents), RANK, head.size)
    return out
