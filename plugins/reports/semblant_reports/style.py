"""One look for all formats: colours, grades and how figures are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from semblant.report.blocks import Tone

if TYPE_CHECKING:
    from collections.abc import Mapping

ORIGINAL: Final = "#8A9BB0"
"""Grey blue; told from the synthetic orange by the colour-blind and in print."""
SYNTHETIC: Final = "#D55E00"
INK: Final = "#1F2933"
MUTED: Final = "#5F6B7A"
RULE: Final = "#D5DBE3"
SHADE: Final = "#F3F5F8"
TONES: Final[Mapping[Tone, str]] = {
    Tone.PLAIN: "#3D5A80",
    Tone.GOOD: "#00735C",
    Tone.FAIR: "#A86400",
    Tone.BAD: "#A3212B",
}
SIGNS: Final[Mapping[Tone, str]] = {Tone.PLAIN: "", Tone.GOOD: "✓", Tone.FAIR: "!", Tone.BAD: "✗"}
WORDS: Final[Mapping[Tone, str]] = {Tone.PLAIN: "", Tone.GOOD: "good", Tone.FAIR: "fair", Tone.BAD: "poor"}
STEPS: Final = ("#F7F9FB", "#DCE6F1", "#B3CBE3", "#7FA8D0", "#4A7FB5", "#1F4E86")
"""From nothing to much."""
DIVERGING: Final = ("#1F4E86", "#9CBBD9", STEPS[0], "#F3B98F", SYNTHETIC)
"""From blue over nothing to orange: told apart by all kinds of colour-blindness."""
IN_THE_DARK: Final[Mapping[str, str]] = {
    STEPS[0]: "#1B232C",
    STEPS[1]: "#22384F",
    STEPS[2]: "#2C557D",
    STEPS[3]: "#3F78AD",
    STEPS[4]: "#6EA3D6",
    STEPS[5]: "#B5D4F5",
    DIVERGING[1]: "#3F78AC",
    DIVERGING[3]: "#7D4320",
}
"""What stands for a colour on dark paper, where more must be brighter and not darker."""


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share as per cent, a dash where there is none.

    >>> percent(0.9772)
    '97.7%'
    """
    return "–" if share is None else f"{100 * share:.{digits}f}%"


def decimals(number: float | None, digits: int = 3) -> str:
    """Write a number with fixed digits, a dash where there is none."""
    return "–" if number is None else f"{number:.{digits}f}"


def count(number: float) -> str:
    """Write a whole number with thousands apart."""
    return f"{number:,.0f}"


def grade(value: float | None, good: float, fair: float) -> Tone:
    """Judge a figure of which less is better.

    >>> grade(0.004, good=0.01, fair=0.03).value
    'good'
    """
    if value is None:
        return Tone.PLAIN
    return Tone.GOOD if value <= good else Tone.FAIR if value <= fair else Tone.BAD


def seconds(value: float) -> str:
    """Write a duration."""
    if value < 90:
        return f"{value:.1f} s"
    return f"{value / 60:.1f} min" if value < 5400 else f"{value / 3600:.1f} h"
