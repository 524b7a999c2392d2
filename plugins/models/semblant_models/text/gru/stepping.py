"""The compiled part of training: many optimizer steps in one call, and the validation loss."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from semblant_models.text.gru.loss import summed_loss
from semblant_models.text.gru.network import Params, conditions, hidden_states, logits
from semblant_models.text.gru.vocabulary import START

if TYPE_CHECKING:
    from semblant_models.text.gru.recipe import Recipe
    from semblant_models.text.gru.shape import Shape

State = dict[str, Any]
"""``params``, ``average`` (weights averaged over steps), ``optimizer`` and ``hidden``, the lanes' states."""
Window = tuple[jax.Array, ...]
"""Inputs, targets, characters left, places and texts, as in :class:`.stream.Windows`."""


def optimizer_of(recipe: Recipe) -> optax.GradientTransformation:
    """AdamW without its learning rate: matrices decay."""
    return optax.chain(
        optax.clip_by_global_norm(recipe.clip),
        optax.scale_by_adam(b1=0.9, b2=0.99),
        optax.add_decayed_weights(recipe.weight_decay, mask=lambda tree: jax.tree.map(lambda a: a.ndim == 2, tree)),
    )


def no_hidden(shape: Shape, lanes: int) -> np.ndarray:
    """Give the states of lanes that have read nothing."""
    return np.zeros((shape.layers, lanes, shape.width), np.float32)


def initial_state(params: dict[str, np.ndarray], shape: Shape, recipe: Recipe) -> State:
    """Put fresh parameters, their average, an empty optimizer and empty lanes together."""
    arrays = {name: jnp.asarray(value) for name, value in params.items()}
    empty = jax.eval_shape(optimizer_of(recipe).init, arrays)
    return {
        "params": arrays,
        "average": {name: jnp.asarray(np.array(value)) for name, value in params.items()},
        "optimizer": jax.tree.map(lambda leaf: jnp.asarray(np.zeros(leaf.shape, leaf.dtype)), empty),
        "hidden": jnp.asarray(no_hidden(shape, recipe.batch_size)),
    }


def _hidden(
    params: Params,
    shape: Shape,
    window: Window,
    given: tuple[jax.Array, jax.Array],
    states: jax.Array,
    masks: tuple[jax.Array, ...] | None,
) -> tuple[jax.Array, jax.Array]:
    """Give what the output layer sees, shape (time, lanes, narrow), and the states behind the window."""
    inputs, _, left, place, texts = window
    codes, recalled = given
    told = conditions(params, codes[texts], recalled[texts])
    x = params["embedding"][inputs] + params["left"][left] + told[place]
    return hidden_states(params, shape, x, inputs == START, states, masks)


def token_losses(
    params: Params,
    shape: Shape,
    window: Window,
    given: tuple[jax.Array, jax.Array],
    states: jax.Array,
    masks: tuple[jax.Array, ...] | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Give nats per token, zero where there is no target, shape (time, lanes), and the states behind the window.

    :param given: codes and recalled tokens of all texts, as :func:`.network.conditions` takes them.
    """
    hidden, states = _hidden(params, shape, window, given, states, masks)
    scores, targets = logits(params, hidden), window[1]
    wanted = jnp.take_along_axis(scores, jnp.maximum(targets, 0)[..., None], axis=-1)[..., 0]
    return jnp.where(targets >= 0, jax.nn.logsumexp(scores, axis=-1) - wanted, 0.0), states


def make_steps(shape: Shape, recipe: Recipe) -> Any:
    """Give ``steps(state, windows, given, rates, key, first, count) -> (state, mean loss)``, compiled once.

    ``windows`` are arrays of shape (steps, accumulation, time, lanes), ``rates`` the learning rate of each step.
    Only the first ``count`` steps are done, so that calls of any length share one program. The state is donated.
    """
    optimizer = optimizer_of(recipe)

    def masks_of(key: jax.Array, lanes: int) -> tuple[jax.Array, ...]:
        rates = [recipe.input_dropout, *[recipe.dropout] * shape.layers]
        widths = [shape.narrow, *[shape.width] * shape.layers]
        return tuple(
            jax.random.bernoulli(jax.random.fold_in(key, number), 1.0 - rate, (1, lanes, width)) / (1.0 - rate)
            for number, (rate, width) in enumerate(zip(rates, widths, strict=True))
        )

    def one(state: State, windows: Window, given: Any, rate: jax.Array, base: jax.Array, step: jax.Array) -> Any:
        key = jax.random.fold_in(base, step)

        def loss_of(params: Params, window: Window, hidden: jax.Array, key: jax.Array) -> Any:
            masks = masks_of(key, window[0].shape[1])
            out, after = _hidden(params, shape, window, given, hidden, masks)
            targets = window[1].ravel()
            total = summed_loss(params["embedding"], params["bias"], out.reshape(len(targets), -1), targets)
            return total / jnp.maximum((targets >= 0).sum(), 1), after

        def part(carry: Any, inside: Any) -> Any:
            total, loss, hidden = carry
            window, number = inside
            (more, hidden), gradient = jax.value_and_grad(loss_of, has_aux=True)(
                state["params"], window, hidden, jax.random.fold_in(key, number)
            )
            return (jax.tree.map(jnp.add, total, gradient), loss + more, hidden), None

        count = recipe.accumulation
        zero = jax.tree.map(jnp.zeros_like, state["params"])
        (gradient, loss, hidden), _ = jax.lax.scan(
            part, (zero, jnp.zeros(()), state["hidden"]), (windows, jnp.arange(count))
        )
        gradient, loss = jax.tree.map(lambda a: a / count, (gradient, loss))
        updates, inner = optimizer.update(gradient, state["optimizer"], state["params"])
        params = jax.tree.map(lambda p, u: p - rate * u, state["params"], updates)
        decay = jnp.minimum(recipe.average_decay, (1.0 + step) / (10.0 + step))
        average = jax.tree.map(lambda a, p: a * decay + p * (1.0 - decay), state["average"], params)
        return {"params": params, "average": average, "optimizer": inner, "hidden": hidden}, loss

    @partial(jax.jit, donate_argnums=(0,))
    def steps(
        state: State, windows: Window, given: Any, rates: jax.Array, base: jax.Array, first: jax.Array, count: jax.Array
    ) -> tuple[State, jax.Array]:
        def body(i: jax.Array, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            state, total = carry
            state, loss = one(state, tuple(array[i] for array in windows), given, rates[i], base, first + i)
            return state, total + loss

        state, total = jax.lax.fori_loop(0, count, body, (state, jnp.zeros(())))
        return state, total / count

    return steps


@lru_cache(8)
def make_scoring(shape: Shape) -> Any:
    """Give ``score(params, windows, given) -> nats``, shape (windows, time, lanes), from empty lanes."""

    @jax.jit
    def score(params: Params, windows: Window, given: Any) -> jax.Array:
        def part(states: jax.Array, window: Window) -> tuple[jax.Array, jax.Array]:
            losses, states = token_losses(params, shape, window, given, states)
            return states, losses

        first = jnp.zeros((shape.layers, windows[0].shape[2], shape.width))
        return jax.lax.scan(part, first, windows)[1]

    return score
