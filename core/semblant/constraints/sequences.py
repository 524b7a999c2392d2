"""Rows of a table below another: they are drawn again in whole sequences, and keep the order that they came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve

from semblant.training import PARENT_ROW

if TYPE_CHECKING:
    from semblant.training import GenerationContext, GenerationRequest


def sequences_of(table: pa.Table, rows: np.ndarray, request: GenerationRequest) -> tuple[np.ndarray, GenerationContext]:
    """Give all rows that belong to the parents of some, ascending, and what to ask for to have them made again."""
    context = request.context
    assert context is not None
    assert context.parents is not None
    owner = table.column(PARENT_ROW).to_numpy()
    chosen = np.unique(owner[rows])
    whole = np.flatnonzero(np.isin(owner, chosen))
    parents = pa.Table.from_batches(list(context.parents())).take(pa.array(chosen)).combine_chunks()
    counts = np.searchsorted(chosen, owner[whole])
    return whole, evolve(
        context,
        parents=lambda: iter(parents.to_batches()),
        parent_rows=parents.num_rows,
        counts=np.bincount(counts, minlength=len(chosen)).astype(np.int64),
    )


def rising_columns(table: pa.Table, schema: pa.Schema) -> tuple[str, ...]:
    """Give the columns that never fall within the rows of one parent, and rise somewhere.

    >>> table = pa.table({PARENT_ROW: [0, 0, 1], "day": [3, 4, 1], "size": [5, 2, 1]})
    >>> rising_columns(table, table.schema)
    ('day',)
    """
    if PARENT_ROW not in table.column_names:
        return ()
    owner = table.column(PARENT_ROW).to_numpy()
    same = owner[1:] == owner[:-1]
    found = []
    for name in table.column_names:
        kind = table.schema.field(name).type
        movable = pa.types.is_integer(kind) or pa.types.is_date(kind) or pa.types.is_timestamp(kind)
        if name in schema.names and movable and not name.startswith("\0") and table.column(name).null_count == 0:
            steps = np.diff(_numbers(table.column(name)))[same]
            if len(steps) and (steps >= 0).all() and (steps > 0).any():
                found.append(name)
    return tuple(found)


def in_order(table: pa.Table, rising: tuple[str, ...]) -> pa.Table:
    """Order the rows of each parent by columns that rise along them; rows are not changed.

    >>> table = pa.table({PARENT_ROW: [0, 0, 1], "day": [5, 4, 1]})
    >>> in_order(table, ("day",))["day"].to_pylist()
    [4, 5, 1]
    """
    if not rising:
        return table
    owner = table.column(PARENT_ROW).to_numpy()
    order = np.lexsort([*(_numbers(table.column(name)) for name in reversed(rising)), owner])
    return table if (order == np.arange(len(order))).all() else table.take(pa.array(order))


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    kind = values.type
    if pa.types.is_date32(kind):
        values = pc.cast(values, pa.int32())
    return np.asarray(pc.cast(values, pa.int64()).to_numpy())
