"""SQL in pieces: literals, quoted names and the rest, so that words are only changed where they are words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_PIECE = re.compile(
    r"(?P<text>[Nn]?'(?:[^']|'')*')|(?P<bracket>\[(?:[^\]]|\]\])*\])|(?P<quoted>\"(?:[^\"]|\"\")*\")|(?P<mark>\?|:\d+)"
)


def pg_text(text: str) -> str:
    """Write a text as PostgreSQL reads it."""
    return "'" + text.replace("'", "''") + "'"


def pg_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unquoted(literal: str) -> str:
    """Give what a literal of T-SQL or Oracle says."""
    return literal.removeprefix("N").removeprefix("n")[1:-1].replace("''", "'")


def translated(
    statement: str, words: Sequence[tuple[str, str]], *, values: bool, rewrite: Callable[[str], str] = lambda sql: sql
) -> str:
    """Write a statement for PostgreSQL: ``words`` are patterns outside of quotes, with what stands for them there.

    What is quoted is hidden behind ``\\0number\\0`` while words and ``rewrite`` are at work.
    """
    kept: list[str] = []

    def hide(found: re.Match[str]) -> str:
        if found["mark"]:
            return "%s" if values else found[0]
        if found["text"]:
            piece = pg_text(unquoted(found[0]))
        elif found["bracket"]:
            piece = pg_name(found[0][1:-1].replace("]]", "]"))
        else:
            piece = found[0]
        kept.append(piece.replace("%", "%%") if values else piece)
        return f"\0{len(kept) - 1}\0"

    plain = _PIECE.sub(hide, statement)
    for pattern, instead in words:
        plain = re.sub(pattern, instead, plain, flags=re.IGNORECASE)
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], rewrite(plain))
