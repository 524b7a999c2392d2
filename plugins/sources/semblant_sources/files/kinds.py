"""The kinds of cell that a text column may hold: a pattern to know them by and a way to read them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from semblant_sources.files.matching import among, lower, matches

if TYPE_CHECKING:
    from collections.abc import Callable

SENTINELS = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "nan",
        "-nan",
        "null",
        "(null)",
        "none",
        "nil",
        "?",
        "-",
        "--",
        "---",
        ".",
        "..",
        "\\n",
        "missing",
        "#value!",
        "#div/0!",
        "#null!",
        "<na>",
    }
)
"""Lower case; what people write for a missing value in a column that otherwise holds numbers, dates or truth values."""

_LEAD = "[1-9][0-9]{0,2}"
_GROUP = "[0-9]{3}"
_BLANK = r"[ '\u00a0\u202f\u2019]"
"""What parts thousands everywhere: spaces, also the unbreakable ones, and apostrophes."""
_POINT = r"(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[iI]nf(?:inity)?"
_COMMA = r"(?:(?:0|[1-9][0-9]*)(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]+)?"


_UNLIKE_A_NUMBER = r"^(?:[^0-9+.-]|[+.-]+(?:[^0-9.]|$)|$)"
"""What every sentinel matches and no number does."""


@frozen(eq=False)
class Kind:
    """A sort of cell.

    ``parse`` takes stripped texts without missing tokens and gives typed values, null where it fails.
    """

    name: str
    family: str
    """``integer``, ``number``, ``amount``, ``bool``, ``date`` or ``datetime``."""
    pattern: str
    parse: Callable[[pl.Series], pl.Series]
    order: str = ""
    """``dmy`` or ``mdy`` where the same text could be read both ways."""

    def conforms(self, texts: pl.Series) -> pl.Series:
        """Tell for each text whether it is of this kind."""
        matching = matches(texts, self.pattern)
        if self.family in ("date", "datetime") and matching.any():
            return matching & self.parse(texts).is_not_null()
        return matching


def is_sentinel(texts: pl.Series) -> pl.Series:
    """Tell which stripped texts are words for *missing*."""
    if len(texts) > 1000 and not matches(texts, _UNLIKE_A_NUMBER).any():
        return pl.repeat(value=False, n=len(texts), dtype=pl.Boolean, eager=True)
    return among(lower(texts), SENTINELS) | matches(texts, r"^\*+$")


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
    return lower(texts) == "true"


def whole_numbers(groups: str = "., '\u00a0\u202f\u2019") -> Callable[[pl.Series], pl.Series]:
    """Read integers that are written with thousands separators."""

    def parse(texts: pl.Series) -> pl.Series:
        return texts.str.replace_all(f"[{groups}]", "").cast(pl.Int64, strict=False)

    return parse


def whole_floats(texts: pl.Series) -> pl.Series:
    """Read whole numbers of which some are written with an exponent (1e+05)."""
    return texts.cast(pl.Int64, strict=False).zip_with(
        matches(texts, r"^[+-]?[0-9]+$"), texts.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
    )


INTEGER = Kind("integer", "integer", r"^[+-]?(?:0|[1-9][0-9]*)$", _integer)
POINT = Kind("decimal point", "number", rf"^[+-]?(?:{_POINT})$", _number(".", ""))
COMMA = Kind("decimal comma", "number", rf"^[+-]?(?:{_COMMA})$", _number(",", ""))
POINT_GROUPED = Kind(
    "decimal point with thousands separators",
    "number",
    rf"^[+-]?(?:{_LEAD}(?:,{_GROUP})+(?:\.[0-9]+)?|{_LEAD}(?:{_BLANK}{_GROUP})+(?:\.[0-9]+)?|{_POINT})$",
    _number(".", ", '\u00a0\u202f\u2019"),
)
COMMA_GROUPED = Kind(
    "decimal comma with thousands separators",
    "number",
    rf"^[+-]?(?:{_LEAD}(?:\.{_GROUP})+(?:,[0-9]+)?|{_LEAD}(?:{_BLANK}{_GROUP})+(?:,[0-9]+)?|{_COMMA})$",
    _number(",", ". '\u00a0\u202f\u2019"),
)
NUMBERS = (POINT, COMMA, POINT_GROUPED, COMMA_GROUPED)
SIGNS = "$€£¥%"


@cache
def amounts(sign: str) -> tuple[Kind, Kind]:
    """Give the kinds of amount that carry a currency or percent sign, with decimal point and with decimal comma."""
    found = []
    for plain in (POINT_GROUPED, COMMA_GROUPED):
        body = plain.pattern[len("^[+-]?") : -1]
        mark = re.escape(sign)
        pattern = rf"^(?:[+-]?{mark} ?(?:{body})|[+-]?(?:{body}) ?{mark})$"
        found.append(Kind(f"{sign} with {plain.name}", "amount", pattern, _without(sign, plain)))
    return found[0], found[1]


def _without(sign: str, plain: Kind) -> Callable[[pl.Series], pl.Series]:
    return lambda texts: plain.parse(texts.str.replace(sign, "", literal=True).str.replace(" ", "", literal=True))


TRUTH = Kind("true/false", "bool", r"^(?i:true|false)$", _truth)
