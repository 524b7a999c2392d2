"""What the first rows of a source say about the constraints of a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
from attrs import frozen

from semblant.constraints.checking import as_frame, violations
from semblant.constraints.joining import joined
from semblant.constraints.outside import is_across
from semblant.findings import ConfigStep, Finding, Severity
from semblant.relations import LinkKind
from semblant.schema import Schema
from semblant.settings.path import dotted, join
from semblant.spec.constraints import Combinations, Constraint, Unique

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from semblant.plan import TablePlan

    Read = Callable[[str, Sequence[str]], Iterator[pa.RecordBatch]]

_MOST_BROKEN = 0.5
_MANY_RARE = 0.2
_FEW_VALUES = 0.5


def constraint_findings(plans: Sequence[TablePlan], read: Read, rows: int) -> list[Finding]:
    """Hold the constraints of every table against its first ``rows`` rows."""
    found: list[Finding] = []
    for plan in plans:
        if not plan.constraints:
            continue
        texts = {column.name for column in plan.columns if column.encoding == "text"}
        own = plan.table.column_names
        names = list(dict.fromkeys(name for c in plan.constraints for name in c.columns if name in own))
        table = _first(read(plan.name, names), rows)
        for place, constraint in enumerate(plan.constraints):
            path = join(dotted("tables", plan.name, "constraints"), place)
            if text := texts & set(constraint.columns):
                message = f"column '{min(text)}' is free text, of which {constraint} cannot be guaranteed"
                fix = f"write {dotted('tables', plan.name, 'columns', min(text), 'encoding')}: categorical or pattern"
                found.append(_finding(Severity.ERROR, "constraint-on-text", path, message, fix))
            elif is_across(constraint, own):
                found += _over_tables(constraint, plan, plans, path, _Reading(read=read, rows=rows))
            elif table is not None and table.num_rows:
                related = any(link.kind is not LinkKind.LOOKUP for link in plan.links)
                found += _of_data(constraint, table, path, plan.model.min_subjects, learned=related)
    return found


@frozen(kw_only=True)
class _Reading:
    """Reads tables whole that are not longer than ``rows``."""

    read: Read
    rows: int

    def load(self, table: str, columns: tuple[str, ...]) -> pa.Table:
        found = _first(self.read(table, columns), self.rows + 1)
        if found is None or found.num_rows > self.rows:
            raise _TooLongError
        return found


class _TooLongError(Exception):
    """A table is empty, or has more rows than are looked at."""


def _over_tables(
    constraint: Constraint, plan: TablePlan, plans: Sequence[TablePlan], path: str, reading: _Reading
) -> list[Finding]:
    """Hold a constraint over several tables against the data, where all of them are short enough."""
    schema = Schema(tables=tuple(other.table for other in plans))
    originals = [other.name for other in plans if other.copied]
    try:
        rows = joined(constraint, plan.table, schema, originals, reading.load)
    except _TooLongError:
        return []
    return list(_of_data(constraint, rows, path, plan.model.min_subjects, learned=True))


def _of_data(
    constraint: Constraint, table: pa.Table, path: str, least: int, *, learned: bool = False
) -> Iterator[Finding]:
    rows, rule = table.num_rows, constraint.rule
    broken = violations(constraint, table)
    seen = f"{broken:,} of the {'first ' if rows > 1 else ''}{rows:,} rows"
    if isinstance(rule, Unique):
        if broken > _FEW_VALUES * rows:
            message = f"{seen} repeat a value of {', '.join(rule.columns)}: there are too few values for unique rows"
            yield _finding(Severity.ERROR, "constraint-few-values", path, message, "remove it, or name more columns")
        elif broken:
            message = f"{seen} break the constraint {constraint}; generated rows will not"
            yield _finding(Severity.WARNING, "constraint-broken", path, message, "look at these rows, or remove it")
    elif isinstance(rule, Combinations):
        rare = _rare(table, rule.columns, least)
        if rare > _MANY_RARE * rows:
            message = f"{rare:,} of the {rows:,} rows seen hold combinations of fewer than {least} rows; none comes out"
            fix = "name fewer columns, or lower min_subjects if you may"
            yield _finding(Severity.WARNING, "constraint-rare-combinations", path, message, fix)
    elif broken > _MOST_BROKEN * rows:
        message = f"{seen} break the constraint {constraint}"
        fix = "look whether these are the columns that were meant, or remove it"
        yield _finding(Severity.ERROR, "constraint-against-data", path, message, fix)
    elif broken:
        kept = "they stay in the learning" if learned else "such rows are not learned from"
        message = f"{seen} break the constraint {constraint}; {kept}, and none comes out"
        yield _finding(Severity.WARNING, "constraint-broken", path, message, "correct the data, or remove it")


def _rare(table: pa.Table, columns: tuple[str, ...], least: int) -> int:
    counted = as_frame(table, columns).group_by(list(columns)).len()
    return int(counted.filter(pl.col("len") < least)["len"].sum())


def _first(batches: Iterator[pa.RecordBatch], rows: int) -> pa.Table | None:
    parts: list[pa.RecordBatch] = []
    left = rows
    for batch in batches:
        parts.append(batch.slice(0, left))
        left -= parts[-1].num_rows
        if left <= 0:
            break
    return pa.Table.from_batches(parts) if parts else None


def _finding(severity: Severity, code: str, path: str, message: str, fix: str) -> Finding:
    return Finding(severity=severity, path=path, code=code, message=message, fix=fix, step=ConfigStep.TREATMENT)
