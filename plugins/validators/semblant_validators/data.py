"""Step *data*: tables and columns that are named exist, and something is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from semblant.settings.path import dotted
from semblant.settings.suggest import advice
from semblant.spec.model import ColumnSpec, TableSpec
from semblant_validators.codes import finding
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema
    from semblant.spec.model import Spec


@frozen
class DataValidator:
    """Include and exclude: no unknown names, at least one table and one column to learn."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        view = View(spec, schema)
        return [*_unknown(view), *_without_effect(view), *_nothing_left(view)]


def _unknown(view: View) -> Iterator[Finding]:
    for name, wanted in view.spec.tables.items():
        if name not in view.schema:
            fix = advice(name, view.schema.table_names, "tables")
            yield finding("unknown-table", dotted("tables", name), f"the source has no table '{name}'", fix)
            continue
        columns = view.schema.table(name).column_names
        known = set(columns)
        for column in wanted.columns:
            if column not in known:
                path = dotted("tables", name, "columns", column)
                message = f"table '{name}' has no column '{column}'"
                yield finding("unknown-column", path, message, advice(column, columns, "columns"))


def _without_effect(view: View) -> Iterator[Finding]:
    for name, wanted in view.spec.tables.items():
        if not wanted.include and evolve(wanted, include=True) != TableSpec():
            message = f"table '{name}' is excluded, its other settings have no effect"
            yield finding(
                "excluded-has-settings", dotted("tables", name), message, "remove them, or write include: true"
            )
    for table, column, wanted_column, path in view.named_columns():
        rebalanced_alone = evolve(wanted_column, include=True, rebalance=False) == ColumnSpec()
        if view.spec.table(table.name).include and not wanted_column.include and not rebalanced_alone:
            message = f"column '{column.name}' is excluded, its other settings have no effect"
            yield finding("excluded-has-settings", path, message, "remove them, or write include: true")


def _nothing_left(view: View) -> Iterator[Finding]:
    if view.schema.table_names and not view.used.table_names:
        fix = (
            "write include: true for one of them"
            if view.spec.default_include
            else "name the tables to use under 'tables'"
        )
        yield finding("no-tables", "tables", f"all {len(view.schema.table_names)} tables are excluded", fix)
    for table in view.used:
        path = dotted("tables", table.name, "columns")
        if not table.columns:
            message = f"table '{table.name}' has no column left"
            yield finding("no-columns", path, message, "include a column, or exclude the table: include: false")
        elif (
            not view.is_original(table.name)
            and not table.foreign_keys
            and set(table.column_names) == set(table.primary_key)
        ):
            message = f"table '{table.name}' has nothing beside its primary key ({', '.join(table.primary_key)})"
            fix = "include another column, exclude the table, or write primary_key: null to learn the column"
            yield finding("only-a-key", path, message, fix)
