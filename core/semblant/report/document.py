"""A measured report, before it is written in any format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from semblant.report.blocks import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from semblant.report.blocks import Block


@frozen(kw_only=True)
class SectionResult:
    """One section: its figures and its blocks, or why it was left out."""

    name: str
    title: str
    figures: Mapping[str, Any] = field(factory=dict)
    blocks: Sequence[Block] = ()
    left_out: str = ""
    """The reason, when the section could not be made."""


@frozen(kw_only=True)
class Verdict:
    """What a section says of a table in one sentence."""

    section: str
    title: str
    """Of the section."""
    table: str
    """Empty when it is about all of them."""
    tone: Tone
    text: str


@frozen(kw_only=True)
class ReportDocument:
    """All sections in order, with what stands on the cover."""

    title: str
    subtitle: str
    created: str
    """ISO 8601, UTC."""
    version: str
    sections: Sequence[SectionResult]
    facts: Mapping[str, str] = field(factory=dict)
    """Label and value lines for the cover."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What the sections say, in their order.

        A section that judges puts ``{"tone": …, "text": …}`` under a key that ends in ``verdict``, or several in a
        list under one that ends in ``verdicts``, anywhere in its figures; the nearest ``table`` above is the one they
        are about.
        """
        return tuple(
            Verdict(section=section.name, title=section.title, table=table, tone=Tone(said["tone"]), text=said["text"])
            for section in self.sections
            for table, said in _said(section.figures, "")
        )


def _said(value: Any, table: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Walk through figures for verdicts."""
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _said(inner, table)
    elif isinstance(value, dict):
        table = value.get("table", table)
        for name, inner in value.items():
            if str(name).endswith("verdict") and isinstance(inner, dict):
                yield table, inner
            elif str(name).endswith("verdicts") and isinstance(inner, list):
                yield from ((table, said) for said in inner if isinstance(said, dict))
            else:
                yield from _said(inner, table)
