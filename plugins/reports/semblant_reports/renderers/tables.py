"""Tables on paper: long ones go on below their header, wide ones in parts that repeat the first column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

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
TOGETHER = 25
"""Tables of no more rows are not broken when they fit on a page."""


@frozen(kw_only=True)
class _Part:
    """Columns of a table that stand on one page's width."""

    places: tuple[int, ...]
    widths: tuple[float, ...]


def write_table(sheet: Sheet, table: Table) -> None:
    """Write a table at the cursor."""
    visible = sheet.fonts_at_hand.visible
    columns = [visible(name) for name in table.columns]
    rows = [[visible(str(cell)) for cell in row] for row in table.rows]
    align = [(table.align[place : place + 1] or "l").upper() for place in range(len(columns))]
    for number, part in enumerate(_parts(sheet, columns, rows, align)):
        if number:
            sheet.ln(2)
        _write_part(sheet, table, part, columns, rows, align)
    if table.caption:
        sheet.pen(7.5, colour=MUTED)
        for line in sheet.lines(visible(table.caption), sheet.epw):
            sheet.room(4)
            with sheet.tagged("P"):
                sheet.say(line, sheet.l_margin, sheet.get_y() + 0.8, 4)
            sheet.set_y(sheet.get_y() + 4)
    sheet.set_y(sheet.get_y() + 4)


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
    ready = [
        cut(
            [f"{SIGNS[tone]} {cell}" if SIGNS[tone] and place == 0 else cell for place, cell in enumerate(row)],
            bold=False,
        )
        for row, tone in zip(rows, tones, strict=True)
    ]
    whole = tall + sum(max(len(cell) for cell in cells) * LINE + 2 * PAD for cells in ready)
    if len(rows) <= TOGETHER and whole < 0.6 * (sheet.bottom - sheet.t_margin):
        sheet.room(whole)
    sheet.room(tall + LINE + 2 * PAD)
    write_header()
    for cells, tone in zip(ready, tones, strict=True):
        height = max(len(cell) for cell in cells) * LINE + 2 * PAD
        if sheet.get_y() + height > sheet.bottom:
            sheet.add_page()
            write_header()
        write(cells, bold=False, colour=INK if tone is Tone.PLAIN else TONES[tone])
        sheet.set_draw_color(RULE)
        sheet.set_line_width(0.15)
        sheet.line(sheet.l_margin, sheet.get_y(), sheet.l_margin + total, sheet.get_y())
