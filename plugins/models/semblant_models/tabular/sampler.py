"""Drawing tokens: one compiled function per kind of request.

Tokens are drawn in their order. The perceptron of a token needs the embeddings of earlier ones
only, and is computed once, when the token is drawn; so a whole row costs one forward pass. A token
takes one uniform number, held against the cumulative softmax. Tokens that are given keep their
code; a row that came to them by chance through several *candidates* is drawn again in proportion
to how likely the given code is under each (sequential importance resampling).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

import jax
import jax.numpy as jnp
from attrs import define, frozen

from semblant_models.tabular.context.encoder import context_layer
from semblant_models.tabular.inverse import draw_index
from semblant_models.tabular.joint import pair_scores
from semblant_models.tabular.joint_shape import spots_by_place
from semblant_models.tabular.network import IMPOSSIBLE, later_layer
from semblant_models.tabular.rearranged import few
from semblant_models.tabular.stratified import uniforms

if TYPE_CHECKING:
    from semblant_models.tabular.shape import Shape


@frozen(kw_only=True)
class Kind:
    """What a compiled sampler can do; each combination is compiled when it is first asked for."""

    rows: int
    candidates: int = 1
    given: bool = False
    look_ahead: bool = False
    tempered: bool = False
    nucleus: bool = False


def make_sampler(shape: Shape, kind: Kind) -> jax.stages.Wrapped:
    """Give a compiled sampler.

    It takes ``(weights, key, codes, given, temperature, top_p)``: the dict of
    :func:`~semblant_models.tabular.rearranged.on_device`; int32 codes and bool mask of given tokens, shape
    (rows, tokens), with the columns of a context behind the codes; per token the temperature and top-p,
    shape (tokens,). It gives int16 tokens of shape (rows, tokens), and per row the log-probability of its
    given tokens (estimated from the candidates where there are several).
    """

    @jax.jit
    def sample(
        weights: dict[str, Any],
        key: jax.Array,
        codes: jax.Array,
        given: jax.Array,
        temperature: jax.Array,
        top_p: jax.Array,
    ) -> tuple[jax.Array, jax.Array]:
        way = _Unrolled if few(shape) else _Looped
        return way(shape, kind, weights, key).run(codes, given, temperature, top_p)

    return sample


@define(eq=False)
class _Drawing:
    """One traced drawing; all arrays have ``kind.rows * kind.candidates`` rows."""

    shape: Shape
    kind: Kind
    weights: dict[str, Any]
    key: jax.Array

    @property
    def total(self) -> int:
        return self.kind.rows * self.kind.candidates

    def added(self, codes: jax.Array, given: jax.Array) -> tuple[jax.Array, jax.Array | None]:
        """Part the codes from a context; give what it and later given tokens add, shape (tokens, total, hidden)."""
        shape, params, later = self.shape, self.weights["params"], None
        if shape.context is not None:
            codes, seen = codes[:, : shape.tokens], codes[:, shape.tokens :]
            later = context_layer(params, shape, seen)
        if self.kind.look_ahead:
            ahead = later_layer(params, shape, codes, given)
            later = ahead if later is None else later + ahead
        return codes, None if later is None else jnp.repeat(later, self.kind.candidates, axis=1)

    def candidates(self, values: jax.Array) -> jax.Array:
        """Repeat each row for its candidates."""
        return jnp.repeat(values, self.kind.candidates, axis=0)

    def uniforms(self) -> jax.Array:
        """Draw a number for each token and row, shape (tokens, total); strata would tie a row's candidates together.

        All at once, and kept apart: the program of one token's numbers is longer than that of drawing it.
        """

        def of_token(at: jax.Array) -> jax.Array:
            key = jax.random.fold_in(self.key, at)
            return uniforms(key, self.total) if self.kind.candidates == 1 else jax.random.uniform(key, (self.total,))

        apart = jax.lax.optimization_barrier(jax.vmap(of_token)(jnp.arange(self.shape.tokens)))  # type: ignore[no-untyped-call]
        return cast("jax.Array", apart)

    def result(self, drawn: jax.Array, weight: jax.Array, score: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Keep one candidate of each row."""
        if self.kind.candidates > 1:
            drawn = drawn.reshape(self.kind.rows, self.kind.candidates, self.shape.tokens)[:, 0]
            return drawn.astype(jnp.int16), score
        return drawn.astype(jnp.int16), weight

    def draw(
        self,
        index: int,
        logits: jax.Array,
        place: Any,
        parent_code: Any,
        u: jax.Array,
        wanted: jax.Array,
        heat: jax.Array,
        top: jax.Array,
    ) -> tuple[jax.Array, jax.Array]:
        """Draw the codes of a token of head ``index``; also the log-probability of the ``wanted``."""
        head, size = self.shape.heads[index], logits.shape[1]
        start = head.rows[place] if isinstance(place, int) else jnp.asarray(head.rows, jnp.int32)[place]
        logits += self.weights["heads"][f"shares_{index}"][:, :size][start + parent_code if head.child else start]
        log_p = jnp.zeros(self.total)
        if self.kind.given:
            picked = jnp.take_along_axis(logits, jnp.minimum(wanted, size - 1)[:, None], axis=1)[:, 0]
            log_p = picked - jax.nn.logsumexp(logits, axis=1)
        logits += self.weights["allowed"][f"allowed_{index}"][place][:size]
        if self.kind.tempered:
            logits = logits / heat
        if self.kind.nucleus:
            logits = _nucleus(logits, top)
        return draw_index(jnp.exp(logits - jnp.max(logits, axis=1, keepdims=True)), u), log_p

    def chosen(self, weight: jax.Array, score: jax.Array, at: Any, here: jax.Array) -> tuple[jax.Array, ...]:
        """Draw each row's candidates again in proportion to their weights, where the token was given.

        Gives which rows to take, and the new weights and scores.
        """
        rows, c = self.kind.rows, self.kind.candidates
        mine = here.reshape(rows, c)[:, 0]
        w = weight.reshape(rows, c)
        top = jnp.max(w, axis=1, keepdims=True)
        edges = jnp.cumsum(jnp.exp(w - top), axis=1)
        u = (jax.random.uniform(jax.random.fold_in(self.key, at + self.shape.tokens), (rows, 1)) + jnp.arange(c)) / c
        pick = jnp.sum(edges[:, None, :] <= (u * edges[:, -1:])[:, :, None], axis=2)
        pick = jnp.where(mine[:, None], jnp.minimum(pick, c - 1), jnp.arange(c))
        take = (pick + jnp.arange(rows)[:, None] * c).reshape(self.total)
        score = score + jnp.where(mine, top[:, 0] + jnp.log(edges[:, -1] / c), 0.0)
        return take, jnp.where(here, 0.0, weight), score


