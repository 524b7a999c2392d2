"""Drawing an index in proportion to weights: by prefix sums, of groups first where there are many.

Widths matter more than work here: a loop over rows of 60 numbers takes five times as long as one over
rows of 64, as only the latter is compiled to whole vectors. So output layers are padded once
(:func:`padded_size`), and nothing is padded while drawing.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

_ONE_LEVEL = 16
"""Weights among which one is drawn in one go."""
_SMALL_GROUPS = 128
"""Weights up to which groups are of eight; beyond, of sixteen."""


def padded_size(size: int) -> int:
    """Give the number of codes to which an output layer is padded for drawing.

    >>> [padded_size(size) for size in (1, 2, 3, 5, 9, 63, 130)]
    [1, 2, 4, 8, 16, 64, 144]
    """
    if size <= _ONE_LEVEL:
        return 1 << (size - 1).bit_length()
    group = _group(size)
    return -(-size // group) * group


def draw_index(weights: jax.Array, u: jax.Array) -> jax.Array:
    """Draw an index per row in proportion to ``weights``, shape (rows, size), with uniforms ``u``, shape (rows,).

    The group is found in the prefix sums of the groups' totals, the index in those of the group alone (inversion:
    Devroye 1986, *Non-Uniform Random Variate Generation*, section III.2). A prefix sum is a product with a triangle,
    which is faster than ``cumsum``. An index of weight 0 is not drawn.
    """
    rows, size = weights.shape
    if size <= _ONE_LEVEL:
        edges = weights @ _triangle(size)
        return _first_above(edges, u * edges[:, -1], weights)
    group = _group(size)
    groups = -(-size // group)
    if groups * group > size:
        weights = jnp.pad(weights, ((0, 0), (0, groups * group - size)))
    members = weights.reshape(rows, groups, group)
    if groups <= _ONE_LEVEL:
        edges = weights @ jnp.repeat(_triangle(groups), group, axis=0)
        totals = jnp.diff(edges, axis=1, prepend=0.0)
        of_group = _first_above(edges, u * edges[:, -1], totals)
    else:
        totals = jnp.sum(members, axis=2)
        edges = totals @ _triangle(groups)
        of_group = draw_index(totals, u)
    before = jnp.where(of_group > 0, _picked(edges, jnp.maximum(of_group - 1, 0)), 0.0)
    inside = jnp.take_along_axis(members, of_group[:, None, None], axis=1)[:, 0]
    rest = jnp.maximum(u * edges[:, -1] - before, 0.0)
    return of_group * group + _first_above(inside @ _triangle(group), rest, inside)


def _group(size: int) -> int:
    return 8 if size <= _SMALL_GROUPS else 16


def _triangle(size: int) -> jax.Array:
    return jnp.asarray(np.triu(np.ones((size, size), np.float32)))


def _picked(values: jax.Array, at: jax.Array) -> jax.Array:
    return jnp.take_along_axis(values, at[:, None], axis=1)[:, 0]


def _first_above(edges: jax.Array, at: jax.Array, weights: jax.Array) -> jax.Array:
    """Count the edges that are not above ``at``; where rounding leaves none above, the last possible index it is."""
    drawn = jnp.sum(edges <= at[:, None], axis=1, dtype=jnp.int32)
    last = jnp.max(jnp.where(weights > 0, jnp.arange(weights.shape[1], dtype=jnp.int32), 0), axis=1)
    return jnp.minimum(drawn, last)
