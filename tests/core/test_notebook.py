"""How results look in a notebook: everything escaped."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semblant.findings import Finding, Severity
from semblant.notebook import html_detection, html_findings, html_summary, html_table
from semblant.results import JobResult
from semblant.spec.model import Selected, Spec
from tests.core.cli.fake import FakeEngine

HOSTILE = "<script>alert('x')</script>\"&\x1b[31m\u202e"
SPEC = Spec(source=Selected(type="files", settings={"path": "a.csv"}))


def is_safe(html):
    return "<script" not in html and "\x1b" not in html and "\u202e" not in html


def test_hostile_texts_are_shown_and_do_nothing():
    html = html_table([HOSTILE], [[HOSTILE], [None]], caption=HOSTILE)
    assert is_safe(html)
    assert "&lt;script&gt;" in html


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
@settings(deadline=None)
def test_any_facts_can_be_shown(value):
    html = html_summary("Facts", {"value": value})
    assert html.count("<table>") == html.count("</table>")
    assert html.count("<td") == html.count("</td>")


def test_nested_facts_become_tables_and_long_ones_are_counted():
    html = html_summary("Job", {"columns": [{"name": "a", "type": "int"}, {"name": "b"}]})
    assert html.count("<tr>") == 4
    assert "and 100 more rows" in html_table(["n"], [[n] for n in range(300)])


def test_results_show_themselves():
    result = JobResult(
        name="calm-otter-1",
        generator_path=None,
        location=HOSTILE,
        tables={"a": Path("a.parquet")},
        rows={"a": 1000},
        scores={"accuracy": 0.98123},
    )
    html = result._repr_html_()
    assert is_safe(html)
    assert "1,000" in html
    assert "0.9812" in html


def test_a_plan_and_a_detection_show_encodings_and_sensitivity_in_words():
    engine = FakeEngine()
    assert "autoregressive" in engine.plan(SPEC)._repr_html_()
    html = html_detection(engine.detect(SPEC))
    for words in ("pattern", "3 of 3 look alike", "sensitive: looks like e-mail addresses", "unique and counting up"):
        assert words in html


@pytest.mark.parametrize(
    "findings",
    [
        [],
        [
            Finding(severity=Severity.INFO, path="b", code="x", message=HOSTILE),
            Finding(severity=Severity.ERROR, path="a", code="x", message="m", line=3),
        ],
    ],
)
def test_findings_stand_by_severity(findings):
    html = html_findings(findings)
    assert is_safe(html)
    if findings:
        assert html.index("a (line 3)") < html.index("&lt;script")
    else:
        assert "no findings" in html
