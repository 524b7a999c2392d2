"""Reads the texts of a table with what they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow.compute as pc
from attrs import frozen

from semblant.training import Split
from semblant.vocabulary import EncodingType
from semblant_models.text.gru.conditions import candidates, series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from semblant.run import Run
    from semblant.training import ColumnPlan, TrainingTable


@frozen(eq=False)
class Gathered:
    """Some or all rows of a table."""

    frame: pl.DataFrame
    """Text columns as strings, and the columns that may be conditions."""
    subjects: NDArray[np.uint64]
    validates: NDArray[np.bool_]


def is_written(plan: ColumnPlan) -> bool:
    """Tell whether a text backend writes the column; texts of other tables are only read."""
    return plan.encoding is EncodingType.TEXT and not plan.above


def gather(training: TrainingTable, characters: int, run: Run) -> Gathered:
    """Read a table, or the share of its rows that holds at most so many characters."""
    texts = [plan for plan in training.columns if plan.encoding is EncodingType.TEXT]
    names = [plan.name for plan in (*texts, *candidates(training.columns))]
    total = sum(_characters(training, plan) for plan in texts if is_written(plan))
    share = Split(seed=run.random_seed("share"), fraction=min(1.0, characters * max(len(texts), 1) / max(total, 1)))
    frames, holders, row = [], [], 0
    owners = training.subjects() if training.subjects is not None else _rows_as_subjects(training)
    for batch, subjects in zip(training.open(), owners, strict=True):
        kept = np.ones(batch.num_rows, bool)
        if share.fraction < 1.0:
            kept = share.validates(np.arange(row, row + batch.num_rows, dtype=np.uint64))
        row += batch.num_rows
        frame = pl.DataFrame({name: series(batch.column(name)) for name in names})
        frames.append(frame.with_columns(pl.col(plan.name).cast(pl.String) for plan in texts).filter(pl.Series(kept)))
        holders.append(subjects[kept])
        run.progress(row, training.rows)
    merged = pl.concat(frames) if frames else pl.DataFrame({name: [] for name in names})
    found = np.concatenate(holders).astype(np.uint64) if holders else np.zeros(0, np.uint64)
    return Gathered(merged, found, training.split.validates(found))


def texts_below(training: TrainingTable, least: int) -> bool:
    """Tell whether a table has fewer than ``least`` texts that are not empty."""
    written: Sequence[ColumnPlan] = [plan for plan in training.columns if is_written(plan)]
    found = 0
    for batch in training.open():
        for plan in written:
            column = series(batch.column(plan.name)).cast(pl.String)
            found += int((column.str.len_chars() > 0).sum())
        if found >= least:
            return False
    return True


def _characters(training: TrainingTable, plan: ColumnPlan) -> int:
    total = 0
    for batch in training.open():
        total += pc.sum(pc.utf8_length(series(batch.column(plan.name)).cast(pl.String).to_arrow())).as_py() or 0
    return total


def _rows_as_subjects(training: TrainingTable) -> Iterator[NDArray[np.uint64]]:
    row = 0
    for batch in training.open():
        yield np.arange(row, row + batch.num_rows, dtype=np.uint64)
        row += batch.num_rows
