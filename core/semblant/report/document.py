"""A measured report, before it is written in any format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
