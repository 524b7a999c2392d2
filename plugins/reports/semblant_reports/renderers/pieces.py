"""Blocks on paper: headings, paragraphs, headline figures and pictures, each at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.report.blocks import Tone
from semblant_reports.renderers.layout import GUTTER, INDENT, SIZES, beside, tiles_across
from semblant_reports.renderers.sheet import MARGIN
from semblant_reports.style import INK, MUTED, SHADE, SIGNS, TONES, WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.report.blocks import Chart, Heading, Score, Text
    from semblant_reports.renderers.sheet import Sheet


def write_heading(sheet: Sheet, heading: Heading, keep: float) -> None:
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


def write_paragraph(sheet: Sheet, block: Text, *, size: float = 9.0, bullet: str = "") -> None:
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


def write_tiles(sheet: Sheet, scores: Sequence[Score]) -> None:
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


def write_charts(sheet: Sheet, charts: Sequence[Chart]) -> None:
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
