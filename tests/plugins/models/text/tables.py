"""Training tables with text columns, and how to learn and write them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.pipeline.text_columns import length_buckets
from semblant.run import Run
from semblant.spec.training import ModelSpec
from semblant.training import ColumnPlan, GenerationRequest, Split, TrainingTable
from semblant.vocabulary import EncodingType
from semblant_models.text.ngram.backend import NgramBackend
from semblant_models.text.settings import NgramSettings

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from semblant_models.text.ngram.model import NgramModel


def run_in(folder: Path, **settings: Any) -> Run:
    """Give a run that works in a folder."""
    return Run(job="test", seed=1, workspace=folder, **settings)


def training_table(
    table: pa.Table,
    texts: tuple[str, ...] = ("text",),
    *,
    least: int = 10,
    fraction: float = 0.1,
    subjects: np.ndarray | None = None,
    batch_rows: int = 1000,
) -> TrainingTable:
    """Describe an Arrow table as a table to learn."""
    plans = tuple(
        ColumnPlan(
            name=field.name,
            type=field.type,
            encoding=EncodingType.TEXT if field.name in texts else EncodingType.CATEGORICAL,
        )
        for field in table.schema
    )
    batches = table.to_batches(max_chunksize=batch_rows)
    edges = [0]
    for batch in batches:
        edges.append(edges[-1] + batch.num_rows)
    return TrainingTable(
        name="reviews",
        columns=plans,
        rows=table.num_rows,
        open=lambda: iter(batches),
        split=Split(seed=1, fraction=fraction),
        min_subjects=least,
        subjects=None if subjects is None else lambda: (subjects[a:b] for a, b in itertools.pairwise(edges)),
    )


def learn(folder: Path, training: TrainingTable, **settings: Any) -> NgramModel:
    """Prepare and fit."""
    backend, run = NgramBackend(NgramSettings(**settings), ModelSpec()), run_in(folder)
    return backend.fit(training, backend.prepare(training, run), run)


def given_of(table: pa.Table, texts: tuple[str, ...] = ("text",)) -> pa.Table:
    """Give the rows with length buckets in place of texts."""
    for name in texts:
        bucket = length_buckets(table[name].combine_chunks().cast(pa.large_string()))
        table = table.set_column(table.column_names.index(name), name, bucket)
    return table


def write(model: NgramModel, folder: Path, given: pa.Table, seed: int = 7, **request: Any) -> pa.Table:
    """Write texts for rows."""
    wanted = GenerationRequest(rows=given.num_rows, seed=seed, given=given, **request)
    return pa.Table.from_batches(list(model.generate(wanted, run_in(folder))))
