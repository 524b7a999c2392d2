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
from semblant.report.blocks import Chart, Heading, Score, Scores, Table, Text, Tone
from semblant_reports.renderers.findings import findings_of, headline, left_out
from semblant_reports.renderers.fonts import choose_fonts
from semblant_reports.renderers.layout import (
    GUTTER,
    INDENT,
    LEAST,
    SIZES,
    beside,
    need,
    row_of,
    tiles_across,
    whole_height,
)
from semblant_reports.renderers.sheet import MARGIN, Sheet
from semblant_reports.renderers.tables import write_table
from semblant_reports.style import INK, MUTED, ORIGINAL, RULE, SHADE, SIGNS, SYNTHETIC, TONES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
ENTRIES = 38
"""Lines of one page of contents."""
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
    _cover(sheet, report)
    _contents(sheet, report)
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
    top = headline(report)
    if top.said is not None:
        _paragraph(sheet, top.said, size=11.0)
        sheet.set_y(sheet.get_y() + 3)
    if top.scores is not None:
        _tiles(sheet, top.scores.scores)
        sheet.set_y(sheet.get_y() + 6)
    _findings(sheet, report)
    _to_do(sheet, top.to_do)
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


def _to_do(sheet: Sheet, advice: Sequence[str]) -> None:
    """Write what can be done about it, point by point."""
    if not advice:
        return
    sheet.pen(9, bold=True)
    sheet.room(14)
    with sheet.tagged("P"):
        sheet.say("What to do", MARGIN, sheet.get_y(), 4.7)
    sheet.set_y(sheet.get_y() + 6)
    for item in advice:
        _paragraph(sheet, Text(text=item), bullet="•")
    sheet.set_y(sheet.get_y() + 4)


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
            _charts(sheet, row)
            place += len(row)
            continue
        if isinstance(block, Heading):
            # a heading stays with what follows it
            _heading(sheet, block, min(need(sheet, blocks, place), 0.95 * (sheet.bottom - MARGIN)))
        elif isinstance(block, Text):
            _paragraph(sheet, block)
        elif isinstance(block, Table):
            write_table(sheet, block)
        else:
            _tiles(sheet, block.scores)
        place += 1


def _heading(sheet: Sheet, heading: Heading, keep: float) -> None:
    """Write a heading with room for what follows; ``keep`` is its own height and theirs."""
    size = SIZES[2 if heading.level == 2 else 3]
    text = sheet.fonts_at_hand.visible(heading.text)
    sheet.room(keep)
    sheet.pen(size, bold=True)
    lines = sheet.lines(text, sheet.epw)
    sheet.set_y(sheet.get_y() + 2)
    if heading.level == 2:
        sheet.start_section(text, 1, strict=False)
    sheet.pen(size, bold=True)
    with sheet.tagged(f"H{heading.level}"):
        for line in lines:
            sheet.say(line, MARGIN, sheet.get_y(), 5.4)
            sheet.set_y(sheet.get_y() + 5.4)
    sheet.set_y(sheet.get_y() + 1.6)


def _paragraph(sheet: Sheet, block: Text, *, size: float = 9.0, bullet: str = "") -> None:
    """Write a paragraph; one with a tone has a bar and a sign beside it."""
    tone = block.tone
    indent = 0.0 if tone is Tone.PLAIN and not bullet else INDENT
    high = 4.7 * size / 9.0
    sheet.pen(size)
    sign = f"{SIGNS[tone]} " if SIGNS[tone] else ""
    lines = sheet.lines(sheet.fonts_at_hand.visible(sign + block.text), sheet.epw - indent)
    for number, line in enumerate(lines):
        # no single line at the foot or the head of a page
        sheet.room(high * (2 if len(lines) > 1 and number in {0, len(lines) - 2} else 1))
        y = sheet.get_y()
        if bullet and not number:
            sheet.pen(size, colour=MUTED)
            sheet.say(bullet, MARGIN, y, high)
        elif indent and not bullet:
            sheet.set_fill_color(TONES[tone])
            sheet.rect(MARGIN, y, 1.0, high, style="F")
        sheet.pen(size)
        with sheet.tagged("P"):
            sheet.say(line, MARGIN + indent, y, high)
        sheet.set_y(y + high)
    sheet.set_y(sheet.get_y() + (1.2 if bullet else 3))


def _tiles(sheet: Sheet, scores: Sequence[Score]) -> None:
    """Write headline figures side by side, at most four in a row, rows as even as can be."""
    visible = sheet.fonts_at_hand.visible
    across = tiles_across(scores)
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
    row = beside(sheet, charts)
    sheet.room(row.height)
    top, x = sheet.get_y(), MARGIN
    for chart, scale, slot, height, lines in zip(charts, row.scales, row.slots, row.heights, row.captions, strict=True):
        sheet.draw(sheet.drawing(chart), x, top, scale, chart.alt)
        if lines:
            with sheet.tagged("P"):
                sheet.pen(7.5, colour=MUTED)
                for number, line in enumerate(lines):
                    sheet.say(line, x, top + height + 1 + 3.6 * number, 3.6)
        x += slot + GUTTER
    sheet.set_y(top + row.height + 5)
