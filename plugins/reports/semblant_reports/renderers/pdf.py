"""The report as a PDF: cover, contents, sections."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from attrs import evolve
from fpdf.prefs import ViewerPreferences

from semblant.atomic import atomic_write
from semblant.report.blocks import Chart, Heading, Score, Scores, Table, Text, Tone
from semblant_reports.charts import PAGE
from semblant_reports.renderers.findings import findings_of, left_out
from semblant_reports.renderers.fonts import choose_fonts
from semblant_reports.renderers.sheet import MARGIN, Sheet
from semblant_reports.renderers.tables import TOGETHER, write_table
from semblant_reports.style import INK, MUTED, ORIGINAL, RULE, SHADE, SIGNS, SYNTHETIC, TONES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fpdf import FPDF
    from fpdf.outline import OutlineSection

    from semblant.report.blocks import Block
    from semblant.report.document import ReportDocument, SectionResult
    from semblant_reports.settings import PdfSettings

BOXES = (
    "a box stands for each of {count} characters that no font at hand can show: install one that has them, such as "
    "Noto Sans CJK; the HTML report shows them with the fonts of its reader"
)
ENTRIES = 38
"""Lines of one page of contents."""
GUTTER = 4.0


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
        if fonts.boxed:
            report = evolve(report, facts={**report.facts, "fonts": BOXES.format(count=len(fonts.boxed))})
        sheet = Sheet(fonts, self.settings.paper, fonts_safe(fonts.visible(f"{report.title} · {report.subtitle}")))
        sheet.set_lang("en-GB")
        sheet.set_title(f"{report.title}: {report.subtitle}")
        sheet.set_creator(f"Semblant {report.version}")
        sheet.set_creation_date(dt.datetime.fromisoformat(report.created))
        sheet.viewer_preferences = ViewerPreferences(display_doc_title=True)
        _cover(sheet, report)
        _contents(sheet, report)
        made = [section for section in report.sections if not section.left_out]
        for number, section in enumerate(made):
            _section(sheet, section, first=number == 0)
        if len(made) < len(report.sections):
            _section(sheet, left_out(report), first=not made)
        with atomic_write(path) as file:
            file.write(sheet.output())


def fonts_safe(text: str) -> str:
    """Put a running title on one line."""
    return " ".join(text.split())


def _texts(report: ReportDocument) -> Iterator[str]:
    """Give all texts of the report, so that their fonts can be chosen."""
    yield from (report.title, report.subtitle, *report.facts, *report.facts.values())
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
    sheet.set_fill_color(ORIGINAL)
    sheet.rect(MARGIN, 34, 22, 2.2, style="F")
    sheet.set_fill_color(SYNTHETIC)
    sheet.rect(MARGIN + 22, 34, 22, 2.2, style="F")
    sheet.set_y(42)
    for text, size, kind, colour in ((report.title, 27.0, "H1", INK), (report.subtitle, 14.0, "P", MUTED)):
        sheet.pen(size, bold=kind == "H1", colour=colour)
        for line in sheet.lines(visible(text), sheet.epw)[:3]:
            with sheet.tagged(kind):
                sheet.say(line, MARGIN, sheet.get_y(), size * 0.46)
            sheet.set_y(sheet.get_y() + size * 0.46)
        sheet.set_y(sheet.get_y() + 2)
    sheet.set_y(sheet.get_y() + 10)
    scores = next((block for section in report.sections for block in section.blocks if isinstance(block, Scores)), None)
    if scores is not None:
        _tiles(sheet, scores.scores)
        sheet.set_y(sheet.get_y() + 6)
    _findings(sheet, report)
    created = dt.datetime.fromisoformat(report.created).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    for label, value in {**report.facts, "Created": f"{created} by Semblant {report.version}"}.items():
        sheet.pen(9, colour=INK)
        lines = sheet.lines(visible(value), sheet.epw - 42)[:4]
        sheet.room(5.2 * len(lines) + 3)
        y = sheet.get_y() + 1.4
        with sheet.tagged("P"):
            sheet.pen(9, colour=MUTED)
            sheet.say(sheet.clipped(visible(label), 39), MARGIN, y, 5.2)
            sheet.pen(9, colour=INK)
            for number, line in enumerate(lines):
                sheet.say(line, MARGIN + 42, y + number * 5.2, 5.2)
        sheet.set_y(y + 5.2 * len(lines) + 1.4)
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
        _paragraph(sheet, text)
    sheet.set_y(sheet.get_y() + (5 if said else 0))


def _contents(sheet: Sheet, report: ReportDocument) -> None:
    """Reserve the pages of contents; they are written when the page numbers are known."""
    nested = sum(
        isinstance(block, Heading) and block.level == 2 for section in report.sections for block in section.blocks
    )
    deep = nested + len(report.sections) <= 2 * ENTRIES
    count = len(report.sections) + (nested if deep else 0)
    sheet.add_page()
    sheet.insert_toc_placeholder(
        lambda pdf, outline: _write_contents(pdf, outline, deep=deep), pages=max(1, -(-count // ENTRIES))
    )


def _write_contents(pdf: FPDF, outline: Sequence[OutlineSection], *, deep: bool) -> None:
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
        y = sheet.get_y() + (1.0 if entry.level == 0 else 0.0)
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
        sheet.set_y(y + 5.6)


def _section(sheet: Sheet, section: SectionResult, *, first: bool) -> None:
    """Write a section; it begins on a new page unless there is ample room."""
    ahead = [block for block in list(section.blocks)[:4] if isinstance(block, Chart)][:2]
    need = (
        45 + sum(sheet.drawing(chart).height for chart in ahead) * sheet.epw / PAGE
        if ahead
        else sheet.h * 0.45 - MARGIN
    )
    if not first and sheet.get_y() + need > sheet.bottom:
        sheet.add_page()
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
    _blocks(sheet, list(section.blocks))


def _blocks(sheet: Sheet, blocks: list[Block]) -> None:
    """Write the blocks; charts that fit stand side by side."""
    row: list[Chart] = []
    for place, block in enumerate(blocks):
        if isinstance(block, Chart):
            if sum(chart.width for chart in row) + block.width > 1.001:
                _charts(sheet, row)
                row = []
            row.append(block)
            continue
        if row:
            _charts(sheet, row)
            row = []
        if isinstance(block, Heading):
            # a heading stays with what follows it
            follows = blocks[place + 1] if place + 1 < len(blocks) else None
            _heading(sheet, block, _beside(sheet, follows))
        elif isinstance(block, Text):
            _paragraph(sheet, block)
        elif isinstance(block, Table):
            write_table(sheet, block)
        else:
            _tiles(sheet, block.scores)
    if row:
        _charts(sheet, row)


def _beside(sheet: Sheet, follows: Block | None) -> float:
    """Give the room that what follows a heading needs at least."""
    if isinstance(follows, Chart):
        return 75.0
    if isinstance(follows, Table) and len(follows.rows) <= TOGETHER:
        return float(min(0.6 * (sheet.bottom - MARGIN), 9.0 + 6.5 * len(follows.rows)))
    return 24.0


def _heading(sheet: Sheet, heading: Heading, keep: float) -> None:
    """Write a heading with room for what follows."""
    size = 11.5 if heading.level == 2 else 9.5
    sheet.pen(size, bold=True)
    text = sheet.fonts_at_hand.visible(heading.text)
    lines = sheet.lines(text, sheet.epw)
    sheet.room(keep + 6 * len(lines))
    sheet.set_y(sheet.get_y() + 2)
    if heading.level == 2:
        sheet.start_section(text, 1, strict=False)
    sheet.pen(size, bold=True)
    with sheet.tagged(f"H{heading.level}"):
        for line in lines:
            sheet.say(line, MARGIN, sheet.get_y(), 5.4)
            sheet.set_y(sheet.get_y() + 5.4)
    sheet.set_y(sheet.get_y() + 1.6)


def _paragraph(sheet: Sheet, block: Text) -> None:
    """Write a paragraph; one with a tone has a bar and a sign beside it."""
    tone = block.tone
    indent = 0.0 if tone is Tone.PLAIN else 4.0
    sheet.pen(9)
    sign = f"{SIGNS[tone]} " if SIGNS[tone] else ""
    lines = sheet.lines(sheet.fonts_at_hand.visible(sign + block.text), sheet.epw - indent)
    for line in lines:
        sheet.room(4.7)
        y = sheet.get_y()
        if indent:
            sheet.set_fill_color(TONES[tone])
            sheet.rect(MARGIN, y, 1.0, 4.7, style="F")
        sheet.pen(9)
        with sheet.tagged("P"):
            sheet.say(line, MARGIN + indent, y, 4.7)
        sheet.set_y(y + 4.7)
    sheet.set_y(sheet.get_y() + 3)


def _tiles(sheet: Sheet, scores: Sequence[Score]) -> None:
    """Write headline figures side by side, at most four in a row, rows as even as can be."""
    visible = sheet.fonts_at_hand.visible
    across = -(-len(scores) // max(1, -(-len(scores) // 4)))
    for start in range(0, len(scores), across or 1):
        shown = scores[start : start + across]
        width = (sheet.epw - GUTTER * (max(2, across) - 1)) / max(2, across)
        sheet.pen(7.5)
        notes = [sheet.lines(visible(score.note), width - 8)[:9] if score.note else [] for score in shown]
        height = 23 + 3.5 * max(len(note) for note in notes)
        sheet.room(height + 3)
        top = sheet.get_y()
        for number, (score, note) in enumerate(zip(shown, notes, strict=True)):
            x = MARGIN + number * (width + GUTTER)
            colour = TONES[score.tone]
            sheet.set_fill_color(SHADE)
            sheet.rect(x, top, width, height, style="F")
            sheet.set_fill_color(colour)
            sheet.rect(x, top, 1.2, height, style="F")
            with sheet.tagged("P"):
                sheet.pen(8, colour=MUTED)
                sheet.say(sheet.clipped(visible(score.label), width - 8), x + 4.5, top + 3, 4)
                sheet.pen(19, bold=True, colour=INK)
                sheet.say(sheet.clipped(visible(score.value), width - 8), x + 4.5, top + 7.4, 9)
                if WORDS[score.tone]:
                    sheet.pen(8, bold=True, colour=colour)
                    sheet.say(f"{SIGNS[score.tone]} {WORDS[score.tone]}", x + 4.5, top + 16.6, 4)
                sheet.pen(7.5, colour=MUTED)
                for place, line in enumerate(note):
                    sheet.say(line, x + 4.5, top + 21.4 + 3.5 * place, 3.5)
        sheet.set_y(top + height + 4)


def _charts(sheet: Sheet, charts: Sequence[Chart]) -> None:
    """Place charts side by side, each with its caption."""
    drawings = [sheet.drawing(chart) for chart in charts]
    whole = sheet.epw / PAGE
    slots = [sheet.epw * chart.width - (GUTTER if chart.width < 1 else 0.0) for chart in charts]
    tallest = sheet.bottom - MARGIN - 14
    scales = [
        min(whole, slot / max(1.0, drawing.width), tallest / max(1.0, drawing.height))
        for drawing, slot in zip(drawings, slots, strict=True)
    ]
    sheet.pen(7.5)
    captions = [
        sheet.lines(sheet.fonts_at_hand.visible(chart.caption), slot)[:5] if chart.caption else []
        for chart, slot in zip(charts, slots, strict=True)
    ]
    heights = [drawing.height * scale for drawing, scale in zip(drawings, scales, strict=True)]
    below = [height + 1 + 3.6 * len(lines) for height, lines in zip(heights, captions, strict=True)]
    sheet.room(max(below))
    top, x = sheet.get_y(), MARGIN
    for chart, drawing, scale, slot, height, lines in zip(
        charts, drawings, scales, slots, heights, captions, strict=True
    ):
        sheet.draw(drawing, x, top, scale, chart.alt)
        if lines:
            with sheet.tagged("P"):
                sheet.pen(7.5, colour=MUTED)
                for number, line in enumerate(lines):
                    sheet.say(line, x, top + height + 1 + 3.6 * number, 3.6)
        x += slot + GUTTER
    sheet.set_y(top + max(below) + 5)
