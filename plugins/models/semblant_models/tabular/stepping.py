"""The compiled part of training: many optimizer steps in one call, and the validation loss."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from semblant_models.tabular.compiling import compiled
from semblant_models.tabular.dropping import PARTS, partial_losses
from semblant_models.tabular.network import Params, parameter_shapes, row_losses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant_models.tabular.recipe import Recipe
    from semblant_models.tabular.shape import Shape

State = dict[str, Any]
"""``params``, ``average`` (weights averaged over steps) and ``optimizer``."""


def optimizer_of(recipe: Recipe) -> optax.GradientTransformation:
    """Adam without its learning rate, after clipping; it is given all parameters as one vector."""
    return optax.chain(optax.clip_by_global_norm(recipe.clip), optax.scale_by_adam(b1=0.9, b2=0.99))


class Flat:
    """All parameters as one vector: the optimizer is then one program, where each array has to be compiled apart."""

    def __init__(self, sizes: Mapping[str, tuple[int, ...]]) -> None:
        """Take the shape of each array by name."""
        self._sizes = {name: sizes[name] for name in sorted(sizes)}
        self.lengths = [int(np.prod(size)) for size in self._sizes.values()]

    def vector(self, arrays: Params) -> jax.Array:
        """Put the arrays behind one another, float32, shape (parameters,)."""
        return jnp.concatenate([arrays[name].reshape(-1) for name in self._sizes])

    def arrays(self, vector: jax.Array) -> Params:
        """Take the vector apart again."""
        parts = jnp.split(vector, np.cumsum(self.lengths)[:-1])
        return {name: part.reshape(size) for (name, size), part in zip(self._sizes.items(), parts, strict=True)}

    def decays(self) -> np.ndarray:
        """Tell which parameters decay: weights of three dimensions, not embeddings and biases; 1.0 or 0.0."""
        return np.repeat([float(len(size) == 3) for size in self._sizes.values()], self.lengths).astype(np.float32)


def initial_state(params: dict[str, np.ndarray], recipe: Recipe) -> State:
    """Put fresh parameters, their average and an empty optimizer together.

    The optimizer starts at zero. Its arrays come from NumPy: made on the device, each shape would be a program
    to compile.
    """
    size = sum(value.size for value in params.values())
    empty = jax.eval_shape(optimizer_of(recipe).init, np.zeros(size, np.float32))
    return {
        "params": jax.device_put(dict(params)),
        "average": jax.device_put({name: np.array(value) for name, value in params.items()}),
        "optimizer": jax.device_put(jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), empty)),
    }


def make_steps(shape: Shape, recipe: Recipe) -> jax.stages.Wrapped:
    """Compile ``steps(state, tables, dropout, data, index, rates, key, first, count) -> (state, mean loss)`` once.

    ``tables`` are the fixed log-shares: given and not built in, so that tables of one shape share a program.
    ``dropout``, float32, shape (tokens,), is the share of hidden units dropped per token.
    ``data`` are all training tokens, int16, shape (n, tokens); ``index`` the rows of each step, int32,
    shape (steps, accumulation, batch); ``rates`` its learning rate, shape (steps,). Only the first
    ``count`` steps are done, so that calls of any length share one program. The state is donated.
    """
    optimizer, flat = optimizer_of(recipe), Flat(parameter_shapes(shape))
    decays = recipe.weight_decay * flat.decays()

    def loss_of(vector: jax.Array, tables: Params, dropout: jax.Array, codes: jax.Array, key: jax.Array) -> jax.Array:
        params = flat.arrays(vector)
        given = None
        if shape.flexible:
            given = _given(jax.random.fold_in(key, 3), (len(codes), shape.tokens), recipe.any_order_share)
        losses = row_losses(
            params,
            tables,
            shape,
            codes,
            given=given,
            drop=(recipe.input_dropout, recipe.hidden_dropout),
            rates=dropout,
            key=key,
        )
        return jnp.mean(losses)

    def one(
        state: State,
        tables: Params,
        dropout: jax.Array,
        data: jax.Array,
        index: jax.Array,
        rate: jax.Array,
        base: jax.Array,
        step: jax.Array,
    ) -> tuple[State, jax.Array]:
        key = jax.random.fold_in(base, step)
        grad = jax.value_and_grad(loss_of)
        if recipe.accumulation == 1:
            loss, gradient = grad(state["params"], tables, dropout, data[index[0]].astype(jnp.int32), key)
        else:

            def add(total: Any, part: Any) -> tuple[Any, None]:
                rows, number = part
                more = grad(
                    state["params"], tables, dropout, data[rows].astype(jnp.int32), jax.random.fold_in(key, number)
                )
                return jax.tree.map(jnp.add, total, more), None

            zero = (jnp.zeros(()), jnp.zeros_like(state["params"]))
            (loss, gradient), _ = jax.lax.scan(add, zero, (index, jnp.arange(recipe.accumulation)))
            loss, gradient = loss / recipe.accumulation, gradient / recipe.accumulation
        update, inner = optimizer.update(gradient, state["optimizer"])
        params = state["params"] - rate * (update + decays * state["params"])
        decay = jnp.minimum(recipe.average_decay, (1.0 + step) / (10.0 + step))
        average = state["average"] * decay + params * (1.0 - decay)
        return {"params": params, "average": average, "optimizer": inner}, loss

    @partial(compiled, donate_argnums=(0,))
    def steps(
        state: State,
        tables: Params,
        dropout: jax.Array,
        data: jax.Array,
        index: jax.Array,
        rates: jax.Array,
        base: jax.Array,
        first: jax.Array,
        count: jax.Array,
    ) -> tuple[State, jax.Array]:
        def body(i: jax.Array, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            state, total = carry
            state, loss = one(state, tables, dropout, data, index[i], rates[i], base, first + i)
            return state, total + loss

        state = {**state, **{name: flat.vector(state[name]) for name in ("params", "average")}}
        state, total = jax.lax.fori_loop(0, count, body, (state, jnp.zeros(())))
        return {**state, **{name: flat.arrays(state[name]) for name in ("params", "average")}}, total / count

    return steps


def make_validation(shape: Shape, rows: int) -> jax.stages.Wrapped:
    """Give ``losses(params, tables, data)``: the mean loss of each token, shape (parts, tokens).

    Parts are those of :mod:`~semblant_models.tabular.dropping`, the whole last. ``data`` holds tokens, shape
    (batches, rows, tokens); padded rows weigh nothing.
    """

    @compiled
    def losses(params: Params, tables: Params, data: jax.Array) -> jax.Array:
        def part(total: jax.Array, codes: jax.Array) -> tuple[jax.Array, None]:
            valid, codes = codes[:, 0] >= 0, jnp.maximum(codes, 0).astype(jnp.int32)
            found = partial_losses(params, tables, shape, codes)
            if shape.flexible:
                given = _given(jax.random.key(0), (len(codes), shape.tokens), 1.0)
                found = 0.5 * (found + partial_losses(params, tables, shape, codes, given=given))
            return total + jnp.sum(jnp.where(valid, found, 0.0), axis=2), None

        total, _ = jax.lax.scan(part, jnp.zeros((len(PARTS), shape.tokens)), data)
        return total / rows

    return losses


def validation_batches(tokens: np.ndarray, batch: int) -> np.ndarray:
    """Cut tokens into batches of one size, the last padded with -1."""
    count = -(-len(tokens) // batch)
    out = np.full((count * batch, tokens.shape[1]), -1, np.int16)
    out[: len(tokens)] = tokens
    return out.reshape(count, batch, tokens.shape[1])


def _given(key: jax.Array, size: tuple[int, ...], share: float) -> jax.Array:
    """Draw which tokens are given: none for most rows, for a ``share`` of rows a random subset of random size."""
    rows, tokens = size
    a, b, c = jax.random.split(key, 3)
    some = jax.random.uniform(a, (rows, 1)) < share
    level = jax.random.uniform(b, (rows, 1))
    return some & (jax.random.uniform(c, (rows, tokens)) < level)
