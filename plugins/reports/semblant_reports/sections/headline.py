"""The headline: scores with their intervals, as figures for pipelines and as tiles for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Score, Tone
from semblant_reports.measure.accuracy import DEPTHS
from semblant_reports.sections.detection import judge
from semblant_reports.style import decimals, grade, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

MIRRORED = 0.4
"""A classifier is this wrong only where rows of one side have twins on the other."""
_TELLING = 0.5
"""Share of real rows of other people that repeat a training row up to which a repeat is a sign of copying."""


def headline(tables: Mapping[str, Any], relations: Mapping[str, float]) -> dict[str, float]:
    """Give the figures that a pipeline may set a threshold on: means over tables, the worst table for copies."""
    accuracy = mean([table["accuracy"] for table in tables.values()]) or {}
    named = {"accuracy" if name == "overall" else f"{name}_accuracy": value for name, value in accuracy.items()}
    ceiling = mean([table["ceiling"] for table in tables.values()])
    near = nearest(tables)
    copies = most_copied(tables)
    found: dict[str, float | None] = {
        **named,
        "accuracy_ceiling": None if ceiling is None else ceiling["overall"],
        "c2st_auc": average([table["detection"] for table in tables.values()]),
        "dcr_share": None if near is None else round(near["share"], 5),
        "identical_rows": None if copies is None else round(copies["synthetic"], 6),
        "membership_auc": None if (attack := attacked(tables)) is None else attack["auc"],
        "utility_gap": average([item["gap"] for item in targets(tables)]),
        **relations,
    }
    return {name: value for name, value in found.items() if value is not None}


def intervals(tables: Mapping[str, Any]) -> dict[str, list[float]]:
    """Give the 95% intervals of the scores of :func:`headline`, by their names there."""
    found: dict[str, list[float] | None] = {}
    for name in ("overall", *DEPTHS, "ceiling"):
        label = {"overall": "accuracy", "ceiling": "accuracy_ceiling"}.get(name, f"{name}_accuracy")
        found[label] = _together([table["intervals"].get(name) for table in tables.values()])
    found["c2st_auc"] = _together([table["detection_interval"] for table in tables.values()])
    near, copies, attack = nearest(tables), most_copied(tables), attacked(tables)
    found["dcr_share"] = None if near is None else near["interval"]
    found["identical_rows"] = None if copies is None else [copies["low"], copies["high"]]
    found["membership_auc"] = None if attack is None else attack["interval"]
    found["utility_gap"] = _together([item["interval"] for item in targets(tables)])
    return {name: [round(bound, 5) for bound in bounds] for name, bounds in found.items() if bounds is not None}


def _together(bounds: Iterable[list[float] | None]) -> list[float] | None:
    """Give the interval of the mean of independent scores.

    >>> [round(bound, 3) for bound in _together([[0.0, 0.2], [0.4, 0.6]])]
    [0.229, 0.371]
    """
    known = [pair for pair in bounds if pair is not None]
    if not known:
        return None
    middle = sum(low + high for low, high in known) / 2 / len(known)
    half = math.sqrt(sum((high - low) ** 2 / 4 for low, high in known)) / len(known)
    return [middle - half, middle + half]


def tiles(figures: Mapping[str, Any]) -> list[Score]:
    """Make the headline figures: fidelity, utility, privacy."""
    tables, bounds = figures["tables"], figures["intervals"]
    scores = [_accuracy_score(figures)]
    if figures["detection"] is not None:
        scores.append(_detection_score(figures))
    gaps = [item for item in targets(tables) if item["gap"] is not None]
    if gaps:
        scores.append(_utility_score(gaps))
    near = figures["nearer_to_training"]
    if near is not None:
        scores.append(
            Score(
                label="Nearer to training",
                value=percent(near["share"]),
                tone=grade(near["interval"][0], 0.51, 0.54),
                note=f"{_range(bounds.get('dcr_share'))}of the synthetic rows are nearer to a training row than to a "
                "holdout row; 50% is what strangers' rows have",
            )
        )
    copies = most_copied(tables)
    if copies is not None:
        scores.append(_copies_score(copies, several=len(tables) > 1))
    attack = attacked(tables)
    if attack is not None:
        scores.append(
            Score(
                label="Membership attack",
                value=decimals(attack["auc"]),
                tone=Tone(attack["tone"]),
                note=f"{_range(bounds.get('membership_auc'), decimals)}AUC of an attacker who looks for training rows; "
                "0.5 is guessing, 1 is knowing",
            )
        )
    return scores


def _range(bounds: list[float] | None, write: Callable[[float], str] = percent) -> str:
    """Write an interval."""
    return "" if bounds is None else f"95% interval {write(bounds[0])} to {write(bounds[1])}; "


def _accuracy_score(figures: Mapping[str, Any]) -> Score:
    """Grade accuracy by how far it falls behind what real rows reach."""
    accuracy, ceiling = figures["accuracy"], figures["ceiling"]
    value = None if accuracy is None else accuracy["overall"]
    top = None if ceiling is None else ceiling["overall"]
    chance = average([table["expected_by_chance"] for table in figures["tables"].values()])
    reach = top if top is not None else chance
    behind = None if value is None or reach is None else reach - value
    note = (
        f"real data that nobody trained on reach {percent(top)}"
        if top is not None
        else f"chance alone would leave {percent(chance)}"
        if chance is not None
        else "not measured"
    )
    bounds = _range(figures["intervals"].get("accuracy"))
    return Score(label="Accuracy", value=percent(value), tone=grade(behind, 0.01, 0.03), note=bounds + note)


def _utility_score(gaps: Sequence[Mapping[str, Any]]) -> Score:
    """Show the target that falls behind most."""
    item = max(gaps, key=lambda target: target["interval"][0])
    return Score(
        label="Utility",
        value=decimals(item["synthetic"]),
        tone=Tone(item["tone"]),
        note=f"{item['measure']} for {item['column']} on real rows after learning from synthetic ones; real ones "
        f"teach {decimals(item['real'])} (behind by {item['interval'][0]:.3f} to {item['interval'][1]:.3f})",
    )


def targets(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the columns that real rows can predict, of all tables."""
    return [item for table in tables.values() for item in table["utility"] if item["telling"]]


