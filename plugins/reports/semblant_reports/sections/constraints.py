"""Constraints: how many rows break the rules that the spec declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Table, Text, Tone
from semblant_reports.sections.verdicts import told, verdict
from semblant_reports.style import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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

    sides = {"original": inputs.original, "synthetic": inputs.synthetic}
    nothing: dict[str, Any] = {"fault": "", "original": None, "synthetic": None, "rows": {}}
    there = inputs.synthetic.schema.table(table).column_names
    absent = [name for name in constraint.columns if name not in there]
    if absent:
        return nothing | {"fault": f"the synthetic table lacks {', '.join(absent)}"}
    loaded = {side: _rows(database, table, constraint) for side, database in sides.items()}
    # a value that its types cannot compare is the validator's to tell
    counts = {side: violations(constraint, rows, loaded["original"]) for side, rows in loaded.items()}
    return nothing | counts | {"rows": {side: rows.num_rows for side, rows in loaded.items()}}


def _rows(database: Database, table: str, constraint: Constraint) -> pa.Table:
    """Load the columns that a constraint is about."""
    return database.tables[table].load(tuple(dict.fromkeys(constraint.columns)), ROWS)


def _verdict(rules: list[dict[str, Any]]) -> dict[str, str] | None:
    """Say whether all rules are kept."""
    if not rules:
        return None
    broken = [rule["rule"] for rule in rules if rule["synthetic"]]
    if broken:
        return verdict(Tone.BAD, f"Synthetic rows break {len(broken)} of {len(rules)} constraints.")
    return verdict(Tone.GOOD, f"No synthetic row breaks any of the {len(rules)} constraints.")
