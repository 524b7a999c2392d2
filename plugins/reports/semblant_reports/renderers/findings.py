"""What is told of several sections at once: the cover's figures and verdicts, and at the end what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.report.blocks import Scores, Text, Tone
from semblant.report.document import SectionResult

if TYPE_CHECKING:
    from semblant.report.document import ReportDocument, Verdict


_ORDER = (Tone.PLAIN, Tone.GOOD, Tone.FAIR, Tone.BAD)


@frozen(kw_only=True)
class Finding:
    """What a section found in one or several tables."""

    section: str
    title: str
    tone: Tone
    text: str


@frozen(kw_only=True)
class Headline:
    """What stands on the cover: the answer in short, the scores, and what to do."""

    said: Text | None
    scores: Scores | None
    to_do: tuple[str, ...]


def headline(report: ReportDocument) -> Headline:
    """Give the first scores of a report, and what that section says ``in_short`` and has ``to_do`` in its figures.

    Where another section found something graver than the scores tell, the answer in short says so.
    """
    for section in report.sections:
        scores = next((block for block in section.blocks if isinstance(block, Scores)), None)
        if scores is None:
            continue
        short = section.figures.get("in_short")
        said = Text(text=short["text"], tone=Tone(short["tone"])) if short else None
        off, _ = findings_of(report)
        graver = [item for item in off if said is not None and _ORDER.index(item.tone) > _ORDER.index(said.tone)]
        if said is not None and graver:
            names = ", ".join(dict.fromkeys(item.title for item in graver))
            start = "The headline figures are good" if said.tone is Tone.GOOD else said.text.rstrip(".")
            text = f"{start}, but other checks found faults ({names}): read them before you rely on these data."
            said = Text(text=text, tone=graver[0].tone)
        return Headline(said=said, scores=scores, to_do=tuple(section.figures.get("to_do") or ()))
    return Headline(said=None, scores=None, to_do=())


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
