"""The summary in words: three questions that people ask, the answer to each, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Tone
from semblant_reports.sections.detection import HARDLY, said_of
from semblant_reports.sections.headline import targets
from semblant_reports.sections.verdicts import verdict, worst
from semblant_reports.style import decimals, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from semblant.report.blocks import Score

FIDELITY, UTILITY, PRIVACY = "fidelity", "utility", "privacy"
QUESTIONS = {
    FIDELITY: "Do they look like the original?",
    UTILITY: "Do they teach what the original teaches?",
    PRIVACY: "Do they give anybody away?",
}
_GROUPS = {
    FIDELITY: ("Accuracy", "Detection"),
    UTILITY: ("Utility",),
    PRIVACY: ("Nearer to training", "Identical rows", "Membership attack"),
}
_CHECKS = {
    "Identical rows": ("no copies", "copies"),
    "Nearer to training": ("no rows too near to training rows", "distances to training rows"),
    "Membership attack": ("the attack finds nobody", "a membership attack"),
}
"""What each check of privacy says when it finds nothing, and what could not be tried where it did not run."""
_NAMED = 3
"""Columns that are named in advice."""
_SHARE = 0.25
"""A column is named with the most telling one where the classifier loses at least this part of what that one costs."""


def answers(figures: Mapping[str, Any], tiles: Sequence[Score]) -> list[dict[str, str]]:
    """Answer the questions from the summary's figures and the tones of its headline figures.

    :returns: per question ``about``, ``question``, ``tone`` and ``text``.
    """
    tones = {score.label: score.tone for score in tiles}
    found = []
    for about, write in ((FIDELITY, _fidelity), (UTILITY, _utility), (PRIVACY, _privacy)):
        tone = worst(tones[label] for label in _GROUPS[about] if label in tones)
        if about == FIDELITY and figures["scores"].get("broken_keys", 0.0) > 0:
            tone = Tone.BAD
        if about == PRIVACY and tone is Tone.GOOD and _untried(tones):
            # a check that did not run is no good sign
            tone = Tone.PLAIN
        text = write(figures, tone, tones)
        found.append({"about": about, "question": QUESTIONS[about], **verdict(tone if text else Tone.PLAIN, text)})
    return [answer | {"text": answer["text"] or "Not measured."} for answer in found]


def in_short(found: Sequence[Mapping[str, str]], *, holdout: bool) -> dict[str, str]:
    """Say in one sentence whether the data can be used, the gravest matter first."""
    tones = {answer["about"]: Tone(answer["tone"]) for answer in found}
    if tones[PRIVACY] is Tone.BAD:
        return verdict(Tone.BAD, "Do not share these data: they give away rows that the model was trained on.")
    if tones[FIDELITY] is Tone.BAD:
        return verdict(Tone.BAD, "Do not rely on these data yet: they differ clearly from the original.")
    if tones[UTILITY] is Tone.BAD:
        return verdict(
            Tone.BAD, "Do not train models on these data yet: what the columns say of each other is partly lost."
        )
    off = [about for about, tone in tones.items() if tone is Tone.FAIR]
    if off:
        return verdict(Tone.FAIR, f"Use these data with care: {_and(off)} {'are' if len(off) > 1 else 'is'} fair only.")
    if tones[FIDELITY] is Tone.PLAIN:
        return verdict(Tone.PLAIN, "Nothing could be compared, so nothing can be said of these data.")
    unknown = (
        ""
        if tones[PRIVACY] is not Tone.PLAIN
        else " Too few rows were kept back to check their privacy in full."
        if holdout
        else " Without a holdout nothing is known of their privacy."
    )
    return verdict(Tone.GOOD, f"These data can stand in for the original: no headline check found a fault.{unknown}")


def to_do(figures: Mapping[str, Any], found: Sequence[Mapping[str, str]], tiles: Sequence[Score]) -> list[str]:
    """Say what to do about what is not good, the gravest first; nothing where all is well."""
    tones = {answer["about"]: Tone(answer["tone"]) for answer in found}
    advice = []
    if tones[PRIVACY] in {Tone.FAIR, Tone.BAD}:
        private = "a smaller privacy.epsilon" if figures["private"] else "differential privacy (privacy.epsilon)"
        advice.append(
            "Too near to the training rows: train with more rows or a smaller model (model.size), let early stopping "
            f"end the training, or train with {private}. Share nothing before the copying check is good."
        )
    if figures["scores"].get("broken_keys", 0.0) > 0:
        advice.append("Foreign keys are broken: read the section on relations before these tables are loaded anywhere.")
    by_advice: dict[str, list[str]] = {}
    for name, table in figures["tables"].items():
        for row in table["worst"]:
            place = f"{name}.{row['column']}" if len(figures["tables"]) > 1 else row["column"]
            by_advice.setdefault(row["advice"], []).append(place)
    if tones[FIDELITY] in {Tone.FAIR, Tone.BAD}:
        if any(score.label == "Detection" and score.tone in {Tone.FAIR, Tone.BAD} for score in tiles):
            advice.extend(_against_detection(figures))
        for text, columns in by_advice.items():
            more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
            advice.append(f"{', '.join(columns[:_NAMED])}{more}: {text}.")
    if tones[UTILITY] in {Tone.FAIR, Tone.BAD}:
        behind = max(targets(figures["tables"]), key=lambda item: item["interval"][0])
        advice.append(
            f"Models learn less about {behind['column']} than from the original: train longer (model.max_epochs) or "
            "with a larger model (model.size: large), and with more rows if there are any."
        )
    if not figures["holdout"] and tones[FIDELITY] is not Tone.PLAIN:
        advice.append("Give rows that were kept back from training (--holdout): only they show what is usual.")
    return advice


def _against_detection(figures: Mapping[str, Any]) -> Iterator[str]:
    """Name the columns by which the classifier tells the rows apart, of the tables where it does."""
    for name, table in figures["tables"].items():
        auc, columns = table["detection"], table["given_away_by"]
        if auc is None or auc <= HARDLY:
            continue
        where = f"the rows of {name}" if len(figures["tables"]) > 1 else "the rows"
        telling = [item["column"] for item in columns if item["loss"] >= _SHARE * columns[0]["loss"]][:_NAMED]
        if telling:
            yield (
                f"A classifier tells {where} apart by {_and(telling)} most of all: compare "
                f"{'it' if len(telling) == 1 else 'them'} with the original, check the encoding (semblant detect), "
                "then train longer or with a larger model (model.size: large)."
            )
        else:
            yield (
                f"A classifier tells {where} apart, and by no single column: train longer or with a larger model "
                "(model.size: large)."
            )


def _fidelity(figures: Mapping[str, Any], tone: Tone, tones: Mapping[str, Tone]) -> str:
    """Answer from accuracy, detection and keys: first what fails, the gravest at the front, then what does not."""
    if figures["accuracy"] is None:
        return ""
    said = [(tones.get("Accuracy", Tone.PLAIN), _of_accuracy(figures, tones.get("Accuracy", Tone.PLAIN)))]
    if figures["detection"] is not None:
        graded = tones.get("Detection", Tone.PLAIN)
        mirrored = figures["detection"] < 0.5 and graded in {Tone.FAIR, Tone.BAD}
        twins = f"rows occur on both sides, the same or nearly so: AUC {decimals(figures['detection'])}"
        said.append((graded, twins if mirrored else said_of(figures["detection"], graded)))
    broken = figures["scores"].get("broken_keys", 0.0)
    if broken > 0:
        said.append((Tone.BAD, f"{percent(broken, 2)} more of the keys are broken than in the original"))
    against = [text for wanted in (Tone.BAD, Tone.FAIR) for found, text in said if found is wanted]
    rest = [text for found, text in said if found in {Tone.GOOD, Tone.PLAIN}]
    start = {Tone.GOOD: "Yes", Tone.FAIR: "Nearly", Tone.BAD: "No"}.get(tone, "Measured without a verdict")
    although = f"; otherwise {'; '.join(rest)}" if against and rest else ""
    return f"{start}: {'; '.join(against or rest)}{although}."


def _of_accuracy(figures: Mapping[str, Any], tone: Tone) -> str:
    """Say what a grade of the accuracy means."""
    accuracy, ceiling = figures["accuracy"], figures["ceiling"]
    against = f", real rows reach {percent(ceiling['overall'])}" if ceiling else ""
    found = f"accuracy {percent(accuracy['overall'])}{against}"
    meant = {
        Tone.GOOD: "distributions and ties between columns agree as far as those of two real samples do",
        Tone.FAIR: "distributions and ties between columns differ a little more than those of two real samples do",
        Tone.BAD: "distributions and ties between columns differ clearly more than those of two real samples do",
    }.get(tone)
    return f"{meant} ({found})" if meant else found


def _utility(figures: Mapping[str, Any], tone: Tone, tones: Mapping[str, Tone]) -> str:
    """Answer from the target that falls behind most."""
    known = [item for item in targets(figures["tables"]) if item["gap"] is not None]
    if not known or "Utility" not in tones:
        return ""
    item = max(known, key=lambda target: target["interval"][0])
    start = {Tone.GOOD: "Yes", Tone.FAIR: "Nearly"}.get(tone, "No")
    return (
        f"{start}: a model taught by synthetic rows predicts {item['column']} of real rows with {item['measure']} "
        f"{decimals(item['synthetic'])}, one taught by real rows with {decimals(item['real'])}."
    )


def _privacy(figures: Mapping[str, Any], tone: Tone, tones: Mapping[str, Tone]) -> str:
    """Answer from copies, distances and the attack."""
    judged = [label for label in _GROUPS[PRIVACY] if tones.get(label, Tone.PLAIN) is not Tone.PLAIN]
    if not judged:
        return "Nobody can tell without rows that were kept back from training." if figures["tables"] else ""
    if tone in {Tone.GOOD, Tone.PLAIN}:
        what = _and([nothing for label, (nothing, _) in _CHECKS.items() if label in judged])
        untried = _untried(tones)
        lacking = f" {_and(untried).capitalize()} could not be tried: there are too few rows." if untried else ""
        spared = [name for name, table in figures["tables"].items() if table["membership"]["auc"] is None]
        if spared and "Membership attack" in judged:
            lacking = f" {_and(spared)} had too few rows to be attacked."
        surely = (
            "What is guaranteed stands in the section on privacy."
            if figures["private"]
            else "This is a check, not a guarantee; only differential privacy gives one."
        )
        return f"Nothing was found: {what}.{lacking} {surely}"
    troubled = [label.lower() for label in judged if tones[label] is tone]
    start = "There are signs of it" if tone is Tone.FAIR else "Yes"
    return f"{start}, by {_and(troubled)}: see the copying check and the section on privacy."


def _untried(tones: Mapping[str, Tone]) -> list[str]:
    """Name the checks of privacy that did not run."""
    return [untried for label, (_, untried) in _CHECKS.items() if label not in tones]


def _and(words: Sequence[str]) -> str:
    """Join words.

    >>> _and(["fidelity", "utility", "privacy"])
    'fidelity, utility and privacy'
    """
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
