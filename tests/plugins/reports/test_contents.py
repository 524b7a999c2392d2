"""Sections about how the data came about: constraints, training history, the privacy account, verdicts on the cover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from semblant.pipeline.reporting import limits_of
from semblant.privacy import NullAccount
from semblant.report.blocks import Chart, Table, Text, Tone
from semblant.report.build import NOT_COVERED, measure
from semblant.report.document import ReportDocument, SectionResult
from semblant.report.inputs import ReportInputs
from semblant.spec.model import ReportSpec
from semblant_reports.renderers.findings import findings_of, left_out
from tests.plugins.reports.material import figures, inputs, people, run

ENTRY = {"step": 10.0, "epoch": 1.0, "loss": 5.0, "validation_loss": 5.2, "learning_rate": 0.01}
ENTRIES = [
    ENTRY,
    {**ENTRY, "step": 20.0, "epoch": 2.0, "loss": 4.0, "validation_loss": 4.4, "learning_rate": 0.02},
    {**ENTRY, "step": 30.0, "epoch": 3.0, "loss": 3.5, "validation_loss": 4.6, "learning_rate": 0.005},
]


def section(name: str, given: ReportInputs) -> Any:
    import semblant_reports

    found = next(item for item in semblant_reports.semblant_report_sections() if item.name == name).create()
    return found.render(found.measure(given, run()))


@pytest.mark.feature(55)
def test_the_phik_limit_measures_the_most_different_columns_and_names_the_rest() -> None:
    pytest.importorskip("scipy", reason="comes with the extra 'reports'")
    made = people(800, 2).set_column(1, "job", pa.array(["nurse"] * 400 + ["smith"] * 400))
    full = inputs(people(800, 1), made)
    limited = evolve(full, limits=limits_of(ReportSpec(phik_columns=2)))

    wide, narrow = (figures("phik", item)["tables"][0] for item in (full, limited))

    assert (len(wide["columns"]), len(narrow["columns"])) == (4, 2)
    assert "job" in narrow["columns"]
    assert sorted([*narrow["columns"], *narrow["left_out"]]) == sorted(wide["columns"])
    said = [block.text for block in section("phik", limited) if isinstance(block, Text)]
    assert any("2 are left out" in text for text in said)
    assert sum(isinstance(block, Chart) for block in section("phik", full)) == 3


@pytest.mark.feature(52, 53, 54)
@pytest.mark.parametrize(
    ("setting", "name", "shown"),
    [("univariate_columns", "univariate", 2), ("bivariate_columns", "bivariate", 2), ("knn_columns", "neighbours", 2)],
)
def test_a_column_limit_of_the_spec_limits_its_own_section_alone(setting: str, name: str, shown: int) -> None:
    full = inputs(people(400, 1), people(400, 2), people(400, 3))
    changed: Any = {setting: shown}
    spec = ReportSpec(**changed)
    limited = evolve(full, limits=limits_of(spec))

    for other in ("univariate", "bivariate", "neighbours"):
        tables = [figures(other, item)["tables"][0] for item in (full, limited)]
        counts = [found["columns"] if other == "neighbours" else len(found["columns"]) for found in tables]
        assert counts == ([4, shown] if other == name else [4, 4])
        assert len(tables[1]["left_out"]) == (4 - shown if other == name else 0)


@pytest.mark.feature(217)
def test_rows_that_break_a_constraint_are_counted_on_both_sides() -> None:
    def rows(broken: int) -> pa.Table:
        return pa.table({"low": [1] * 100, "high": [0] * broken + [2] * (100 - broken)})

    spec = {
        "tables": {
            "people": {
                "constraints": [{"inequality": {"low": "low", "high": "high"}}, {"unique": {"columns": ["high"]}}]
            }
        }
    }
    kept, broken = (inputs(rows(0), rows(count), spec=spec) for count in (0, 7))

    found = figures("constraints", broken)["rules"]
    assert [(rule["original"], rule["synthetic"]) for rule in found] == [(0, 7), (99, 98)]
    assert figures("constraints", kept)["rules"][0]["synthetic"] == 0
    listed = next(block for block in section("constraints", broken) if isinstance(block, Table))
    assert list(listed.tones) == [Tone.BAD, Tone.BAD]
    assert listed.rows[0][1:] == ("low ≤ high", "0", "7", "7.00%")


def test_a_constraint_on_a_column_that_was_not_made_says_so() -> None:
    spec = {"tables": {"people": {"constraints": [{"unique": {"columns": ["id"]}}]}}}

    found = figures("constraints", inputs(pa.table({"id": [1], "x": [1]}), pa.table({"x": [1]}), spec=spec))

    assert found["rules"][0]["fault"] == "the synthetic table lacks id"


@pytest.mark.feature(135)
def test_the_training_history_shows_losses_and_rate_and_what_ended_it() -> None:
    given = inputs(
        people(50, 1),
        people(50, 2),
        history={"people": ENTRIES},
        settings_used={"people": {"stopped": "early stop", "epochs": 3.0}},
    )

    found = figures("history", given)["tables"][0]
    blocks = section("history", given)

    assert found["last"]["validation_loss"] == 4.6
    assert found["best"] == {"loss": 3.5, "validation_loss": 4.4}
    assert found["end"] == {"stopped": "early stop"}
    assert sum(isinstance(block, Chart) for block in blocks) == 2
    constant: list[Mapping[str, float]] = [{**entry, "learning_rate": 0.01} for entry in ENTRIES]
    without_rate = section("history", evolve(given, history={"people": constant}))
    assert sum(isinstance(block, Chart) for block in without_rate) == 1


def test_a_private_job_shows_its_account_and_says_on_the_cover_what_epsilon_does_not_cover(host: Any) -> None:
    class Account(NullAccount):
        private = True

        def as_dict(self) -> dict[str, Any]:
            return {"epsilon": 2.5, "delta": 1e-6, "withheld": ["losses of people"]}

    given = inputs(people(200, 1), people(200, 2), privacy=Account(), history={"people": ENTRIES})

    made = measure(host, given, run(), sections=("history", "privacy"))

    assert made.facts["privacy"] == NOT_COVERED
    assert "loss" not in str(made.sections[0].figures["tables"])
    rows = [row for block in made.sections[1].blocks if isinstance(block, Table) for row in block.rows]
    assert ("epsilon", "2.5") in rows
    assert ("delta", "1e-06") in rows
    assert any("losses of people" in block.text for block in made.sections[1].blocks if isinstance(block, Text))
    assert "privacy" not in measure(host, evolve(given, privacy=None), run(), sections=("privacy",)).facts


@pytest.fixture
def host() -> Any:
    from semblant.host import PluginHost

    return PluginHost.from_environment(third_party=False)


def test_the_cover_names_the_worst_findings_first_and_one_line_per_section() -> None:
    def verdict(tone: str, text: str) -> dict[str, str]:
        return {"tone": tone, "text": text}

    tables = [{"table": name, "verdict": verdict("fair", "is off.")} for name in ("a", "b", "c")]
    report = ReportDocument(
        title="t",
        subtitle="s",
        created="",
        version="",
        sections=[
            SectionResult(name="one", title="One", figures={"tables": tables}),
            SectionResult(name="two", title="Two", figures={"verdict": verdict("bad", "is bad.")}),
            SectionResult(name="three", title="Three", figures={"deep": [{"x_verdict": verdict("good", "fine.")}]}),
            SectionResult(name="four", title="Four", left_out="there is no holdout"),
        ],
    )

    off, well = findings_of(report)

    assert [(item.title, item.tone.value, item.text) for item in off] == [
        ("Two", "bad", "is bad."),
        ("One", "fair", "a: is off. The same in b, c."),
    ]
    assert well == "Nothing to find fault with: Three."
    assert [block.text for block in left_out(report).blocks if isinstance(block, Text)] == [
        "Four. Left out: there is no holdout"
    ]
