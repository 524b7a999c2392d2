"""Tables of few rows: single columns of what is drawn are those of the rows that were learned (decision 0030)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from semblant.training import Split
from semblant_models.tabular import model as of_tables
from tests.plugins.models.tabular.making import drawn, trained, training_table

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ROWS, COLUMNS = 100, 30


def _table() -> pa.Table:
    rng = np.random.default_rng(3)
    kind = rng.random(ROWS)
    columns = {
        f"c{k}": pa.array((kind + rng.normal(0, 0.2, ROWS) > 0.25 + k / (2 * COLUMNS)).tolist()) for k in range(COLUMNS)
    }
    return pa.table(columns)


def _farthest(folder: Path) -> float:
    """Give how far the share of a column is off, at most, in points of a hundred."""
    table = _table()
    made = drawn(
        trained(training_table(table, split=Split(seed=1, fraction=0.04)), folder, max_epochs=60),
        folder / "drawn",
        rows=4_000,
    )

    def share(one: pa.Table, name: str) -> float:
        return float(np.mean(one.column(name).to_numpy(zero_copy_only=False)))

    return 100 * max(abs(share(table, name) - share(made, name)) for name in table.column_names)


def test_marginals_of_a_hundred_rows_are_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met = _farthest(tmp_path / "corrected")
    monkeypatch.setattr(of_tables.TabularModel, "calibrate", lambda *_, **__: None)
    assert met < 5.0
    assert met < 0.65 * _farthest(tmp_path / "not corrected")
