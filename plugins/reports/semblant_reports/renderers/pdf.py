"""The report as a PDF: cover, contents, sections."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import evolve
from fpdf.prefs import ViewerPreferences

from semblant.atomic import atomic_write
from semblant.report.blocks import Chart, Heading, Scores, Table, Text, Tone
from semblant_reports.renderers.findings import findings_of, headline, left_out
from semblant_reports.renderers.fonts import choose_fonts
from semblant_reports.renderers.layout import (
    INDENT,
    LEAST,
    charts_height,
    need,
    row_of,
    whole_height,
)
from semblant_reports.renderers.pieces import write_charts, write_heading, write_paragraph, write_tiles
from semblant_reports.renderers.sheet import MARGIN, Sheet
from semblant_reports.renderers.tables import write_table
from semblant_reports.style import INK, MUTED, ORIGINAL, RULE, SYNTHETIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fpdf import FPDF
    from fpdf.outline import OutlineSection

    from semblant.report.blocks import Block
    from semblant.report.document import ReportDocument, SectionResult
    from semblant_reports.renderers.fonts import FontChoice
    from semblant_reports.settings import PdfSettings

BOXES = (
    "a box stands for each of {count} characters that no font at hand can show: install the extra 'fonts' "
    "(pip install 'semblant[fonts]'), or name a font that has them; the HTML report shows them with the fonts of its "
    "reader"
)
ENTRY = 5.6
"""Height of a line of the contents."""
MOST = 80
"""Lines of the contents, beyond which only the sections are listed."""
FACT = 42.0
"""Width of the labels of facts."""
TITLE = 14.0
"""Height of a section's title."""


class PdfRenderer:
    """Writes the report with vector charts, embedded fonts, contents and bookmarks."""

    def __init__(self, settings: PdfSettings) -> None:
        """Keep the paper and the fonts that the user named."""
        self.settings = settings

    def render(self, report: ReportDocument, path: Path) -> None:
        """Write ``path`` atomically."""
        texts = list(_texts(report))
        fonts = choose_fonts(texts, self.settings.fonts)
        for text in texts:
            fonts.visible(text)
        said = [f"{name} could not be read and was not used" for name in fonts.unread]
        said += [BOXES.format(count=len(fonts.boxed))] if fonts.boxed else []
        if said:
            report = evolve(report, facts={**report.facts, "fonts": "; ".join(said)})
        with TemporaryDirectory(prefix="semblant-fonts-") as folder:
            made = _document(report, fonts, self.settings.paper, Path(folder))
        with atomic_write(path) as file:
            file.write(made)


def _document(report: ReportDocument, fonts: FontChoice, paper: str, folder: Path) -> bytes:
    """Write the report with fonts that are chosen."""
    sheet = Sheet(fonts, paper, fonts_safe(fonts.visible(f"{report.title} · {report.subtitle}")), folder)
    sheet.set_lang("en-GB")
    sheet.set_title(f"{report.title}: {report.subtitle}")
    sheet.set_creator(f"Semblant {report.version}")
    sheet.set_creation_date(dt.datetime.fromisoformat(report.created))
    sheet.viewer_preferences = ViewerPreferences(display_doc_title=True)
    facts = _facts(report)
    _cover(sheet, report)
    fit = sheet.page == 1 and sheet.get_y() + sum(_fact_heights(sheet, facts)) <= sheet.bottom
    if fit:
        _write_facts(sheet, facts)
    _contents(sheet, report, {} if fit else facts)
    made = [section for section in report.sections if not section.left_out]
    told = headline(report).scores
    for number, section in enumerate(made):
        _section(sheet, section, told, first=number == 0)
    if len(made) < len(report.sections):
        _section(sheet, left_out(report), first=not made)
    return bytes(sheet.output())


def fonts_safe(text: str) -> str:
    """Put a running title on one line."""
    return " ".join(text.split())


def _texts(report: ReportDocument) -> Iterator[str]:
    """Give all texts of the report, so that their fonts can be chosen."""
    yield from (report.title, report.subtitle, *report.facts, *report.facts.values())
    yield from (said.text for said in report.verdicts)
    for section in report.sections:
        yield from (section.title, section.left_out)
        for block in section.blocks:
            if isinstance(block, Chart):
                yield json.dumps(block.spec, ensure_ascii=False)
                yield block.caption
            elif isinstance(block, Table):
                yield from (block.caption, *block.columns, *(str(cell) for row in block.rows for cell in row))
            elif isinstance(block, Scores):
                yield from (text for score in block.scores for text in (score.label, score.value, score.note))
            else:
                yield block.text


