"""PhiK: how strongly columns of any kind hang together, in the original, in the synthetic data, and the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from semblant.report.blocks import Heading, Table, Text, Tone
from semblant_reports.matrices import dependence_matrix, difference_matrix
from semblant_reports.measure.measured import TOO_FEW, measured
from semblant_reports.sections.verdicts import told, verdict
from semblant_reports.style import decimals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.measured import MeasuredTable

PAIRS = 10
MUCH = 0.1
"""A mean difference above which nobody would say that columns hang together alike, whatever chance explains."""


class PhiK:
    """Three matrices, and the pairs whose dependence changed most."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings; the column limit is the report's own."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table the columns, the matrix of each side, and the most different pairs."""
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            tables.append({"table": name, **_table(table)})
        return {"tables": tables, "limit": inputs.limits.phik}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Draw the matrices, list the pairs."""
        blocks: list[Block] = [
            Text(
                text="PhiK tells how strongly two columns hang together, whatever their kind: 0 is not at all, 1 is "
                "fully; for normal numbers it is the correlation without its sign. Columns are cut into the same "
                "classes as everywhere in this report, missing values set aside."
            )
        ]
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"]))
            if table["note"]:
                blocks.append(Text(text=f"{table['table']}: {table['note']}."))
                continue
            blocks.extend(told(table))
            blocks += [
                dependence_matrix(table["columns"], _cells(table[side]), side) for side in ("original", "synthetic")
            ]
            blocks.append(difference_matrix(table["columns"], _cells(table["difference"]), "difference"))
            if table["left_out"]:
                blocks.append(
                    Text(
                        text=f"The {len(table['columns'])} most different columns are measured; "
                        f"{len(table['left_out'])} are left out."
                    )
                )
            blocks.append(_listed(table))
        return blocks


def _listed(table: Mapping[str, Any]) -> Table:
    """List the most different pairs; the holdout's column is there only with a holdout."""
    held = any(pair["holdout"] is not None for pair in table["pairs"])
    return Table(
        columns=("the most different pairs", "original", "synthetic", *(("holdout",) if held else ()), "difference"),
        align="lrrrr" if held else "lrrr",
        rows=[
            (
                " × ".join(pair["columns"]),
                decimals(pair["original"]),
                decimals(pair["synthetic"]),
                *((decimals(pair["holdout"]),) if held else ()),
                f"{pair['difference']:+.3f}",
            )
            for pair in table["pairs"]
        ],
    )


def _cells(matrix: list[list[float | None]]) -> list[tuple[int, int, float]]:
    """Give the known cells of one half."""
    return [
        (row, cell, value)
        for row, line in enumerate(matrix)
        for cell, value in enumerate(line[: row + 1])
        if value is not None
    ]


def _table(table: MeasuredTable) -> dict[str, Any]:
    """Measure one table."""
    places = table.phik_columns
    names = [table.sample.columns[place].name for place in places]
    shown = set(places)
    figures: dict[str, Any] = {
        "note": "",
        "columns": names,
        "left_out": [table.sample.columns[place].name for place in table.most_different if place not in shown],
        "original": [],
        "synthetic": [],
        "difference": [],
        "pairs": [],
        "mean_difference": None,
    }
    if not table.comparable or len(places) < 2:
        return figures | {"note": "fewer than two columns to compare" if table.comparable else TOO_FEW}
    matrices = table.phik
    gap = matrices["synthetic"] - matrices["original"]
    held = matrices.get("holdout")
    ranked = sorted(
        ((row, cell) for row in range(len(places)) for cell in range(row) if not np.isnan(gap[row, cell])),
        key=lambda pair: (-abs(gap[pair]), pair),
    )
    figures |= {side: _plain(matrices[side]) for side in ("original", "synthetic")}
    figures |= {"difference": _plain(gap)}
    figures["pairs"] = [
        {
            "columns": [names[cell], names[row]],
            "original": round(float(matrices["original"][row, cell]), 5),
            "synthetic": round(float(matrices["synthetic"][row, cell]), 5),
            "holdout": None if held is None or np.isnan(held[row, cell]) else round(float(held[row, cell]), 5),
            "difference": round(float(gap[row, cell]), 5),
        }
        for row, cell in ranked[:PAIRS]
    ]
    if not ranked:
        return figures | {"note": "no pair has two classes on both sides"}
    figures["mean_difference"] = round(float(np.mean([abs(gap[pair]) for pair in ranked])), 5)
    rows = min(table.sample.original.height, table.sample.synthetic.height)
    usual = None if held is None else held - matrices["original"]
    return figures | {"verdict": _verdict(figures, gap, usual, rows)}


def _verdict(
    figures: Mapping[str, Any], gap: NDArray[np.float64], usual: NDArray[np.float64] | None, rows: int
) -> dict[str, str]:
    """Judge the mean and the largest difference, beyond the holdout's or what the number of rows explains."""
    half = np.tril_indices(len(gap), -1)
    gaps = np.abs(gap[half])
    known = np.array([]) if usual is None else np.abs(usual[half])
    known = known[~np.isnan(known)]
    noise = 1 / np.sqrt(max(1, rows))
    mean = float(np.nanmean(gaps)) - (float(known.mean()) if len(known) else 1.2 * noise)
    largest = float(np.nanmax(gaps)) - max(float(known.max(initial=0.0)), 3 * noise)
    tone = Tone.BAD if mean > 0.05 or largest > 0.3 else Tone.FAIR if mean > 0.02 or largest > 0.15 else Tone.GOOD
    pair = " × ".join(figures["pairs"][0]["columns"])
    said = f"PhiK differs by {decimals(figures['mean_difference'])} on average"
    if tone is Tone.GOOD and figures["mean_difference"] > MUCH:
        usual_rows = (
            f"PhiK of real rows by {decimals(float(known.mean()))}" if len(known) else "chance explains as much"
        )
        return verdict(
            Tone.PLAIN,
            f"{said}, {usual_rows}: there are too few rows to tell whether columns hang together as in the original.",
        )
    if tone is Tone.GOOD:
        return verdict(tone, f"{said}: columns hang together as in the original.")
    return verdict(tone, f"{said}: columns hang together in another way than in the original, {pair} most of all.")


def _plain(matrix: NDArray[np.float64]) -> list[list[float | None]]:
    """Give a matrix as lists; what is not known is None."""
    return [[None if np.isnan(value) else round(float(value), 5) for value in row] for row in matrix]
