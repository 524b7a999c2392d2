"""Fonts of the PDF: DejaVu Sans ships with the package, others are looked for only when glyphs are missing."""

from __future__ import annotations

import os
import unicodedata
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FAMILY = "DejaVu Sans"
REPLACEMENT = "□"
"""Stands for a character that no font at hand can show."""
_KNOWN = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.ttf", "NotoSansSC-Regular.otf", "wqy-microhei.ttc",
    "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf", "msyh.ttc", "simsun.ttc", "msgothic.ttc", "malgun.ttf",
    "PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf", "Nirmala.ttf", "NotoSansDevanagari-Regular.ttf", "NotoSansThai-Regular.ttf",
    "NotoSans-Regular.ttf", "NotoEmoji-Regular.ttf", "Symbola.ttf", "Symbola_hint.ttf", "seguisym.ttf",
)
_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/Library/Fonts", "/System/Library/Fonts",
    "~/Library/Fonts", "C:/Windows/Fonts",
)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = {"\u200c", "\u200d", "\u200e", "\u200f"}


@frozen(kw_only=True)
class FontChoice:
    """The font files of a document: regular and bold, and those that fill in for them."""

    regular: Path
    bold: Path
    fallbacks: tuple[Path, ...]
    missing: frozenset[str]
    """Characters that no font has."""

    def visible(self, text: str) -> str:
        """Write the text so that every character of it can be set: control characters become spaces.

        A character without a glyph becomes a box, never nothing.
        """
        if text.isascii() and text.isprintable():
            return text
        clean = "".join(" " if character in "\t\n\r\x0b\x0c\u2028\u2029\u00a0" else character for character in text)
        return "".join(
            REPLACEMENT if character in self.missing or (unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}) else character
            for character in clean if character not in "\ufe0e\ufe0f\ufeff" and (unicodedata.category(character) != "Cf" or character in _JOINERS)
        )


def choose_fonts(texts: Iterable[str], given: Sequence[str] = ()) -> FontChoice:
    """Choose the fonts that the texts need; those ``given`` come before those of the system."""
    with as_file(files("semblant_reports") / "fonts") as folder:
        regular, bold = folder / "DejaVuSans.ttf", folder / "DejaVuSans-Bold.ttf"
    wanted = {character for text in texts if not text.isascii() for character in text if not character.isascii()}
    wanted = {character for character in wanted if unicodedata.category(character) not in _UNSEEN and not character.isspace()}
    wanted |= _JOINERS & {character for text in texts for character in text} if not wanted else set()
    missing = {character for character in wanted if ord(character) not in (_covered(regular) & _covered(bold))}
    fallbacks: list[Path] = []
    for path in _candidates(given) if missing else ():
        found = {character for character in missing if ord(character) in _covered(path)}
        if found:
            fallbacks.append(path)
            missing -= found
        if not missing:
            break
    return FontChoice(regular=regular, bold=bold, fallbacks=tuple(fallbacks), missing=frozenset(missing))


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
