"""Fonts of the PDF: every script is set with glyphs that are cut out of large fonts and embedded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from semblant.report.blocks import Heading, Table, Text
from semblant_reports.renderers.fonts import choose_fonts
from semblant_reports.settings import PdfSettings
from tests.plugins.reports.test_formats import of_blocks, poppler, rendered

pytest.importorskip("fontTools", reason="comes with the extra 'reports'")

NAMES = (
    "顧客の名前と住所",
    "고객 이름",
    "客户姓名",
    "emoji 😀🎉 column",
    "ยอดขาย",
    "हिन्दी",
    "اسم العميل",
    "שם הלקוח (2024)",
)


@pytest.fixture
def noto() -> None:
    if find_spec("manimgx_fonts") is None or find_spec("manimgx_fonts_cjk") is None:
        pytest.skip("the extra 'fonts' is not installed")


def fonts_of(path: Path) -> list[str]:
    lines = poppler("pdffonts", path).splitlines()[2:]
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in lines)  # embedded, a subset, Unicode
    return [line.split()[0].partition("+")[2] for line in lines]


def font(folder: Path, name: str, points: dict[int, str], **more: Any) -> Path:
    """Make a font with one triangle for all characters."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 800))
    pen.lineTo((800, 800))
    pen.closePath()
    glyphs = {".notdef": TTGlyphPen(None).glyph(), **dict.fromkeys(points.values(), pen.glyph())}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(points)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (900, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": name, "styleName": "Regular", "psName": name})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    for table in more.get("without", ()):
        del builder.font[table]
    builder.save(folder / f"{name}.ttf")
    return folder / f"{name}.ttf"


@pytest.mark.usefixtures("noto")
def test_names_in_every_script_and_emoji_are_set_and_embedded(tmp_path: Path) -> None:
    pytest.importorskip("uharfbuzz", reason="no shaping engine is installed")
    path = rendered(of_blocks(Table(columns=("name",), rows=[(name,) for name in NAMES])), "pdf", tmp_path)

    text, fonts = poppler("pdftotext", "-raw", path, "-"), fonts_of(path)

    for part in ("顧客の名前と住所", "고객", "이름", "客户姓名", "emoji", "😀🎉 column", "ยอดขาย"):
        assert part in text
    assert "□" not in text
    assert "a box stands" not in text
    assert {"NotoSansCJKJP", "NotoEmoji", "NotoSansThai", "NotoSansDevanagari"} <= set(fonts)
    assert path.stat().st_size < 300_000


@pytest.mark.usefixtures("noto")
@pytest.mark.parametrize(
    ("text", "face"), [("顧客の名前", "JP"), ("고객 이름", "KR"), ("客户姓名", "SC"), ("ㄅㄆ 客戶", "TC")]
)
def test_shared_characters_have_the_forms_of_the_texts_own_region(tmp_path: Path, text: str, face: str) -> None:
    assert f"NotoSansCJK{face}" in fonts_of(rendered(of_blocks(Text(text=text)), "pdf", tmp_path))


@pytest.mark.usefixtures("noto")
def test_a_heading_is_bold_in_every_script(tmp_path: Path) -> None:
    chosen = choose_fonts(["顧客"]).fallbacks[0]

    assert chosen.bold is not None
    assert chosen.bold != chosen.regular
    assert fonts_of(rendered(of_blocks(Heading(text="顧客")), "pdf", tmp_path)).count("NotoSansCJKSC") == 2


def test_without_packages_a_font_of_the_system_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semblant_reports.renderers.fonts.PACKAGES", ())
    monkeypatch.setattr("semblant_reports.renderers.fonts._FOLDERS", (str(tmp_path / "fonts"),))
    (tmp_path / "fonts" / "deep").mkdir(parents=True)
    made = of_blocks(Text(text="to the 東"))

    before = rendered(made, "pdf", tmp_path)
    told = poppler("pdftotext", before, "-")
    font(tmp_path / "fonts" / "deep", "Unheard", {0x6771: "east"})
    after = rendered(made, "pdf", tmp_path)

    assert "pip install 'semblant[fonts]'" in " ".join(told.split())
    assert "Unheard" in fonts_of(after)
    assert "東" in poppler("pdftotext", after, "-")


@pytest.mark.parametrize("broken", ["no font", "no outlines"])
def test_a_file_that_is_no_font_costs_nothing_and_is_told_when_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr("semblant_reports.renderers.fonts.PACKAGES", ())
    monkeypatch.setattr("semblant_reports.renderers.fonts._FOLDERS", ())
    path = tmp_path / "mine.ttf"
    if broken == "no font":
        path.write_bytes(b"this is no font at all")
    else:
        path = font(tmp_path, "Bitmaps", {0x6771: "east"}, without=("glyf", "loca"))
    made = of_blocks(Text(text="to the 東"))

    text = poppler("pdftotext", "-raw", rendered(made, "pdf", tmp_path, PdfSettings(fonts=(str(path),))), "-")

    assert "to the □" in text
    assert "could not be read and was not used" in " ".join(text.split())