def attacked(tables: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the membership attack that got furthest."""
    known = [table["membership"] for table in tables.values() if table["membership"]["auc"] is not None]
    return max(known, key=lambda found: found["interval"][0], default=None)


def _detection_score(figures: Mapping[str, Any]) -> Score:
    """Grade the classifier; one that is wrong far more often than by chance has met twins."""
    auc = figures["detection"]
    known = {
        name: table["detection"]
        for name, table in figures["tables"].items()
        if table["detection"] is not None and not table["lookup"]
    }
    name = min(known, key=lambda table: known[table], default=None)
    bounds = figures["intervals"].get("c2st_auc")
    tone = judge(auc, auc if bounds is None else bounds[0])
    note = f"{_range(bounds, decimals)}AUC of a classifier that tells the rows apart; 0.5 is best, 1 worst"
    if name is not None and known[name] < MIRRORED:
        where = f"in {name} it is {decimals(known[name])}, " if len(figures["tables"]) > 1 else ""
        note = (
            f"AUC of a classifier that tells the rows apart; 0.5 is best. {where}clearly below 0.5: rows occur on "
            "both sides, the same or nearly so, as copies do"
        )
        worse = grade(0.5 - known[name], 0.5 - MIRRORED, 0.25)
        tone = worse if tone in {Tone.GOOD, Tone.PLAIN} or worse is Tone.BAD else tone
    return Score(label="Detection", value=decimals(auc), tone=tone, note=note)


def _copies_score(copies: Mapping[str, Any], *, several: bool) -> Score:
    """Grade identical rows against the holdout's, or against what the original's own repeats explain."""
    share, usual, expected = copies["synthetic"], copies["holdout"], copies["expected"]
    of = f" of {copies['table']}" if several else ""
    if usual is not None:
        tone = grade(copies["low"] - usual, 0.002, 0.01)
        note = f"occur in the training rows{of}; {percent(usual, 2)} of the holdout's do"
    else:
        beyond = share - expected
        tone = Tone.BAD if beyond > 0.5 else Tone.FAIR if beyond > 0.05 else Tone.PLAIN
        verdict = {
            Tone.BAD: "these are copies: as many cannot be chance",
            Tone.FAIR: "more than chance explains: some are likely to be copies",
        }.get(tone, "without a holdout nobody knows how many would by chance")
        note = f"occur in the training rows{of}, whose own repeats explain {percent(expected, 2)}; {verdict}"
    return Score(label="Identical rows", value=percent(share, 2), tone=tone, note=note)


def most_copied(tables: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the identical rows of the table that has most beyond what is usual; lookup tables do not count.

    A table of few combinations, in which real rows of other people repeat each other too, says nothing beside one that
    does.
    """
    known = [
        {"table": name, **table["copying"]["identical"]}
        for name, table in tables.items()
        if table["copying"]["identical"]["synthetic"] is not None and not table["lookup"]
    ]

    def usual(found: Mapping[str, Any]) -> float:
        return float(found["expected"] if found["holdout"] is None else found["holdout"])

    telling = [found for found in known if usual(found) < _TELLING] or known
    return max(telling, key=lambda found: float(found["synthetic"]) - usual(found), default=None)


def nearest(tables: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the share nearer to training of the table where it is highest."""
    known = {name: table["copying"] for name, table in tables.items() if table["copying"]["dcr_share"] is not None}
    if not known:
        return None
    name = max(known, key=lambda table: known[table]["dcr_share"])
    return {"share": known[name]["dcr_share"], "interval": known[name]["interval"], "table": name}


def mean(found: list[dict[str, float] | None]) -> dict[str, float] | None:
    """Average over tables what each of them has."""
    known = [figures for figures in found if figures is not None]
    names = ("overall", *DEPTHS)
    return {
        name: round(sum(values) / len(values), 5)
        for name in names
        if (values := [figures[name] for figures in known if name in figures])
    } or None


def average(values: list[float | None]) -> float | None:
    """Average what is known."""
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 5) if known else None
