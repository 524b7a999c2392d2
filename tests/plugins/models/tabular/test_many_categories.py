"""Hundreds of thousands of categories: two tokens, little memory, and nothing of few subjects."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

ROWS, VALUES, MOST_MB = 400_000, 200_000, 400

PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np, pyarrow as pa
from semblant.clock import peak_memory_bytes
from semblant.vocabulary import ColumnTreatment, EncodingType
from semblant_models.tabular.encodings import Draw
from tests.plugins.models.tabular.making import backend_with, run_in, training_table

folder, treatment, rows, values = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rng = np.random.default_rng(0)
codes = rng.permutation(np.concatenate([np.arange(values), np.minimum(rng.zipf(1.3, rows - values), values) - 1]))
table = pa.table({"who": pa.array([f"value {code:07d}" for code in codes])})
before = peak_memory_bytes()
training = training_table(table, options={"who": {"treatment": ColumnTreatment(treatment)}})
prepared = backend_with().prepare(training, run_in(folder))
encoding = prepared.encoding.encodings[0]
made = prepared.encoding.decode(prepared.encoding.encode(table.slice(0, 50_000)), Draw(rng=rng)).column(0)
print(json.dumps({
    "mb": (peak_memory_bytes() - before) / 2**20,
    "cardinalities": [field.cardinality for field in encoding.fields],
    "values": len(encoding.values),
    "same": float(np.mean(np.array(made.to_pylist()) == np.array(table["who"].slice(0, 50_000).to_pylist()))),
    "usual": int(np.bincount(codes)[[int(v.as_py()[6:]) for v in encoding.values]].min()),
}))
"""


def prepared(folder: Path, treatment: str) -> dict[str, Any]:
    words = [sys.executable, "-c", PROGRAM, str(folder), treatment, str(ROWS), str(VALUES)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["mb"] < MOST_MB
    assert len(found["cardinalities"]) == 2
    assert max(found["cardinalities"]) <= 1024
    return found


@pytest.mark.feature(213, 244)
def test_of_two_hundred_thousand_values_those_that_enough_rows_hold_are_kept(tmp_path: Path) -> None:
    found = prepared(tmp_path, "synthesize")
    assert found["usual"] >= 10
    assert 300 < found["values"] < 20_000


@pytest.mark.feature(11, 213)
def test_all_of_two_hundred_thousand_values_can_be_kept(tmp_path: Path) -> None:
    found = prepared(tmp_path, "keep")
    assert found["values"] == VALUES
    assert found["same"] == 1.0
