"""Tables and folders as detection reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from semblant.detection import detect
from semblant.detection.columns import detect_columns
from semblant.detection.profile import profile_table
from semblant.schema import Column, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from semblant.detection.model import ColumnDetection, Detection
    from semblant.detection.profile import TableProfile


def table_of(data: pa.Table, name: str = "things") -> Table:
    return Table(name=name, columns=tuple(Column(name=field.name, type=field.type) for field in data.schema))


def profiled(data: pa.Table, *, batch_rows: int = 65_536, name: str = "things") -> TableProfile:
    return profile_table(table_of(data, name), iter(data.to_batches(max_chunksize=batch_rows)))


def columns_of(data: pa.Table, name: str = "things") -> dict[str, ColumnDetection]:
    return detect_columns(table_of(data, name), profiled(data, name=name))


def column_of(values: Sequence[object], name: str = "x", kind: pa.DataType | None = None) -> ColumnDetection:
    return columns_of(pa.table({name: pa.array(values, kind)}))[name]


def detected(tables: dict[str, pa.Table], schema: Schema | None = None, max_rows: int = 100_000) -> Detection:
    def read(table: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        data = tables[table] if columns is None else tables[table].select(list(columns))
        return iter(data.to_batches(max_chunksize=10_000))

    made = schema or Schema(tables=tuple(table_of(data, name) for name, data in tables.items()))
    return detect(made, read, max_rows)


def folder_of(folder: Path) -> dict[str, pa.Table]:
    return {path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}
