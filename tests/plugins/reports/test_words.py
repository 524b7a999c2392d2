"""The summary in words: what is good, what is bad and what to do, the same in all formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from attrs import evolve

from semblant.privacy import NullAccount
from semblant.report.blocks import Score, Scores, Tone
from semblant.report.document import ReportDocument, SectionResult
from semblant_reports.renderers.findings import headline
from semblant_reports.sections.detection import judge
from tests.plugins.reports.material import document, figures, inputs, people
from tests.plugins.reports.test_controls import changed, given
from tests.plugins.reports.test_formats import _Words, poppler, rendered

pytest.importorskip("sklearn", reason="comes with the extra 'reports'")


def tones(found: dict[str, Any]) -> dict[str, str]:
    return {answer["about"]: answer["tone"] for answer in found["answers"]}


@pytest.mark.feature(125)
def test_real_rows_can_stand_in_and_nothing_is_to_do() -> None:
    found = figures("summary", given(people(3000, 2)))

    assert set(tones(found).values()) == {"good"}
    assert found["in_short"]["tone"] == "good"
    assert found["in_short"]["text"].startswith("These data can stand in for the original")
    assert found["to_do"] == []


@pytest.mark.feature(125)
def test_a_constant_column_is_named_with_what_to_do() -> None:
    train, made, held = (
        table.filter(table.column("income").is_valid()) for table in map(people, [3000] * 3, (1, 2, 3))
    )
    constant = changed(made, "job", pa.array(["nurse"] * made.num_rows))

    found = figures("summary", inputs(train, constant, held))

    assert tones(found) == {"fidelity": "bad", "utility": "bad", "privacy": "good"}
    assert found["in_short"]["text"].startswith("Do not rely on these data yet")
    assert "job: all synthetic values are the same: check its encoding and treatment." in found["to_do"]


@pytest.mark.feature(125)
def test_rows_learned_by_heart_are_not_to_be_shared_whatever_else_is_good() -> None:
    rng = np.random.default_rng(4)
    train = people(500, 1)
    income = np.array([np.nan if value is None else value for value in train.column("income").to_pylist()])
    by_heart = changed(train, "income", pa.array(income + rng.normal(0, 50, 500), from_pandas=True))

    found = figures("summary", inputs(train, by_heart, people(500, 3)))

    assert tones(found)["privacy"] == "bad"
    assert found["in_short"]["text"].startswith("Do not share these data")
    assert "differential privacy" in found["to_do"][0]


def test_without_a_holdout_nothing_is_said_of_privacy_and_one_is_asked_for() -> None:
    found = figures("summary", inputs(people(3000, 1), people(3000, 2)))

    assert tones(found)["privacy"] == "plain"
    assert "Without a holdout nothing is known of their privacy" in found["in_short"]["text"]
    assert [text for text in found["to_do"] if "--holdout" in text]


def test_the_reason_that_is_given_is_the_check_that_fails() -> None:
    rng = np.random.default_rng(5)
    made = people(3000, 2)
    # whole years in halves: the classes are the same, and a classifier sees it at once
    halves = made.column("age").to_numpy() + np.where(rng.random(3000) < 0.5, 0.25, -0.25)
    ages = changed(people(3000, 1), "age", pa.array(people(3000, 1).column("age").to_numpy().astype(float)))
    held = changed(people(3000, 3), "age", pa.array(people(3000, 3).column("age").to_numpy().astype(float)))

    found = figures("summary", inputs(ages, changed(made, "age", pa.array(halves)), held))
    answer = found["answers"][0]

    assert answer["tone"] == "bad"
    assert answer["text"].startswith("No: a classifier tells the rows apart: AUC ")
    assert "; otherwise distributions and ties between columns agree" in answer["text"]


def test_the_column_that_gives_the_rows_away_is_named_in_what_to_do() -> None:
    made = people(1500, 2)
    off = changed(made, "age", pa.array(made.column("age").to_numpy() + 0.25))
    real = [changed(rows, "age", rows.column("age").cast("double")) for rows in (people(1500, 1), people(1500, 3))]

    advice = figures("summary", inputs(real[0], off, real[1]))["to_do"]

    assert [text for text in advice if text.startswith("A classifier tells the rows apart by age most of all")]


def test_an_area_is_called_the_same_in_the_summary_and_under_detection() -> None:
    constant = given(changed(people(1500, 2), "job", pa.array(["nurse"] * 1500)), 1500)
    real, other = (people(1500, seed).select(["age", "job", "member"]) for seed in (1, 2))
    mixed = np.random.default_rng(0).permutation(1500)
    torn = pa.table({name: other.column(name).take(mixed) for name in other.column_names})
    apart = inputs(real, torn)

    for material in (constant, apart, inputs(people(180, 1), people(200, 2), people(20, 3))):
        whole = figures("summary", material)["answers"][0]["text"]
        verdict = figures("detection", material)["tables"][0]["verdict"]["text"]

        assert verdict.partition(". ")[0].rstrip(".")[1:] in whole


def test_an_area_that_chance_may_explain_gets_no_verdict() -> None:
    assert [judge(0.55, 0.43), judge(0.69, 0.58), judge(0.69, 0.62), judge(0.82, 0.78)] == [
        Tone.GOOD, Tone.PLAIN, Tone.FAIR, Tone.BAD,
    ]  # fmt: skip


def test_an_attack_that_did_not_run_is_not_told_as_one_that_found_nobody() -> None:
    found = figures("summary", inputs(people(180, 1), people(200, 2), people(20, 3)))
    answer = found["answers"][2]

    assert found["tables"]["people"]["membership"]["auc"] is None
    assert answer["tone"] == "plain"
    assert "no copies and no rows too near to training rows" in answer["text"]
    assert "A membership attack could not be tried: there are too few rows." in answer["text"]
    assert "finds nobody" not in answer["text"]
    assert "Without a holdout" not in found["in_short"]["text"]


def test_a_private_report_points_at_its_guarantee() -> None:
    class Account(NullAccount):
        private = True

    plain, private = (
        figures("summary", evolve(given(people(1500, 2), 1500), privacy=account))["answers"][2]["text"]
        for account in (None, Account())
    )

    assert "only differential privacy gives one" in plain
    assert "What is guaranteed stands in the section on privacy" in private


def test_nothing_to_compare_is_no_good_sign() -> None:
    found = figures("summary", inputs(people(100, 1), people(100, 2).slice(0, 0)))

    assert found["in_short"]["tone"] == "plain"
    assert found["to_do"] == []


def test_what_another_section_found_is_told_above_good_scores() -> None:
    def made(text: str, tone: str) -> ReportDocument:
        summary = {"in_short": {"tone": "good", "text": "All is well."}}
        shown = Scores(scores=[Score(label="a", value="1")])
        return ReportDocument(
            title="t",
            subtitle="s",
            created="",
            version="",
            sections=[
                SectionResult(
                    name="summary",
                    title="Summary",
                    figures=summary,
                    blocks=[shown],
                ),
                SectionResult(
                    name="texts",
                    title="Texts",
                    figures={"columns": [{"verdicts": [{"tone": tone, "text": text}]}]},
                ),
            ],
        )

    good, bad = headline(made("fine.", "good")).said, headline(made("a copy.", "bad")).said

    assert good is not None
    assert bad is not None
    assert (good.tone, good.text) == (Tone.GOOD, "All is well.")
    assert bad.tone is Tone.BAD
    assert "(Texts)" in bad.text


@pytest.mark.feature(250, 251)
def test_all_formats_say_the_same_in_short(tmp_path: Path) -> None:
    made = document(evolve(given(changed(people(1500, 2), "job", pa.array(["nurse"] * 1500)), 1500)), ())
    short = headline(made)

    cover = " ".join(poppler("pdftotext", "-l", "1", rendered(made, "pdf", tmp_path), "-").split())
    page = _Words(rendered(made, "html", tmp_path).read_text(encoding="utf-8")).text
    told = json.loads(rendered(made, "json", tmp_path).read_text(encoding="utf-8"))

    assert short.said is not None
    assert short.to_do
    for text in (short.said.text, *short.to_do):
        assert text in cover
        assert text in page
    assert told["in_short"] == {"tone": "bad", "text": short.said.text}
    assert told["sections"][0]["figures"]["to_do"] == list(short.to_do)
