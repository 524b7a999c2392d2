"""The kinds of cell that a text column may hold: a pattern to know them by and a way to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

SENTINELS = frozenset({
    "", "na", "n/a", "n.a.", "#n/a", "nan", "-nan", "null", "(null)", "none", "nil", "?", "-", "--", "---", ".", "..", "\\n",
    "missing", "#value!", "#div/0!", "#null!", "<na>",
})
"""Lower case; what people write for a missing value in a column that otherwise holds numbers, dates or truth values."""

_LETTERS = r"\p{L}"
_POINT = r"(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[iI]nf(?:inity)?"
_COMMA = r"(?:(?:0|[1-9]\d*)(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?"


@frozen(eq=False)
class Kind:
    """A sort of cell.

    ``parse`` takes stripped texts without missing tokens and gives typed values, null where it fails.
    """

    name: str
    family: str
    """``integer``, ``number``, ``bool``, ``date`` or ``datetime``."""
    pattern: str
    parse: Callable[[pl.Series], pl.Series]
    order: str = ""
    """``dmy`` or ``mdy`` where the same text could be read both ways."""

    def conforms(self, texts: pl.Series) -> pl.Series:
        """Tell for each text whether it is of this kind."""
        matching = texts.str.contains(self.pattern)
        if self.family in ("date", "datetime") and matching.any():
            return matching & self.parse(texts).is_not_null()
        return matching


def is_sentinel(texts: pl.Series) -> pl.Series:
    """Tell which stripped texts are words for *missing*."""
    return texts.str.to_lowercase().is_in(list(SENTINELS)) | texts.str.contains(r"^\*+$")


def _number(decimal: str, groups: str) -> Callable[[pl.Series], pl.Series]:
    def parse(texts: pl.Series) -> pl.Series:
        if groups:
            texts = texts.str.replace_all(f"[{groups}]", "")
        if decimal != ".":
            texts = texts.str.replace(decimal, ".", literal=True)
        return texts.cast(pl.Float64, strict=False)

    return parse


def _integer(texts: pl.Series) -> pl.Series:
    return texts.cast(pl.Int64, strict=False)


def _truth(texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase() == "true"


def whole_numbers(groups: str = "., '\u00a0\u202f\u2019") -> Callable[[pl.Series], pl.Series]:
    """Read integers that are written with thousands separators."""

    def parse(texts: pl.Series) -> pl.Series:
        return texts.str.replace_all(f"[{groups}]", "").cast(pl.Int64, strict=False)

    return parse


INTEGER = Kind("integer", "integer", r"^[+-]?(?:0|[1-9]\d*)$", _integer)
POINT = Kind("decimal point", "number", rf"^[+-]?(?:{_POINT})$", _number(".", ""))
COMMA = Kind("decimal comma", "number", rf"^[+-]?(?:{_COMMA})$", _number(",", ""))
POINT_GROUPED = Kind(
    "decimal point with thousands separators", "number",
    rf"^[+-]?(?:[1-9]\d{{0,2}}(?:,\d{{3}})+(?:\.\d+)?|[1-9]\d{{0,2}}(?:[ '\u00a0\u202f\u2019]\d{{3}})+(?:\.\d+)?|{_POINT})$",
    _number(".", ", '\u00a0\u202f\u2019"),
)
COMMA_GROUPED = Kind(
    "decimal comma with thousands separators", "number",
    rf"^[+-]?(?:[1-9]\d{{0,2}}(?:\.\d{{3}})+(?:,\d+)?|[1-9]\d{{0,2}}(?:[ '\u00a0\u202f\u2019]\d{{3}})+(?:,\d+)?|{_COMMA})$",
    _number(",", ". '\u00a0\u202f\u2019"),
)
NUMBERS = (POINT, COMMA, POINT_GROUPED, COMMA_GROUPED)
TRUTH = Kind("true/false", "bool", r"^(?i:true|false)$", _truth)
