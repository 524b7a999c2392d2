"""How much each token's network forgets while it learns: a dropout rate per token that follows its held-out loss.

A step that teaches one token something makes another one remember noise: the fine half of a number is nearly even
within its run, and a network that learns it for long is sure of what it should not be. One rate for all tokens
either stops the first or lets the second remember. So held-out rows are scored with each token's logits taken
whole and in part (confidence of a network and over-fitting: Guo et al. 2017, *On Calibration of Modern Neural
Networks*, section 3). Where a part scores better, the token is too sure and drops more; where the whole does, it
drops less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from semblant_models.tabular.network import head_logits, row_hidden

if TYPE_CHECKING:
    from semblant_models.tabular.network import Params
    from semblant_models.tabular.shape import Shape

PARTS = (0.75, 0.9, 1.0)
"""Parts of the logits that are tried; the loss is convex in the part, so three tell on which side the best lies."""
_MORE = 0.15
_LESS = 0.075
_MOST = 0.97


def partial_losses(params: Params, tables: Params, shape: Shape, codes: jax.Array, **options: jax.Array) -> jax.Array:
    """Give each token's negative log-probability at each of :data:`PARTS`, shape (parts, tokens, rows).

    ``codes`` are int32, shape (rows, tokens and the columns of a context); ``options`` as of ``hidden_layers``.
    """
    hidden, codes = row_hidden(params, shape, codes, **options)
    found = []
    for k, head in enumerate(shape.heads):
        learned, fixed = head_logits(params, tables, shape, hidden, codes, k)
        wanted = codes[:, np.array(head.tokens)].T[..., None]
        losses = []
        for part in PARTS:
            logits = part * learned + fixed
            picked = jnp.take_along_axis(logits, wanted, axis=2)[..., 0]
            losses.append(jax.nn.logsumexp(logits, axis=2) - picked)
        found.append(jnp.stack(losses))
    order = np.argsort(np.concatenate([np.array(head.tokens) for head in shape.heads]))
    return jnp.concatenate(found, axis=1)[:, order]


def next_rates(rates: np.ndarray, least: float, losses: np.ndarray) -> np.ndarray:
    """Give the rates, shape (tokens,), that follow held-out ``losses`` of shape (parts, tokens).

    >>> sure, unsure, right = (1.0, 1.1, 1.2), (2.0, 1.9, 1.8), (2.0, 1.9, 2.0)
    >>> next_rates(np.array([0.3, 0.6, 0.6]), 0.3, np.array([sure, unsure, right]).T).round(3).tolist()
    [0.45, 0.525, 0.6]
    """
    sure, unsure = losses[0] < losses[1], losses[2] < losses[1]
    found: np.ndarray = np.clip(rates + np.where(sure, _MORE, np.where(unsure, -_LESS, 0.0)), least, max(_MOST, least))
    return found
