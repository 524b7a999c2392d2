"""Tables on paper: long ones go on below their header, wide ones in parts that repeat the first column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from semblant.report.blocks import Tone
from semblant_reports.style import INK, MUTED, RULE, SHADE, SIGNS, TONES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.report.blocks import Table
    from semblant_reports.renderers.sheet import Sheet

SIZE = 8.0
LINE = 3.9
PAD = 1.3
GAP = 4.0
NARROWEST = 20.0
LINES = 12
HEADER = 30.0
TOGETHER = 0.35
"""A table of no more of a page's height is not broken."""
FEWEST = 4
"""Rows that stand on a page at least where a table is broken."""
FOLDED = 10
"""Narrow tables of no fewer rows are set in columns side by side."""


@frozen(kw_only=True)
class _Part:
    """Columns of a table that stand on one page's width."""

    places: tuple[int, ...]
    widths: tuple[float, ...]


def write_table(sheet: Sheet, table: Table) -> None:
    """Write a table at the cursor."""
    table = _folded(sheet, table)
    parts, columns, rows, align = _prepared(sheet, table)
    for number, part in enumerate(parts):
        if number:
            sheet.ln(2)
        _write_part(sheet, table, part, columns, rows, align)
    if table.caption:
        sheet.pen(7.5, colour=MUTED)
        lines = sheet.lines(sheet.fonts_at_hand.visible(table.caption), sheet.epw)
        sheet.room(4 * len(lines))
        sheet.pen(7.5, colour=MUTED)
        for line in lines:
            with sheet.tagged("P"):
                sheet.say(line, sheet.l_margin, sheet.get_y() + 0.8, 4)
            sheet.set_y(sheet.get_y() + 4)
    sheet.set_y(sheet.get_y() + 4)


def table_height(sheet: Sheet, table: Table) -> tuple[float, float]:
    """Give the height of a table as a whole, and what stands together at its beginning at least."""
    table = _folded(sheet, table)
    parts, columns, rows, _ = _prepared(sheet, table)
    heights = [_heights(sheet, part, columns, rows) for part in parts]
    whole = sum(sum(part) + 2 for part in heights) + 4
    below = 0.0
    if table.caption:
        sheet.pen(7.5)
        below = 4.0 * len(sheet.lines(sheet.fonts_at_hand.visible(table.caption), sheet.epw))
    if not heights:
        return whole + below, whole + below
    # as the first part is written: in one piece where it is short
    first = sum(heights[0]) + below
    together = first <= TOGETHER * (sheet.bottom - sheet.t_margin)
    return whole + below, first if together else sum(heights[0][: 1 + FEWEST])


def _prepared(sheet: Sheet, table: Table) -> tuple[list[_Part], list[str], list[list[str]], list[str]]:
    """Give the parts of a table, and its texts as they can be set."""
    visible = sheet.fonts_at_hand.visible
    columns = [visible(name) for name in table.columns]
    signs = [SIGNS[tone] for tone in table.tones] + [""] * len(table.rows)
    rows = [
        [visible(f"{sign} {cell}" if sign and not place else str(cell)) for place, cell in enumerate(row)]
        for sign, row in zip(signs, table.rows, strict=False)
    ]
    align = [(table.align[place : place + 1] or "l").upper() for place in range(len(columns))]
    return _parts(sheet, columns, rows, align), columns, rows, align


