"""Reading a related table: its rows, whom they belong to, and the rows that they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import define, field

from semblant_models.tabular.context.rising import Ticks, can_rise, rises, ticks_of
from semblant_models.tabular.encodings.arrow import plain
from semblant_models.tabular.table import TableEncoding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.run import Run
    from semblant.training import Related, TrainingTable

_SAMPLE = 1_000_000


@define(eq=False)
class Sequences:
    """The order in which a table's rows are learned: sequence after sequence."""

    order: np.ndarray
    """Row numbers, int64, shape (n,)."""
    parent_of: np.ndarray
    """Row of the parent, in that order."""
    starts: np.ndarray
    """First place of each parent's rows, shape (parents,)."""
    lengths: np.ndarray
    rising: tuple[str, ...] = ()
    ticks: dict[str, Ticks] = field(factory=dict)
    """Of the rising columns, in that order."""

    @property
    def first(self) -> np.ndarray:
        """Where a sequence begins, bool, shape (n,)."""
        return np.append(True, self.parent_of[1:] != self.parent_of[:-1])[: len(self.order)]


def sequences_of(training: TrainingTable, parent: Related) -> Sequences:
    """Order the rows by parent, then as they stand; by a date where they do not stand in time."""
    candidates = [plan.name for plan in training.columns if can_rise(plan.type)]
    numbers = parent.of()
    found = {name: ticks_of(_column(training, name)) for name in candidates}
    order = np.lexsort((np.arange(len(numbers)), numbers))
    same = np.append(False, numbers[order][1:] == numbers[order][:-1])[: len(order)]
    rising = [name for name in candidates if rises(_taken(found[name], order), same)]
    dates = [plan.name for plan in training.columns if pa.types.is_date(plan.type) or pa.types.is_timestamp(plan.type)]
    if not any(name in dates for name in rising):
        for name in dates:
            again = np.lexsort((np.arange(len(numbers)), found[name].order, numbers))
            if rises(_taken(found[name], again), same):
                order = again
                rising = [name for name in candidates if rises(_taken(found[name], order), same)]
                break
    parent_of = numbers[order]
    lengths = np.bincount(parent_of, minlength=parent.rows).astype(np.int64)
    return Sequences(
        order=order,
        parent_of=parent_of,
        starts=np.concatenate([[0], np.cumsum(lengths)])[:-1].astype(np.int64),
        lengths=lengths,
        rising=tuple(rising),
        ticks={name: _taken(found[name], order) for name in rising},
    )


def _taken(ticks: Ticks, order: np.ndarray) -> Ticks:
    return Ticks(days=ticks.days[order], clock=None if ticks.clock is None else ticks.clock[order])


def _column(training: TrainingTable, name: str) -> pa.Array:
    parts = [plain(batch.column(batch.schema.get_field_index(name))) for batch in training.open()]
    return pa.concat_arrays(parts) if parts else pa.array([], pa.int64())


def all_subjects(training: TrainingTable) -> np.ndarray | None:
    """Give the subject of every row, uint64; None when each row is its own."""
    if training.subjects is None:
        return None
    parts = [np.asarray(part, np.uint64) for part in training.subjects()]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def fit_related(related: Related, min_subjects: int) -> TableEncoding:
    """Fit the encodings of the rows referred to, on a million of them at most."""
    from semblant_models.tabular.encodings import fit_encoding

    batches, rows = [], 0
    for batch in related.open():
        batches.append(batch)
        rows += batch.num_rows
        if rows >= _SAMPLE:
            break
    table = (
        pa.Table.from_batches(batches) if batches else pa.table({p.name: pa.nulls(0, p.type) for p in related.plans})
    )
    real = max(related.rows - related.orphans, 0)
    table = table.slice(0, real)
    who = None if related.subjects is None else related.subjects()[: table.num_rows]
    encodings = tuple(
        fit_encoding(plan, table.column(place), who, min_subjects) for place, plan in enumerate(related.plans)
    )
    return TableEncoding.of(related.plans, encodings)


def tokens_of(encoding: TableEncoding, batches: Iterator[pa.RecordBatch]) -> np.ndarray:
    """Encode streamed rows, int16, shape (rows, tokens)."""
    parts = [encoding.encode(batch) for batch in batches]
    return np.concatenate(parts) if parts else np.zeros((0, encoding.layout.tokens), np.int16)


def content_vectors(encoding: TableEncoding, tokens: np.ndarray) -> np.ndarray:
    """Describe rows by numbers: ranks of ordered tokens, a mark per code of small others, shape (rows, n)."""
    layout, parts = encoding.layout, []
    for token in range(layout.tokens):
        size = int(layout.cardinality[token])
        if layout.ordered[token] and layout.field[token] == 0:
            parts.append(tokens[:, [token]] / max(size - 1, 1) * 2.0)
        elif size <= 32:
            parts.append((tokens[:, [token]] == np.arange(size)).astype(np.float64))
        else:
            parts.append(tokens[:, [token]] / max(size - 1, 1))
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(tokens), 1))


def count_rows(related: Related, run: Run, numbers: np.ndarray) -> np.ndarray:
    """Give the number of rows per real parent row."""
    run.check()
    return np.bincount(numbers[numbers >= 0], minlength=related.rows)[: related.rows - related.orphans]
