"""What a private training example costs beside an ordinary one: ``private_cost [adult] [--rows 1024 6000]``.

Both train the same network on the same tokens: ordinarily by the product's compiled steps, privately by clipped sums,
noise and Adam on the host. Compiling is left out; the two take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_TURNS = 7
_ROWS = 12_288
"""Examples per turn."""


def run(arguments: Sequence[str]) -> None:
    """Print microseconds per example of both, and their ratio."""
    parser = argparse.ArgumentParser(prog="private_cost", description=__doc__)
    parser.add_argument("data", nargs="?", default="adult")
    parser.add_argument("--rows", type=int, nargs="+", default=[512, 6_000], help="batch of ordinary, private training")
    asked = parser.parse_args(arguments)
    plain, private = _both(asked.data, *asked.rows)
    seconds = np.array([[_timed(one) for one in (plain, private)] for _ in range(_TURNS)])
    each = np.median(seconds, axis=0) / _ROWS * 1e6
    ratio = np.median(seconds[:, 1] / seconds[:, 0])
    print(f"{asked.data}: {each[0]:.1f} µs per example, {each[1]:.1f} µs privately: {ratio:.2f} ×")


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _both(name: str, batch: int, private_batch: int) -> tuple[Any, Any]:
    """Give what trains on ``_ROWS`` examples, compiled already: ordinarily and privately."""
    import jax
    import jax.numpy as jnp
    import pyarrow.parquet as pq

    from semblant.pipeline.private import by_type
    from semblant.spec.training import ModelSpec
    from semblant.training import ColumnPlan
    from semblant_models.privacy.descent.encoding import PrivateCodes
    from semblant_models.privacy.descent.training import Adam, Descent, PrivateTraining
    from semblant_models.privacy.noise import NoiseStream
    from semblant_models.settings import ColumnArSettings
    from semblant_models.tabular.network import initial_parameters, log_share_tables
    from semblant_models.tabular.recipe import Recipe
    from semblant_models.tabular.shape import Shape
    from semblant_models.tabular.stepping import initial_state, make_steps
    from semblant_models.tabular.table import TableEncoding
    from tests.plugins.models.privacy.preprocessing.making import preprocess
    from tests.plugins.models.privacy.preprocessing.replaying import Recorded

    table = pq.read_table(Path(os.environ["SEMBLANT_TEST_DATA"]) / "bench" / name / "train.parquet")
    table = table.replace_schema_metadata(None)
    codes = preprocess(table, Recorded())
    plans = tuple(ColumnPlan(name=f.name, type=f.type, encoding=by_type(f.type)) for f in table.schema)
    encoding = TableEncoding.of(plans, tuple(PrivateCodes(column) for column in codes.columns))
    tokens, layout = encoding.encode(table), encoding.layout
    shape = Shape.of(layout, embedding=8, hidden=32, flexible=False)
    counts = np.zeros(int(layout.count_offsets[-1]), np.int64)
    layout.count(tokens, counts)
    tables = log_share_tables(shape, layout, counts)
    first = initial_parameters(shape, layout.ordered, np.random.default_rng(0))

    recipe = Recipe.of(ModelSpec(), ColumnArSettings(hidden=32, embedding=8), len(tokens))
    steps = make_steps(shape, recipe)
    state = [initial_state(first, recipe)]
    many = _ROWS // batch
    index = np.random.default_rng(0).integers(0, len(tokens), (many, 1, batch)).astype(np.int32)
    rates, dropout = np.full(many, 1e-3, np.float32), np.full(shape.tokens, recipe.hidden_dropout, np.float32)
    on_device = {key: jnp.asarray(value) for key, value in tables.items()}
    data = jnp.asarray(tokens.astype(np.int16))

    def plain() -> None:
        state[0], loss = steps(
            state[0], on_device, dropout, data, index, rates, jax.random.key(0), np.int32(0), np.int32(many)
        )
        loss.block_until_ready()

    descent = Descent(rows=len(tokens), batch_size=private_batch, steps=1, noise_multiplier=1.0)
    loop = PrivateTraining(descent=descent, shape=shape, tables=tables, noise=NoiseStream())
    adam = Adam(first)
    chosen = [np.arange(private_batch) % len(tokens)] * max(_ROWS // private_batch, 1)

    def private() -> None:
        for rows in chosen:
            adam.step(loop.noisy(loop.clipped(adam.weights, tokens, rows)), 1e-3)

    plain()
    private()
    return plain, private
