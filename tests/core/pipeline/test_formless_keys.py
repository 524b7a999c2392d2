"""Primary keys that no form describes are learned like other columns, and still name every row once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

_ROWS = 120


def _keys(kind: str) -> pa.Array:
    random = np.random.default_rng(0)
    if kind == "mixed characters":
        return pa.array(["".join(random.choice(list("0123456789ABCXYZ"), 8)) for _ in range(_ROWS)])
    if kind == "decimal":
        return pa.array(np.arange(_ROWS) + 10**8).cast(pa.decimal128(19, 0)).cast(pa.decimal128(10, 0))
    return pa.array(np.arange(_ROWS), pa.int32()).cast(pa.date32())


@pytest.mark.feature(207)
@pytest.mark.parametrize("kind", ["mixed characters", "decimal", "date"])
def test_a_key_without_a_form_is_made_and_stays_unique(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("jax")
    random = np.random.default_rng(1)
    table = pa.table({"id": _keys(kind), "size": random.normal(size=_ROWS)})
    pq.write_table(table, tmp_path / "things.parquet")
    with Engine(home=tmp_path / "home") as engine:
        spec = engine.load(
            {
                "source": {"type": "files", "path": str(tmp_path / "things.parquet")},
                "tables": {"things": {"primary_key": "id"}},
                "model": {"max_epochs": 1, "size": "small"},
                "generation": {"records": 60},
                "report": {"enabled": False},
            }
        )
        made = engine.run(spec).table("things")
    assert made.schema.names == ["id", "size"]
    assert made.column("id").type == table.column("id").type
    assert made.column("id").null_count == 0
    assert len(made.column("id").unique()) == 60
