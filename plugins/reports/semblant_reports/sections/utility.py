"""Utility: train on synthetic, test on real, beside the same model trained on real rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Table, Text, Tone
from semblant_reports.matrices import dot_chart
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.sections.verdicts import verdict
from semblant_reports.style import count, decimals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run


class Utility:
    """Boosted trees that predict columns of real rows, taught by real and by synthetic rows."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings; the targets are the report's own."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table and target the scores of both models and the gap between them."""
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            found = [item | {"verdict": judge(item)} for item in table.utility]
            note = "" if found else (TOO_FEW if not table.comparable else "no column that others tell something about")
            tables.append({"table": name, "note": note, "targets": found, "chosen": bool(table.targets)})
        return {"tables": tables}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Draw and list the scores."""
        blocks: list[Block] = [
            Text(
                text="Boosted trees learn to predict a column from the others, once from real and once from as many "
                "synthetic rows. Both are tested on the same real rows that neither has seen. Where they score "
                "alike, the synthetic rows teach what the real ones teach."
            )
        ]
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"]))
            if table["note"]:
                blocks.append(Text(text=f"{table['table']}: {table['note']}."))
                continue
            blocks += [
                Text(text=item["verdict"]["text"], tone=Tone(item["verdict"]["tone"])) for item in table["targets"]
            ]
            scored = [item for item in table["targets"] if item["gap"] is not None]
            if scored:
                blocks += [_drawn(scored), _listed(scored)]
            blocks += [
                Text(text=f"Set aside for {item['column']}, as they say the same: {', '.join(item['set_aside'])}.")
                for item in scored
                if item["set_aside"]
            ]
        if any(table["targets"] and not table["chosen"] for table in figures["tables"]):
            chosen = "Columns were chosen because others tell most about them; name others as the report's targets."
            blocks.append(Text(text=chosen))
        return blocks


def _drawn(scored: list[Mapping[str, Any]]) -> Block:
    """Draw both scores of each target."""
    return dot_chart(
        [
            {"label": f"{item['column']} ({item['measure']})", "usual": item["real"], "synthetic": item["synthetic"]}
            for item in scored
        ],
        "score on real rows",
        ("taught by real rows", "taught by synthetic rows"),
        "; ".join(
            f"{item['column']}: {item['measure']} {decimals(item['real'])} with real and "
            f"{decimals(item['synthetic'])} with synthetic rows"
            for item in scored
        ),
    )


def _listed(scored: list[Mapping[str, Any]]) -> Table:
    """List the scores."""
    return Table(
        columns=("column", "score", "classes", "real", "synthetic", "behind", "95% interval", "rows", "test rows"),
        align="llrrrrrrr",
        caption=f"Tested on the {scored[0]['tested_on']}.",
        rows=[
            (
                item["column"],
                item["measure"],
                str(item["classes"] or "–"),
                decimals(item["real"]),
                decimals(item["synthetic"]),
                decimals(item["gap"]),
                f"{item['interval'][0]:.3f} to {item['interval'][1]:.3f}",
                count(item["rows"]),
                count(item["test_rows"]),
            )
            for item in scored
        ],
    )


def judge(item: Mapping[str, Any]) -> dict[str, str]:
    """Judge one target by what its gap is at least."""
    if item["gap"] is None:
        lost = item["reason"].startswith("the synthetic")
        return verdict(Tone.BAD if lost else Tone.PLAIN, f"{item['column']} was not predicted: {item['reason']}.")
    scores = f"{item['measure']} {decimals(item['synthetic'])}, against {decimals(item['real'])} with real rows"
    if not item["telling"]:
        return verdict(Tone.PLAIN, f"{item['column']}: even real rows hardly teach to predict it ({scores}).")
    least = item["interval"][0]
    if least <= 0.02:
        nearly = "as well" if least <= 0 else "nearly as well"
        return verdict(Tone.GOOD, f"{item['column']} is predicted {nearly} as by real rows: {scores}.")
    tone = Tone.FAIR if least <= 0.05 else Tone.BAD
    return verdict(
        tone,
        f"{item['column']} is predicted less well than by real rows: {scores}. Its ties to other columns are lost.",
    )
