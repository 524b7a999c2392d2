"""Step *treatment*: constraints are about columns that are there, of types that fit, and go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from attrs import frozen
from pyarrow import types as arrow

from semblant.settings.path import dotted, join
from semblant.settings.suggest import advice
from semblant.spec.constraints import (
    Combinations,
    Constraint,
    Dependency,
    Inequality,
    Range,
    Sum,
    Unique,
)
from semblant.vocabulary import EncodingType
from semblant_validators.across import outside_columns, with_columns
from semblant_validators.codes import finding
from semblant_validators.types import is_nested, is_number, plain
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema, Table
    from semblant.spec.model import Spec


@frozen
class ConstraintsValidator:
    """Rules of a table: columns, types, bounds, contradictions."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        view = View(spec, schema)
        found: list[Finding] = []
        for name, wanted in spec.tables.items():
            if not wanted.constraints or not view.is_used(name):
                continue
            path = dotted("tables", name, "constraints")
            if name in view.originals:
                message = f"'{name}' is original data and copied unchanged, its constraints have no effect"
                fix = f"remove them, or write {dotted('tables', name, 'treatment')}: synthesize"
                found.append(finding("constraint-on-original", path, message, fix))
                continue
            sound = []
            for place, constraint in enumerate(wanted.constraints):
                outer, faults = outside_columns(view, name, constraint, wanted.constraints, join(path, place))
                shown = with_columns(view, view.used.table(name), outer)
                faults += [] if faults else _one(view, shown, constraint, join(path, place))
                if constraint in wanted.constraints[:place]:
                    faults.append(
                        finding("constraint-twice", join(path, place), f"{constraint} is written twice", "keep one")
                    )
                found += faults
                if not faults and not outer:
                    sound.append((join(path, place), constraint))
            found += _contradictions(view.used.table(name), sound)
        return found


def _one(view: View, table: Table, constraint: Constraint, path: str) -> Iterator[Finding]:
    names = table.column_names
    unknown = [name for name in dict.fromkeys(constraint.columns) if name not in names]
    for name in unknown:
        known = name in view.schema.table(table.name).column_names
        message = f"column '{name}' is excluded" if known else f"table '{table.name}' has no column '{name}'"
        fix = "include it, or remove the constraint" if known else advice(name, names, "columns")
        yield finding("constraint-unknown-column", path, message, fix)
    if unknown:
        return
    yield from _number_of_columns(constraint, path)
    yield from _keys(table, constraint, path)
    yield from _texts(view, table, constraint, path)
    yield from _types(table, constraint, path)


def _number_of_columns(constraint: Constraint, path: str) -> Iterator[Finding]:
    rule, names = constraint.rule, constraint.columns
    least = {Unique: 1, Range: 1, Sum: 2}.get(type(rule), 2)
    if isinstance(rule, Dependency) and not (rule.columns and rule.determines):
        yield finding("constraint-columns", path, "a dependency needs columns on both sides", "name them")
    elif isinstance(rule, Sum) and not rule.parts:
        yield finding("constraint-columns", path, "a sum needs parts", "name the columns that are added")
    elif len(names) < least:
        message = f"{constraint.kind} needs {least} column{'s' if least > 1 else ''} at least"
        yield finding("constraint-columns", path, message, "name more")
    elif twice := sorted({name for name in names if names.count(name) > 1}):
        yield finding("constraint-columns", path, f"column '{twice[0]}' is named twice", "name every column once")


def _keys(table: Table, constraint: Constraint, path: str) -> Iterator[Finding]:
    foreign = {name for key in table.foreign_keys for name in key.columns}
    for name in dict.fromkeys(constraint.columns):
        if table.primary_key == (name,) and name not in foreign and not isinstance(constraint.rule, Unique):
            how = "is the primary key, which is made anew without regard to other columns"
        elif name in foreign and isinstance(constraint.rule, Combinations | Sum | Inequality | Range):
            how = "is part of a foreign key, whose values come from the other table"
        else:
            continue
        yield finding("constraint-on-key", path, f"column '{name}' {how}", "remove the constraint, or unset the key")


def _texts(view: View, table: Table, constraint: Constraint, path: str) -> Iterator[Finding]:
    for name in dict.fromkeys(constraint.columns):
        if view.spec.column(table.name, name).encoding is EncodingType.TEXT:
            message = f"column '{name}' is free text, of which {constraint} cannot be guaranteed"
            yield finding("constraint-type", path, message, "write another encoding, or remove the constraint")


