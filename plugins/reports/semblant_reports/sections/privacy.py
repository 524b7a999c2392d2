"""Privacy: what protects the subjects, what the budget says, and how far a membership attack gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
DRIFT = 0.55
"""An attack without synthetic rows that finds members beyond this shows that the holdout is from elsewhere."""
NO_GUARANTEE = (
    "The generator was trained without differential privacy: nothing here is a guarantee. Rare values and extremes "
    "were protected, and the checks below say what was found and not what is possible."
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
            tables.append({"table": name, **found, "verdict": judge(found)})
        kept = [
            f"{table}.{plan.name}"
            for table, plans in inputs.columns.items()
            for plan in plans
            if plan.treatment is ColumnTreatment.KEEP and table not in inputs.copied
        ]
        return {
            "private": bool(account is not None and account.private),
            "account": None if account is None else account.as_dict(),
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
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"], level=3))
            blocks.extend(told(table))
            if table["auc"] is not None:
                blocks.append(_attack(table))
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
    rows = [
        (name.replace("_", " "), value if isinstance(value, str) else f"{value:g}")
        for name, value in account.items()
        if isinstance(value, int | float | str) and not isinstance(value, bool)
    ]
    if rows:
        yield Heading(text="Privacy account")
        yield Table(columns=("account", "value"), rows=rows, align="lr")
    withheld = account.get("withheld") or []
    if withheld:
        more = f" and {len(withheld) - WITHHELD} more" if len(withheld) > WITHHELD else ""
        yield Text(text=f"Withheld: {'; '.join(map(str, withheld[:WITHHELD]))}{more}.")


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
