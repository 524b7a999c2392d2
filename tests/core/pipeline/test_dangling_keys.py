"""Foreign keys that point nowhere: their rate is kept, their values, which tell of one subject, are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.feature(206)
def test_a_key_that_points_to_no_copied_row_never_comes_out_but_others_do_as_often(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    random = np.random.default_rng(0)
    countries = ["AT", "CH", "IT"]
    chosen = [f"X{i // 10}" if i < 60 else None if i < 80 else str(random.choice(countries)) for i in range(300)]
    (tmp_path / "db").mkdir()
    pq.write_table(pa.table({"code": countries}), tmp_path / "db/country.parquet")
    pq.write_table(pa.table({"id": range(1, 301), "country": chosen}), tmp_path / "db/person.parquet")
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
    came = made.table("person").column("country").to_pylist()
    nowhere = [code for code in came if code is not None and code not in countries]
    assert 0.15 < len(nowhere) / len(came) < 0.25
    assert 0.04 < sum(code is None for code in came) / len(came) < 0.1
    assert set(nowhere).isdisjoint(chosen), "a real key came out"
    assert all(len(code) == 2 for code in nowhere)
    assert made.generator_path is not None
    assert b'"X3"' not in made.generator_path.read_bytes()
