"""What the report looks at: original, synthetic and holdout rows, sampled from files in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from semblant.pipeline.organize import BATCH_ROWS, rows_of, stream
from semblant.report.inputs import Database, TableData

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from semblant.schema import Schema
    from semblant.training import Split


def table_data(
    name: str,
    path: Path,
    seed: int,
    *,
    split: Split | None = None,
    validation: bool = False,
    subjects: np.ndarray | None = None,
) -> TableData:
    """Describe a file's rows for the report; with ``split`` only the training or only the validation rows.

    ``subjects`` says whom each row belongs to, uint64; None when each row is a subject of its own.
    """
    total = rows_of(path)
    keep = np.arange(total, dtype=np.uint64)
    if split is not None:
        mask = split.validates(keep if subjects is None else subjects)
        keep = keep[mask if validation else ~mask]

    def load(columns: tuple[str, ...] | None, max_rows: int | None) -> pa.Table:
        chosen = keep
        if max_rows is not None and len(keep) > max_rows:
            random = np.random.default_rng([seed % 2**32, len(keep)])
            chosen = np.sort(random.choice(keep, max_rows, replace=False))
        return _take(path, None if columns is None else list(columns), chosen)

    return TableData(name=name, rows=len(keep), load=load)


def _take(path: Path, columns: list[str] | None, rows: np.ndarray) -> pa.Table:
    """Read the rows with these ascending numbers; memory is one batch and what is kept."""
    parts, start, schema = [], 0, None
    for batch in stream(path, columns, BATCH_ROWS):
        schema = batch.schema
        low, high = np.searchsorted(rows, [start, start + batch.num_rows])
        if high > low:
            inside = rows[low:high] - np.uint64(start)
            whole = high - low == batch.num_rows
            parts.append(batch if whole else batch.take(pa.array(inside.astype(np.int64))))
        start += batch.num_rows
    if schema is None:
        import pyarrow.parquet as pq

        schema = pq.read_schema(path)
        schema = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    return pa.Table.from_batches(parts, schema)


def database(schema: Schema, tables: Sequence[TableData]) -> Database:
    """Put the tables of a schema together."""
    found: Mapping[str, TableData] = {table.name: table for table in tables}
    return Database(schema=schema, tables=found)
