"""Uniform numbers of which one lies in each stratum: shares come out with less noise than by independent ones."""

from __future__ import annotations

import jax
import jax.numpy as jnp

_ROUNDS = 4
_MOST = 2**20
"""Rows up to which a 32-bit float leaves room inside of a stratum."""


def uniforms(key: jax.Array, rows: int) -> jax.Array:
    """Draw a number in [0, 1) per row, float32, shape (rows,): one in each of ``rows`` equal strata, in random order.

    Each number by itself is uniform, and over different keys they are as good as independent (Latin hypercube
    sampling; McKay, Beckman and Conover 1979). The order is a bijection of the row numbers made of multiplications,
    shifts and exclusive ors, so nothing is sorted. Independent numbers where ``rows`` is no power of two.

    >>> import numpy as np
    >>> drawn = np.asarray(uniforms(jax.random.key(1), 8))
    >>> np.sort((drawn * 8).astype(int)).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    inside = jax.random.uniform(key, (rows,))
    bits = rows.bit_length() - 1
    if rows != 1 << bits or bits < 3 or rows > _MOST:
        return inside
    parts = jax.random.bits(jax.random.fold_in(key, 1), (2 * _ROUNDS,), jnp.uint32)
    mask, shift = jnp.uint32(rows - 1), jnp.uint32((bits + 1) // 2)
    place = jnp.arange(rows, dtype=jnp.uint32)
    for number in range(_ROUNDS):
        place = ((place + parts[2 * number]) * (parts[2 * number + 1] | jnp.uint32(1))) & mask
        place = place ^ (place >> shift)
    inside = inside * (1.0 - 2.0 ** (bits - 23))  # or rounding would lift the last ones into the next stratum
    return (place.astype(jnp.float32) + inside) / rows
