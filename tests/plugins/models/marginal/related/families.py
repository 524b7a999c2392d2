"""Two tables of which one hangs on the other, in memory: households and their purchases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from semblant.pipeline.private import by_type
from semblant.training import ColumnPlan, Context, Related, Split, TrainingTable

if TYPE_CHECKING:
    from collections.abc import Iterator

PARENTS = 1_500


def households(parents: int = PARENTS, seed: int = 3) -> tuple[pa.Table, pa.Table, np.ndarray]:
    """Give parents, children and the parent of each child; towns decide the number of rows and what is bought."""
    rng = np.random.default_rng(seed)
    town = rng.choice(["Rome", "Milan", "Turin"], parents, p=[0.5, 0.3, 0.2])
    size = rng.integers(1, 7, parents)
    above = pa.table({"town": town.tolist(), "size": pa.array(size)})
    number = np.where(town == "Rome", rng.integers(3, 6, parents), rng.integers(0, 3, parents))
    owner = np.repeat(np.arange(parents), number)
    rows = len(owner)
    wine = np.where(town[owner] == "Milan", rng.random(rows) < 0.9, rng.random(rows) < 0.1)
    below = pa.table(
        {
            "what": np.where(wine, "wine", "bread").tolist(),
            "price": pa.array((rng.gamma(2.0, 5.0, rows) + 20 * wine).round(2)),
        }
    )
    return above, below, owner


def with_a_hoarder(
    tables: tuple[pa.Table, pa.Table, np.ndarray], rows: int = 60
) -> tuple[pa.Table, pa.Table, np.ndarray]:
    """Add one household with many purchases, of values that others have too."""
    above, below, owner = tables
    more = below.filter(pa.array(np.asarray(below.column("what")) == "bread")).slice(0, rows)
    return (
        pa.concat_tables([above, above.slice(0, 1)]),
        pa.concat_tables([below, more]),
        np.concatenate([owner, np.full(rows, above.num_rows)]),
    )


def purchases(tables: tuple[pa.Table, pa.Table, np.ndarray], *, top: bool = True) -> TrainingTable:
    """Give the lower table as a backend gets it."""
    above, below, owner = tables

    def opened(table: pa.Table) -> Iterator[pa.RecordBatch]:
        return iter(table.combine_chunks().to_batches(max_chunksize=65_536))

    parent = Related(
        key="household>households",
        plans=_plans(above, "households."),
        rows=above.num_rows,
        open=lambda: opened(above.rename_columns([f"households.{name}" for name in above.column_names])),
        of=lambda: owner,
        subjects=lambda: np.arange(above.num_rows, dtype=np.uint64),
        top=top,
    )
    return TrainingTable(
        name="purchases",
        columns=_plans(below),
        rows=below.num_rows,
        open=lambda: opened(below),
        split=Split(seed=0, fraction=0.1),
        subjects=lambda: iter([owner.astype(np.uint64)]),
        context=Context(parent=parent),
    )


def _plans(table: pa.Table, prefix: str = "") -> tuple[ColumnPlan, ...]:
    return tuple(ColumnPlan(name=prefix + f.name, type=f.type, encoding=by_type(f.type)) for f in table.schema)
