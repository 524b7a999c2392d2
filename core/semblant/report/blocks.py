"""What a report section is made of; renderers turn blocks into a format."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Tone(enum.StrEnum):
    """How a text or a cell is meant; renderers add a word or sign, never colour alone."""

    PLAIN = "plain"
    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"


@frozen(kw_only=True)
class Heading:
    """A heading below the section's title; level 2 or 3."""

    text: str
    level: int = 2


@frozen(kw_only=True)
class Text:
    """A paragraph of plain text."""

    text: str
    tone: Tone = Tone.PLAIN


@frozen(kw_only=True)
class Table:
    """A table: cells are text already formatted; ``align`` holds l, r or c per column."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    align: str = ""
    caption: str = ""
    tones: Sequence[Tone] = ()
    """One per row, or empty."""


@frozen(kw_only=True)
class Score:
    """A headline figure."""

    label: str
    value: str
    tone: Tone = Tone.PLAIN
    note: str = ""
    """In plain words: what it means, its ceiling or interval."""


@frozen(kw_only=True)
class Scores:
    """Headline figures side by side."""

    scores: Sequence[Score]


@frozen(kw_only=True)
class Chart:
    """A Vega-Lite chart with inline, aggregated data."""

    spec: Mapping[str, Any]
    alt: str
    """What it shows, in words, for those who cannot see it."""
    width: float = 1.0
    """Share of the page's width; charts that fit stand side by side."""
    caption: str = ""
    data: Mapping[str, Any] = field(factory=dict)


Block = Heading | Text | Table | Scores | Chart
