"""What stands together: how much room blocks need, so that no heading is left alone and no page half empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.report.blocks import Chart, Heading, Scores, Table, Text, Tone
from semblant_reports.charts import PAGE
from semblant_reports.renderers.tables import table_height

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.report.blocks import Block, Score
    from semblant_reports.renderers.sheet import Sheet

GUTTER = 4.0
SIZES = {2: 11.5, 3: 9.5}
"""Points of the headings."""
INDENT = 4.0
"""Of a paragraph with a tone, for the bar beside it."""
LEAST = 0.3
"""A section does not begin on a page of which less is left, unless it ends there too."""

PAIR = 0.6
"""Two rows of charts of no more of a page's height are not parted."""


@frozen(kw_only=True)
class Beside:
    """Charts that stand side by side, with their scales in millimetres per pixel, and their captions as lines."""

    slots: tuple[float, ...]
    scales: tuple[float, ...]
    heights: tuple[float, ...]
    captions: tuple[list[str], ...]

    @property
    def height(self) -> float:
        """Millimetres of the tallest with its caption."""
        return max(height + 1 + 3.6 * len(lines) for height, lines in zip(self.heights, self.captions, strict=True))


def beside(sheet: Sheet, charts: Sequence[Chart]) -> Beside:
    """Scale charts so that they fit side by side, and on a page."""
    drawings = [sheet.drawing(chart) for chart in charts]
    slots = [sheet.epw * chart.width - (GUTTER if chart.width < 1 else 0.0) for chart in charts]
    tallest = sheet.bottom - sheet.t_margin - 14
    scales = [
        min(sheet.epw / PAGE, slot / max(1.0, drawing.width), tallest / max(1.0, drawing.height))
        for drawing, slot in zip(drawings, slots, strict=True)
    ]
    sheet.pen(7.5)
    captions = [
        sheet.lines(sheet.fonts_at_hand.visible(chart.caption), slot)[:5] if chart.caption else []
        for chart, slot in zip(charts, slots, strict=True)
    ]
    return Beside(
        slots=tuple(slots),
        scales=tuple(scales),
        heights=tuple(drawing.height * scale for drawing, scale in zip(drawings, scales, strict=True)),
        captions=tuple(captions),
    )


def row_of(blocks: Sequence[Block], place: int) -> list[Chart]:
    """Give the charts from ``place`` on that stand side by side."""
    row: list[Chart] = []
    for block in blocks[place:]:
        if not isinstance(block, Chart) or sum(chart.width for chart in row) + block.width > 1.001:
            break
        row.append(block)
    return row


def charts_height(sheet: Sheet, blocks: Sequence[Block], place: int) -> float:
    """Give the room that the charts from ``place`` on need: of two rows below each other and no more, both."""
    row = row_of(blocks, place)
    height = beside(sheet, row).height
    below = row_of(blocks, place + len(row))
    behind = place + len(row) + len(below)
    alone = not (place and isinstance(blocks[place - 1], Chart)) and not row_of(blocks, behind)
    both = height + 5 + beside(sheet, below).height if below and alone else 0.0
    return both if 0 < both <= PAIR * (sheet.bottom - sheet.t_margin) else height


def tiles_height(sheet: Sheet, scores: Sequence[Score]) -> float:
    """Give the height of headline figures."""
    across = tiles_across(scores)
    width = (sheet.epw - GUTTER * (max(2, across) - 1)) / max(2, across)
    sheet.pen(7.5)
    notes = [len(sheet.lines(sheet.fonts_at_hand.visible(score.note), width - 8)[:9]) for score in scores]
    return sum(27 + 3.5 * max(notes[start : start + across]) for start in range(0, len(scores), across or 1))


def tiles_across(scores: Sequence[Score]) -> int:
    """Give how many headline figures stand in a row: at most four, rows as even as can be."""
    return -(-len(scores) // max(1, -(-len(scores) // 4)))


def whole_height(sheet: Sheet, blocks: Sequence[Block], most: float) -> float:
    """Give the height of the blocks together; what exceeds ``most`` is not looked at."""
    total, place = 0.0, 0
    while place < len(blocks) and total <= most:
        height, _, taken = _height(sheet, blocks, place)
        total, place = total + height, place + taken
    return total


def need(sheet: Sheet, blocks: Sequence[Block], place: int) -> float:
    """Give the room that a heading and all up to the first picture, table or long text behind it need together."""
    total = 0.0
    while place < len(blocks):
        block = blocks[place]
        height, least, taken = _height(sheet, blocks, place)
        if not isinstance(block, Heading | Text):
            return total + least
        total, place = total + height, place + taken
        if isinstance(block, Text) and not any(isinstance(item, Chart | Table) for item in blocks[place : place + 3]):
            return total
    return total


def _height(sheet: Sheet, blocks: Sequence[Block], place: int) -> tuple[float, float, int]:
    """Give the height of what stands at a place, its least beginning, and how many blocks that is."""
    block, visible = blocks[place], sheet.fonts_at_hand.visible
    if isinstance(block, Chart):
        row = row_of(blocks, place)
        height = beside(sheet, row).height
        return height + 5, charts_height(sheet, blocks, place), len(row)
    if isinstance(block, Table):
        return *table_height(sheet, block), 1
    if isinstance(block, Scores):
        height = tiles_height(sheet, block.scores)
        return height, height, 1
    if isinstance(block, Heading):
        sheet.pen(SIZES[2 if block.level == 2 else 3], bold=True)
        height = 3.6 + 5.4 * len(sheet.lines(visible(block.text), sheet.epw))
        return height, height, 1
    sheet.pen(9)
    indent = 0.0 if block.tone is Tone.PLAIN else INDENT
    height = 4.7 * len(sheet.lines(visible(block.text), sheet.epw - indent)) + 3
    return height, height, 1
