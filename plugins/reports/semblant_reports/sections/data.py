"""Data and settings: what went in, how each column was treated, with which settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Table, Text, Tone
from semblant.vocabulary import ColumnTreatment, Role
from semblant_reports.style import count, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run

COLUMNS = 300
LINES = 120
LONGEST = 160


class DataAndSettings:
    """Tables, columns with type, encoding and reason, what is sensitive, settings and timings."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give facts only: no value of any row."""
        run.check()
        return {
            "tables": [_table(inputs, name) for name in inputs.original.tables],
            "holdout_reason": inputs.holdout_reason,
            "spec": _plain(inputs.spec) if inputs.spec is not None else None,
            "settings_used": {table: _plain(settings) for table, settings in inputs.settings_used.items()},
            "timings": {name: round(float(value), 3) for name, value in inputs.timings.items()},
            "private": _private(inputs),
            "min_subjects": inputs.min_subjects,
        }

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Write tables, columns, settings and timings."""
        blocks: list[Block] = [_tables(figures["tables"])]
        if figures["holdout_reason"]:
            blocks.append(Text(text=f"Holdout: {figures['holdout_reason']}."))
        blocks.append(
            Text(text=f"No category held by fewer than {figures['min_subjects']} subjects is shown in this report.")
        )
        for table in figures["tables"]:
            blocks.extend(_columns(table))
        for table, settings in figures["settings_used"].items():
            if readable := _readable(settings):
                blocks += [Heading(text=f"Settings used for {table}"), _lines(readable)]
        if figures["spec"]:
            blocks += [Heading(text="Effective spec"), _lines(figures["spec"])]
        if figures["timings"]:
            rows = [(name, seconds(value)) for name, value in figures["timings"].items()]
            blocks += [Heading(text="Timings"), Table(columns=("step", "time"), rows=rows, align="lr")]
        return blocks


def _private(inputs: ReportInputs) -> bool:
    """Tell whether a privacy budget is kept."""
    return bool(inputs.privacy is not None and inputs.privacy.private)


def _table(inputs: ReportInputs, name: str) -> dict[str, Any]:
    """Give the facts of one table."""
    described = inputs.original.schema.table(name)
    plans = {plan.name: plan for plan in inputs.columns.get(name, ())}
    foreign = {column: key.references for key in described.foreign_keys for column in key.columns}
    columns = []
    for column in described.columns:
        plan = plans.get(column.name)
        role = (
            "primary key"
            if column.name in described.primary_key
            else f"key to {foreign[column.name]}"
            if column.name in foreign
            else ""
        )
        columns.append(
            {
                "column": column.name or "(no name)",
                "type": str(column.type),
                "encoding": plan.encoding.value if plan else "",
                "reason": plan.reason if plan else "",
                "role": role or (plan.role.value.replace("_", " ") if plan and plan.role is not Role.FEATURE else ""),
                "sensitive": bool(plan and plan.sensitive),
                "synthesized": plan is None or plan.treatment is ColumnTreatment.SYNTHESIZE,
            }
        )
    synthetic = inputs.synthetic.tables.get(name)
    holdout = inputs.holdout.tables.get(name) if inputs.holdout is not None else None
    return {
        "table": name,
        "copied": name in inputs.copied,
        "columns": columns,
        "rows": {
            "original": inputs.original.tables[name].rows,
            "synthetic": synthetic.rows if synthetic else None,
            "holdout": holdout.rows if holdout else None,
        },
    }


def _tables(tables: list[Mapping[str, Any]]) -> Table:
    """List the tables."""

    def rows(value: int | None) -> str:
        return "–" if value is None else count(value)

    return Table(
        columns=("table", "treatment", "original rows", "holdout rows", "synthetic rows", "columns"),
        align="llrrrr",
        rows=[
            (
                table["table"],
                "original table: copied unchanged, not protected" if table["copied"] else "synthesized",
                rows(table["rows"]["original"]),
                rows(table["rows"]["holdout"]),
                rows(table["rows"]["synthetic"]),
                str(len(table["columns"])),
            )
            for table in tables
        ],
    )


def _columns(table: Mapping[str, Any]) -> Iterator[Block]:
    """List the columns of a table, and what is sensitive."""
    yield Heading(text=f"Columns of {table['table']}")
    shown = table["columns"][:COLUMNS]
    rows = [
        (column["column"], column["type"], column["role"] or column["encoding"] or "–", column["reason"] or "–")
        for column in shown
    ]
    told = 4 if any(row[3] != "–" for row in rows) else 3 if any(row[2] != "–" for row in rows) else 2
    yield Table(
        columns=("column", "type", "encoding", "why")[:told], align="llll"[:told], rows=[row[:told] for row in rows]
    )
    if len(table["columns"]) > COLUMNS:
        yield Text(text=f"{len(table['columns']) - COLUMNS} more columns are listed in the JSON report only.")
    made = [
        column["column"]
        for column in table["columns"]
        if column["sensitive"] and column["synthesized"] and not table["copied"]
    ]
    kept = [
        column["column"]
        for column in table["columns"]
        if column["sensitive"] and (not column["synthesized"] or table["copied"])
    ]
    if made:
        yield Text(
            text=f"Sensitive and synthesized: {', '.join(made)}. Rare values and extremes of these columns "
            f"are protected.",
            tone=Tone.GOOD,
        )
    if kept:
        yield Text(
            text=f"Sensitive and not synthesized: {', '.join(kept)}. Real values of these columns come "
            f"out, rare ones included.",
            tone=Tone.BAD,
        )
    open_columns = [
        column["column"] for column in table["columns"] if not column["synthesized"] and not column["sensitive"]
    ]
    if open_columns:
        yield Text(text=f"Kept, so that every real value may come out: {', '.join(open_columns)}.", tone=Tone.FAIR)


def _plain(value: Any) -> Any:
    """Give JSON-ready data."""
    return json.loads(json.dumps(value, default=str))


def _readable(value: Any) -> Any:
    """Shorten measured numbers to three digits and drop what is empty; the JSON report has them in full.

    >>> _readable({"epochs": 29.09948415622697, "rate": 0.000123456, "steps": 1234.5678, "stopped": ""})
    {'epochs': 29.1, 'rate': 0.000123, 'steps': 1235.0}
    """
    if isinstance(value, dict):
        short = {name: _readable(inner) for name, inner in value.items()}
        return {name: inner for name, inner in short.items() if inner not in (None, "", {}, [])}
    if isinstance(value, list):
        return [_readable(inner) for inner in value]
    if not isinstance(value, float):
        return value
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value, 0)


def _lines(value: Any) -> Table:
    """Write nested settings as dotted lines."""
    lines = list(_flat(value, ""))
    rows = lines[:LINES]
    if len(lines) > LINES:
        rows.append((f"({len(lines) - LINES} more in the JSON report)", ""))
    return Table(columns=("setting", "value"), rows=rows, align="ll")


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Walk through nested settings."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{place}]")
    elif value not in (None, {}, []):
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield path, text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