def _folded(sheet: Sheet, table: Table) -> Table:
    """Set a long narrow table in two or three columns side by side, so that it does not leave a page empty."""
    if len(table.rows) < FOLDED or any(table.tones):
        return table
    parts, _, _, _ = _prepared(sheet, table)
    width = sum(parts[0].widths)
    beside = min(3, int((sheet.epw + GAP) // (width + GAP)))
    if len(parts) > 1 or beside < 2:
        return table
    deep = -(-len(table.rows) // beside)
    empty = [""] * len(table.columns)
    align = "".join(table.align[place : place + 1] or "l" for place in range(len(table.columns)))

    def joined(cells: Sequence[Sequence[str]]) -> list[str]:
        return [text for place, part in enumerate(cells) for text in ([*([""] if place else []), *part])]

    rows = [
        joined([table.rows[place] if place < len(table.rows) else empty for place in range(row, deep * beside, deep)])
        for row in range(deep)
    ]
    return evolve(
        table, columns=joined([table.columns] * beside), rows=rows, align="l".join([align] * beside), tones=()
    )


def _heights(sheet: Sheet, part: _Part, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Give the heights of header and rows."""
    found = []
    for place, texts in enumerate([columns, *rows]):
        sheet.pen(SIZE, bold=place == 0)
        lines = max(
            min(LINES, len(sheet.lines(texts[cell], width - GAP + 0.3)))
            for cell, width in zip(part.places, part.widths, strict=True)
        )
        found.append(lines * LINE + 2 * PAD)
    return found


def _parts(sheet: Sheet, columns: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str]) -> list[_Part]:
    """Choose widths; cut the table where even narrow columns do not fit side by side."""
    natural = []
    for place, name in enumerate(columns):
        sheet.pen(SIZE, bold=True)
        whole = sheet.width(name)
        width = (
            max(min(whole, HEADER), *(sheet.width(word) for word in name.split(" "))) if align[place] == "R" else whole
        )
        sheet.pen(SIZE)
        natural.append(max([width, *(sheet.width(row[place]) for row in rows)]) + GAP)
    parts: list[_Part] = []
    start = 0
    while start < len(columns):
        places = [0] if start else []
        least = sum(min(natural[place], NARROWEST + GAP) for place in places)
        while start < len(columns) and (len(places) < 2 or least + min(natural[start], NARROWEST + GAP) <= sheet.epw):
            least += min(natural[start], NARROWEST + GAP)
            places.append(start)
            start += 1
        parts.append(_Part(places=tuple(places), widths=_fitted([natural[place] for place in places], sheet.epw)))
    return parts


def _fitted(natural: Sequence[float], most: float) -> tuple[float, ...]:
    """Narrow the widest columns until all fit.

    >>> _fitted([10, 100], 60)
    (10, 50.0)
    """
    if sum(natural) <= most:
        return tuple(natural)
    left, widths = most, dict.fromkeys(range(len(natural)), 0.0)
    order = sorted(widths, key=lambda place: natural[place])
    for done, place in enumerate(order):
        widths[place] = min(natural[place], left / (len(order) - done))
        left -= widths[place]
    return tuple(widths[place] for place in range(len(natural)))


def _write_part(
    sheet: Sheet, table: Table, part: _Part, columns: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str]
) -> None:
    """Write the header, then the rows, the header again on every page."""
    total = sum(part.widths)

    def cut(texts: Sequence[str], *, bold: bool) -> list[list[str]]:
        sheet.pen(SIZE, bold=bold)
        found = []
        for place, width in zip(part.places, part.widths, strict=True):
            lines = sheet.lines(texts[place], width - GAP + 0.3)
            found.append(lines if len(lines) <= LINES else [*lines[: LINES - 1], "…"])
        return found

    def write(cells: list[list[str]], *, bold: bool, colour: str) -> None:
        height = max(len(cell) for cell in cells) * LINE + 2 * PAD
        sheet.pen(SIZE, bold=bold, colour=colour)
        x, y = sheet.l_margin, sheet.get_y()
        with sheet.tagged("P"):
            for cell, place, width in zip(cells, part.places, part.widths, strict=True):
                first = y + PAD + (height - 2 * PAD - len(cell) * LINE if bold else 0.0)
                for number, line in enumerate(cell):
                    sheet.say(line, x + GAP / 2, first + number * LINE, LINE, align=align[place], width=width - GAP)
                x += width
        sheet.set_xy(sheet.l_margin, y + height)

    header = cut(columns, bold=True)
    tall = max(len(cell) for cell in header) * LINE + 2 * PAD

    def write_header() -> None:
        sheet.set_fill_color(SHADE)
        sheet.rect(sheet.l_margin, sheet.get_y(), total, tall, style="F")
        write(header, bold=True, colour=MUTED)

    tones = [table.tones[number] if number < len(table.tones) else Tone.PLAIN for number in range(len(rows))]
    ready = [cut(row, bold=False) for row in rows]
    heights = [max(len(cell) for cell in cells) * LINE + 2 * PAD for cells in ready]
    page = sheet.bottom - sheet.t_margin
    sheet.pen(7.5)
    below = 4 * len(sheet.lines(sheet.fonts_at_hand.visible(table.caption), sheet.epw)) if table.caption else 0
    whole = tall + sum(heights) + below
    sheet.room(whole if whole <= TOGETHER * page else min(page, tall + sum(heights[:FEWEST])))
    write_header()
    last = len(ready) - 1 - FEWEST // 2
    for number, (cells, tone, height) in enumerate(zip(ready, tones, heights, strict=True)):
        # no single rows at the head of a page: the last few go over together
        rest = sum(heights[number:]) if number == last and number > FEWEST else height
        if sheet.get_y() + (rest if rest < page / 2 else height) > sheet.bottom:
            sheet.add_page()
            write_header()
        write(cells, bold=False, colour=INK if tone is Tone.PLAIN else TONES[tone])
        sheet.set_draw_color(RULE)
        sheet.set_line_width(0.15)
        sheet.line(sheet.l_margin, sheet.get_y(), sheet.l_margin + total, sheet.get_y())