def _cover(sheet: Sheet, report: ReportDocument) -> None:
    """Write title, scores and facts."""
    visible = sheet.fonts_at_hand.visible
    sheet.add_page()
    top = headline(report)
    # a cover with much to say begins higher
    band = 34.0 if len(findings_of(report)[0]) + len(top.to_do) < 4 else 20.0
    sheet.set_fill_color(ORIGINAL)
    sheet.rect(MARGIN, band, 22, 2.2, style="F")
    sheet.set_fill_color(SYNTHETIC)
    sheet.rect(MARGIN + 22, band, 22, 2.2, style="F")
    sheet.set_y(band + 8)
    for text, size, kind, colour in ((report.title, 27.0, "H1", INK), (report.subtitle, 14.0, "P", MUTED)):
        sheet.pen(size, bold=kind == "H1", colour=colour)
        for line in sheet.lines(visible(text), sheet.epw)[:3]:
            with sheet.tagged(kind):
                sheet.say(line, MARGIN, sheet.get_y(), size * 0.46)
            sheet.set_y(sheet.get_y() + size * 0.46)
        sheet.set_y(sheet.get_y() + 2)
    sheet.set_y(sheet.get_y() + (10 if band > 30 else 5))
    if top.said is not None:
        write_paragraph(sheet, top.said, size=11.0)
        sheet.set_y(sheet.get_y() + 3)
    if top.scores is not None:
        write_tiles(sheet, top.scores.scores)
        sheet.set_y(sheet.get_y() + 6)
    _findings(sheet, report)
    _to_do(sheet, top.to_do)


def _facts(report: ReportDocument) -> dict[str, str]:
    """Give the facts of the report, and when it was made."""
    created = dt.datetime.fromisoformat(report.created).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    return {**report.facts, "Created": f"{created} by Semblant {report.version}"}


def _fact_heights(sheet: Sheet, facts: Mapping[str, str]) -> list[float]:
    """Give the height of each fact."""
    sheet.pen(9)
    visible = sheet.fonts_at_hand.visible
    return [5.2 * len(sheet.lines(visible(value), sheet.epw - FACT)[:4]) + 2.8 for value in facts.values()]


def _write_facts(sheet: Sheet, facts: Mapping[str, str]) -> None:
    """Write facts line by line."""
    visible = sheet.fonts_at_hand.visible
    for (label, value), height in zip(facts.items(), _fact_heights(sheet, facts), strict=True):
        if sheet.get_y() + height > sheet.bottom:
            sheet.add_page()
            sheet.set_y(MARGIN)
        y = sheet.get_y() + 1.4
        with sheet.tagged("P"):
            sheet.pen(9, colour=MUTED)
            sheet.say(sheet.clipped(visible(label), FACT - 3), MARGIN, y, 5.2)
            sheet.pen(9, colour=INK)
            for number, line in enumerate(sheet.lines(visible(value), sheet.epw - FACT)[:4]):
                sheet.say(line, MARGIN + FACT, y + number * 5.2, 5.2)
        sheet.set_y(y + height - 1.4)
        sheet.set_draw_color(RULE)
        sheet.set_line_width(0.2)
        sheet.line(MARGIN, sheet.get_y(), sheet.w - MARGIN, sheet.get_y())


def _findings(sheet: Sheet, report: ReportDocument) -> None:
    """Write what the sections found: the worst in full, what is well by name."""
    off, well = findings_of(report)
    said = [Text(text=f"{item.title}: {item.text}", tone=item.tone) for item in off]
    if well:
        said.append(Text(text=well, tone=Tone.GOOD))
    for text in said:
        write_paragraph(sheet, text)
    sheet.set_y(sheet.get_y() + (5 if said else 0))


def _to_do(sheet: Sheet, advice: Sequence[str]) -> None:
    """Write what can be done about it, point by point, as much as the cover has room for."""
    if not advice:
        return
    sheet.pen(9, bold=True)
    sheet.room(14)
    with sheet.tagged("P"):
        sheet.say("What to do", MARGIN, sheet.get_y(), 4.7)
    sheet.set_y(sheet.get_y() + 6)
    for place, item in enumerate(advice):
        sheet.pen(9)
        lines = len(sheet.lines(sheet.fonts_at_hand.visible(item), sheet.epw - INDENT))
        last = place == len(advice) - 1
        if sheet.get_y() + 4.7 * (lines + (not last)) + 2 > sheet.bottom:
            write_paragraph(sheet, Text(text="More stands in the summary."), bullet="•")
            break
        write_paragraph(sheet, Text(text=item), bullet="•")
    sheet.set_y(sheet.get_y() + 4)


