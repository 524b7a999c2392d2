"""Constraints: how many rows break the rules that the spec declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from semblant.report.blocks import Table, Text, Tone
from semblant.schema import Schema
from semblant_reports.sections.verdicts import told, verdict
from semblant_reports.style import count, percent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import pyarrow as pa

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import Database, ReportInputs
    from semblant.run import Run
    from semblant.spec.constraints import Constraint

ROWS = 1_000_000
SIDES = ("original", "synthetic")


class Constraints:
    """Violations of each declared constraint, in the original and in the synthetic rows."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per constraint the rows that break it on both sides."""
        run.check()
        rules = []
        for table, constraint in _declared(inputs):
            run.check()
            rules.append({"table": table, "rule": str(constraint), **_counted(inputs, table, constraint)})
        return {"rules": rules, "verdict": _verdict(rules)}

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """List the constraints."""
        if not figures["rules"]:
            return [Text(text="The spec declares no constraints.")]
        rows, tones = [], []
        for rule in figures["rules"]:
            broken = rule["synthetic"]
            if rule["fault"]:
                tones.append(Tone.FAIR)
                rows.append((rule["table"], rule["rule"], "–", "–", rule["fault"]))
                continue
            tones.append(Tone.GOOD if broken == 0 else Tone.BAD)
            told_share = percent(broken / max(1, rule["rows"]["synthetic"]), 2)
            rows.append((rule["table"], rule["rule"], count(rule["original"]), count(broken), told_share))
        return [
            *told(figures),
            Table(
                columns=("table", "rule", "original rows that break it", "synthetic rows", "share"),
                align="llrrl",
                rows=rows,
                tones=tones,
            ),
        ]


def _declared(inputs: ReportInputs) -> Iterator[tuple[str, Constraint]]:
    """Give the constraints of the spec, table by table."""
    from semblant.settings.structure import structure
    from semblant.spec.constraints import Constraint

    for table, described in dict((inputs.spec or {}).get("tables") or {}).items():
        if table not in inputs.original.tables or table not in inputs.synthetic.tables:
            continue
        for place, entry in enumerate(described.get("constraints") or ()):
            constraint, findings = structure(Constraint, entry, f"tables.{table}.constraints[{place}]")
            if constraint is not None and not findings:
                yield table, constraint


def _counted(inputs: ReportInputs, table: str, constraint: Constraint) -> dict[str, Any]:
    """Count the violations of one constraint."""
    from semblant.constraints.checking import violations
    from semblant.constraints.outside import found_outside

    sides = {"original": inputs.original, "synthetic": inputs.synthetic}
    nothing: dict[str, Any] = {"fault": "", "original": None, "synthetic": None, "rows": {}}
    sides = {side: _with_originals(database, inputs) for side, database in sides.items()}
    there = inputs.synthetic.schema.table(table)
    absent = [name for name in constraint.columns if name not in there.column_names]
    beyond = [found_outside(name, there, sides["synthetic"].schema, inputs.copied) for name in absent]
    if absent and not all(beyond):
        return nothing | {"fault": f"the synthetic table lacks {', '.join(absent)}"}
    if absent:
        named = {table, *(meant[0].table for meant in beyond)}
        if any(database.tables[name].rows > ROWS for database in sides.values() for name in named):
            return nothing | {"fault": f"over several tables rules are counted up to {ROWS:,} rows"}
        loaded = {side: _joined(database, table, constraint, inputs.copied) for side, database in sides.items()}
    else:
        loaded = {side: _rows(database, table, constraint) for side, database in sides.items()}
    # a value that its types cannot compare is the validator's to tell
    counts = {side: violations(constraint, rows, loaded["original"]) for side, rows in loaded.items()}
    return nothing | counts | {"rows": {side: rows.num_rows for side, rows in loaded.items()}}


def _rows(database: Database, table: str, constraint: Constraint) -> pa.Table:
    """Load the columns that a constraint is about."""
    return database.tables[table].load(tuple(dict.fromkeys(constraint.columns)), ROWS)


def _with_originals(database: Database, inputs: ReportInputs) -> Database:
    """Give one side with the tables that are the same on both."""
    if inputs.originals is None:
        return database
    schema = Schema(tables=(*database.schema, *inputs.originals.schema))
    return evolve(database, schema=schema, tables={**inputs.originals.tables, **database.tables})


def _joined(database: Database, table: str, constraint: Constraint, copied: Collection[str]) -> pa.Table:
    """Load what a constraint over several tables is about, a row per row of its table."""
    from semblant.constraints.joining import joined

    def load(name: str, columns: tuple[str, ...]) -> pa.Table:
        return database.tables[name].load(columns, None)

    return joined(constraint, database.schema.table(table), database.schema, copied, load)


def _verdict(rules: list[dict[str, Any]]) -> dict[str, str] | None:
    """Say whether all rules are kept."""
    if not rules:
        return None
    broken = [rule["rule"] for rule in rules if rule["synthetic"]]
    if broken:
        return verdict(Tone.BAD, f"Synthetic rows break {len(broken)} of {len(rules)} constraints.")
    return verdict(Tone.GOOD, f"No synthetic row breaks any of the {len(rules)} constraints.")
