"""Default models do not give their training rows away to the membership attack of the report (P10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from semblant.engine import Engine
from semblant.spec.write import spec_data
from tests.plugins.reports.material import figures, inputs

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("sklearn", reason="comes with the extra 'reports'")


@pytest.mark.nightly
@pytest.mark.feature(245)
@pytest.mark.parametrize("name", ["adult", "airbnb", "credit"])
def test_default_models_keep_their_training_rows_to_themselves(name: str, test_data: Path, tmp_path: Path) -> None:
    real = test_data / "bench" / name
    with Engine(home=tmp_path / "home") as engine:
        data = spec_data(engine.spec_for(str(real / "train.parquet")))
        made = engine.run(engine.load({**data, "report": {"enabled": False}}), out=tmp_path / "out")
    (synthetic,) = (made.table(table) for table in made.rows)
    train, holdout = (
        pq.read_table(real / f"{part}.parquet").replace_schema_metadata(None) for part in ("train", "holdout")
    )
    (found,) = figures("privacy", inputs(train, synthetic, holdout))["tables"]
    print(f"{name}: AUC {found['auc']:.4f}, {found['tpr']:.4f} of the members at 1% false alarms")
    assert found["interval"][0] <= 0.55
    assert found["auc"] <= 0.55
    assert found["tpr"] <= 0.03
