"""Clipping: exact, per example, whatever the data and however batches are cut (P2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from semblant_models.privacy.descent.clipping import clipped_sum
from semblant_models.tabular.network import row_losses
from tests.plugins.models.privacy.networks import network

if TYPE_CHECKING:
    from semblant_models.tabular.shape import Shape

WIDE = [3] * 66
NARROW = [2, 9, 5, 30]


def _each(
    shape: Shape, params: dict[str, jax.Array], tables: dict[str, jax.Array], codes: np.ndarray
) -> dict[str, jax.Array]:
    def loss(p: dict[str, jax.Array], row: jax.Array) -> jax.Array:
        return row_losses(p, tables, shape, row[None])[0]

    return dict(jax.jit(jax.vmap(jax.grad(loss), (None, 0)))(params, jnp.asarray(codes)))


def _norms(grads: dict[str, jax.Array]) -> np.ndarray:
    return np.sqrt(sum(np.asarray(g, np.float64).reshape(len(g), -1).__pow__(2).sum(1) for g in grads.values()))


@pytest.mark.parametrize("cardinality", [NARROW, WIDE], ids=["one block", "blocks"])
def test_norms_and_sums_are_those_of_a_gradient_per_example(cardinality: list[int]) -> None:
    shape, params, tables, codes = network(cardinality, 40)
    grads = _each(shape, params, tables, codes)
    expected = _norms(grads)
    clip = float(np.median(expected))
    found, norms = clipped_sum(params, tables, shape, jnp.asarray(codes), jnp.ones(40, bool), clip)
    np.testing.assert_allclose(norms, expected, rtol=1e-5)
    weight = np.minimum(1, clip / expected)
    for name, value in found.items():
        wanted = np.tensordot(weight, np.asarray(grads[name], np.float64), 1)
        np.testing.assert_allclose(value, wanted, rtol=1e-3, atol=2e-4, err_msg=name)
    assert found.keys() == params.keys()


def _sum(args: Any, codes: np.ndarray, clip: float, valid: np.ndarray | None = None) -> np.ndarray:
    shape, params, tables = args
    which = jnp.ones(len(codes), bool) if valid is None else jnp.asarray(valid)
    found, _ = clipped_sum(params, tables, shape, jnp.asarray(codes), which, clip)
    return np.concatenate([np.asarray(v, np.float64).ravel() for v in found.values()])


def test_one_example_more_moves_the_sum_by_the_clipping_norm_at_most() -> None:
    *args, codes = network(NARROW, 50)
    clip = 0.05
    for row in range(10):
        without = np.arange(50) != row
        moved = np.linalg.norm(_sum(args, codes, clip) - _sum(args, codes, clip, without))
        assert moved <= clip * (1 + 1e-6)
        assert moved >= clip * 0.99, "every example here is longer than the clipping norm"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e38, 1e-40, 0.0, -1e38])
def test_hostile_weights_never_get_beyond_the_clipping_norm(value: float) -> None:
    shape, params, tables, codes = network(NARROW, 20)
    for name in ("embedding", "block", "out_0", "first"):
        changed = {**params, name: params[name].at[(0,) * params[name].ndim].set(value)}
        found, _ = clipped_sum(changed, tables, shape, jnp.asarray(codes), jnp.ones(20, bool), 1.0)
        total = np.sqrt(sum(float((np.asarray(v, np.float64) ** 2).sum()) for v in found.values()))
        assert np.isfinite(total), name
        assert total <= 20 * (1 + 1e-5)


def test_hostile_examples_are_clipped_one_by_one() -> None:
    shape, params, tables, codes = network(NARROW, 1_000, seed=3)
    big = {name: 30 * value for name, value in params.items()}

    @jax.jit
    @jax.vmap
    def one(row: jax.Array) -> jax.Array:
        found, _ = clipped_sum(big, tables, shape, row[None], jnp.ones(1, bool), 1.0)
        return jnp.sqrt(sum(jnp.sum(v**2) for v in found.values()))

    assert float(one(jnp.asarray(codes)).max()) <= 1 + 1e-6


def test_the_size_of_physical_batches_changes_nothing() -> None:
    shape, params, tables, codes = network(NARROW, 48)
    whole = _sum((shape, params, tables), codes, 0.3)
    for size in (1, 12, 16, 24):
        parts = [_sum((shape, params, tables), codes[s : s + size], 0.3) for s in range(0, 48, size)]
        np.testing.assert_allclose(np.sum(parts, axis=0), whole, rtol=1e-5, atol=1e-5)


def test_rows_that_fill_a_batch_add_nothing() -> None:
    shape, params, tables, codes = network(NARROW, 30)
    valid = np.arange(30) < 20
    found, _ = clipped_sum(params, tables, shape, jnp.asarray(codes), jnp.asarray(valid), 1.0)
    wanted = _sum((shape, params, tables), codes[:20], 1.0)
    np.testing.assert_allclose(np.concatenate([np.asarray(v).ravel() for v in found.values()]), wanted, atol=1e-5)
