"""The files: the same figures in each, readable by people and programs, whatever the names."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import semblant_reports
from semblant.report.blocks import Chart, Heading, Score, Scores, Table, Text, Tone
from semblant.report.document import ReportDocument, SectionResult
from semblant_reports.renderers.json import schema
from semblant_reports.settings import PdfSettings
from tests.plugins.reports.hostile import hostile
from tests.plugins.reports.material import document, inputs, people

ROOT = Path(__file__).parents[3]
WITHOUT = ("detection",)


def rendered(report: ReportDocument, name: str, folder: Path, settings: Any = None) -> Path:
    renderer = next(item for item in semblant_reports.semblant_report_renderers() if item.name == name)
    if missing := renderer.missing():
        pytest.skip(f"the extra 'reports' is not installed: {missing}")
    path = folder / f"report{renderer.suffix}"
    renderer.create(settings).render(report, path)
    return path


def poppler(tool: str, *arguments: str | Path) -> str:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} (poppler-utils) is not installed")
    return subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def of_blocks(*blocks: Any, **more: Any) -> ReportDocument:
    section = SectionResult(name="one", title="One", blocks=blocks)
    return ReportDocument(
        title="T", subtitle="s", created="2026-01-02T03:04:05+00:00", version="0", sections=[section], **more
    )


@pytest.fixture(scope="module")
def report() -> ReportDocument:
    return document(inputs(people(1500, 1), people(1500, 2), people(1500, 3)), WITHOUT)


@pytest.fixture(scope="module")
def terrible() -> ReportDocument:
    return document(inputs(hostile(300, 1), hostile(300, 2), hostile(300, 3)), WITHOUT)


@pytest.mark.feature(250)
def test_pdf_and_json_show_the_same_figures(report: ReportDocument, tmp_path: Path) -> None:
    figures = json.loads(rendered(report, "json", tmp_path).read_text(encoding="utf-8"))
    text = poppler("pdftotext", "-layout", rendered(report, "pdf", tmp_path), "-")

    by_name = {section["name"]: section["figures"] for section in figures["sections"]}
    assert by_name == {section.name: dict(section.figures) for section in report.sections}
    accuracy = by_name["summary"]["accuracy"]
    for depth in ("univariate", "bivariate", "trivariate", "overall"):
        low, high = by_name["summary"]["intervals"]["accuracy" if depth == "overall" else f"{depth}_accuracy"]
        interval = rf"{100 * low:.1f}% to {100 * high:.1f}%"
        held = by_name["summary"]["ceiling"][depth]
        assert re.search(rf"{depth}\s+{100 * accuracy[depth]:.1f}%\s+{interval}\s+{100 * held:.1f}%", text)
    for column in by_name["univariate"]["tables"][0]["columns"]:
        assert re.search(rf"{column['column']}\s+\w+\s+{column['distance']:.4f}", text)
    for pair in by_name["bivariate"]["tables"][0]["pairs"]:
        assert f"{pair['columns'][0]} × {pair['columns'][1]}: accuracy {100 * pair['accuracy']:.1f}%" in text
    flat = " ".join(text.split())
    share = by_name["neighbours"]["tables"][0]["dcr_share"]
    assert f"{100 * share:.1f}% of 1,500 synthetic rows" in flat
    for triple in by_name["trivariate"]["tables"][0]["triples"]:
        assert f"{' × '.join(triple['columns'])} {100 * triple['accuracy']:.1f}% {100 * triple['usual']:.1f}%" in flat
    for pair in by_name["phik"]["tables"][0]["pairs"]:
        assert f"{' × '.join(pair['columns'])} {pair['original']:.3f} {pair['synthetic']:.3f}" in flat
    attack = by_name["privacy"]["tables"][0]
    assert f"area under the ROC curve {attack['auc']:.3f} {attack['interval'][0]:.3f} to" in flat
    for item in by_name["utility"]["tables"][0]["targets"]:
        assert item["gap"] is None or f"{item['real']:.3f} {item['synthetic']:.3f} {item['gap']:.3f}" in flat
    assert [(said["section"], said["tone"]) for said in figures["verdicts"]] == [
        (said.section, said.tone.value) for said in report.verdicts
    ]


def test_the_published_schema_is_the_one_of_the_code_and_a_report_obeys_it(
    report: ReportDocument, tmp_path: Path
) -> None:
    published = json.loads((ROOT / "spec" / "report.schema.json").read_text(encoding="utf-8"))
    assert published == schema()

    jsonschema = pytest.importorskip("jsonschema", reason="comes with the extra 'reports'")
    validator = jsonschema.Draft202012Validator(published)
    made = json.loads(rendered(report, "json", tmp_path).read_text(encoding="utf-8"))
    assert list(validator.iter_errors(made)) == []
    del made["sections"][0]["figures"]["accuracy"]
    assert list(validator.iter_errors(made)) != []


def test_every_type_and_name_can_be_printed(
    terrible: ReportDocument, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        path = rendered(terrible, "pdf", tmp_path)

    assert [record.getMessage() for record in caplog.records] == []
    text = poppler("pdftotext", path, "-")
    assert "a_very_long_column_name" in text
    assert "(no name)" in text
    assert "line break tab nul" in text


def test_characters_that_no_font_shows_are_told_on_the_cover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semblant_reports.renderers.fonts._FOLDERS", ())
    monkeypatch.setattr("semblant_reports.renderers.fonts.PACKAGES", ())

    covers = [
        poppler("pdftotext", "-l", "1", rendered(of_blocks(Text(text=text)), "pdf", tmp_path), "-")
        for text in ("顧客の名前", "plain")
    ]

    assert "a box stands for each of 5 characters" in " ".join(covers[0].split())
    assert "a box" not in covers[1]


def test_no_text_stands_on_another(report: ReportDocument, tmp_path: Path) -> None:
    boxes = poppler("pdftotext", "-bbox", rendered(report, "pdf", tmp_path), "-")

    clashes = []
    for page in boxes.split("<page ")[1:]:
        words = [
            (*map(float, found[:4]), found[4])
            for found in re.findall(
                r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>', page
            )
        ]
        # labels at an angle have boxes that overlap where their letters do not
        upright = [word for word in words if word[3] - word[1] < 2.2 * max(4.0, (word[2] - word[0]) / len(word[4]))]
        for place, (left, top, right, bottom, word) in enumerate(upright):
            for other in upright[place + 1 :]:
                across = min(right, other[2]) - max(left, other[0])
                down = min(bottom, other[3]) - max(top, other[1])
                if across > 2.0 and down > 0.5 * min(bottom - top, other[3] - other[1]):
                    clashes.append((word, other[4]))
    assert clashes == []


def test_no_text_leaves_the_page(terrible: ReportDocument, tmp_path: Path) -> None:
    boxes = poppler("pdftotext", "-bbox", rendered(terrible, "pdf", tmp_path), "-")

    width, height = (float(size) for size in re.findall(r'<page width="([\d.]+)" height="([\d.]+)"', boxes)[0])
    words = re.findall(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>', boxes)
    margin = 40
    assert len(words) > 500
    assert [word for left, _, right, _, word in words if float(left) < margin or float(right) > width - margin] == []
    assert [word for _, top, _, bottom, word in words if float(top) < 20 or float(bottom) > height - 20] == []


def test_the_pdf_has_title_language_bookmarks_and_embedded_fonts_only(report: ReportDocument, tmp_path: Path) -> None:
    path = rendered(report, "pdf", tmp_path)
    raw = path.read_bytes()

    info = poppler("pdfinfo", path)
    assert "people: quality report" in info
    assert re.search(r"Tagged:\s+yes", info)
    assert b"en-GB" in raw
    assert raw.count(b"/Alt (") > 5
    assert b"/Outlines" in raw
    fonts = poppler("pdffonts", path).splitlines()[2:]
    assert fonts
    assert all(re.search(r"\byes\s+yes\s+yes\b", line) for line in fonts)
    pages = poppler("pdftotext", "-layout", path, "-").split("\f")
    for title in ("Summary", "Pairs of columns", "Copying check"):
        number = int(re.search(rf"^{title}\s+(\d+)$", pages[1], re.MULTILINE)[1])  # type: ignore[index]
        assert re.search(rf"^\s*{title}$", pages[number - 1], re.MULTILINE)


def test_the_same_report_gives_the_same_files(report: ReportDocument, tmp_path: Path) -> None:
    for name in ("pdf", "html", "json"):
        first = rendered(report, name, tmp_path).read_bytes()
        assert rendered(report, name, tmp_path).read_bytes() == first


def test_long_tables_repeat_their_header_and_wide_ones_their_first_column(tmp_path: Path) -> None:
    rows = [[f"row{row}", *[f"value {row} {place} is long enough" for place in range(12)]] for row in range(60)]
    path = rendered(
        of_blocks(Table(columns=["key", *[f"column{place}" for place in range(12)]], rows=rows)), "pdf", tmp_path
    )

    pages = [page for page in poppler("pdftotext", "-layout", path, "-").split("\f") if "value" in page]

    assert len(pages) > 3
    assert all(re.search(r"^\s*key\s+column\d", page, re.MULTILINE) for page in pages)
    assert sum("row59" in page for page in pages) > 1


def test_all_kinds_of_blocks_are_printed_and_a_missing_section_says_why(tmp_path: Path) -> None:
    spec = {
        "data": {"values": [{"x": 1, "y": "a\x00b"}]},
        "mark": "bar",
        "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "nominal"}},
    }
    blocks = (
        Heading(text="A heading"),
        Heading(text="A small one", level=3),
        Text(text="plain words"),
        Text(text="bad words", tone=Tone.BAD),
        Scores(
            scores=[Score(label=f"score {place}", value="1", tone=Tone.GOOD, note="it is so") for place in range(6)]
        ),
        Chart(spec=spec, alt="a bar", caption="captioned"),
        Table(columns=("a",), rows=(), caption="empty"),
    )
    made = of_blocks(*blocks, facts={"Where": "here " * 60})
    made = evolve(
        made, sections=[*made.sections, SectionResult(name="two", title="Two", left_out="there is no holdout")]
    )

    text = " ".join(poppler("pdftotext", rendered(made, "pdf", tmp_path), "-").split())

    for part in (
        "A heading",
        "A small one",
        "plain words",
        "✗ bad words",
        "score 5",
        "✓ good",
        "it is so",
        "captioned",
        "Left out: there is no holdout",
    ):
        assert part in text


def test_a_font_that_the_user_names_fills_in_for_missing_glyphs(tmp_path: Path) -> None:
    ttlib = pytest.importorskip("fontTools.fontBuilder", reason="the extra 'reports' is not installed")
    pens = pytest.importorskip("fontTools.pens.ttGlyphPen")
    pen = pens.TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 800))
    pen.lineTo((800, 800))
    pen.closePath()
    builder = ttlib.FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "east"])
    builder.setupCharacterMap({0x6771: "east"})
    builder.setupGlyf({".notdef": pens.TTGlyphPen(None).glyph(), "east": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "east": (900, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Mine", "styleName": "Regular", "psName": "Mine"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(tmp_path / "mine.ttf")
    made = of_blocks(Text(text="to the 東 it is 西"))

    text = poppler("pdftotext", rendered(made, "pdf", tmp_path, PdfSettings(fonts=(str(tmp_path / "mine.ttf"),))), "-")

    assert "to the 東 it is" in text


def test_the_paper_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    sizes = [
        poppler("pdfinfo", rendered(of_blocks(), "pdf", tmp_path, PdfSettings(paper=paper)))
        for paper in ("A4", "Letter")
    ]

    assert "595.28 x 841.89" in sizes[0]
    assert "612 x 792" in sizes[1]


def test_a_planted_value_is_not_in_the_pdf(tmp_path: Path) -> None:
    train = people(1000, 1)
    jobs = train.column("job").to_pylist()
    jobs[:9] = ["canary-bird"] * 9
    train = train.set_column(1, "job", [jobs])
    made = document(inputs(train, train, train), WITHOUT)

    path = rendered(made, "pdf", tmp_path)

    text = poppler("pdftotext", path, "-")
    assert "canary" not in text
    assert b"canary" not in path.read_bytes()
    assert "canary" not in rendered(made, "json", tmp_path).read_text(encoding="utf-8")
    assert "canary" not in rendered(made, "html", tmp_path).read_text(encoding="utf-8")
    assert "nurse" in text


@pytest.mark.feature(251)
def test_html_is_one_small_file_that_fetches_and_runs_nothing(report: ReportDocument, tmp_path: Path) -> None:
    path = rendered(report, "html", tmp_path)
    page = path.read_text(encoding="utf-8")

    assert path.stat().st_size < 3_000_000
    assert set(re.findall(r"https?://[^\"'<> ]*", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|\son\w+=", page)
    assert "prefers-color-scheme: dark" in page
    assert page.count("<svg") == sum(
        isinstance(block, Chart) for section in report.sections for block in section.blocks
    )
    assert page.count('role="img"') == page.count("<svg")


@pytest.mark.feature(250)
@pytest.mark.feature(251)
def test_html_shows_every_text_and_cell_of_the_report(report: ReportDocument, tmp_path: Path) -> None:
    shown = _Words(rendered(report, "html", tmp_path).read_text(encoding="utf-8")).text

    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                assert all(" ".join(str(cell).split()) in shown for row in block.rows for cell in row)
            elif isinstance(block, Scores):
                assert all(score.value in shown and score.note in shown for score in block.scores)
            elif isinstance(block, Text | Heading):
                assert " ".join(block.text.split()) in shown


def test_names_cannot_break_out_of_the_html(terrible: ReportDocument, tmp_path: Path) -> None:
    page = rendered(terrible, "html", tmp_path).read_text(encoding="utf-8")

    assert "<script" not in page
    assert "&lt;script&gt;alert" in page
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", page)
    assert "顧客の名前と住所" in page


class _Words(HTMLParser):
    """The visible words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._parts: list[str] = []
        self.feed(page)
        self.text = " ".join(" ".join(self._parts).split())

    def handle_data(self, data: str) -> None:
        self._parts.append(data)


@pytest.mark.parametrize("shaping", [True, False])
def test_a_name_from_right_to_left_stands_in_its_place_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, shaping: bool
) -> None:
    if shaping:
        pytest.importorskip("uharfbuzz", reason="no shaping engine is installed")
    else:
        monkeypatch.setattr("semblant_reports.renderers.sheet.find_spec", lambda name: None)
    path = rendered(of_blocks(Text(text="first שלום עולם (2024) last")), "pdf", tmp_path)

    boxes = poppler("pdftotext", "-bbox", path, "-")

    found = re.findall(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="[\d.]+">(.*?)</word>', boxes)
    left, height, _, _ = next(item for item in found if item[3] == "first")
    line = sorted(float(item[0]) for item in found if item[1] == height)
    words = {item[3]: float(item[0]) for item in found if item[1] == height}
    assert float(left) == line[0]
    assert words["last"] == line[-1]
    if shaping:
        year = next(place for word, place in words.items() if "2024" in word)
        assert year <= min(place for word, place in words.items() if re.search("[\u0590-\u05ff]", word))
