"""Agreement with an independent measuring rig on three data sets.

The expected figures were measured once with programs that share no code with this project, on the
same splits and the stand-in that :func:`tests.plugins.reports.material.disturbed` makes.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.plugins.reports.material import disturbed, figures, inputs

EXPECTED: dict[str, dict[str, float]] = {
    "adult": {
        "overall": 0.97181,
        "univariate": 0.99347,
        "bivariate": 0.97557,
        "trivariate": 0.9464,
        "ceiling": 0.97952,
        "dcr_share": 0.19244,
        "identical": 0.020474,
        "c2st": 0.69091,
    },
    "airbnb": {
        "overall": 0.95037,
        "univariate": 0.99096,
        "bivariate": 0.95874,
        "trivariate": 0.9014,
        "ceiling": 0.96551,
        "dcr_share": 0.27116,
        "identical": 0.020002,
        "c2st": 0.75104,
    },
    "credit": {
        "overall": 0.94268,
        "univariate": 0.98894,
        "bivariate": 0.94721,
        "trivariate": 0.89189,
        "ceiling": 0.9642,
        "dcr_share": 0.22223,
        "identical": 0.020067,
        "c2st": 0.8629,
    },
}


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
