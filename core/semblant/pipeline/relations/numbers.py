"""References as row numbers: keys are resolved once, models never see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from semblant.training import NO_ROW, NOWHERE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def row_numbers(path: Path, columns: Sequence[str], target: Path, referenced: Sequence[str]) -> np.ndarray:
    """Give the row of ``target`` that each row of ``path`` refers to, int64.

    ``NO_ROW`` where a column of the key is null, ``NOWHERE`` where no row has the key. Only the key
    columns are read.
    """
    return numbers_of(pq.read_table(path, columns=list(columns)), pq.read_table(target, columns=list(referenced)))


def numbers_of(keys: pa.Table, target: pa.Table) -> np.ndarray:
    """Give the row of ``target`` with the key of each row of ``keys``; columns correspond by place.

    >>> numbers_of(pa.table({"a": ["x", None, "z"]}), pa.table({"id": ["y", "x"]})).tolist()
    [1, -1, -2]
    """
    names = [f"k{i}" for i in range(keys.num_columns)]
    left, right = _frame(keys, names), _frame(target, names)
    kinds = dict(zip(right.columns, right.dtypes, strict=True))
    missing = left.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
    left = left.with_columns(pl.col(name).cast(kinds[name], strict=False) for name in names)
    right = right.with_row_index("row").unique(subset=names, keep="first", maintain_order=True)
    found = left.join(right, on=names, how="left", maintain_order="left").get_column("row")
    numbers = found.cast(pl.Int64).fill_null(NOWHERE).to_numpy().copy()
    numbers[missing] = NO_ROW
    return np.asarray(numbers, np.int64)


def _frame(table: pa.Table, names: list[str]) -> pl.DataFrame:
    columns = []
    for column in table.columns:
        array = column
        if isinstance(array.type, pa.BaseExtensionType):
            array = pa.chunked_array([chunk.storage for chunk in array.chunks], array.type.storage_type)
        columns.append(array)
    frame = pl.from_arrow(pa.table(columns, names=names))
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