def _contents(sheet: Sheet, report: ReportDocument, facts: Mapping[str, str]) -> None:
    """Reserve the pages of contents; they are written when the page numbers are known, with ``facts`` below."""
    nested = sum(
        isinstance(block, Heading) and block.level == 2 for section in report.sections for block in section.blocks
    )
    made = [section for section in report.sections if not section.left_out]
    tops = len(made) + (len(made) < len(report.sections))
    deep = nested + tops <= MOST
    pages, y = 1, MARGIN + 14.0
    for _ in range(tops + (nested if deep else 0)):
        pages, y = (pages + 1, MARGIN) if y + 6 > sheet.bottom else (pages, y)
        y += ENTRY
    y += 8.0
    for height in _fact_heights(sheet, facts):
        pages, y = (pages + 1, MARGIN) if y + height > sheet.bottom else (pages, y)
        y += height
    sheet.add_page()
    sheet.insert_toc_placeholder(lambda pdf, outline: _write_contents(pdf, outline, facts, deep=deep), pages=pages)


def _write_contents(pdf: FPDF, outline: Sequence[OutlineSection], facts: Mapping[str, str], *, deep: bool) -> None:
    """Write a line per section, with its page."""
    sheet = pdf
    assert isinstance(sheet, Sheet)
    sheet.set_y(MARGIN)
    sheet.pen(16, bold=True)
    with sheet.tagged("H1"):
        sheet.say("Contents", MARGIN, MARGIN, 8)
    sheet.set_y(MARGIN + 14)
    for entry in (item for item in outline if deep or item.level == 0):
        if sheet.get_y() + 6 > sheet.bottom:
            sheet.add_page()
            sheet.set_y(MARGIN)
        y = sheet.get_y()
        indent = 5.0 * entry.level
        sheet.pen(10 if entry.level == 0 else 8.5, bold=entry.level == 0, colour=INK if entry.level == 0 else MUTED)
        name = sheet.clipped(sheet.fonts_at_hand.visible(entry.name), sheet.epw - indent - 16)
        number = str(entry.page_number)
        with sheet.tagged("P"):
            sheet.say(name, MARGIN + indent, y, 5)
            sheet.say(number, sheet.w - MARGIN - sheet.width(number), y, 5)
        left, right = MARGIN + indent + sheet.width(name) + 2, sheet.w - MARGIN - sheet.width(number) - 2
        if right > left:
            sheet.set_draw_color(RULE)
            sheet.set_line_width(0.2)
            sheet.set_dash_pattern(dash=0.3, gap=1.2)
            sheet.line(left, y + 3.9, right, y + 3.9)
            sheet.set_dash_pattern()
        link = sheet.add_link(page=entry.page_number, y=entry.dest.y if hasattr(entry.dest, "y") else 0)
        sheet.link(MARGIN, y, sheet.epw, 5, link)
        sheet.set_y(y + ENTRY)
    if facts:
        sheet.set_y(sheet.get_y() + 8)
        _write_facts(sheet, facts)


def _section(sheet: Sheet, section: SectionResult, told: Block | None = None, *, first: bool) -> None:
    """Write a section but for what the cover has ``told``; it begins on a new page unless there is ample room."""
    blocks = [block for block in section.blocks if block is not told]
    left = sheet.bottom - sheet.get_y() - 8 - TITLE
    if not first and whole_height(sheet, blocks, left) > left:
        ample = left + TITLE >= LEAST * (sheet.bottom - MARGIN) and need(sheet, [Heading(text=""), *blocks], 0) <= left
        if not ample:
            sheet.add_page()
        else:
            sheet.set_y(sheet.get_y() + 8)
    elif not first:
        sheet.set_y(sheet.get_y() + 8)
    title = sheet.fonts_at_hand.visible(section.title)
    sheet.start_section(title, 0)
    sheet.pen(16, bold=True)
    y = sheet.get_y()
    with sheet.tagged("H1"):
        for line in sheet.lines(title, sheet.epw):
            sheet.say(line, MARGIN, y, 8)
            y += 8
    sheet.set_draw_color(SYNTHETIC)
    sheet.set_line_width(0.7)
    sheet.line(MARGIN, y + 1.2, MARGIN + 22, y + 1.2)
    sheet.set_y(y + 5.5)
    _blocks(sheet, blocks)


def _blocks(sheet: Sheet, blocks: list[Block]) -> None:
    """Write the blocks; charts that fit stand side by side."""
    place = 0
    while place < len(blocks):
        block = blocks[place]
        if isinstance(block, Chart):
            row = row_of(blocks, place)
            sheet.room(charts_height(sheet, blocks, place))
            write_charts(sheet, row)
            place += len(row)
            continue
        if isinstance(block, Heading):
            # a heading stays with what follows it
            write_heading(sheet, block, min(need(sheet, blocks, place), 0.95 * (sheet.bottom - MARGIN)))
        elif isinstance(block, Text):
            if block.tone is not Tone.PLAIN:
                # a verdict stays with the picture or table that it is about
                sheet.room(min(need(sheet, blocks, place), 0.6 * (sheet.bottom - MARGIN)))
            write_paragraph(sheet, block)
        elif isinstance(block, Table):
            write_table(sheet, block)
        else:
            write_tiles(sheet, block.scores)
        place += 1