class _Unrolled(_Drawing):
    """Few tokens: the program has a part for each, of just its size."""

    def run(
        self, codes: jax.Array, given: jax.Array, temperature: jax.Array, top_p: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        shape = self.shape
        codes, later = self.added(codes, given)
        codes, given = self.candidates(codes), self.candidates(given)
        weight, score = jnp.zeros(self.total), jnp.zeros(self.kind.rows)
        heads, places = shape.places()
        numbers = self.uniforms()
        drawn: list[jax.Array] = []
        embedded: list[jax.Array] = []
        for at in range(shape.tokens):
            own = self.weights["made"][at]
            before = jnp.broadcast_to(own["bias"], (self.total, shape.hidden))
            if at:
                before += jnp.concatenate(embedded, axis=1) @ own["first"]
            if later is not None:
                before += later[at]
            hidden = jax.nn.silu(before)
            hidden = hidden + jax.nn.silu(hidden @ own["block"] + own["block_bias"])
            parent_code = drawn[shape.parent[at]] if shape.parent[at] >= 0 else 0
            logits = hidden @ own["out"] + own["out_bias"]
            if at in shape.joint:
                logits += pair_scores(hidden, own["query"], own["value"][parent_code])
            code, log_p = self.draw(
                int(heads[at]),
                logits,
                int(places[at]),
                parent_code,
                numbers[at],
                codes[:, at],
                temperature[at],
                top_p[at],
            )
            if self.kind.given:
                code = jnp.where(given[:, at], codes[:, at], code)
                weight = weight + jnp.where(given[:, at], log_p, 0.0)
            drawn.append(code)
            embedded.append(own["embedding"][parent_code, code] if at in shape.joint else own["embedding"][code])
            if self.kind.given and self.kind.candidates > 1:
                take, weight, score = self.chosen(weight, score, at, given[:, at])
                drawn, embedded = [x[take] for x in drawn], [x[take] for x in embedded]
        return self.result(jnp.stack(drawn, axis=1), weight, score)


class _Looped(_Drawing):
    """Many tokens: one loop over blocks, and within a block over tokens, compiled once."""

    def run(
        self, codes: jax.Array, given: jax.Array, temperature: jax.Array, top_p: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        shape = self.shape
        n, g = shape.blocks, shape.block
        pad = n * g - shape.tokens
        items = self.weights["made"] | {
            "heat": jnp.pad(temperature, (0, pad), constant_values=1.0).reshape(n, g),
            "top": jnp.pad(top_p, (0, pad), constant_values=1.0).reshape(n, g),
            "inside": jnp.tile(jnp.arange(g), (n, 1)),
            "scale": 1.0 / jnp.sqrt(jnp.maximum(jnp.arange(n), 1.0)),
        }
        codes, later = self.added(codes, given)
        codes, given = self.candidates(codes), self.candidates(given)
        numbers = self.uniforms()

        def block_step(carry: Any, item: dict[str, jax.Array]) -> tuple[Any, None]:
            drawn, context, weight, score = carry
            item = dict(item)
            scale = item.pop("scale")
            summary = {name: item.pop(name) for name in ("summary", "summary_bias") if name in item}
            fixed = (codes, given, context * scale, later, numbers)
            start = (drawn, jnp.zeros((self.total, g, shape.embedding)), weight, score)
            (drawn, block, weight, score), _ = jax.lax.scan(lambda s, i: (self.token(s, i, fixed), None), start, item)
            if n > 1:
                z = block.reshape(self.total, g * shape.embedding) @ summary["summary"] + summary["summary_bias"]
                context = context + jax.nn.silu(z)
            return (drawn, context, weight, score), None

        first = (
            jnp.zeros((self.total, shape.tokens), jnp.int32),
            jnp.zeros((self.total, shape.summary)),
            jnp.zeros(self.total),
            jnp.zeros(self.kind.rows),
        )
        (drawn, _, weight, score), _ = jax.lax.scan(block_step, first, items)
        return self.result(drawn, weight, score)

    def token(self, state: Any, item: dict[str, jax.Array], fixed: Any) -> Any:
        """Draw one token of all rows."""
        codes, block, weight, score = state
        given_codes, given, context, later, numbers = fixed
        at = item["token"]
        before = block.reshape(self.total, -1) @ item["first"] + item["bias"]
        if self.shape.blocks > 1:
            before += context @ item["context"]
        if later is not None:
            before += later[at]
        hidden = jax.nn.silu(before)
        hidden = hidden + jax.nn.silu(hidden @ item["block"] + item["block_bias"])
        parent = item["parent"]
        parent_code = jnp.where(parent >= 0, codes[:, jnp.maximum(parent, 0)], 0)
        wanted = given_codes[:, at]
        branches = [partial(self.draw_of_head, index) for index in range(len(self.shape.heads))]
        drawn, log_p = jax.lax.switch(
            item["head"], branches, hidden, item["place"], parent_code, numbers[at], wanted, item["heat"], item["top"]
        )
        if self.kind.given:
            here = given[:, at] & item["real"]
            drawn = jnp.where(here, wanted, drawn)
            weight = weight + jnp.where(here, log_p, 0.0)
        embedded = self.weights["params"]["embedding"][drawn + item["offset"]]
        if self.shape.joint:
            pair = jnp.where(item["joint"], item["pairs"] + parent_code * item["size"] + drawn, 0)
            embedded += self.weights["params"]["joint_embedding"][pair] * item["joint"]
        codes = codes.at[:, at].set(jnp.where(item["real"], drawn, codes[:, at]))
        block = jax.lax.dynamic_update_index_in_dim(block, embedded * item["real"], item["inside"], 1)
        if self.kind.given and self.kind.candidates > 1:
            take, weight, score = self.chosen(weight, score, at, given[:, at] & item["real"])
            codes, block = codes[take], block[take]
        return codes, block, weight, score

    def draw_of_head(
        self, index: int, hidden: jax.Array, place: jax.Array, parent_code: jax.Array, *rest: jax.Array
    ) -> Any:
        """Draw a token of head ``index`` at some ``place`` in it."""
        params = self.weights["heads"]
        logits = hidden @ params[f"out_{index}"][place] + params[f"out_bias_{index}"][place]
        if f"joint_query_{index}" in params:
            among, start = (jnp.asarray(part)[place] for part in spots_by_place(self.shape, index))
            value = params[f"joint_value_{index}"][start + parent_code]
            more = pair_scores(hidden, params[f"joint_query_{index}"][among], value)
            logits += jnp.where(among >= 0, more, 0.0)
        return self.draw(index, logits, place, parent_code, *rest)


def _nucleus(logits: jax.Array, top: jax.Array) -> jax.Array:
    """Forbid all but the likeliest codes whose probabilities add up to ``top``."""
    share = jax.nn.softmax(logits, axis=1)
    ranked = jnp.sort(share, axis=1)[:, ::-1]
    ahead = jnp.cumsum(ranked, axis=1) - ranked
    floor = jnp.min(jnp.where(ahead < top, ranked, jnp.inf), axis=1, keepdims=True)
    return jnp.where(share >= floor, logits, IMPOSSIBLE)
