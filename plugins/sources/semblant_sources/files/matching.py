"""Operations on texts that are quick for a handful of them and for millions.

Calling polars on three texts costs a hundred times the work itself, which a table of ten thousand
columns would feel; up to a few hundred texts are therefore handled by Python itself, with the same result.
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl

_HANDFUL = 256


def matches(texts: pl.Series, pattern: str) -> pl.Series:
    """Tell which texts hold the pattern; null for null.

    >>> matches(pl.Series(["1", "x", None]), "^[0-9]$").to_list()
    [True, False, None]
    """
    if len(texts) > _HANDFUL:
        return texts.str.contains(pattern)
    search = _compiled(pattern).search
    return pl.Series([None if text is None else search(text) is not None for text in texts.to_list()], dtype=pl.Boolean)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Translate to Python's dialect: ``$`` is the end of the text alone, letters have no class of their own."""
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern).replace(r"\p{L}", r"[^\W\d_]"))


def stripped(texts: pl.Series) -> pl.Series:
    """Take white space off both ends."""
    if len(texts) > _HANDFUL:
        return texts.str.strip_chars()
    return pl.Series([None if text is None else text.strip() for text in texts.to_list()], dtype=pl.String)


def lower(texts: pl.Series) -> pl.Series:
    """Write in small letters."""
    if len(texts) > _HANDFUL:
        return texts.str.to_lowercase()
    return pl.Series([None if text is None else text.lower() for text in texts.to_list()], dtype=pl.String)


def among(texts: pl.Series, wanted: frozenset[str]) -> pl.Series:
    """Tell which texts are among a few; null for null."""
    if len(texts) > _HANDFUL:
        return texts.is_in(list(wanted))
    return pl.Series([None if text is None else text in wanted for text in texts.to_list()], dtype=pl.Boolean)


def distinct(texts: pl.Series) -> pl.Series:
    """Give each text once where they repeat themselves a lot, and all of them otherwise."""
    if len(texts) <= _HANDFUL:
        return pl.Series(list(dict.fromkeys(texts.to_list())), dtype=pl.String)
    head = texts.head(1000)
    return texts.unique() if head.n_unique() <= len(head) // 2 else texts
