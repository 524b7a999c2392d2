"""A model that draws every column by itself: whatever holds between columns is the work of the constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semblant.constraints.guarded import GuardedModel
from semblant.constraints.shaping import Shaping
from semblant.run import Run
from semblant.spec.constraints import constraint_of
from semblant.training import GenerationRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Independent:
    """Draws columns of ``rows`` independently; given cells come out as they are."""

    history: tuple[dict[str, float], ...] = ()

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows
        self.drawn = 0
        self.settings_used: dict[str, Any] = {"epochs": 1}

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        run.check()
        size = request.batch_rows or 1000
        for start in range(0, request.rows, size):
            rows = min(size, request.rows - start)
            rng = np.random.default_rng((request.seed, start))
            self.drawn += rows
            columns = []
            for name in self.rows.column_names:
                values = self.rows.column(name).take(pa.array(rng.integers(0, self.rows.num_rows, rows)))
                if request.given is not None and name in request.given.column_names:
                    told = request.given.column(name).slice(start, rows).combine_chunks()
                    values = pc.if_else(pc.is_valid(told), told.cast(values.type), values.combine_chunks())
                columns.append(values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)
            yield pa.RecordBatch.from_arrays(columns, names=self.rows.column_names)

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        assert rows.schema.names == self.rows.schema.names
        return np.zeros(rows.num_rows)

    def save(self, folder: Path) -> None:
        (folder / "model.json").write_text("{}")


def guarded(real: pa.Table, *rules: Any, least: int = 1) -> GuardedModel:
    """Guard a model that knows nothing but its columns."""
    shaping = Shaping.fit(
        [constraint_of(rule) for rule in rules], real.schema, lambda names: real.select(list(names)), least
    )
    return GuardedModel(model=Independent(shaping.forward(real)), shaping=shaping)


def drawn(model: Any, folder: Path, rows: int = 3000, **request: Any) -> pa.Table:
    """Generate one table."""
    run = Run(job="test", seed=1, workspace=folder)
    request.setdefault("seed", 7)
    return pa.Table.from_batches(list(model.generate(GenerationRequest(rows=rows, **request), run)))
