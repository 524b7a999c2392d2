"""Small networks to clip gradients of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import numpy as np

from semblant_models.tabular.layout import Layout
from semblant_models.tabular.network import initial_parameters, log_share_tables
from semblant_models.tabular.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence


def network(
    cardinality: Sequence[int], rows: int, *, seed: int = 0, hidden: int = 8
) -> tuple[Shape, dict[str, jax.Array], dict[str, jax.Array], np.ndarray]:
    """Give a shape, parameters away from their start, tables and random codes, int32."""
    rng = np.random.default_rng(seed)
    size = np.array(cardinality)
    layout = Layout(
        column=np.arange(len(size)),
        field=np.zeros(len(size), np.int64),
        cardinality=size,
        parent=np.full(len(size), -1),
        ordered=size > 6,
        blocked=((),) * len(size),
    )
    shape = Shape.of(layout, embedding=4, hidden=hidden, flexible=False)
    codes = np.stack([rng.integers(0, c, rows) for c in size], axis=1).astype(np.int32)
    counts = np.zeros(int(layout.count_offsets[-1]), np.int64)
    layout.count(codes, counts)
    params = {
        name: jax.numpy.asarray(value + 0.1 * rng.normal(size=value.shape).astype(np.float32))
        for name, value in initial_parameters(shape, layout.ordered, rng).items()
    }
    tables = {name: jax.numpy.asarray(value) for name, value in log_share_tables(shape, layout, counts).items()}
    return shape, params, tables, codes
