"""Both ways to draw, a part of the program for each token or one loop over all, give the same tokens and scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pytest

from semblant_models.tabular.model import TabularModel
from semblant_models.tabular.network import log_share_tables, parameter_shapes, row_losses
from semblant_models.tabular.rearranged import by_block, by_token, layers_of_heads, shares_of_heads
from semblant_models.tabular.sampler import Kind, _Drawing, _Looped, _Unrolled
from semblant_models.tabular.shape import Shape
from tests.plugins.models.tabular.making import backend_with, people, run_in, training_table

if TYPE_CHECKING:
    from semblant_models.tabular.prepared import PreparedTable

ROWS = 16


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedTable:
    """A table whose tokens have parents, heads of several sizes and blocked codes."""
    rng = np.random.default_rng(3)
    many = pa.array([f"place {n % 300}" for n in range(4000)])  # more than a token holds: group and member
    rare = ["a", "b", *(f"rare {n}" for n in range(20))]
    table = people(4000).append_column("rare", pa.array(rng.choice(rare, 4000, p=[0.49, 0.49, *[0.001] * 20])))
    table = table.append_column("many", many)
    found = backend_with().prepare(training_table(table), run_in(tmp_path_factory.mktemp("p")))
    return cast("PreparedTable", found)


def model_of(prepared: PreparedTable, *, flexible: bool) -> TabularModel:
    """Give a model whose parameters are all chance, so that every token depends on those before it."""
    layout, rng = prepared.encoding.layout, np.random.default_rng(0)
    shape = Shape.of(layout, embedding=4, hidden=16, flexible=flexible, joint=layout.joint)
    sizes = parameter_shapes(shape)
    arrays = {name: (rng.normal(size=size) * 0.5).astype(np.float32) for name, size in sizes.items()}
    tables = log_share_tables(shape, layout, prepared.counts())
    return TabularModel(
        encoding=prepared.encoding, shape=shape, arrays=arrays, tables=tables, history=[], settings_used={}
    )


def both(model: TabularModel, kind: Kind, codes: np.ndarray, given: np.ndarray, **how: np.ndarray) -> list[Any]:
    ones = np.ones(model.shape.tokens, np.float32)
    weights, found = model._on_device(), []
    heads = shares_of_heads(model.tables) | layers_of_heads(model.arrays)

    def made(way: type[_Drawing]) -> Any:
        def sample(weights: Any, key: jax.Array, *rest: jax.Array) -> Any:
            return way(model.shape, kind, weights, key).run(*rest)  # type: ignore[attr-defined]

        return jax.jit(sample)

    for way, parameters in ((_Unrolled, by_token), (_Looped, by_block)):
        tokens, score = made(way)(
            weights | {"made": parameters(model.shape, model.arrays), "heads": heads},
            jax.random.key(5),
            jnp.asarray(codes),
            jnp.asarray(given),
            jnp.asarray(how.get("heat", ones)),
            jnp.asarray(how.get("top", ones)),
        )
        found.append((np.asarray(tokens), np.asarray(score)))
    return found


def some_given(prepared: PreparedTable, model: TabularModel) -> tuple[np.ndarray, np.ndarray]:
    codes = np.asarray(prepared.tokens(10**6)[0][:ROWS], np.int32)
    given = np.random.default_rng(2).random((ROWS, model.shape.tokens)) < 0.4
    given[0] = False
    return codes, given


@pytest.mark.parametrize(
    ("flexible", "options"),
    [
        (False, {}),
        (False, {"given": True}),
        (False, {"given": True, "candidates": 4}),
        pytest.param(True, {"given": True, "look_ahead": True}, marks=pytest.mark.nightly),
        pytest.param(False, {"tempered": True, "nucleus": True}, marks=pytest.mark.nightly),
    ],
    ids=["plain", "given", "candidates", "ahead", "tempered"],
)
def test_the_unrolled_and_the_looped_drawing_give_the_same(
    prepared: PreparedTable, flexible: bool, options: dict[str, Any]
) -> None:
    model = model_of(prepared, flexible=flexible)
    codes, given = some_given(prepared, model)
    if not options.get("given"):
        codes, given = np.zeros_like(codes), np.zeros_like(given)
    how = {}
    if "nucleus" in options:
        how = {"heat": np.linspace(0.5, 2, model.shape.tokens, dtype=np.float32)}
        how["top"] = np.linspace(0.6, 1, model.shape.tokens, dtype=np.float32)
    assert model.shape.blocks == 1
    assert model.shape.joint
    assert max(model.shape.parent) >= 0
    assert len(model.shape.heads) > 1
    (one, score), (other, again) = both(model, Kind(rows=ROWS, **options), codes, given, **how)
    assert one.shape == (ROWS, model.shape.tokens)
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(score, again, rtol=1e-4, atol=1e-4)
    assert len({tuple(row) for row in one.tolist()}) > 1
    if options.get("given"):
        np.testing.assert_array_equal(one[given], codes[given])
        assert (score[1:] < 0).all()
    else:
        assert (score == 0).all()
    layout = prepared.encoding.layout
    for token in range(model.shape.tokens):
        free = one[~given[:, token], token]
        assert (free < model.shape.cardinality[token]).all()
        assert not set(free.tolist()) & set(layout.blocked[token])
    assert any(layout.blocked[token] for token in range(model.shape.tokens))


def test_the_score_of_rows_that_are_given_whole_is_their_log_probability(prepared: PreparedTable) -> None:
    model = model_of(prepared, flexible=False)
    codes, _ = some_given(prepared, model)
    found = both(model, Kind(rows=ROWS, given=True), codes, np.ones(codes.shape, bool))
    weights = model._on_device()
    wanted = -np.asarray(row_losses(weights["params"], weights["tables"], model.shape, jnp.asarray(codes)))
    for tokens, score in found:
        np.testing.assert_array_equal(tokens, codes)
        np.testing.assert_allclose(score, wanted, rtol=1e-4, atol=1e-3)
