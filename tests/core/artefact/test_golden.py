"""Generators of every format that was ever released are loaded and drawn from, with rows like then (promise A4)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.artefact.pack import FORMAT
from tests.core.artefact.golden import making

ALPHA = 1e-6
KEPT = sorted(making.HERE.glob("format-*.semblant"))
stats = pytest.importorskip("scipy.stats")
pytest.importorskip("jax")


@pytest.fixture(scope="module", params=KEPT, ids=[path.stem for path in KEPT])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, pa.Table]:
    """Give the rows that were drawn when the file was made, and those of today."""
    folder = tmp_path_factory.mktemp("golden")
    path: Path = request.param
    return pq.read_table(path.with_suffix(".parquet")), making.drawn(path, folder / "out", folder / "home")


def test_the_present_format_is_among_them() -> None:
    assert f"format-{FORMAT}.semblant" in {path.name for path in KEPT}
    for path in KEPT:
        with zipfile.ZipFile(path) as archive:
            assert f'"format": {path.stem.removeprefix("format-")},'.encode() in archive.read("manifest.json")


def test_columns_types_and_number_of_rows_are_those_of_then(pair: tuple[pa.Table, pa.Table]) -> None:
    before, now = pair
    assert now.schema.equals(before.schema)
    assert now.num_rows == before.num_rows == making.ROWS


@pytest.mark.parametrize("column", ["age", "spent", "joined"])
def test_numbers_and_dates_have_the_distribution_of_then(pair: tuple[pa.Table, pa.Table], column: str) -> None:
    before, now = (np.asarray(rows[column].drop_null().to_numpy()).astype(np.float64) for rows in pair)
    assert stats.ks_2samp(before, now).pvalue > ALPHA


@pytest.mark.parametrize("column", ["region", "member"])
def test_categories_have_the_shares_of_then(pair: tuple[pa.Table, pa.Table], column: str) -> None:
    before, now = ([str(value) for value in rows[column].to_pylist()] for rows in pair)
    names = sorted({*before, *now})
    counts = np.array([[values.count(name) for name in names] for values in (before, now)])
    assert stats.chi2_contingency(counts).pvalue > ALPHA


def test_columns_depend_on_each_other_as_then(pair: tuple[pa.Table, pa.Table]) -> None:
    found = []
    for rows in pair:
        frame = rows.select(["age", "spent", "region"]).to_pandas().dropna()
        frame = frame[frame.region == "north"]
        found.append((np.corrcoef(frame.age.astype(float), frame.spent)[0, 1], len(frame)))
    (before, many), (now, few) = found
    apart = abs(np.arctanh(before) - np.arctanh(now)) / np.sqrt(1 / (many - 3) + 1 / (few - 3))
    assert before > 0.5
    assert apart < stats.norm.isf(ALPHA / 2)