def _types(table: Table, constraint: Constraint, path: str) -> Iterator[Finding]:
    rule = constraint.rule
    kinds = {name: plain(table.column(name).type) for name in constraint.columns}
    if isinstance(rule, Range):
        yield from _bounds(rule, kinds[rule.column], path)
    elif isinstance(rule, Sum):
        for name, kind in kinds.items():
            if not is_number(kind):
                message = f"column '{name}' is of type {kind}, which cannot be added"
                yield finding("constraint-type", path, message, "name columns of numbers")
    elif isinstance(rule, Inequality):
        if not _ordered(kinds[rule.low], kinds[rule.high]):
            message = f"'{rule.low}' ({kinds[rule.low]}) and '{rule.high}' ({kinds[rule.high]}) cannot be compared"
            yield finding("constraint-type", path, message, "name two columns of numbers, or of dates, or of times")
    else:
        for name, kind in kinds.items():
            if is_nested(kind):
                yield finding(
                    "constraint-type", path, f"column '{name}' is of type {kind}; its values have parts", "leave it out"
                )


def _ordered(low: pa.DataType, high: pa.DataType) -> bool:
    """Tell whether values of two types have an order between them."""
    if is_number(low) and is_number(high):
        return True
    if arrow.is_timestamp(low) and arrow.is_timestamp(high):
        return (low.tz is None) == (high.tz is None)
    days = [arrow.is_date(kind) or arrow.is_timestamp(kind) for kind in (low, high)]
    same = (arrow.is_time(low) and arrow.is_time(high)) or (arrow.is_duration(low) and arrow.is_duration(high))
    return all(days) or same


def _bounds(rule: Range, kind: pa.DataType, path: str) -> Iterator[Finding]:
    if rule.min is None and rule.max is None:
        yield finding("constraint-bounds", path, f"the range of '{rule.column}' has no bound", "write min, max or both")
        return
    if not (is_number(kind) or arrow.is_date(kind) or arrow.is_timestamp(kind) or arrow.is_time(kind)):
        message = f"column '{rule.column}' is of type {kind}, which has no range"
        yield finding("constraint-type", path, message, "name a column of numbers, dates or times")
        return
    values = {}
    for name, value in (("min", rule.min), ("max", rule.max)):
        if value is not None:
            try:
                values[name] = _constant(value, kind)
            except ValueError as exc:
                fix = "write a number" if is_number(kind) else "write it as text, for example '2020-01-31'"
                yield finding("constraint-bounds", join(join(path, "range"), name), str(exc), fix)
    if len(values) == 2:
        low, high = values["min"], values["max"]
        if low > high or (rule.strict and low == high):
            yield finding("constraint-bounds", path, f"no value is within {rule}", "make min smaller than max")


def _constant(value: float | str, kind: pa.DataType) -> float:
    """Give a bound as a number that can be compared with other bounds of the column."""
    import polars as pl  # most specs bound no column, and are checked without it

    from semblant.constraints.checking import bound

    frame = pl.from_arrow(pa.table({"x": pa.array([], kind)}))
    assert isinstance(frame, pl.DataFrame)
    made = pl.select(bound(value, frame.schema["x"])).item()
    if isinstance(made, int | float):
        return float(made)
    return float(pl.Series([made]).to_physical().cast(pl.Float64).item())


def _contradictions(table: Table, constraints: list[tuple[str, Constraint]]) -> Iterator[Finding]:
    """Find inequalities in a ring, and those whose columns' ranges leave no room."""
    above: dict[str, set[str]] = {}
    floors, ceilings = _range_ends(table, constraints)
    for path, constraint in constraints:
        rule = constraint.rule
        if not isinstance(rule, Inequality):
            continue
        if rule.low in _reached(above, rule.high):
            message = f"{rule} closes a ring with the inequalities before it"
            yield finding("constraint-contradiction", path, message, "remove one of them")
            continue
        above.setdefault(rule.low, set()).add(rule.high)
        least, most = floors.get(rule.low), ceilings.get(rule.high)
        if least is not None and most is not None and (least > most or (rule.strict and least == most)):
            message = f"{rule} leaves no value: the range of '{rule.low}' begins above the end of '{rule.high}'"
            yield finding("constraint-contradiction", path, message, "change a range, or remove the inequality")


def _range_ends(table: Table, constraints: list[tuple[str, Constraint]]) -> tuple[dict[str, float], dict[str, float]]:
    floors: dict[str, float] = {}
    ceilings: dict[str, float] = {}
    for _, constraint in constraints:
        rule = constraint.rule
        if isinstance(rule, Range):
            kind = plain(table.column(rule.column).type)
            if rule.min is not None:
                floors[rule.column] = max(_constant(rule.min, kind), floors.get(rule.column, float("-inf")))
            if rule.max is not None:
                ceilings[rule.column] = min(_constant(rule.max, kind), ceilings.get(rule.column, float("inf")))
    return floors, ceilings


def _reached(above: dict[str, set[str]], start: str) -> set[str]:
    found, waiting = set(), [start]
    while waiting:
        for name in above.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found
