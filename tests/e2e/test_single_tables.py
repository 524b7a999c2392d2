"""Every real single table goes through ``semblant run`` as a user would call it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from tests.e2e.command import no_traceback, semblant

if TYPE_CHECKING:
    from pathlib import Path

EVERY_COMMIT = ["automobile", "iris"]
NIGHTLY = [
    "adult",
    "airbnb_london",
    "beijing_pm25",
    "creditcard_default",
    "diabetes130",
    "diamonds",
    "magic_telescope",
    "nyc_taxis",
]


@pytest.mark.feature(2, 48, 110)
@pytest.mark.parametrize("name", [*EVERY_COMMIT, *(pytest.param(name, marks=pytest.mark.nightly) for name in NIGHTLY)])
def test_a_real_table_comes_out_with_everything_beside_it(name: str, test_data: Path, tmp_path: Path) -> None:
    source = test_data / "dev" / "single" / name / f"{name}.parquet"
    out = tmp_path / "out"
    done = semblant("run", source, "--records", "1000", "-o", out, "--json")
    no_traceback(done)
    assert done.returncode == 0, done.stderr[-3000:]
    made, real = pq.read_table(out / f"{name}.parquet"), pq.read_schema(source)
    assert made.num_rows == 1000
    assert made.schema.names == real.names
    assert [field.type for field in made.schema] == [field.type for field in real]
    for file in ("report.pdf", "report.json", "generator.semblant", "spec.yaml", "timings.json"):
        assert (out / file).stat().st_size > 100, file
    result = json.loads(done.stdout)
    assert 0.5 < result["scores"]["accuracy"] <= 1
    left_out = [
        section for section in json.loads((out / "report.json").read_text())["sections"] if section.get("left_out")
    ]
    assert not [section for section in left_out if "failed" in section["left_out"]]
