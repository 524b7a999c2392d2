"""Drawing an index: in proportion, never one of weight 0, for any number of weights."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from semblant_models.tabular.inverse import draw_index, padded_size

SIZES = (1, 2, 7, 16, 17, 24, 63, 64, 100, 128, 129, 256, 300, 1000)


def every_stratum(rows: int) -> np.ndarray:
    """Give the middles of equal strata of [0, 1), float32."""
    return ((np.arange(rows) + 0.5) / rows).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_shares_are_those_of_the_weights(size: int) -> None:
    weights = np.random.default_rng(size).random(size).astype(np.float32) ** 3
    rows = 20_000
    drawn = np.asarray(
        draw_index(jnp.broadcast_to(jnp.asarray(weights), (rows, size)), jnp.asarray(every_stratum(rows)))
    )
    shares = np.bincount(drawn, minlength=size) / rows
    np.testing.assert_allclose(shares, weights / weights.sum(), atol=1.5 / rows)


@pytest.mark.parametrize("size", SIZES)
def test_an_index_of_no_weight_is_not_drawn_even_by_the_outermost_uniforms(size: int) -> None:
    rng, rows = np.random.default_rng(size), 4000
    weights = rng.random((rows, size)).astype(np.float32) * (rng.random((rows, size)) < 0.3)
    weights[np.arange(rows), rng.integers(0, size, rows)] = 10.0 ** rng.uniform(-6, 6, rows)
    weights = weights.astype(np.float32)
    edge = np.nextafter(np.float32(1), np.float32(0))
    for u in (rng.random(rows), np.zeros(rows), np.full(rows, edge)):
        drawn = np.asarray(draw_index(jnp.asarray(weights), jnp.asarray(u.astype(np.float32))))
        assert (weights[np.arange(rows), drawn] > 0).all()


@pytest.mark.parametrize("size", SIZES)
def test_padding_changes_no_draw(size: int) -> None:
    rng, rows = np.random.default_rng(size), 4000
    weights, u = rng.random((rows, size)).astype(np.float32), rng.random(rows).astype(np.float32)
    wide = np.pad(weights, ((0, 0), (0, padded_size(size) - size)))
    same = np.asarray(draw_index(jnp.asarray(weights), jnp.asarray(u))) == np.asarray(
        draw_index(jnp.asarray(wide), jnp.asarray(u))
    )
    assert same.mean() > 0.999  # a uniform on an edge may fall on either side, by rounding
