"""What a column's comment says besides, where its SQL type says less than the column holds."""

from __future__ import annotations

from typing import Final

BOOLEAN: Final = "(true or false)"
DATE: Final = "(a date)"
TIME: Final = "(a time of day)"
UTC: Final = "(times in UTC)"
DURATION: Final = "(a duration)"
MICROSECONDS: Final = "(a duration in microseconds)"
_ALL: Final = (BOOLEAN, DATE, TIME, UTC, DURATION, MICROSECONDS)


def marked(comment: str, mark: str) -> str:
    """Put a mark behind a comment.

    >>> marked("since when", DATE), marked("", "")
    ('since when (a date)', '')
    """
    return f"{comment} {mark}".strip()


def parted(comment: str | None) -> tuple[str, str]:
    """Give comment and mark apart.

    >>> parted("since when (a date)"), parted(None)
    (('since when', '(a date)'), ('', ''))
    """
    text = comment or ""
    mark = next((mark for mark in _ALL if text.endswith(mark)), "")
    return text.removesuffix(mark).rstrip(), mark
