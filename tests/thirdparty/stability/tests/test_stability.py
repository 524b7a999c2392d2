"""The section passes the kit; and the index is the one of the book."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from semblant.testing import SectionConformance
from semblant.testing.lessons import run_in
from semblant.testing.report_material import people, report_inputs
from semblant_stability import StabilitySettings, semblant_report_sections
from semblant_stability.section import StabilitySection, stability_index


class TestStability(SectionConformance):
    """All checks of report sections."""

    component = semblant_report_sections()[0]


def test_the_index_of_a_known_example():
    # (0.4 - 0.5) ln(0.4 / 0.5) + (0.6 - 0.5) ln(0.6 / 0.5), by hand
    assert stability_index(np.array([0.5, 0.5]), np.array([0.4, 0.6])) == pytest.approx(0.0405, abs=1e-4)


def test_a_column_that_moved_comes_first(tmp_path):
    original, synthetic = people(2000, 1), people(2000, 2)
    older = pa.compute.add(synthetic.column("age"), 25)
    synthetic = synthetic.set_column(0, "age", older)

    figures = StabilitySection(StabilitySettings()).measure(report_inputs(original, synthetic), run_in(tmp_path))

    assert figures["columns"][0]["column"] == "age"
    assert figures["columns"][0]["psi"] > 0.25
    assert figures["columns"][-1]["psi"] < 0.05


def test_more_groups_see_more(tmp_path):
    original, synthetic = people(2000, 1), people(2000, 2)
    few, many = (
        StabilitySection(StabilitySettings(groups=groups)).measure(report_inputs(original, synthetic), run_in(tmp_path))
        for groups in (2, 50)
    )

    assert max(entry["psi"] for entry in many["columns"]) > max(entry["psi"] for entry in few["columns"])
