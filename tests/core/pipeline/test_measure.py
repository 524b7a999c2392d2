"""What the report reads: uniform samples, always the same, training and validation rows apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.pipeline.measure import table_data
from semblant.training import Split

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    table = pa.table({"n": np.arange(200_000), "k": np.arange(200_000) % 7})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=10_000)
    return tmp_path / "t.parquet"


def test_a_sample_is_uniform_sorted_and_repeatable(path: Path) -> None:
    data = table_data("t", path, seed=5)
    first, second = data.load(None, 5000), data.load(("n",), 5000)
    assert first.column("n").equals(second.column("n"))
    numbers = first.column("n").to_numpy()
    assert len(numbers) == 5000 and (np.diff(numbers) > 0).all()
    assert abs(numbers.mean() - 100_000) < 5 * 200_000 / np.sqrt(12 * 5000)
    assert second.column_names == ["n"]


def test_training_and_validation_rows_part_the_table(path: Path) -> None:
    split = Split(seed=3, fraction=0.1)
    train = table_data("t", path, 0, split=split)
    kept = table_data("t", path, 0, split=split, validation=True)
    assert train.rows + kept.rows == 200_000
    together = np.concatenate([t.load(("n",), None).column("n").to_numpy() for t in (train, kept)])
    assert len(np.unique(together)) == 200_000
    assert abs(kept.rows / 200_000 - 0.1) < 0.005


def test_an_empty_file_gives_an_empty_table_with_its_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), tmp_path / "e.parquet")
    assert table_data("e", tmp_path / "e.parquet", 0).load(("b",), 10).schema.names == ["b"]
