"""What is told of several sections at once: their verdicts on the cover, and at the end what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.report.blocks import Text, Tone
from semblant.report.document import SectionResult

if TYPE_CHECKING:
    from semblant.report.document import ReportDocument, Verdict


@frozen(kw_only=True)
class Finding:
    """What a section found in one or several tables."""

    section: str
    title: str
    tone: Tone
    text: str


def findings_of(report: ReportDocument) -> tuple[list[Finding], str]:
    """Give one finding per section that is not good, the worst first, and a sentence that names those that are."""
    said = report.verdicts
    found = []
    for section, title in dict.fromkeys((item.section, item.title) for item in said):
        own = [item for item in said if item.section == section]
        tone = next((tone for tone in (Tone.BAD, Tone.FAIR) if any(item.tone is tone for item in own)), None)
        if tone is not None:
            text = _text([item for item in own if item.tone is tone])
            found.append(Finding(section=section, title=title, tone=tone, text=text))
    found.sort(key=lambda item: item.tone is not Tone.BAD)
    troubled = {item.section for item in found}
    well = dict.fromkeys(item.title for item in said if item.tone is Tone.GOOD and item.section not in troubled)
    return found, f"Nothing to find fault with: {', '.join(well)}." if well else ""


def _text(said: list[Verdict]) -> str:
    """Put the verdicts on several tables into one line: the first, and where it is the same."""
    tables = list(dict.fromkeys(item.table for item in said if item.table))
    if not tables:
        return said[0].text
    more = f" The same in {', '.join(tables[1:4])}" if len(tables) > 1 else ""
    more += f" and {len(tables) - 4} more" if len(tables) > 4 else ""
    return f"{tables[0]}: {said[0].text}{more}{'.' if more else ''}"


def left_out(report: ReportDocument) -> SectionResult:
    """Give one section in the place of all that were left out."""
    lines = [
        Text(text=f"{section.title}. Left out: {section.left_out}") for section in report.sections if section.left_out
    ]
    return SectionResult(name="left-out", title="What was left out", blocks=lines)
