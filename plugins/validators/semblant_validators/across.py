"""Constraints over several tables: which columns of others they may name, and what they may say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from semblant.constraints.outside import Outside, found_outside, is_across, keeps_across
from semblant.schema import Column
from semblant_validators.codes import finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.findings import Finding
    from semblant.schema import Table
    from semblant.spec.constraints import Constraint
    from semblant_validators.view import View


def outside_columns(
    view: View, table: str, constraint: Constraint, others: Sequence[Constraint], path: str
) -> tuple[list[Outside], list[Finding]]:
    """Give the columns of other tables that a constraint names, and what is wrong with them.

    A name that could be no column of another table is left to the check of the table's own columns.
    """
    used, found = view.used.table(table), []
    ways = {
        name: found_outside(name, used, view.used, view.originals)
        for name in dict.fromkeys(constraint.columns)
        if name not in used.column_names
    }
    outer = [meant[0] for meant in ways.values() if meant]
    for name, meant in ways.items():
        if len(meant) > 1:
            message = f"'{name}' may mean {len(meant)} columns: more than one key leads there from '{table}'"
            found.append(finding("constraint-across", path, message, "remove the constraint, or unset a key"))
    if outer and not found and len(outer) == len(ways):
        found += _kind(view, table, constraint, outer, path)
    totals = {c.sum.total for c in others if c.sum is not None and is_across(c, used.column_names)}
    if not (constraint.sum is not None and outer):
        for name in sorted(totals & set(constraint.columns)):
            message = f"'{name}' is the total of lines and computed last; {constraint} cannot be kept beside that"
            found.append(finding("constraint-across", path, message, "remove one of the two"))
    return outer, found


def _kind(view: View, table: str, constraint: Constraint, outer: list[Outside], path: str) -> list[Finding]:
    if not keeps_across(constraint, view.used.table(table).column_names, outer):
        message = f"{constraint} names columns of {', '.join(sorted({o.table for o in outer}))}"
        fix = (
            "over tables there are: inequality of an own column and one of a parent or lookup; sum with one part, "
            "a column of a child table"
        )
        return [finding("constraint-across", path, message, fix)]
    for o in outer:
        other = view.used.table(o.table)
        keys = {*other.primary_key, *(name for key in other.foreign_keys for name in key.columns)}
        rules = view.spec.table(o.table).constraints
        late = {c.sum.total for c in rules if c.sum is not None and is_across(c, other.column_names)}
        if o.column in keys:
            message = f"'{o.name}' is part of a key, whose values are made by the engine"
            return [finding("constraint-across", path, message, "name another column")]
        if o.column in late and not o.lines:
            message = f"'{o.name}' is the total of lines and computed last"
            return [finding("constraint-across", path, message, "remove one of the two constraints")]
    return []


def with_columns(view: View, table: Table, outer: list[Outside]) -> Table:
    """Give a table as if it had the columns of others that a constraint names."""
    more = tuple(Column(name=o.name, type=view.used.table(o.table).column(o.column).type) for o in outer)
    return evolve(table, columns=(*table.columns, *more)) if more else table
