"""The page: margins, footer, text in any script, structure for screen readers."""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from semblant_reports.renderers.fonts import FAMILY, FontChoice
from semblant_reports.renderers.svg import drawing_of
from semblant_reports.style import INK, MUTED, RULE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant.report.blocks import Chart
    from semblant_reports.renderers.fonts import Fallback
    from semblant_reports.renderers.svg import Drawing

MARGIN = 18.0
FOOT = 16.0
_LEFTWARDS = re.compile(
    "([\u0590-\u08ff\ufb1d-\ufefc](?:[^A-Za-z\u00c0-\u024f\u0370-\u04ff×:]*[\u0590-\u08ff\ufb1d-\ufefc\\d)\\]}])?)"
)
"""A name from right to left with its digits and brackets, inside a line from left to right."""
_RIGHT_TO_LEFT = {"R", "AL"}


class Sheet(FPDF):
    """A PDF in millimetres that never breaks a page by itself: callers ask for room."""

    def __init__(self, fonts: FontChoice, paper: str, running: str, folder: Path) -> None:
        """Load the fonts; ``running`` stands at the foot of each page.

        Fonts that fill in are written into ``folder``, which must be there until the document is.
        """
        super().__init__(unit="mm", format=paper)
        self.fonts_at_hand = fonts
        self.running = running
        self._drawings: dict[int, Drawing] = {}
        self.add_font(FAMILY, "", str(fonts.regular))
        self.add_font(FAMILY, "B", str(fonts.bold))
        names = [f"fallback{place}" for place in range(len(fonts.fallbacks))]
        for name, fallback in zip(names, fonts.fallbacks, strict=True):
            self._fill_in(name, fallback, folder)
        if names:
            self.set_fallback_fonts(names, exact_match=False)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(auto=False)
        self.c_margin = 0.0
        self.shaping = find_spec("uharfbuzz") is not None
        self.widths = lru_cache(maxsize=50_000)(self._width)

    def _fill_in(self, name: str, fallback: Fallback, folder: Path) -> None:
        """Add a fallback font, bold too where there is one."""
        for style, cut in (("", fallback.regular), ("B", fallback.bold)):
            if cut is not None:
                path = folder / f"{name}{style}.ttf"
                path.write_bytes(cut)
                self.add_font(name, style, str(path))

    @property
    def bottom(self) -> float:
        """Where the text area ends."""
        return float(self.h) - MARGIN - 4

    def footer(self) -> None:
        """Write running title and page number."""
        if self.page == 1:
            return
        self.set_draw_color(RULE)
        self.set_line_width(0.2)
        self.line(MARGIN, self.h - FOOT, self.w - MARGIN, self.h - FOOT)
        self.pen(7.5, colour=MUTED)
        number = str(self.page)
        self.say(self.clipped(self.running, self.epw - 20), MARGIN, self.h - FOOT + 2.2, 4)
        self.say(number, self.w - MARGIN - self.width(number), self.h - FOOT + 2.2, 4)

    def pen(self, size: float, *, bold: bool = False, colour: str = INK) -> None:
        """Choose size in points, weight and colour."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(colour)

    def room(self, height: float) -> None:
        """Begin a new page when ``height`` millimetres are not left."""
        if self.get_y() + height > self.bottom:
            self.add_page()

    def width(self, text: str) -> float:
        """Give the width of a text in millimetres, as it is set with the current pen."""
        return self.widths(self.font_style, self.font_size_pt, text)

    def _width(self, style: str, size: float, text: str) -> float:
        """Measure; style and size are part of the key only."""
        total = 0.0
        for part in _LEFTWARDS.split(text) if not text.isascii() else [text]:
            with self._shaped(part):
                total += float(self.get_string_width(part))
        return total

    def say(self, text: str, x: float, y: float, height: float, *, align: str = "L", width: float = 0.0) -> None:
        """Write one line at a place; ``text`` is already fit for the fonts."""
        if not text:
            return
        if align != "L" and width:
            x += (width - self.width(text)) * (1.0 if align == "R" else 0.5)
        for part in _LEFTWARDS.split(text) if not text.isascii() else [text]:
            self.set_xy(x, y)
            width = self.width(part)
            # a line that begins in a fallback font leaves the library wrong about the font that holds behind it
            self.current_font_is_set_on_page = False
            with self._shaped(part) as shown:
                self.cell(width + 0.1, height, shown, new_x=XPos.RIGHT, new_y=YPos.TOP)
            x += width

    @contextmanager
    def _shaped(self, text: str) -> Iterator[str]:
        """Turn shaping on for scripts that need it; without the engine at least order the letters."""
        if text.isascii() or not _needs_shaping(text):
            yield text
        elif self.shaping:
            self.set_text_shaping(True)
            try:
                yield text
            finally:
                self.set_text_shaping(False)
        else:
            from fpdf.bidi import BidiParagraph

            yield BidiParagraph(text).get_reordered_string()

    def lines(self, text: str, width: float) -> list[str]:
        """Break a text into lines no wider than ``width``; words that are too long are cut."""
        found: list[str] = []
        for paragraph in text.split("\n"):
            line = ""
            for word in paragraph.split(" "):
                longer = f"{line} {word}" if line else word
                if self.width(longer) <= width:
                    line = longer
                    continue
                if line:
                    found.append(line)
                *whole, line = self._pieces(word, width)
                found.extend(whole)
            found.append(line)
        return found

    def _pieces(self, word: str, width: float) -> list[str]:
        """Cut a word into pieces that fit, behind a sign if there is one near the end."""
        pieces = []
        while self.width(word) > width and len(word) > 1:
            low, high = 1, len(word)
            while low < high - 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self.width(word[:middle]) <= width else (low, middle)
            sign = max(word.rfind(mark, low // 2, low) for mark in "_-./:,;")
            cut = sign + 1 if sign > 0 else low
            while cut > 1 and unicodedata.combining(word[cut : cut + 1] or "a"):
                cut -= 1
            pieces.append(word[:cut])
            word = word[cut:]
        return [*pieces, word]

    def clipped(self, text: str, width: float) -> str:
        """Cut a text to one line of ``width``, with dots for what is cut."""
        if self.width(text) <= width:
            return text
        return self._pieces(text, max(1.0, width - self.width("…")))[0].rstrip() + "…"

    @contextmanager
    def tagged(self, kind: str, alt: str = "") -> Iterator[None]:
        """Mark what is written as a heading (``H1``), a paragraph (``P``) or a figure, for screen readers."""
        number = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=f"/{kind}", mcid=number, **({"alt_text": alt} if alt else {}))
        self._out(f"/{kind} <</MCID {number}>> BDC")
        page = self.page
        yield
        if page != self.page:
            msg = "a page ended inside a tagged part"
            raise RuntimeError(msg)
        self._out("EMC")

    def drawing(self, chart: Chart) -> Drawing:
        """Draw a chart, once."""
        if id(chart) not in self._drawings:
            self._drawings[id(chart)] = drawing_of(chart.spec, self.fonts_at_hand.visible)
        return self._drawings[id(chart)]

    def draw(self, drawing: Drawing, x: float, y: float, scale: float, alt: str) -> None:
        """Place a chart: shapes as vectors, labels as text; ``scale`` is millimetres per pixel."""
        with self.tagged("Figure", alt):
            self.image(BytesIO(drawing.shapes), x=x, y=y, w=drawing.width * scale, h=drawing.height * scale)
            for label in drawing.labels:
                size = label.size * scale * 72 / 25.4
                self.pen(size, bold=label.bold, colour=label.colour)
                text = self.fonts_at_hand.visible(label.text)
                shift = {"middle": 0.5, "end": 1.0}.get(label.anchor, 0.0) * self.width(text)
                left, base = x + label.x * scale, y + label.y * scale
                if abs(label.angle) < 0.5:
                    # fonts differ from those the chart was laid out with: never write over its edges
                    room = (
                        label.x
                        if label.anchor == "end"
                        else drawing.width - label.x
                        if label.anchor == "start"
                        else 2 * min(label.x, drawing.width - label.x)
                    )
                    text = self.clipped(text, room * scale + 2.5)
                    shift = {"middle": 0.5, "end": 1.0}.get(label.anchor, 0.0) * self.width(text)
                height = size / 72 * 25.4
                if abs(label.angle) < 0.5:
                    self.say(text, left - shift, base - 0.8 * height, height)
                else:
                    with self.rotation(-label.angle, left, base):
                        self.say(text, left - shift, base - 0.8 * height, height)


def _needs_shaping(text: str) -> bool:
    """Tell whether letters join, stack or run from right to left."""
    return any(
        unicodedata.bidirectional(character) in _RIGHT_TO_LEFT
        or "\u0900" <= character <= "\u109f"
        or "\u1780" <= character <= "\u17ff"
        for character in text
    )
