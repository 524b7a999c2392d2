"""Trivariate: how well triples of columns keep together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from semblant.report.blocks import Heading, Table, Text
from semblant_reports.matrices import dot_chart
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.sections.verdicts import of_combinations, told
from semblant_reports.style import count, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.measured import MeasuredTable

TRIPLES = 12
COLUMNS = 40


class Trivariate:
    """The most different triples, and the columns that stand in them."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table the mean accuracy of triples, of those with each column, and the most different ones."""
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            tables.append({"table": name, **_table(table)})
        return {"tables": tables}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Draw the columns, list the triples."""
        blocks: list[Block] = [
            Text(
                text="Accuracy of three columns together, cut into at most ten classes each. A thousand cells share "
                "the rows, so chance alone takes off more than with pairs: compare with the ceiling."
            )
        ]
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"]))
            if table["note"]:
                blocks.append(Text(text=f"{table['table']}: {table['note']}."))
                continue
            blocks.extend(told(table))
            usual = "holdout" if table["ceiling"] is not None else "by chance"
            blocks.append(
                dot_chart(
                    [
                        {"label": row["column"], "usual": row["usual"], "synthetic": row["accuracy"]}
                        for row in table["columns"]
                    ],
                    "mean accuracy of the triples with this column",
                    (usual, "synthetic"),
                    f"Mean accuracy of the triples that each of {len(table['columns'])} columns is in.",
                )
            )
            if table["left_out"]:
                blocks.append(
                    Text(
                        text=f"The {len(table['columns'])} most different columns are drawn; "
                        f"{len(table['left_out'])} are left out."
                    )
                )
            compared = f"{count(table['compared'])} of {count(table['possible'])} triples were compared"
            blocks.append(
                Table(
                    columns=("the most different triples", "accuracy", usual),
                    align="lrr",
                    caption=f"{compared}, drawn at random." if table["compared"] < table["possible"] else "",
                    rows=[
                        (" × ".join(row["columns"]), percent(row["accuracy"]), percent(row["usual"]))
                        for row in table["triples"]
                    ],
                )
            )
        return blocks


def _table(table: MeasuredTable) -> dict[str, Any]:
    """Measure the triples of one table."""
    columns = table.sample.columns
    possible = len(columns) * (len(columns) - 1) * (len(columns) - 2) // 6
    figures: dict[str, Any] = {
        "note": "",
        "accuracy": None,
        "ceiling": None,
        "compared": 0,
        "possible": possible,
        "columns": [],
        "left_out": [],
        "triples": [],
    }
    accuracy, chance = table.accuracy, table.by_chance
    if accuracy is None or chance is None or not accuracy.triples:
        return figures | {"note": TOO_FEW if accuracy is None else "fewer than three columns to compare"}
    reach = chance if table.ceiling is None else table.ceiling
    own: list[list[float]] = [[] for _ in columns]
    usual: list[list[float]] = [[] for _ in columns]
    for triple, value in accuracy.triples.items():
        for place in triple:
            own[place].append(value)
            usual[place].append(reach.triples[triple])
    known = [place for place in range(len(columns)) if own[place]]
    rows: list[dict[str, Any]] = [
        {
            "column": columns[place].name,
            "accuracy": round(float(np.mean(own[place])), 5),
            "usual": round(float(np.mean(usual[place])), 5),
        }
        for place in known
    ]
    rows.sort(key=lambda row: (row["accuracy"] - row["usual"], row["column"]))
    ranked = sorted(accuracy.triples, key=lambda triple: (accuracy.triples[triple] - reach.triples[triple], triple))
    return figures | {
        "accuracy": round(accuracy.by_depth["trivariate"], 5),
        "ceiling": None if table.ceiling is None else round(table.ceiling.by_depth["trivariate"], 5),
        "compared": len(accuracy.triples),
        "columns": rows[:COLUMNS],
        "left_out": [row["column"] for row in rows[COLUMNS:]],
        "triples": [
            {
                "columns": [columns[place].name for place in triple],
                "accuracy": round(accuracy.triples[triple], 5),
                "usual": round(reach.triples[triple], 5),
            }
            for triple in ranked[:TRIPLES]
        ],
        "verdict": of_combinations(table, "trivariate"),
    }
