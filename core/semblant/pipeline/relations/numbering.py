"""Numbers of rows within their parent, as of the lines of an order: no two rows of a parent have the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Collection

    from semblant.artefact.generator import GeneratorTable


def numbering_column(entry: GeneratorTable, fixed: Collection[str] = ()) -> str | None:
    """Give the one whole number that, with references, is the primary key of a table; None where there is none.

    :param fixed: columns whose values have to stay as the model made them.
    """
    referring = {name for facts in entry.links for name in facts.key.columns}
    own = [name for name in entry.table.primary_key if name not in referring]
    if len(own) != 1 or len(entry.table.primary_key) == 1 or own[0] in fixed:
        return None
    return own[0] if pa.types.is_integer(entry.table.column(own[0]).type) else None


def numbered_apart(batch: pa.Table, key: Collection[str], column: str) -> pa.Table:
    """Raise the numbers of rows that would have the same key: each becomes at least one more than the one before it.

    Rows are taken in the order of their numbers, so what was in order stays so; where no number comes twice below a
    parent, nothing changes. Rows with a missing number, or a missing reference, stay as they are, and all do where the
    column's type holds no further numbers.

    >>> lines = pa.table({"order": [1, 1, 1, 1, 2], "line": [1, 2, 2, 3, 1]})
    >>> numbered_apart(lines, ("order", "line"), "line")["line"].to_pylist()
    [1, 2, 3, 4, 1]
    """
    import polars as pl

    frame = pl.from_arrow(batch.select(list(key)))
    assert isinstance(frame, pl.DataFrame)
    whole = frame.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
    rows = np.flatnonzero(whole.to_numpy())
    some = frame[rows]
    groups = some.select(pl.struct([name for name in key if name != column]).rank("dense")).to_series().to_numpy()
    numbers = some[column].to_numpy().astype(np.int64)
    if not len(rows) or _far(numbers) * int(groups.max()) >= 2**62:
        return batch
    order = np.lexsort((numbers, groups))
    group, number = groups[order].astype(np.int64), numbers[order] - numbers.min()
    count = np.arange(len(order))
    place = count - np.maximum.accumulate(np.where(np.append(True, group[1:] != group[:-1]), count, 0))
    apart = group * _far(numbers)  # numbers of one group never reach those of the next
    raised = np.maximum.accumulate(number - place + apart) - apart + place + numbers.min()
    out = np.zeros(len(frame), np.int64)
    out[rows[order]] = raised
    at = batch.schema.get_field_index(column)
    here = batch.schema.field(at)
    try:
        values = pa.array(out).cast(here.type)
    except pa.ArrowInvalid:  # a small type holds no further numbers
        return batch
    return batch.set_column(at, here, pc.if_else(pa.array(whole.to_numpy()), values, batch.column(at)))


def _far(numbers: np.ndarray) -> int:
    """Give more than any two of the numbers can lie apart once they are raised."""
    return int(numbers.max(initial=0)) - int(numbers.min(initial=0)) + len(numbers) + 1
