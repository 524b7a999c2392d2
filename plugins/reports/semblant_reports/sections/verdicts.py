"""What a section says of a table in one sentence, with a tone that programs can read too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Text, Tone
from semblant_reports.style import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from semblant_reports.measure.measured import MeasuredTable

_ORDER = (Tone.PLAIN, Tone.GOOD, Tone.FAIR, Tone.BAD)


def verdict(tone: Tone, text: str) -> dict[str, str]:
    """Give a verdict as it stands in the figures."""
    return {"tone": tone.value, "text": text}


def told(found: Mapping[str, Any]) -> list[Text]:
    """Write the verdict of a table's figures, if there is one."""
    said = found.get("verdict")
    return [Text(text=said["text"], tone=Tone(said["tone"]))] if said else []


def worst(tones: Iterable[Tone]) -> Tone:
    """Give the gravest of some tones.

    >>> worst([Tone.GOOD, Tone.FAIR]).value
    'fair'
    """
    return max(tones, key=_ORDER.index, default=Tone.PLAIN)


ONE_OF_MANY = 2.5
"""What chance takes off on average is exceeded so far by hardly one of a hundred columns or pairs."""

_FURTHER = 0.05
"""An accuracy that falls behind by more is bad, where chance cannot explain it."""


def judged(behind: float, chance: float, fair: float, bad: float, times: float = 1.0) -> Tone:
    """Judge how far an accuracy falls behind; what chance alone takes off is allowed, ``times`` over, and twice that.

    >>> judged(0.03, chance=0.99, fair=0.02, bad=0.05).value
    'fair'
    """
    noise = times * (1 - chance)
    return Tone.BAD if behind > max(bad, 2 * noise) else Tone.FAIR if behind > max(fair, noise) else Tone.GOOD


def of_columns(table: MeasuredTable) -> dict[str, str] | None:
    """Judge the columns one by one."""
    if table.accuracy is None or table.by_chance is None:
        return None
    reach = table.by_chance if table.ceiling is None else table.ceiling
    tones: dict[Tone, list[str]] = {}
    unsure = []
    for place in table.most_different:
        behind = float(reach.columns[place] - table.accuracy.columns[place])
        tone = judged(behind, float(table.by_chance.columns[place]), 0.02, _FURTHER, ONE_OF_MANY)
        name = table.sample.columns[place].name
        tones.setdefault(tone, []).append(name)
        if tone is Tone.GOOD and behind > _FURTHER:
            unsure.append(name)
    tone = worst(tones)
    if tone is Tone.GOOD and unsure:
        return verdict(
            Tone.PLAIN,
            f"{_listed(unsure)}: further from the original than real rows are, but by no more than is allowed for so "
            "few rows: nothing finer can be told.",
        )
    if tone is Tone.GOOD:
        return verdict(tone, "Every column is as near to the original as real rows are.")
    return verdict(tone, f"{_listed(tones[tone])}: clearly further from the original than real rows are.")


def of_combinations(table: MeasuredTable, depth: str) -> dict[str, str] | None:
    """Judge pairs or triples: on average, and the one that falls behind most."""
    measured, chance = table.accuracy, table.by_chance
    if measured is None or chance is None or depth not in measured.by_depth:
        return None
    reach = chance if table.ceiling is None else table.ceiling
    behind = reach.by_depth[depth] - measured.by_depth[depth]
    found, usual, noise = ((item.pairs if depth == "bivariate" else item.triples) for item in (measured, reach, chance))
    gaps = {combo: float(usual[combo] - value) for combo, value in found.items()}  # type: ignore[index]
    combo = max(gaps, key=lambda item: gaps[item])
    single = judged(gaps[combo], float(noise[combo]), 0.06, 0.15, ONE_OF_MANY)  # type: ignore[index]
    tone = worst([judged(behind, 1.0, 0.01, 0.03), single])
    names = " × ".join(table.sample.columns[place].name for place in combo)
    words = "pairs" if depth == "bivariate" else "triples"
    against = f"{percent(measured.by_depth[depth])} on average, against {percent(reach.by_depth[depth])} of real rows"
    if tone is Tone.GOOD:
        return verdict(tone, f"The {words} keep together as in the original: {against}.")
    return verdict(tone, f"The {words} keep together less than in the original: {against}; {names} most of all.")


def _listed(names: list[str], most: int = 5) -> str:
    """List the first few names."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
