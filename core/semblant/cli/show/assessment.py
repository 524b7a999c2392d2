"""The complexity assessment: the verdict, what it rests on, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from semblant.cli.progress import spoken
from semblant.cli.show.text import heading, listed
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.assessment import Assessment, Suggestion

_MOST = 6
"""Suggestions that are shown at most."""


def assessment_lines(found: Assessment) -> Iterator[Any]:
    """Show the verdict in words, the figures, why it is negative, and what would help."""
    yield heading("Complexity assessment")
    verdict = ("positive", "green") if found.positive else ("negative", "yellow")
    said = Text(verdict[0], style=f"bold {verdict[1]}")
    said.append(f": {', '.join(_figures(found))}", style="not bold default")
    yield said
    if found.long:
        yield Text("  it takes more than half an hour")
    if found.large:
        yield Text(f"  only {_memory(found.memory_limit)} of memory are free")
    for reason in found.quality:
        yield Text(f"  poor results are to be expected: {visible(reason)}")
    for one in found.suggestions[:_MOST]:
        yield Text(f"  try {visible(one.change)}{_effect(one)}")
    if found.unknown:
        yield Text(f"  not counted, their model gives no estimate: {listed(found.unknown)}")


def _figures(found: Assessment) -> Iterator[str]:
    texts = sum(cost.training_seconds for cost in found.texts.values())
    training = texts + sum(cost.training_seconds for cost in found.tables.values())
    about = f", on texts {spoken(texts)}" if texts else ""
    yield f"about {spoken(found.seconds)} on this machine ({spoken(training)} of it training{about})"
    yield f"{_memory(found.memory_bytes)} of memory"


def _effect(one: Suggestion) -> str:
    return "" if one.seconds is None else f" (about {spoken(one.seconds)}, {_memory(one.memory_bytes or 0)})"


def _memory(size: int) -> str:
    return f"{size / 2**30:.1f} GB"
