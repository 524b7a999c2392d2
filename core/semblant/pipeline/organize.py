"""Organize: stream a table from its source into Parquet in the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from semblant.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from semblant.protocols import Source
    from semblant.run import Run
    from semblant.schema import Table
    from semblant.training import Split

BATCH_ROWS = 65_536
TRAIN = "train.parquet"
HOLDOUT = "holdout.parquet"


def arrow_schema(table: Table) -> pa.Schema:
    """Give the Arrow schema of a table's columns, in order."""
    return pa.schema([pa.field(column.name, column.type) for column in table.columns])


def batch_rows(table: Table) -> int:
    """Rows per batch: at most 65,536, fewer for wide tables so that a batch stays near 2 million cells."""
    return max(256, min(BATCH_ROWS, 2_000_000 // max(1, len(table.columns))))


def organize(
    source: Source,
    table: Table,
    run: Run,
    *,
    expected: int | None,
    holdout: Split | None = None,
    aside: Callable[[pa.Table], np.ndarray] | None = None,
) -> None:
    """Copy ``table`` into ``run.workspace``: rows to train on and, with ``holdout``, rows kept back.

    ``aside`` decides by the rows themselves which are kept back, a bool array per batch. Memory is one
    batch, whatever the size of the table.
    """
    schema = arrow_schema(table)
    done = 0
    with _writer(run.workspace / TRAIN, schema) as train, _writer(run.workspace / HOLDOUT, schema) as kept:
        for batch in source.read(table.name, list(table.column_names), batch_rows(table)):
            part = pa.Table.from_batches([_as_described(batch, schema, table.name)])
            if holdout is not None:
                numbers = np.arange(done, done + part.num_rows, dtype=np.uint64)
                mask = holdout.validates(numbers) if aside is None else aside(part)
                kept.write_table(part.filter(pa.array(mask)))
                train.write_table(part.filter(pa.array(~mask)))
            else:
                train.write_table(part)
            done += part.num_rows
            run.progress(done, expected)


def _as_described(batch: pa.RecordBatch, schema: pa.Schema, table: str) -> pa.RecordBatch:
    """Give a batch the types that the source described; what does not fit is named."""
    if batch.schema.equals(schema):
        return batch
    try:
        return batch.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError) as exc:
        msg = f"table '{table}' does not come as its source described it: {exc}"
        raise DataError(msg, fix="the data changed or are mixed: look at the column, or exclude it") from exc


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, write_statistics=False)


def rows_of(path: Path) -> int:
    """Count the rows of an organized file from its footer."""
    return int(pq.read_metadata(path).num_rows)


def stream(path: Path, columns: list[str] | None = None, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
    """Stream an organized file in order; memory is one row group's columns."""
    with pq.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
        yield from file.iter_batches(batch_size=rows, columns=columns, use_threads=False)
