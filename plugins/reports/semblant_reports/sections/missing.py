"""Missing values: which columns are missing together, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from semblant.report.blocks import Heading, Table, Text, Tone
from semblant_reports.measure.measured import measured
from semblant_reports.sections.verdicts import judged, told, verdict
from semblant_reports.style import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_reports.measure.measured import MeasuredTable

PATTERNS = 8
COLUMNS = 60
NAMED = 6


class Missing:
    """The patterns of missing values, original beside synthetic."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table the patterns that enough subjects have."""
        tables = []
        for name, table in measured(inputs, run).tables.items():
            run.check()
            tables.append({"table": name, **_patterns(table)})
        return {"tables": tables}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """List the patterns."""
        blocks: list[Block] = []
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"]))
            if not table["columns"]:
                blocks.append(Text(text=f"No value is missing in {table['table']}."))
                continue
            held = f", the holdout's {percent(table['ceiling'])}" if table["ceiling"] is not None else ""
            blocks.append(
                Text(
                    text=f"Agreement of the patterns: {percent(table['accuracy'])}{held}. A pattern is the set of "
                    "columns that a row leaves empty."
                )
            )
            blocks.extend(told(table))
            blocks.append(
                Table(
                    columns=("missing together", "original", "synthetic"),
                    align="lrr",
                    rows=[
                        (_name(pattern["columns"]), percent(pattern["original"], 2), percent(pattern["synthetic"], 2))
                        for pattern in table["patterns"]
                    ]
                    + [
                        (
                            "(all other patterns)",
                            percent(table["other"]["original"], 2),
                            percent(table["other"]["synthetic"], 2),
                        )
                    ],
                )
            )
        return blocks


def _patterns(table: MeasuredTable) -> dict[str, Any]:
    """Count the patterns of one table."""
    sample = table.sample
    nothing: dict[str, Any] = {
        "columns": [],
        "accuracy": None,
        "ceiling": None,
        "patterns": [],
        "other": {"original": 0.0, "synthetic": 0.0},
    }
    if not table.comparable:
        return nothing
    columns = [
        column
        for column in sample.columns
        if sample.original[column.key].null_count() or sample.synthetic[column.key].null_count()
    ]
    most = sorted(columns, key=lambda column: -sample.original[column.key].null_count())[:COLUMNS]
    columns = [column for column in columns if column in most]
    names = [column.name for column in columns]
    if not columns:
        return nothing
    keys = [
        frame.select(
            pl.concat_str(
                [pl.when(pl.col(column.key).is_null()).then(pl.lit("1")).otherwise(pl.lit("0")) for column in columns]
            ).alias("key")
        )["key"]
        for frame in (sample.original, sample.synthetic, *([] if sample.holdout is None else [sample.holdout]))
    ]
    subjects = sample.subjects if sample.subjects is not None else np.arange(len(keys[0]))
    held = pl.DataFrame({"key": keys[0], "subject": subjects}).group_by("key").agg(pl.col("subject").n_unique())
    enough = set(held.filter(pl.col("subject") >= table.min_subjects)["key"].to_list())
    shares = [dict(key.value_counts(normalize=True).iter_rows()) for key in keys]
    every = sorted(set(shares[0]) | set(shares[1]))
    distances = [
        sum(abs(shares[0].get(key, 0.0) - other.get(key, 0.0)) for key in {*shares[0], *other}) / 2
        for other in shares[1:]
    ]
    shown = sorted((key for key in every if key in enough), key=lambda key: (-shares[0].get(key, 0.0), key))[:PATTERNS]
    return {
        "columns": names,
        "accuracy": round(1 - distances[0], 5),
        "ceiling": round(1 - distances[1], 5) if len(distances) > 1 else None,
        "verdict": _verdict(distances, [len(key) for key in keys], list(shares[0].values())),
        "patterns": [
            {
                "columns": [name for name, flag in zip(names, key, strict=True) if flag == "1"],
                "original": round(shares[0].get(key, 0.0), 5),
                "synthetic": round(shares[1].get(key, 0.0), 5),
            }
            for key in shown
        ],
        "other": {
            side: round(abs(1 - sum(found.get(key, 0.0) for key in shown)), 5)
            for side, found in zip(("original", "synthetic"), shares, strict=False)
        },
    }


def _verdict(distances: list[float], rows: list[int], shares: list[float]) -> dict[str, str]:
    """Judge the distance against the holdout's, or against what chance would leave."""
    spread = sum(float(np.sqrt(share * (1 - share) * 2 / np.pi)) for share in shares) / 2
    noise = spread * float(np.sqrt(1 / rows[0] + 1 / max(1, rows[1])))
    usual = distances[1] if len(distances) > 1 else noise
    tone = judged(distances[0] - usual, 1 - noise, 0.02, 0.05)
    if tone is Tone.GOOD:
        return verdict(tone, "Values are missing together as in the original.")
    return verdict(tone, "Other values are missing together than in the original: check how these columns are encoded.")


def _name(columns: list[str]) -> str:
    """Write a pattern."""
    if not columns:
        return "(nothing)"
    return ", ".join(columns[:NAMED]) + (f" and {len(columns) - NAMED} more" if len(columns) > NAMED else "")
