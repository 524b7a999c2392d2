"""Copying check: nearest neighbours among training rows and among rows that nobody trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Table, Text, Tone
from semblant_reports.curves import distance_chart
from semblant_reports.measure.copying import SHARES
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.sections.verdicts import told, verdict
from semblant_reports.style import count, grade, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run

NAMES = {
    "synthetic_to_training": "synthetic → training",
    "synthetic_to_holdout": "synthetic → holdout",
    "holdout_to_training": "holdout → training (what is usual)",
}


class Neighbours:
    """Distances to the closest record, their ratio to the second closest, identical rows."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings; the column limit is the report's own."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table the figures of the copying check."""
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            found = dict(table.copying)
            shown = [column.name for column in table.near_columns]
            found |= {
                "table": name,
                "verdict": _copying(found),
                "identical_verdict": _identical(found["identical"]),
                "left_out": [column.name for column in table.sample.columns if column.name not in shown],
            }
            tables.append(found)
        return {
            "tables": tables,
            "limit": inputs.limits.knn,
            "holdout": inputs.holdout is not None,
            "holdout_reason": inputs.holdout_reason,
        }

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Write distances, shares and what they say."""
        blocks: list[Block] = [
            Text(
                text="Rows are points: numbers by their rank, categories as corners of a simplex. If the "
                "model had learned rows by heart, synthetic rows would lie nearer to training rows "
                "than to rows that were held back. This is a copying check; distances alone prove no "
                "privacy."
            ),
        ]
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"]))
            blocks.extend(_table(table, figures))
        return blocks


def _table(table: Mapping[str, Any], figures: Mapping[str, Any]) -> list[Block]:
    """Write one table's figures."""
    identical = table["identical"]
    if identical["synthetic"] is None:
        return [Text(text=f"{table['table']}: {TOO_FEW}.")]
    blocks: list[Block] = []
    if table["dcr_share"] is None:
        reason = f": {figures['holdout_reason']}" if figures["holdout_reason"] else ""
        blocks.append(Text(text=f"Without a holdout only identical rows can be counted{reason}."))
    else:
        blocks.extend(told(table))
        curves = {NAMES[name]: item["quantiles"] for name, item in table["distances"].items()}
        drawn = distance_chart(SHARES, curves, _seen(table["distances"]))
        if drawn is not None:
            blocks.append(drawn)
        blocks.append(
            Table(
                columns=(
                    "distance to the closest row",
                    "median",
                    "5% quantile",
                    "ratio to second: median",
                    "5% quantile",
                ),
                align="lrrrr",
                rows=[
                    (
                        NAMES[name],
                        f"{item['median']:.4f}",
                        f"{item['p5']:.4f}",
                        f"{item['ratio_median']:.3f}",
                        f"{item['ratio_p5']:.3f}",
                    )
                    for name, item in table["distances"].items()
                ],
            )
        )
    said = table["identical_verdict"]
    blocks.append(Text(text=said["text"], tone=Tone(said["tone"])))
    blocks.append(
        Table(
            columns=("identical rows", "share"),
            align="lr",
            rows=[
                ("synthetic rows that occur in the training rows", percent(identical["synthetic"], 2)),
                ("holdout rows that occur in the training rows (what is usual)", percent(identical["holdout"], 2)),
                ("synthetic rows that repeat another", percent(identical["synthetic_duplicates"], 2)),
                ("training rows that repeat another", percent(identical["training_duplicates"], 2)),
            ],
        )
    )
    if table["left_out"]:
        blocks.append(
            Text(
                text=f"Distances use the {table['columns']} most different columns; "
                f"{len(table['left_out'])} are left out."
            )
        )
    return blocks


def _seen(distances: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what the curves show."""
    medians = "; ".join(f"{NAMES[name]} {item['median']:.3f}" for name, item in distances.items())
    return f"Share of the rows up to each distance to the closest row; medians: {medians}."


def _copying(found: Mapping[str, Any]) -> dict[str, str] | None:
    """Judge the share by what it is at least."""
    if found["dcr_share"] is None:
        return None
    low, high = found["interval"]
    tone = grade(low, 0.51, 0.54)
    measured_share = (
        f"{percent(found['dcr_share'])} of {count(found['rows'])} synthetic rows are nearer to a training row than to "
        f"a holdout row (95% interval {percent(low)} to {percent(high)}; 50% is what strangers' rows have). "
    )
    if tone is Tone.GOOD:
        return verdict(tone, measured_share + "No sign of copying.")
    return verdict(
        tone,
        measured_share + "The generator may have learned rows by heart: train less long, with a smaller model, or on "
        "more rows.",
    )


def _identical(found: Mapping[str, Any]) -> dict[str, str]:
    """Judge identical rows against the holdout's, or against the original's own repeats."""
    if found["synthetic"] is None:
        return verdict(Tone.PLAIN, "There are no rows to compare.")
    usual = found["expected"] if found["holdout"] is None else found["holdout"]
    whose = "repeats in the original explain" if found["holdout"] is None else "the holdout has"
    limits = (0.05, 0.5) if found["holdout"] is None else (0.002, 0.01)
    tone = grade(found["low"] - usual, *limits)
    share = percent(found["synthetic"], 2)
    shares = f"{share} of the synthetic rows occur in the training rows, word for word; {whose} "
    if tone is Tone.GOOD:
        return verdict(tone, f"{shares}{percent(usual, 2)}.")
    return verdict(tone, f"{shares}{percent(usual, 2)}. Rows were copied: look for them before you pass the data on.")
