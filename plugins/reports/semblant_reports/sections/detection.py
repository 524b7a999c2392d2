"""Detection: can a classifier tell the rows apart, and by which columns?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Score, Scores, Table, Text, Tone
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.sections.verdicts import told, verdict
from semblant_reports.style import decimals, grade

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run

HARDLY = 0.6
"""AUC up to which a classifier hardly tells the rows apart."""


class Detection:
    """A classifier two-sample test with the columns that give the synthetic rows away."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table the AUC and what each column contributes to it."""
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            found = (
                table.detection
                if table.comparable
                else {"auc": None, "rows": 0, "spread": None, "interval": None, "rounds": 0, "columns": []}
            )
            tables.append(
                {
                    "table": name,
                    "auc": None if found["auc"] is None else round(found["auc"], 5),
                    "rows": found["rows"],
                    "rounds": found["rounds"],
                    "spread": None if found["spread"] is None else round(found["spread"], 5),
                    "interval": found["interval"],
                    "verdict": _verdict(found),
                    "columns": [
                        {"column": item["column"], "loss": round(item["loss"], 5)} for item in found["columns"]
                    ],
                }
            )
        return {"tables": tables}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Write the score and the columns."""
        blocks: list[Block] = [
            Text(
                text="Boosted trees learn to tell synthetic from training rows on four fifths of both and "
                "are tested on the rest, several times. 0.5 means that they are no better than a coin; "
                "with 1 every row gives itself away."
            ),
        ]
        several = len(figures["tables"]) > 1
        for table in figures["tables"]:
            if several:
                blocks.append(Heading(text=table["table"]))
            if table["auc"] is None:
                blocks.append(Text(text=f"{table['table']}: {TOO_FEW}."))
                continue
            blocks.extend(told(table))
            exactly = (
                f"95% interval {decimals(table['interval'][0])} to {decimals(table['interval'][1])}; "
                f"{table['rounds']} tests with {table['rows']:,} rows of each side"
            )
            if several:
                blocks.append(Text(text=f"{exactly[0].upper()}{exactly[1:]}."))
            else:
                tone = Tone(table["verdict"]["tone"])
                blocks.append(
                    Scores(scores=[Score(label="AUC", value=decimals(table["auc"]), tone=tone, note=exactly)])
                )
            if table["columns"] and table["auc"] > 0.52:
                blocks.append(
                    Table(
                        columns=("column", "AUC lost when it is shuffled"),
                        align="lr",
                        caption="The columns that give it away.",
                        rows=[(item["column"], decimals(item["loss"])) for item in table["columns"]],
                    )
                )
        return blocks


def judge(auc: float, at_least: float) -> Tone:
    """Grade an AUC by what it is at least; one that looks worse, but may be chance, gets no verdict."""
    tone = grade(at_least, HARDLY, 0.75)
    return Tone.PLAIN if tone is Tone.GOOD and auc > HARDLY else tone


def said_of(auc: float, tone: Tone) -> str:
    """Say what a grade of :func:`judge` means.

    >>> said_of(0.546, Tone.GOOD)
    'a classifier can hardly tell the rows apart: AUC 0.546'
    """
    found = f"AUC {decimals(auc)}"
    return {
        Tone.GOOD: f"a classifier can hardly tell the rows apart: {found}",
        Tone.PLAIN: f"a classifier may tell the rows apart ({found}), yet there are too few rows to be sure",
    }.get(tone, f"a classifier tells the rows apart: {found}")


def _verdict(found: Mapping[str, Any]) -> dict[str, str] | None:
    """Judge the AUC by what it is at least."""
    if found["auc"] is None:
        return None
    tone = judge(found["auc"], found["interval"][0])
    said = f"{said_of(found['auc'], tone).replace('a', 'A', 1)}."
    if tone in {Tone.GOOD, Tone.PLAIN}:
        return verdict(tone, said)
    names = ", ".join(item["column"] for item in found["columns"][:3])
    by = f" {names} give{'s' if len(found['columns']) == 1 else ''} it away." if names else ""
    return verdict(tone, f"{said}{by}")
