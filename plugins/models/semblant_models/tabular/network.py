"""The network: for each token a small perceptron over the embeddings of all earlier tokens.

Per token: masked first layer, SiLU, one residual block, output layer. The output layer starts at
zero and adds to fixed log-shares of the token's codes (given its parent's code), so training
starts at the independent model with exact marginals. Tables of more than 64 tokens are cut into
blocks of 32; a block sees earlier ones through the sum of their summaries, so that cost grows
linearly. A flexible network has the same first layer a second time for *later* tokens that are
given. Parameters are plain arrays by name: nothing here needs a module framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from semblant_models.tabular.context.encoder import context_layer, context_shapes, initial_context
from semblant_models.tabular.joint import initial_joint, joint_embeddings, joint_scores
from semblant_models.tabular.joint_shape import joint_shapes, spots
from semblant_models.tabular.waves import waves

if TYPE_CHECKING:
    from semblant_models.tabular.layout import Layout
    from semblant_models.tabular.shape import Shape

Params = dict[str, jax.Array]
IMPOSSIBLE = -1e9
_CHUNKS = 4


def parameter_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Name every trained array and give its shape."""
    e, h, g, n, r = shape.embedding, shape.hidden, shape.block, shape.blocks, shape.summary
    t = n * g
    out: dict[str, tuple[int, ...]] = {
        "embedding": (shape.codes, e),
        "first": (n, g * e, g * h),
        "first_bias": (t, h),
        "block": (t, h, h),
        "block_bias": (t, h),
    }
    if n > 1:
        out |= {"summary": (n, g * e, r), "summary_bias": (n, r), "context": (n, r, g * h)}
    if shape.flexible:
        out |= {"later_embedding": (shape.codes, e), "later": (n, g * e, g * h)}
        if n > 1:
            out |= {"later_summary": (n, g * e, r), "later_context": (n, r, g * h)}
    for k, head in enumerate(shape.heads):
        out[f"out_{k}"] = (len(head.tokens), h, head.size)
        out[f"out_bias_{k}"] = (len(head.tokens), head.size)
    out |= joint_shapes(shape)
    if shape.context is not None:
        out |= context_shapes(shape.context, shape.tokens, h)
    return out


