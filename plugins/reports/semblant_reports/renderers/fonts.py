"""Fonts of the PDF: DejaVu Sans ships with the package, others are looked for only when glyphs are missing.

In this order: files that the user names, packages of fonts (the extra ``fonts``), fonts of the system.
"""

from __future__ import annotations

import os
import unicodedata
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from semblant_reports.renderers.faces import BOLD, REGULAR, covered, cut_out, region

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FAMILY = "DejaVu Sans"
REPLACEMENT = "□"
"""Stands for a character that no font at hand can show."""
PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")
"""Packages that hold Noto fonts and nothing else: scripts and emoji, and Chinese, Japanese and Korean."""
MOST = 400
"""Fonts of a system that are looked into, beyond the known ones."""
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
_FONTS = {".ttf", ".otf", ".ttc", ".otc"}
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
class Fallback:
    """A font that fills in for some characters, cut down to them."""

    regular: bytes
    bold: bytes | None
    """None when the font has no weights."""


@frozen(kw_only=True)
class FontChoice:
    """The font files of a document: regular and bold, and those that fill in for them."""

    regular: Path
    bold: Path
    fallbacks: tuple[Fallback, ...]
    covered: frozenset[int]
    """Code points that regular and bold, or a fallback, can show."""
    unread: tuple[str, ...] = ()
    """Files that the user named and that are no fonts."""
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
    """Choose the fonts that the texts need; those ``given`` come before packages and those of the system."""
    with as_file(files("semblant_reports") / "fonts") as folder:
        regular, bold = folder / "DejaVuSans.ttf", folder / "DejaVuSans-Bold.ttf"
    shown = covered(regular) & covered(bold)
    foreign = {character for text in texts if not text.isascii() for character in text}
    missing = {
        ord(character)
        for character in foreign
        if ord(character) not in shown and unicodedata.category(character) not in _UNSEEN and not character.isspace()
    }
    forms = region("".join(foreign))
    fallbacks: list[Fallback] = []
    for path in _candidates(given) if missing else ():
        found = missing & covered(path)
        fallback = _cut(path, found, forms) if found else None
        if fallback is not None:
            fallbacks.append(fallback)
            missing -= found
            shown |= found
        if not missing:
            break
    unread = tuple(name for name in given if not covered(Path(name).expanduser()))
    return FontChoice(regular=regular, bold=bold, fallbacks=tuple(fallbacks), covered=shown, unread=unread)


def _cut(path: Path, characters: set[int], forms: str) -> Fallback | None:
    """Cut the characters out of a font; None when it is not sound."""
    try:
        regular, _ = cut_out(path, characters, REGULAR, forms)
        bold, heavy = cut_out(path, characters, BOLD, forms)
    except Exception:  # noqa: BLE001 - some stranger's font must not cost the report
        return None
    return Fallback(regular=regular, bold=bold if heavy else None)


def _candidates(given: Sequence[str]) -> Iterator[Path]:
    """Give the fonts named by the user, those of packages, then those of the system, known ones first."""
    yield from (Path(path).expanduser() for path in given)
    for package in PACKAGES:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            yield from sorted(path for path in Path(folder).iterdir() if _upright(path))
    there = [
        Path(place) / name
        for folder in _FOLDERS
        for place, _, names in os.walk(Path(folder).expanduser())
        for name in sorted(names)
    ]
    found: dict[str, Path] = {}
    for path in there:
        found.setdefault(path.name, path)
    yield from (found[name] for name in _KNOWN if name in found)
    yield from [path for path in there if _upright(path) and path.name not in _KNOWN][:MOST]


def _upright(path: Path) -> bool:
    """Tell whether a file may be a font that is not slanted."""
    return path.suffix.lower() in _FONTS and not {"Italic", "Oblique"} & set(path.stem.replace("[", "-").split("-"))
