"""Univariate distributions: every column, original beside synthetic, the most different first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Table, Text
from semblant_reports.charts import colour_key, column_chart
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.measure.shapes import shape_of
from semblant_reports.sections.verdicts import of_columns, told
from semblant_reports.style import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.measured import MeasuredTable

MOST = 200
"""Charts of one table, whatever the limit says: a report is read by people."""

TOLD = 0.05
NOT_BY_VALUE = "not compared by value"
ALL_RARE = (
    "Where every value is rare, such as in e-mail addresses, there are no classes to compare: accuracy counts "
    "what is missing, and says nothing about the values."
)


class Univariate:
    """Histograms and bars of the columns with their distance."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings; the column limit is the report's own."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table the columns, the most different first, and those left out."""
        limit = min(MOST, inputs.limits.univariate if inputs.limits.univariate is not None else MOST)
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            tables.append(_table(name, table, limit))
        return {"tables": tables, "limit": inputs.limits.univariate}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Draw three columns side by side."""
        blocks: list[Block] = [
            Text(
                text="Original in grey blue, synthetic in orange; the most different columns come first. "
                "The distance is the total variation distance between the columns cut into at most "
                "ten classes: 0 is the same, 1 nothing in common. Values that few subjects hold "
                "stand together as (other), and the outermost rows are not drawn."
            ),
            colour_key(),
        ]
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"]))
            if table["note"]:
                blocks.append(Text(text=f"{table['table']}: {table['note']}."))
                continue
            blocks.extend(told(table))
            for column in table["columns"]:
                chart = column_chart(column, column["column"])
                if chart is not None:
                    blocks.append(_captioned(chart, column))
            blocks.append(_list(table["columns"]))
            if table["left_out"]:
                blocks.append(
                    Text(
                        text=f"{len(table['left_out'])} of {table['compared']} columns are not shown (they "
                        f"differ less): {_some(table['left_out'])}."
                    )
                )
            if table["identifiers"]:
                blocks.append(
                    Text(text=f"Keys and identifiers are made anew and not compared: {_some(table['identifiers'])}.")
                )
        return blocks


def _table(name: str, table: MeasuredTable, limit: int) -> dict[str, Any]:
    """Measure the columns of one table."""
    sample = table.sample
    figures: dict[str, Any] = {
        "table": name,
        "note": "" if table.comparable else TOO_FEW,
        "compared": len(sample.columns),
        "columns": [],
        "left_out": [],
        "identifiers": list(sample.identifiers),
        "rows_measured": {"original": sample.original.height, "synthetic": sample.synthetic.height},
    }
    if table.accuracy is None:
        return figures
    for place in table.most_different[:limit]:
        column = sample.columns[place]
        accuracy = float(table.accuracy.columns[place])
        figures["columns"].append(
            {
                "column": column.name,
                "accuracy": round(accuracy, 5),
                "distance": round(1 - accuracy, 5),
                "ceiling": None if table.ceiling is None else round(float(table.ceiling.columns[place]), 5),
                "by_value": _by_value(table, place),
                **shape_of(
                    column,
                    sample.original[column.key],
                    sample.synthetic[column.key],
                    sample.subjects,
                    table.min_subjects,
                ),
            }
        )
    figures["left_out"] = [sample.columns[place].name for place in table.most_different[limit:]]
    return figures | {"verdict": of_columns(table)}


def _by_value(table: MeasuredTable, place: int) -> bool:
    """Tell whether classes of values hold a twentieth of the rows; else almost all are taken together as rare."""
    classes, codes = table.classes[place], table.codes["original"][place]
    present = codes < len(classes.values) + 2
    if classes.edges is not None or not present.any():
        return True
    return bool((codes[present] <= len(classes.values)).mean() >= TOLD)


def _captioned(chart: Any, column: Mapping[str, Any]) -> Any:
    """Write distance and what the picture leaves out below it."""
    from attrs import evolve

    parts = [f"distance {column['distance']:.3f}" if column["by_value"] else NOT_BY_VALUE]
    if column["missing"]["original"] or column["missing"]["synthetic"]:
        parts.append(f"missing {percent(column['missing']['original'])} / {percent(column['missing']['synthetic'])}")
    if column["heap"]:
        heap = column["heap"]
        parts.append(f"not drawn: {heap['label']} with {percent(heap['original'])} / {percent(heap['synthetic'])}")
    if column["measured_as"] == "text":
        parts.append("length of the text")
    return evolve(chart, caption=" · ".join(parts))


def _list(columns: list[Mapping[str, Any]]) -> Table:
    """List all figures of the columns shown."""
    return Table(
        columns=("column", "compared as", "distance", "holdout's", "missing original", "missing synthetic"),
        align="llrrrr",
        caption="Distance per column; the holdout's distance is what real rows have."
        + ("" if all(column["by_value"] for column in columns) else f" {ALL_RARE}"),
        rows=[
            (
                column["column"],
                column["measured_as"] if column["by_value"] else NOT_BY_VALUE,
                f"{column['distance']:.4f}" if column["by_value"] else "–",
                "–" if column["ceiling"] is None or not column["by_value"] else f"{1 - column['ceiling']:.4f}",
                percent(column["missing"]["original"]),
                percent(column["missing"]["synthetic"]),
            )
            for column in columns
        ],
    )


def _some(names: list[str], most: int = 12) -> str:
    """List names, the first few of many."""
    listed = ", ".join(names[:most])
    return listed + (f" and {len(names) - most} more" if len(names) > most else "")