def log_share_tables(
    shape: Shape, layout: Layout, counts: np.ndarray, held: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Give the fixed log-shares per head, float32, shape (rows, head size); they are stored but not trained.

    :param counts: of the codes of training rows, flat (see :class:`~semblant_models.tabular.layout.Layout`).
    :param held: held-out rows of tokens: what occurs in them is possible.
    """
    occurring = counts.copy()
    if held is not None and len(held):
        layout.count(held, occurring)
    out = {}
    for k, head in enumerate(shape.heads):
        rows = int(sum(layout.table_rows[t] for t in head.tokens))
        table = np.full((rows, head.size), IMPOSSIBLE, np.float32)
        for token, start in zip(head.tokens, head.rows, strict=True):
            part = layout.log_shares(counts, token, occurring)
            table[start : start + len(part), : part.shape[1]] = part
        out[f"shares_{k}"] = table
    return out


def initial_parameters(shape: Shape, ordered: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the first parameters; ordered tokens start with embeddings that vary smoothly along their codes."""
    e, h, g, n = shape.embedding, shape.hidden, shape.block, shape.blocks
    sizes = parameter_shapes(shape)
    out = {name: np.zeros(size, np.float32) for name, size in sizes.items()}
    for name in ("embedding", "later_embedding"):
        if name in out:
            out[name] = rng.normal(size=sizes[name]).astype(np.float32)
            for t in np.flatnonzero(ordered):
                rows = slice(int(shape.offsets[t]), int(shape.offsets[t]) + shape.cardinality[t])
                out[name][rows] = waves(shape.cardinality[t], e, rng)
    places = np.arange(n * g)
    fan = np.maximum(np.minimum(places % g, shape.tokens) * e, 1).reshape(n, 1, g, 1)
    for name, lower in (("first", True), ("later", False)):
        if name in out:
            scale = np.sqrt(2.0 / fan) * (1.0 if lower else 0.0)
            drawn = rng.normal(size=(n, g * e, g, h)) * scale
            out[name] = (drawn.reshape(sizes[name]) * first_mask(shape, lower=lower)).astype(np.float32)
    if shape.flexible:
        # with nothing before it and a zero output layer, a token without a bias would never see what is given later
        out["first_bias"] = (rng.normal(size=sizes["first_bias"]) * 0.5).astype(np.float32)
    out["block"] = (rng.normal(size=sizes["block"]) * 0.5 / np.sqrt(h)).astype(np.float32)
    for name in ("summary", "later_summary"):
        if name in out:
            out[name] = (rng.normal(size=sizes[name]) * np.sqrt(2.0 / (g * e))).astype(np.float32)
    if "context" in out:
        out["context"] = (rng.normal(size=sizes["context"]) * np.sqrt(1.0 / shape.summary)).astype(np.float32)
    out |= initial_joint(shape, rng)
    if shape.context is not None:
        out |= initial_context(shape.context, shape.tokens, h, rng)
    return out


def first_mask(shape: Shape, *, lower: bool) -> np.ndarray:
    """Tell which inputs a token may see within its block: float32, shape (1, block * embedding, block * hidden)."""
    g = shape.block
    seen = np.tril(np.ones((g, g)), -1).T if lower else np.tril(np.ones((g, g)), -1)
    return np.kron(seen, np.ones((shape.embedding, shape.hidden))).astype(np.float32)[None]


def embed(params: Params, shape: Shape, codes: jax.Array, name: str = "embedding") -> jax.Array:
    """Look up embeddings of ``codes``, int32, shape (rows, tokens); gives (rows, tokens, embedding)."""
    found = params[name][codes + jnp.asarray(shape.offsets)]
    if shape.joint and name == "embedding":
        found = found.at[:, np.array(shape.joint)].add(joint_embeddings(params, shape, codes))
    return found


def first_layer(params: Params, shape: Shape, embedded: jax.Array) -> jax.Array:
    """Give the input of each token's perceptron, shape (tokens, rows, hidden).

    Tokens are taken in chunks: a chunk needs the embeddings before its own end only, which saves almost
    half of the product that the mask would set to zero.
    """
    x = _blocks(shape, embedded)
    e, h, g = shape.embedding, shape.hidden, shape.block
    weights = params["first"] * first_mask(shape, lower=True)
    parts = []
    for start in range(0, g, -(-g // _CHUNKS)):
        end = min(start + -(-g // _CHUNKS), g)
        part = jnp.einsum("nbi,nio->nbo", x[:, :, : end * e], weights[:, : end * e, start * h : end * h])
        parts.append(part.reshape(shape.blocks, -1, end - start, h).transpose(0, 2, 1, 3))
    out = jnp.concatenate(parts, axis=1).reshape(shape.blocks * g, -1, h)[: shape.tokens]
    if shape.blocks > 1:
        out += _by_token(shape, jnp.einsum("nbr,nro->nbo", _before(summaries(params, x)), params["context"]))
    return out + params["first_bias"][: shape.tokens, None]


def later_layer(params: Params, shape: Shape, codes: jax.Array, given: jax.Array) -> jax.Array:
    """Give what given later tokens add to each token's first layer, shape (tokens, rows, hidden)."""
    y = _blocks(shape, embed(params, shape, codes, "later_embedding") * given[..., None])
    out = jnp.einsum("nbi,nio->nbo", y, params["later"] * first_mask(shape, lower=False))
    if shape.blocks > 1:
        z = jnp.einsum("nbi,nir->nbr", y, params["later_summary"])
        out += jnp.einsum("nbr,nro->nbo", _before(z[::-1])[::-1], params["later_context"])
    return _by_token(shape, out)


def _blocks(shape: Shape, values: jax.Array) -> jax.Array:
    """Cut (rows, tokens, embedding) into (blocks, rows, block * embedding), padded with zeros."""
    rows, n, g = values.shape[0], shape.blocks, shape.block
    padded = jnp.pad(values, ((0, 0), (0, n * g - shape.tokens), (0, 0)))
    return padded.reshape(rows, n, g * shape.embedding).transpose(1, 0, 2)


def _by_token(shape: Shape, values: jax.Array) -> jax.Array:
    """Turn (blocks, rows, block * hidden) into (tokens, rows, hidden)."""
    n, g, h, rows = shape.blocks, shape.block, shape.hidden, values.shape[1]
    return values.reshape(n, rows, g, h).transpose(0, 2, 1, 3).reshape(n * g, rows, h)[: shape.tokens]


def summaries(params: Params, blocks: jax.Array) -> jax.Array:
    """Summarise blocks of embeddings, shape (blocks, rows, block * embedding)."""
    return jax.nn.silu(jnp.einsum("nbi,nir->nbr", blocks, params["summary"]) + params["summary_bias"][:, None])


def _before(z: jax.Array) -> jax.Array:
    """Sum over earlier blocks, scaled by how many there are."""
    n = z.shape[0]
    mix = np.tril(np.ones((n, n)), -1) / np.sqrt(np.maximum(np.arange(n), 1))[:, None]
    return jnp.einsum("mn,nbr->mbr", jnp.asarray(mix, z.dtype), z)


def _dropped(values: jax.Array, rate: float | jax.Array, key: jax.Array, *, whole: bool = False) -> jax.Array:
    """Set values (or, with ``whole``, slices along the last axis) to zero at ``rate`` and scale the others up.

    ``rate`` is one number, or an array that goes with the values.
    The bits come from a hash of each value's place (the finisher of MurmurHash3) mixed with ``key``: it
    fuses with the product, where a generator's bits would cost a quarter of a training step.
    """
    size = values.shape[:-1] if whole else values.shape
    x = jax.lax.iota(jnp.uint32, int(np.prod(size))).reshape(size)
    x = x * np.uint32(0x9E3779B9) + jax.random.bits(key, (), jnp.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = (x ^ (x >> shift)) * np.uint32(factor)
    keep = (x ^ (x >> 16)) >= (jnp.float32(rate) * np.float32(2**32)).astype(jnp.uint32)
    scale = jnp.where(keep, 1.0 / (1.0 - jnp.float32(rate)), np.float32(0.0))
    return values * (scale[..., None] if whole else scale)


def hidden_layers(
    params: Params,
    shape: Shape,
    codes: jax.Array,
    *,
    given: jax.Array | None = None,
    drop: tuple[float, float] = (0.0, 0.0),
    rates: jax.Array | None = None,
    key: jax.Array | None = None,
    added: jax.Array | None = None,
) -> jax.Array:
    """Give each token's last hidden layer, shape (tokens, rows, hidden), for ``codes``, shape (rows, tokens).

    ``given`` (bool, like codes) marks later tokens that may be looked at. ``drop`` holds the rates at
    which whole input tokens and hidden units are dropped in training; ``rates``, shape (tokens,), stand in
    for the second, one per token. ``added`` is what the context adds to the first layers, shape
    (tokens, rows, hidden).
    """
    embedded = embed(params, shape, codes)
    if key is not None and drop[0] > 0:
        embedded = _dropped(embedded, drop[0], jax.random.fold_in(key, 1), whole=True)
    before = first_layer(params, shape, embedded)
    if shape.flexible and given is not None:
        before += later_layer(params, shape, codes, given)
    if added is not None:
        before += added
    hidden = jax.nn.silu(before)
    if key is not None and (rates is not None or drop[1] > 0):
        hidden = _dropped(hidden, drop[1] if rates is None else rates[:, None, None], jax.random.fold_in(key, 2))
    t = shape.tokens
    inner = jnp.einsum("tbh,thg->tbg", hidden, params["block"][:t]) + params["block_bias"][:t, None]
    return hidden + jax.nn.silu(inner)


def token_losses(params: Params, tables: Params, shape: Shape, hidden: jax.Array, codes: jax.Array) -> list[jax.Array]:
    """Give the negative log-probability of each token, per head, shape (head tokens, rows)."""
    out = []
    for k, head in enumerate(shape.heads):
        learned, fixed = head_logits(params, tables, shape, hidden, codes, k)
        logits = learned + fixed
        picked = jnp.take_along_axis(logits, codes[:, np.array(head.tokens)].T[..., None], axis=2)[..., 0]
        out.append(jax.nn.logsumexp(logits, axis=2) - picked)
    return out


def head_logits(
    params: Params, tables: Params, shape: Shape, hidden: jax.Array, codes: jax.Array, k: int
) -> tuple[jax.Array, jax.Array]:
    """Give what head ``k`` has learned and its fixed log-shares, shape (head tokens, rows, codes) each."""
    head = shape.heads[k]
    at = np.array(head.tokens)
    learned = jnp.einsum("tbh,thc->tbc", hidden[at], params[f"out_{k}"]) + params[f"out_bias_{k}"][:, None]
    more = joint_scores(params, shape, hidden, codes, k)
    if more is not None:
        learned = learned.at[spots(shape, k)].add(more)
    rows = jnp.asarray(head.rows, jnp.int32)[:, None]
    if head.child:
        rows = rows + codes[:, np.array(shape.parent)[at]].T
    return learned, tables[f"shares_{k}"][rows]


def row_hidden(params: Params, shape: Shape, codes: jax.Array, **options: Any) -> tuple[jax.Array, jax.Array]:
    """Give each token's last hidden layer, and the tokens without the columns of a context that stand behind them."""
    if shape.context is not None:
        codes, seen = codes[:, : shape.tokens], codes[:, shape.tokens :]
        training = {name: options[name] for name in ("drop", "key") if name in options}
        options["added"] = context_layer(params, shape, seen, **training)
    return hidden_layers(params, shape, codes, **options), codes


def row_losses(params: Params, tables: Params, shape: Shape, codes: jax.Array, **options: Any) -> jax.Array:
    """Give the negative log-likelihood of each row, shape (rows,), for int32 ``codes``, shape (rows, tokens).

    With a context its columns stand behind the tokens.
    """
    hidden, codes = row_hidden(params, shape, codes, **options)
    return jnp.sum(jnp.concatenate(token_losses(params, tables, shape, hidden, codes)), axis=0)
