"""*Did you mean*: the known word that is nearest to what was written."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTED = 12


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Give the nearest of the known words, or None when nothing is near.

    >>> suggest("colums", ["columns", "include"])
    'columns'
    """
    names = list(known)
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(_fold(name), name)
    if _fold(word) in folded:
        return folded[_fold(word)]
    near = difflib.get_close_matches(_fold(word), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def advice(word: str, known: Iterable[str], what: str = "known") -> str:
    """Write the fix for a word that is not known: the nearest one, or the list of all.

    >>> advice("x", ["small", "large"])
    'known: small, large'
    >>> advice("smal", ["small", "large"])
    "did you mean 'small'?"
    """
    names = list(known)
    near = suggest(word, names)
    if near is not None:
        return f"did you mean '{near}'?"
    if not names:
        return f"{what}: none"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{what}: {', '.join(names[:_LISTED])}{more}"


def _fold(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
