"""Constraints that are found in data: the planted ones and no others, written behind '#'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.cli.starter import starter_spec
from semblant.detection.constraints import propose_constraints
from semblant.detection.model import ColumnDetection
from semblant.engine import Engine
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def orders() -> pa.Table:
    rng = np.random.default_rng(0)
    size, city = 1000, rng.integers(0, 12, 1000)
    ordered = np.datetime64("2024-01-01", "D") + rng.integers(0, 300, size)
    net, tax = rng.integers(100, 9000, size) / 100, rng.integers(1, 900, size) / 100
    shipped = ordered + rng.integers(0, 30, size)
    shipped[:2] -= 40
    return pa.table(
        {
            "city": [f"c{c}" for c in city],
            "country": [f"k{c // 4}" for c in city],
            "code": city * 7 % 100,
            "ordered": ordered,
            "shipped": pa.array(shipped, mask=(rng.random(size) < 0.2) & (np.arange(size) > 1)),
            "born": np.datetime64("1970-01-01", "D") + rng.integers(0, 9000, size),
            "net": net,
            "tax": tax,
            "gross": (net + tax).round(2),
            "grade": rng.choice(["a", "b", "c"], size),
            "flag": np.ones(size, np.int64),
        }
    )


@pytest.mark.feature(217)
def test_what_holds_in_the_data_is_proposed_and_nothing_else(orders: pa.Table) -> None:
    kinds = {"ordered": "date", "shipped": "date", "born": "date", "net": "number", "tax": "number", "gross": "number"}
    columns = {
        name: ColumnDetection(encoding=EncodingType(kinds.get(name, "categorical")), reason="")
        for name in orders.column_names
    }
    found = {str(proposed.constraint): proposed.reason for proposed in propose_constraints(columns, orders)}
    assert found == {
        "ordered ≤ shipped": "holds in 998 of the 1,000 rows seen",
        "net + tax = gross": "holds in all 1,000 rows seen",
        "city → country": "holds in all 1,000 rows seen",
        "only seen combinations of city, code": "holds in all 1,000 rows seen",
    }
    assert propose_constraints(columns, orders.slice(0, 20)) == ()
    assert not any("net" in str(p.constraint) for p in propose_constraints(columns, orders, frozenset({"net"})))


def test_proposals_are_written_behind_a_sign_and_count_once_it_is_taken_away(orders: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    pq.write_table(orders, path)
    with Engine(home=tmp_path / "home") as engine:
        spec = engine.spec_for(str(path))
        found = engine.detect(spec)
        text = starter_spec(spec, found)
        assert engine.load(text).tables["orders"].constraints == ()
        lines = text.splitlines()
        start = next(place for place, line in enumerate(lines) if line.startswith("    # constraints:"))
        end = next(place for place in range(start + 1, len(lines)) if not lines[place].startswith("    #   - "))
        lines[start:end] = [line.replace("    # ", "    ", 1) for line in lines[start:end]]
        loaded = engine.load("\n".join(lines)).tables["orders"].constraints
    proposed = found.tables["orders"].constraints
    assert loaded == tuple(entry.constraint for entry in proposed)
    assert len(loaded) >= 3
    assert found.as_dict()["tables"]["orders"]["constraints"][0]["reason"].startswith("holds in")
