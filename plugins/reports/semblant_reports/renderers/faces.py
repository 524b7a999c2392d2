"""Small static fonts cut out of large ones: a few characters, one weight, outlines that any PDF can hold.

A collection for Chinese, Japanese and Korean has 60,000 glyphs in a dozen weights. What a report needs of it are a
few dozen: they are cut out first, and everything after that is quick.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REGULAR, BOLD = 400, 700
ERROR = 0.5
"""How far a quadratic curve may stray from the cubic one that it stands for, in thousandths of an em."""


@cache
def covered(path: Path) -> frozenset[int]:
    """Give the code points that a font has outlines for; none when it cannot be read or holds bitmaps."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with path.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as font:
            drawn = any(table in font for table in ("glyf", "CFF ", "CFF2"))
            return frozenset(font.getBestCmap() or {}) if drawn else frozenset()
    except (OSError, TTLibError, AssertionError):
        return frozenset()


def region(text: str) -> str:
    """Tell whose forms of the shared Chinese characters a text asks for: ``JP``, ``KR``, ``TC`` or ``SC``.

    >>> region("顧客の名前"), region("고객 이름"), region("客户姓名")
    ('JP', 'KR', 'SC')
    """
    if any("\u3040" <= character <= "\u30ff" for character in text):
        return "JP"
    if any("\uac00" <= character <= "\ud7af" for character in text):
        return "KR"
    return "TC" if any("\u3105" <= character <= "\u312f" for character in text) else "SC"


def cut_out(path: Path, characters: Iterable[int], weight: int, wanted: str = "SC") -> tuple[bytes, bool]:
    """Give a TrueType font with these characters alone, and whether it could be made in that weight.

    :param path: a TrueType, OpenType or variable font, or a collection of them.
    :param wanted: the region whose face is taken from a collection that names its faces by region.
    :raises fontTools.ttLib.TTLibError: the file is no font.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    options = Options()
    options.layout_features = ["*"]
    options.name_IDs = [0, 1, 2, 3, 4, 6, 13, 14]
    options.notdef_outline = True
    options.drop_tables += ["BASE", "DSIG", "VORG", "VVAR", "vhea", "vmtx"]
    with TTFont(path, fontNumber=_face(path, wanted), lazy=True, recalcTimestamp=False) as font:
        variable = "fvar" in font
        axes = {axis.axisTag: axis for axis in font["fvar"].axes} if variable else {}
        heavy = "wght" in axes
        cutter = Subsetter(options)
        cutter.populate(unicodes=list(characters))
        cutter.subset(font)
        kept = BytesIO()
        font.save(kept)
    kept.seek(0)
    small = TTFont(kept, recalcTimestamp=False)
    if variable:
        place = {tag: axis.defaultValue for tag, axis in axes.items()}
        if heavy:
            place["wght"] = min(max(weight, axes["wght"].minValue), axes["wght"].maxValue)
        small = instantiateVariableFont(small, place)
    if "glyf" not in small:
        _to_quadratic(small)
    written = BytesIO()
    small.save(written)
    return written.getvalue(), heavy or weight == REGULAR


@cache
def _face(path: Path, wanted: str) -> int:
    """Find the face of a collection that is made for a region; the first one elsewhere."""
    if path.suffix.lower() not in {".ttc", ".otc"}:
        return 0
    from fontTools.ttLib import TTCollection

    with TTCollection(path, lazy=True) as faces:
        names = [str(face["name"].getDebugName(1) or "") for face in faces.fonts]
    return next((place for place, name in enumerate(names) if name.split()[-1:] == [wanted]), 0)


def _to_quadratic(font: Any) -> None:
    """Replace PostScript outlines by TrueType ones, which every version of the PDF library embeds."""
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable

    order, outlines = font.getGlyphOrder(), font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, font["head"].unitsPerEm * ERROR / 1000, reverse_direction=True))
        glyphs[name] = pen.glyph()
    for table in ("CFF ", "CFF2", "VORG"):
        if table in font:
            del font[table]
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    for name, glyph in glyphs.items():
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (font["hmtx"][name][0], getattr(glyph, "xMin", 0))
    most = font["maxp"]
    most.tableVersion = 0x00010000
    for field in (
        "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
        "maxSizeOfInstructions", "maxComponentElements",
    ):  # fmt: skip
        setattr(most, field, 0)
    most.maxZones = 1
    font["head"].glyphDataFormat = 0
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"
