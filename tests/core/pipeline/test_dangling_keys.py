"""A foreign key that points nowhere tells of one subject only: it is not learned, though the copied keys are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_that_points_to_no_copied_row_never_comes_out(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    random = np.random.default_rng(0)
    countries = ["AT", "CH", "IT"]
    chosen = ["XX" if i == 5 else str(random.choice(countries)) for i in range(200)]
    (tmp_path / "db").mkdir()
    pq.write_table(pa.table({"code": countries}), tmp_path / "db/country.parquet")
    pq.write_table(pa.table({"id": range(1, 201), "country": chosen}), tmp_path / "db/person.parquet")
    with Engine(home=tmp_path / "home") as engine:
        spec = engine.load(
            {
                "source": {"type": "files", "path": str(tmp_path / "db")},
                "tables": {
                    "country": {"treatment": "original", "primary_key": "code"},
                    "person": {"foreign_keys": [{"columns": ["country"], "references": "country"}]},
                },
                "model": {"max_epochs": 1, "size": "small"},
                "generation": {"records": 2000},
                "report": {"enabled": False},
            }
        )
        made = engine.run(spec)
    assert set(made.table("person").column("country").to_pylist()) <= {*countries, None}
    assert made.generator_path is not None and b'"XX"' not in made.generator_path.read_bytes()
