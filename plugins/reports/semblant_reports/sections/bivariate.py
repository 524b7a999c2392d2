"""Bivariate: how well pairs of columns keep together, and the pairs that differ most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Table, Text
from semblant_reports.charts import pair_heatmap
from semblant_reports.matrices import accuracy_matrix
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.measure.pairs import pair_figures
from semblant_reports.sections.verdicts import of_combinations, told
from semblant_reports.style import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.measured import MeasuredTable

READABLE = 40
"""Columns of a matrix that can still be read."""
PAIRS = 6
SHOWN = 0.4
"""Of the original rows must stand in cells that may be shown, or a picture would tell nothing."""


class Bivariate:
    """The matrix of pair accuracies and heat maps of the most different pairs."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings; the column limit is the report's own."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table the columns of the matrix, all its pairs, and the cells of the most different."""
        limit = min(READABLE, inputs.limits.bivariate if inputs.limits.bivariate is not None else READABLE)
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            tables.append(_table(name, table, limit))
        return {"tables": tables, "limit": inputs.limits.bivariate}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Draw the matrix, then each pair twice."""
        blocks: list[Block] = [
            Text(
                text="Accuracy of every pair of columns: the overlap of their joint distributions, cut "
                "into at most ten classes each. The stronger the colour, the more the pair differs. On "
                "the diagonal stands the column alone."
            ),
        ]
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"]))
            if table["note"]:
                blocks.append(Text(text=f"{table['table']}: {table['note']}."))
                continue
            blocks.extend(told(table))
            blocks.append(accuracy_matrix(table["columns"], [(cell[0], cell[1], cell[2]) for cell in table["matrix"]]))
            if table["left_out"]:
                blocks.append(
                    Text(
                        text=f"The matrix shows the {len(table['columns'])} most different columns; "
                        f"{len(table['left_out'])} are left out."
                    )
                )
            drawn = [pair for pair in table["pairs"] if _telling(pair)]
            if table["pairs"]:
                blocks.append(Heading(text="The most different pairs", level=3))
            if drawn:
                blocks.append(
                    Text(
                        text="Shares of all rows in each pair of classes, the stronger the colour, the more; both "
                        "pictures of a pair have the same scale. Empty cells hold nobody, or too few to be shown."
                    )
                )
            for pair in drawn:
                blocks.extend(_pair(pair))
            if len(drawn) < len(table["pairs"]):
                blocks.append(_undrawn([pair for pair in table["pairs"] if not _telling(pair)]))
        return blocks


def _table(name: str, table: MeasuredTable, limit: int) -> dict[str, Any]:
    """Measure the pairs of one table."""
    figures: dict[str, Any] = {"table": name, "note": "", "columns": [], "left_out": [], "matrix": [], "pairs": []}
    accuracy = table.accuracy
    columns = table.sample.columns
    if accuracy is None or limit < 2 or len(columns) < 2:
        return figures | {"note": TOO_FEW if accuracy is None else "fewer than two columns to compare"}
    shown = sorted(table.most_different[:limit])
    place = {column: index for index, column in enumerate(shown)}
    figures["columns"] = [columns[column].name for column in shown]
    figures["left_out"] = [columns[column].name for column in table.most_different[limit:]]
    figures["matrix"] = [
        [place[column], place[column], round(float(accuracy.columns[column]), 5)] for column in shown
    ] + [[place[a], place[b], round(value, 5)] for (a, b), value in accuracy.pairs.items() if a in place and b in place]
    ranked = sorted(((value, pair) for pair, value in accuracy.pairs.items() if pair[0] in place and pair[1] in place))
    figures["pairs"] = [pair_figures(table, *pair) for _, pair in ranked[:PAIRS]]
    return figures | {"verdict": of_combinations(table, "bivariate")}


def _telling(pair: Mapping[str, Any]) -> bool:
    """Tell whether enough of a pair may be shown for a picture to tell something."""
    return bool(sum(share for line in pair["original"] for share in line if share is not None) >= SHOWN)


def _pair(pair: Mapping[str, Any]) -> list[Block]:
    """Draw one pair, original beside synthetic."""
    shares = [share for side in ("original", "synthetic") for line in pair[side] for share in line if share is not None]
    labels = (pair["rows"], pair["cells"])
    names = (pair["columns"][0], pair["columns"][1])
    told = f"accuracy {percent(pair['accuracy'])}" + (
        f", the holdout's {percent(pair['ceiling'])}" if pair["ceiling"] is not None else ""
    )
    return [
        Heading(text=f"{names[0]} × {names[1]}: {told}", level=3),
        *(pair_heatmap(labels, pair[side], names, side, max(shares)) for side in ("original", "synthetic")),
    ]


def _undrawn(pairs: list[Mapping[str, Any]]) -> Table:
    """List pairs of which too little may be shown."""
    return Table(
        columns=("pair", "accuracy", "holdout"),
        align="lrr",
        rows=[(" × ".join(pair["columns"]), percent(pair["accuracy"]), percent(pair["ceiling"])) for pair in pairs],
        caption="Not drawn: most of their cells hold too few subjects to be shown.",
    )
