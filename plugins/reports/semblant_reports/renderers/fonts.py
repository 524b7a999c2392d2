"""Fonts of the PDF: DejaVu Sans ships with the package, others are looked for only when glyphs are missing."""

from __future__ import annotations

import os
import unicodedata
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FAMILY = "DejaVu Sans"
REPLACEMENT = "□"
"""Stands for a character that no font at hand can show."""
_KNOWN = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "NotoSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
    "msyh.ttc",
    "simsun.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "Arial Unicode.ttf",
    "Nirmala.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSans-Regular.ttf",
    "NotoEmoji-Regular.ttf",
    "Symbola.ttf",
    "Symbola_hint.ttf",
    "seguisym.ttf",
)
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@frozen(kw_only=True)
class FontChoice:
    """The font files of a document: regular and bold, and those that fill in for them."""

    regular: Path
    bold: Path
    fallbacks: tuple[Path, ...]
    covered: frozenset[int]
    """Code points that regular and bold, or a fallback, can show."""
    boxed: set[str] = field(factory=set)
    """Characters that were replaced so far."""

    def visible(self, text: str) -> str:
        """Write the text so that every character of it can be set: control characters become spaces.

        A character without a glyph becomes a box, never nothing.
        """
        if text.isascii() and text.isprintable():
            return text
        return "".join(self._visible(character) for character in text)

    def _visible(self, character: str) -> str:
        """Give the character, what stands for it, or nothing for marks that are never seen."""
        if character.isspace() or unicodedata.category(character) == "Cc":
            return " "
        if ord(character) in self.covered:
            return character
        if unicodedata.category(character) == "Cf" or character in "\ufe0e\ufe0f":
            return ""
        self.boxed.add(character)
        return REPLACEMENT


def choose_fonts(texts: Iterable[str], given: Sequence[str] = ()) -> FontChoice:
    """Choose the fonts that the texts need; those ``given`` come before those of the system."""
    with as_file(files("semblant_reports") / "fonts") as folder:
        regular, bold = folder / "DejaVuSans.ttf", folder / "DejaVuSans-Bold.ttf"
    covered = _covered(regular) & _covered(bold)
    wanted = {ord(character) for text in texts if not text.isascii() for character in text}
    missing = {
        point
        for point in wanted - covered
        if unicodedata.category(chr(point)) not in _UNSEEN and not chr(point).isspace()
    }
    fallbacks: list[Path] = []
    for path in _candidates(given) if missing else ():
        if missing & _covered(path):
            fallbacks.append(path)
            missing -= _covered(path)
            covered |= _covered(path)
        if not missing:
            break
    return FontChoice(regular=regular, bold=bold, fallbacks=tuple(fallbacks), covered=covered)


def _candidates(given: Sequence[str]) -> list[Path]:
    """Give the fonts named by the user, then known ones of the system, best first."""
    named = [Path(path).expanduser() for path in given]
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        for place, _, names in os.walk(Path(folder).expanduser()):
            for name in names:
                if name in _KNOWN:
                    found.setdefault(name, Path(place) / name)
    return named + [found[name] for name in _KNOWN if name in found]


@cache
def _covered(path: Path) -> frozenset[int]:
    """Give the code points that a font has; none when it cannot be read."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return frozenset(font.getBestCmap() or {})
    except (OSError, TTLibError, AssertionError):
        return frozenset()
