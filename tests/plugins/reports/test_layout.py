"""Pages of the PDF: nothing is left alone at the end of one, and none is left half empty without need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from semblant.report.blocks import Chart, Heading, Score, Scores, Table, Text, Tone
from semblant.report.document import ReportDocument
from tests.plugins.reports.material import document, inputs, people
from tests.plugins.reports.test_formats import WITHOUT, of_blocks, poppler, rendered

SPEC = {
    "data": {"values": [{"x": 1, "y": "a"}]},
    "mark": "bar",
    "height": 150,
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "nominal"}},
}


@pytest.fixture(scope="module")
def report() -> ReportDocument:
    return document(inputs(people(1500, 1), people(1500, 2), people(1500, 3)), WITHOUT)


def pages_of(path: Path, *options: str) -> list[str]:
    return poppler("pdftotext", *options, path, "-").split("\f")[:-1]


def page_with(pages: list[str], words: str) -> int:
    return next(number for number, page in enumerate(pages) if re.search(rf"^\s*{words}", page, re.MULTILINE))


@pytest.mark.parametrize("lines", range(55, 61))
def test_a_heading_stays_with_the_picture_that_its_words_are_about(tmp_path: Path, lines: int) -> None:
    filler = [Text(text="Filler.") for _ in range(lines)]
    behind = (Heading(text="The heading"), Text(text="Words about it."), Chart(spec=SPEC, alt="a", caption="Captioned"))

    pages = pages_of(rendered(of_blocks(*filler, *behind), "pdf", tmp_path))[2:]

    assert page_with(pages, "The heading") == page_with(pages, "Words about it") == page_with(pages, "Captioned")


@pytest.mark.parametrize("rows", [11, 12, 13])
@pytest.mark.parametrize("lines", range(36, 58, 3))
def test_a_heading_stays_with_a_table_that_is_not_broken(tmp_path: Path, lines: int, rows: int) -> None:
    filler = [Text(text="Filler.") for _ in range(lines)]
    long = "a value that is so long that two of these tables have no room side by side"
    table = Table(columns=("key", "value"), rows=[(f"row{row}", long) for row in range(rows)])

    pages = pages_of(rendered(of_blocks(*filler, Heading(text="The heading"), table), "pdf", tmp_path))[2:]

    assert page_with(pages, "The heading") == page_with(pages, "row0")


@pytest.mark.parametrize("lines", range(18, 33, 2))
def test_two_pictures_one_below_the_other_stay_together(tmp_path: Path, lines: int) -> None:
    filler = [Text(text="Filler.") for _ in range(lines)]
    pictures = [Chart(spec=SPEC, alt="a", caption=caption) for caption in ("Upper", "Lower")]

    pages = pages_of(rendered(of_blocks(*filler, *pictures, Text(text="Behind.")), "pdf", tmp_path))[2:]

    assert page_with(pages, "Upper") == page_with(pages, "Lower")


@pytest.mark.parametrize("lines", range(30, 60, 5))
def test_a_table_that_breaks_leaves_no_single_row_on_either_page(tmp_path: Path, lines: int) -> None:
    filler = [Text(text="Filler.") for _ in range(lines)]
    rows = [
        (f"row{row}", "a value that is so long that two of these tables have no room side by side") for row in range(40)
    ]

    pages = pages_of(rendered(of_blocks(*filler, Table(columns=("key", "value"), rows=rows)), "pdf", tmp_path))[2:]

    counts = [count for page in pages if (count := len(re.findall(r"^row\d+", page, re.MULTILINE)))]
    assert sum(counts) == 40
    assert min(counts) >= 3


def test_long_narrow_tables_stand_in_columns_side_by_side_unless_their_rows_have_tones(tmp_path: Path) -> None:
    rows = [(f"name{row}", f"{row}") for row in range(30)]

    def written(**more: Any) -> str:
        made = of_blocks(Table(columns=("key", "value"), rows=rows, align="lr", **more))
        return pages_of(rendered(made, "pdf", tmp_path), "-layout")[2]

    assert re.search(r"name0\s+0\s+name10\s+10\s+name20\s+20", written())
    assert len(re.findall(r"key\s+value", written())) == 3
    assert re.search(r"^\s*. name0\s+0$", written(tones=[Tone.GOOD] * 30), re.MULTILINE)


def test_no_page_of_a_report_is_left_nearly_empty(report: ReportDocument, tmp_path: Path) -> None:
    boxes = poppler("pdftotext", "-bbox", rendered(report, "pdf", tmp_path), "-").split("<page ")[1:]

    lowest = [
        max(float(low) for low in re.findall(r'yMax="([\d.]+)">', page) if float(low) < 780) for page in boxes[2:-1]
    ]
    assert lowest
    assert min(lowest) > 450
    assert "What was left out" in poppler("pdftotext", rendered(report, "pdf", tmp_path), "-")
    assert len(boxes) <= 12


def test_the_scores_of_the_cover_are_not_told_again(report: ReportDocument, tmp_path: Path) -> None:
    pages = pages_of(rendered(report, "pdf", tmp_path))

    assert "Membership attack" in pages[0]
    assert "looks for" in pages[0]
    assert all("AUC of an attacker" not in page for page in pages[1:])


@pytest.mark.parametrize("headings", [5, 38, 41, 44, 50, 78, 100])
def test_contents_of_any_length_take_the_pages_that_they_need(tmp_path: Path, headings: int) -> None:
    facts = {f"fact {number}": "told " * 40 for number in range(9)}
    made = of_blocks(*[Heading(text=f"Heading {number}") for number in range(headings)], facts=facts)

    pages = pages_of(rendered(made, "pdf", tmp_path), "-layout")

    first = page_with(pages, "Contents")
    assert page_with(pages[first + 1 :], r"One$") >= 0
    if headings < 78:
        assert re.search(rf"Heading {headings - 1}\s+\d+$", "\n".join(pages[first:]), re.MULTILINE)
    assert "fact 8" in "".join(pages)


def test_a_cover_with_much_to_say_stays_one_page(tmp_path: Path) -> None:
    figures = {
        "in_short": {"tone": "bad", "text": "Not yet."},
        "to_do": [f"{number}. " + "Do this, and do not forget to do that as well. " * 4 for number in range(12)],
        "found": [{"table": f"t{number}", "verdict": {"tone": "bad", "text": "It is off."}} for number in range(9)],
    }
    shown = Scores(scores=[Score(label=f"score {number}", value="1", note="so " * 30) for number in range(6)])
    made = of_blocks()
    one = evolve(made.sections[0], figures=figures, blocks=[shown])

    pages = pages_of(rendered(evolve(made, sections=[one], facts={"a": "b"}), "pdf", tmp_path))

    assert "0. Do this" in pages[0]
    assert "More stands in the summary." in pages[0]
    assert pages[1].lstrip().startswith("Contents")
    assert page_with(pages, "a$") <= 1
