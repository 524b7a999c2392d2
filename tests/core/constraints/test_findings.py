"""What ``check`` says when the data break a constraint: how many rows, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from semblant.findings import Finding, Severity

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    low = rng.integers(0, 50, 300)
    high = low + rng.integers(0, 9, 300)
    high[:6] = low[:6] - 1
    words = "we came back late and saw that nobody knew what it was although the rain had gone by noon".split()
    table = pa.table(
        {
            "low": low,
            "high": high,
            "kind": rng.choice(["a", "b", "c"], 300),
            "place": rng.permutation([*["x"] * 200, *[f"p{n}" for n in range(100)]]),
            "note": [" ".join(rng.choice(words, 14)).capitalize() + "." for _ in range(300)],
        }
    )
    path = tmp_path_factory.mktemp("data") / "t.parquet"
    pq.write_table(table, path)
    return path


def found(data: Path, home: Path, *constraints: dict[str, Any]) -> list[Finding]:
    with Engine(home=home) as engine:
        spec = engine.load(
            {
                "source": {"type": "files", "path": str(data)},
                "tables": {"t": {"primary_key": None, "constraints": list(constraints)}},
            }
        )
        return [finding for finding in engine.check(spec) if finding.code.startswith("constraint")]


@pytest.mark.feature(217)
def test_rows_that_break_a_constraint_are_counted_with_what_becomes_of_them(data: Path, tmp_path: Path) -> None:
    (finding,) = found(data, tmp_path, {"inequality": {"low": "low", "high": "high"}})
    assert (finding.code, finding.severity) == ("constraint-broken", Severity.WARNING)
    assert finding.path == "tables.t.constraints[0]"
    assert "6 of the first 300 rows break the constraint low ≤ high" in finding.message
    assert "not learned from" in finding.message


@pytest.mark.parametrize(
    ("rule", "code", "severity"),
    [
        ({"inequality": {"low": "high", "high": "low", "strict": True}}, "constraint-against-data", Severity.ERROR),
        ({"unique": {"columns": "kind"}}, "constraint-few-values", Severity.ERROR),
        ({"combinations": {"columns": ["kind", "place"]}}, "constraint-rare-combinations", Severity.WARNING),
        ({"unique": {"columns": "note"}}, "constraint-on-text", Severity.ERROR),
    ],
)
def test_data_that_do_not_go_with_a_constraint_are_told(
    data: Path, tmp_path: Path, rule: dict[str, Any], code: str, severity: Severity
) -> None:
    (finding,) = found(data, tmp_path, {"range": {"column": "low", "min": 0}}, rule)
    assert (finding.code, finding.severity, finding.path) == (code, severity, "tables.t.constraints[1]")
    assert finding.fix


def test_data_that_keep_a_constraint_earn_nothing(data: Path, tmp_path: Path) -> None:
    assert found(data, tmp_path, {"range": {"column": "low", "min": 0}}) == []
