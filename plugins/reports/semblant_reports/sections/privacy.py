"""Privacy: what protects the subjects, what the budget says, and how far a membership attack gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from semblant.report.blocks import Heading, Table, Text, Tone
from semblant.vocabulary import ColumnTreatment
from semblant_reports.measure.measured import measured
from semblant_reports.sections.verdicts import told, verdict, worst
from semblant_reports.style import count, decimals, grade, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run

WITHHELD = 40
_HIGH_RISK = 0.1
"""Risk above which an attack is called a leak, and not only suspicious."""
DRIFT = 0.55
"""An attack without synthetic rows that finds members beyond this shows that the holdout is from elsewhere."""
NO_GUARANTEE = (
    "The generator was trained without differential privacy: nothing here is a guarantee. Rare values and extremes "
    "were protected, and the checks below say what was found and not what is possible."
)
EXPLAINED = (
    "Singling out: a predicate made of a synthetic row holds for exactly one row. Linkability: the same synthetic row "
    "is nearest to both halves of a row. Inference: the nearest synthetic row has the right class of a column. "
    "Control: the same on rows that nobody trained on; risk: what the control does not explain."
)


class Privacy:
    """The privacy account, what comes out by choice, and a membership attack with its control."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give the account, what is not protected, and per table the figures of the attack."""
        account = inputs.privacy
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            found = dict(table.membership)
            attacks = table.attacks
            tables.append(
                {"table": name, **found, "verdict": judge(found), "attacks": attacks, "risks": risks(attacks)}
            )
        kept = [
            f"{table}.{plan.name}"
            for table, plans in inputs.columns.items()
            for plan in plans
            if plan.treatment is ColumnTreatment.KEEP and table not in inputs.copied
        ]
        return {
            "private": bool(account is not None and account.private),
            "account": None if account is None else account.as_dict(),
            "ledger": dict(inputs.ledger),
            "copied": sorted(inputs.copied),
            "kept": kept,
            "min_subjects": inputs.min_subjects,
            "holdout": inputs.holdout is not None,
            "tables": tables,
        }

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Write account, choices and attack."""
        blocks: list[Block] = list(_guarantee(figures))
        if figures["copied"]:
            blocks.append(Text(text=f"Copied and not protected: {', '.join(figures['copied'])}.", tone=Tone.FAIR))
        if figures["kept"]:
            names = ", ".join(figures["kept"])
            blocks.append(Text(text=f"Real values come out, as was wanted: {names}.", tone=Tone.FAIR))
        blocks.append(Heading(text="Membership attack"))
        blocks.append(
            Text(
                text="Somebody who has the synthetic rows, and other rows of the same population, guesses whether a "
                "given row was among the training rows: the more, the denser the synthetic rows are around it "
                "(DOMIAS). Rows that nobody trained on are the control; 0.5 is guessing, 1 is knowing. An attack "
                "that fails proves no privacy; one that succeeds proves a leak."
            )
        )
        if not figures["holdout"]:
            said = "Without a holdout there is no control, and nothing can be attacked."
            blocks.append(Text(text=said, tone=Tone.FAIR))
            return blocks
        first = next((table["table"] for table in figures["tables"] if table["attacks"]), None)
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"], level=3))
            blocks.extend(told(table))
            if table["auc"] is not None:
                blocks.append(_attack(table))
            blocks.extend(_other_attacks(table, EXPLAINED if table["table"] == first else ""))
        return blocks


def judge(found: Mapping[str, Any]) -> dict[str, str]:
    """Judge the attack by what it reaches at least."""
    if found["auc"] is None:
        return verdict(Tone.PLAIN, "There are too few rows to attack.")
    if found["baseline_interval"][0] > DRIFT:
        return verdict(
            Tone.FAIR,
            "Training and holdout rows can be told apart without any synthetic row (AUC "
            f"{decimals(found['baseline_auc'])}), so the attack says nothing of them: give a holdout that was drawn "
            "from the same rows.",
        )
    tone = worst((grade(found["interval"][0], 0.55, 0.6), grade(found["tpr_interval"][0], 0.03, 0.06)))
    scores = f"AUC {decimals(found['auc'])}, {percent(found['tpr'])} of the members at 1% false alarms"
    if tone is Tone.GOOD:
        return verdict(tone, f"The attack does not find the training rows: {scores}.")
    return verdict(
        tone,
        f"The attack finds training rows: {scores}. The generator has learned rows by heart: train less long, with a "
        "smaller model, on more rows, or with differential privacy.",
    )


def _guarantee(figures: Mapping[str, Any]) -> Iterator[Block]:
    """Say what the budget says."""
    account = figures["account"]
    if account is None:
        yield Text(text="Nothing is known of how the synthetic rows were made, so there is no guarantee to report.")
        return
    if not figures["private"]:
        yield Text(text=NO_GUARANTEE)
    else:
        yield Text(
            text="The generator was trained with differential privacy. Its epsilon covers the generator and the "
            "synthetic rows. It does not cover this report, which was measured on the training rows: do not publish "
            "it.",
            tone=Tone.BAD,
        )
        if account.get("spent"):
            yield Text(text=meaning(account["spent"], account["delta"]))
    rows = [
        (name.replace("_", " "), value if isinstance(value, str) else f"{value:.4g}")
        for name, value in account.items()
        if isinstance(value, int | float | str) and not isinstance(value, bool)
    ]
    if rows:
        yield Heading(text="Privacy account")
        yield Table(columns=("account", "value"), rows=rows, align="lr")
    charged = [(str(entry["what"]), _price(entry["event"])) for entry in account.get("charged") or ()]
    if figures["private"] and charged and isinstance(account["charged"][0], dict):
        yield Table(columns=("released, and paid for", "noise"), rows=charged, align="ll")
    for name, what in (("public", "Declared as public, at no cost"), ("not_covered", "Not covered by epsilon")):
        if account.get(name):
            yield Text(text=f"{what}: {'; '.join(map(str, account[name]))}.")
    if figures["ledger"]:
        ledger = figures["ledger"]
        yield Text(
            text=f"Ledger: {count(ledger['jobs'])} private job(s) on this source have spent epsilon "
            f"{ledger['epsilon']:.3g} at delta {ledger['delta']:.2g} together."
        )
    withheld = account.get("withheld") or []
    if withheld:
        more = f" and {len(withheld) - WITHHELD} more" if len(withheld) > WITHHELD else ""
        yield Text(text=f"Withheld: {'; '.join(map(str, withheld[:WITHHELD]))}{more}.")


def meaning(epsilon: float, delta: float) -> str:
    """Say in words what epsilon promises.

    The bound on a guess at even odds is e**epsilon / (1 + e**epsilon) (Kairouz, Oh and Viswanath 2015).

    >>> meaning(1.0, 1e-6).split(":")[0]
    'Epsilon 1, strong protection'
    """
    word = "strong" if epsilon <= 1 else "medium" if epsilon <= 10 else "weak"
    sure = 1 / (1 + np.exp(-epsilon))
    return (
        f"Epsilon {epsilon:.3g}, {word} protection: whoever sees the generator and the synthetic rows, and knows all "
        f"other rows, guesses at even odds whether a subject took part with at most {sure:.1%} certainty, but for a "
        f"chance of {delta:.1g}."
    )


def _price(event: Mapping[str, Any]) -> str:
    """Say how much noise a release had."""
    match event["kind"]:
        case "repeated":
            return f"{event['count']:,} times: {_price(event['event'])}"
        case "poisson":
            return f"{_price(event['event'])}, each row with chance {event['probability']:.3g}"
        case "gaussian" | "laplace":
            return f"{event['kind']} noise, {event['noise_multiplier']:.3g} times the sensitivity"
        case other:
            return str(other)


def risks(attacks: list[dict[str, Any]]) -> dict[str, str]:
    """Judge the attacks: one that is surely better on training rows than on the control tells of a leak."""
    if not attacks:
        return verdict(Tone.PLAIN, "There are too few rows, or no control, to attack.")
    found = [attack for attack in attacks if attack["interval"][0] > attack["control_interval"][1]]
    if not found:
        return verdict(Tone.GOOD, "No attack does surely better on training rows than on rows that nobody trained on.")
    told_of = "; ".join(
        f"{attack['name']} {percent(attack['rate'])} against {percent(attack['control'])}" for attack in found
    )
    tone = Tone.BAD if any(attack["risk"] > _HIGH_RISK for attack in found) else Tone.FAIR
    return verdict(tone, f"Training rows are attacked with more success than others: {told_of}.")


def _other_attacks(table: Mapping[str, Any], caption: str) -> Iterator[Block]:
    """List singling out, linkability and inference."""
    if not table["attacks"]:
        return
    yield from told({"verdict": table["risks"]})
    yield Table(
        columns=("attack", "training rows", "95% interval", "control", "baseline", "risk"),
        align="lrrrrr",
        caption=caption,
        rows=[
            (
                attack["name"],
                percent(attack["rate"]),
                f"{percent(attack['interval'][0])} to {percent(attack['interval'][1])}",
                percent(attack["control"]),
                percent(attack["baseline"]),
                percent(attack["risk"]),
            )
            for attack in table["attacks"]
        ],
    )


def _attack(table: Mapping[str, Any]) -> Table:
    """List the figures of the attack."""
    return Table(
        columns=("membership attack", "found", "95% interval", "without the synthetic rows"),
        align="lrrr",
        caption=f"{count(table['rows'])} training rows against as many rows that nobody trained on.",
        rows=[
            (
                "area under the ROC curve",
                decimals(table["auc"]),
                f"{decimals(table['interval'][0])} to {decimals(table['interval'][1])}",
                decimals(table["baseline_auc"]),
            ),
            (
                "members found at 1% false alarms",
                percent(table["tpr"]),
                f"{percent(table['tpr_interval'][0])} to {percent(table['tpr_interval'][1])}",
                "1.0%",
            ),
        ],
    )
