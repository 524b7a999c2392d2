"""The loss that is found part by part is the usual one, and so are its gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from semblant_models.text.gru.loss import summed_loss


def usual(embedding: jax.Array, bias: jax.Array, hidden: jax.Array, targets: jax.Array) -> jax.Array:
    scores = hidden @ embedding.T + bias
    wanted = jnp.take_along_axis(scores, jnp.maximum(targets, 0)[:, None], axis=-1)[:, 0]
    return jnp.where(targets >= 0, jax.nn.logsumexp(scores, axis=-1) - wanted, 0.0).sum()


@pytest.mark.parametrize("positions", [1, 256, 700])
def test_loss_and_gradients_are_the_usual_ones(positions: int) -> None:
    random = np.random.default_rng(positions)
    given = [jnp.asarray(random.normal(0, 1, size), jnp.float32) for size in ((90, 8), (90,), (positions, 8))]
    targets = jnp.asarray(random.integers(-1, 90, positions), jnp.int32)
    found, expected = (
        jax.value_and_grad(lambda *arrays, loss=loss: 0.5 * loss(*arrays, targets), argnums=(0, 1, 2))(*given)
        for loss in (summed_loss, usual)
    )
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-4)


def test_positions_without_a_target_count_for_nothing() -> None:
    random = np.random.default_rng(1)
    embedding, bias, hidden = (jnp.asarray(random.normal(0, 1, size), jnp.float32) for size in ((5, 3), (5,), (4, 3)))
    targets = jnp.full(4, -1, jnp.int32)
    loss, by_hidden = jax.value_and_grad(summed_loss, argnums=2)(embedding, bias, hidden, targets)
    assert float(loss) == 0.0
    assert not by_hidden.any()
