"""Small training tables, runs and backends for these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semblant.run import Run
from semblant.spec.training import ModelSpec
from semblant.training import ColumnPlan, Split, TrainingTable
from semblant.vocabulary import EncodingType
from semblant_models.settings import ColumnArSettings
from semblant_models.tabular.backend import ColumnArBackend

if TYPE_CHECKING:
    from pathlib import Path

    from semblant_models.tabular.model import TabularModel

FAST = {"max_epochs": 3}


def usual_encoding(kind: pa.DataType) -> EncodingType:
    """Give the encoding that a column of this type gets when nobody says more."""
    if pa.types.is_dictionary(kind):
        return EncodingType.CATEGORICAL
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return EncodingType.NUMBER
    if pa.types.is_duration(kind):
        return EncodingType.DURATION
    if pa.types.is_time(kind):
        return EncodingType.TIME
    if pa.types.is_temporal(kind):
        return EncodingType.DATETIME
    return EncodingType.CATEGORICAL


def training_table(
    table: pa.Table,
    *,
    encodings: dict[str, EncodingType] | None = None,
    options: dict[str, dict[str, Any]] | None = None,
    **settings: Any,
) -> TrainingTable:
    """Make a training table; ``options`` are further fields of the column plans."""
    plans = tuple(
        ColumnPlan(
            name=f.name,
            type=f.type,
            encoding=(encodings or {}).get(f.name, usual_encoding(f.type)),
            **(options or {}).get(f.name, {}),
        )
        for f in table.schema
    )
    settings.setdefault("split", Split(seed=1, fraction=0.1))
    return TrainingTable(
        name="t",
        columns=plans,
        rows=table.num_rows,
        open=lambda: iter(table.to_batches(max_chunksize=1000)),
        **settings,
    )


def run_in(folder: Path, seed: int = 1, **settings: Any) -> Run:
    """Make a run whose workspace is ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    return Run(job="test", seed=seed, workspace=folder, **settings)


def backend_with(settings: dict[str, Any] | None = None, **spec: Any) -> ColumnArBackend:
    """Make the backend with model settings."""
    return ColumnArBackend(ColumnArSettings(**(settings or {})), ModelSpec(**spec))


def trained(
    table: TrainingTable, folder: Path, *, settings: dict[str, Any] | None = None, run: Run | None = None, **spec: Any
) -> TabularModel:
    """Prepare and fit."""
    backend = backend_with(settings, **{**FAST, **spec})
    run = run or run_in(folder)
    found = backend.fit(table, backend.prepare(table, run), run)
    from semblant_models.tabular.model import TabularModel  # not above: preparing must not need JAX

    assert isinstance(found, TabularModel)
    return found


def loaded(folder: Path) -> TabularModel:
    """Load a saved model."""
    found = backend_with().load(folder)
    from semblant_models.tabular.model import TabularModel  # not above: preparing must not need JAX

    assert isinstance(found, TabularModel)
    return found


def drawn(model: TabularModel, folder: Path, **request: Any) -> pa.Table:
    """Generate one table."""
    from semblant.training import GenerationRequest

    request.setdefault("seed", 7)
    return pa.Table.from_batches(
        list(model.generate(GenerationRequest(**request), run_in(folder))), model.encoding.schema
    )


def people(rows: int = 600, seed: int = 0) -> pa.Table:
    """Make a table with one column of each common type, missing values and known dependence."""
    rng = np.random.default_rng(seed)
    city = rng.choice(["Rome", "Milan", "Turin"], rows, p=[0.5, 0.3, 0.2])
    income = np.where(city == "Milan", 3000, 1500) + rng.integers(0, 50, rows) * 10
    start = np.datetime64("2020-01-06", "D") + rng.integers(0, 700, rows)
    return pa.table(
        {
            "city": pa.array(city),
            "income": pa.array(income),
            "weight": pa.array(rng.normal(70, 10, rows).round(1)),
            "start": pa.array(start),
            "member": pa.array(rng.random(rows) < 0.3),
            "score": pa.array(rng.random(rows), mask=rng.random(rows) < 0.2),
        }
    )
