"""What one or a few subjects hold stands nowhere in a report, be it in its text or in the words of its pictures."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from tests.plugins.reports.material import document, figures, inputs, people
from tests.plugins.reports.test_formats import poppler, rendered

PLANTED = 1000
ROWS = 4000
MOMENTS = (dt.datetime(1803, 5, 17, 4, 5), dt.datetime(1804, 6, 18), dt.datetime(2399, 8, 9), dt.datetime(2398, 7, 8))
"""The extremes of a column of moments."""


def planted() -> tuple[pa.Table, list[str]]:
    """Give people among whom a thousand rare values hide: texts of one to nine rows, and extremes of numbers."""
    rng = np.random.default_rng(7)
    table = people(ROWS, 1)
    codes = np.array([f"planted-{number:04d}-x" for number in range(PLANTED)])
    town, street = np.full(ROWS, "Bonn", dtype=object), np.full(ROWS, "High Street", dtype=object)
    town[:1800] = np.repeat(codes[:200], 9)
    street[:3200] = np.repeat(codes[200:], 4)
    town, street = rng.permutation(town), rng.permutation(street)
    note = [f"{street[row]} called on day {row}" for row in range(ROWS)]
    income = [value if value is None else round(float(value), 2) for value in table.column("income").to_pylist()]
    for row in range(12):
        income[row] = 90_000_000.0 + 1_234_567.0 * row
    moments = [dt.datetime(2001, 1, 1) + dt.timedelta(hours=7 * row % 80_000) for row in range(ROWS)]
    for row, moment in enumerate(MOMENTS):
        moments[100 + row] = moment
    made = table.set_column(2, "income", pa.array(income)).append_column("town", pa.array(town.tolist()))
    made = made.append_column("met", pa.array(moments, pa.timestamp("us")))
    made = made.append_column("street", pa.array(street.tolist()))
    numbers = [f"{90_000_000 + 1_234_567 * row}" for row in range(12)]
    shown = [f"{90_000_000 + 1_234_567 * row:,}" for row in range(12)]
    dates = [text for moment in MOMENTS for text in (f"{moment:%Y}-", f"{moment.timestamp():.0f}")]
    return made.append_column("note", pa.array(note)), [*codes.tolist(), *numbers, *shown, *dates]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("secrets")
    train, _ = planted()
    made = document(inputs(train, train, train))
    pdf = rendered(made, "pdf", folder)
    raw = pdf.read_bytes()
    return {
        "pdf": poppler("pdftotext", pdf, "-"),
        "pdf bytes": raw.decode("latin-1") + raw.decode("utf-16-be", errors="ignore"),
        "html": rendered(made, "html", folder).read_text(encoding="utf-8"),
        "json": rendered(made, "json", folder).read_text(encoding="utf-8"),
    }


@pytest.mark.feature(125)
@pytest.mark.parametrize("where", ["pdf", "pdf bytes", "html", "json"])
def test_of_a_thousand_planted_values_none_is_shown(said: dict[str, str], where: str) -> None:
    _, secrets = planted()

    assert [secret for secret in secrets if secret in said[where]] == []
    assert "planted" not in said[where]
    assert "Bonn" in said["json"]


def test_without_the_limit_the_same_test_would_see_them() -> None:
    train, _ = planted()

    found = figures("univariate", inputs(train.select(["town"]), train.select(["town"]), min_subjects=1))

    assert "planted" in str(found)
