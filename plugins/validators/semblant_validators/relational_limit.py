"""What this version cannot do yet with related tables.

A module of its own: the day related tables are synthesized it is deleted, with its descriptor and
its codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.settings.path import dotted
from semblant_validators.codes import finding
from semblant_validators.view import View

if TYPE_CHECKING:
    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema
    from semblant.spec.model import Spec


@frozen
class RelationalLimitValidator:
    """One synthesized table, any number of original ones."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        view = View(spec, schema)
        found = [
            finding(
                "self-reference-not-kept",
                dotted("tables", table.name, "foreign_keys"),
                f"{table.name}({', '.join(key.columns)}) points to its own table; this version learns it as an "
                "ordinary column, so that it may name rows that do not exist",
                f"exclude the column, or write {dotted('tables', table.name, 'foreign_keys')}: [] if it is none",
            )
            for table in view.synthesized
            for key in view.graph.self_references(table.name)
        ]
        if len(view.synthesized) <= 1:
            return found
        names = [table.name for table in view.synthesized]
        # the table that the user most likely wants: the one with most to learn
        kept = max(view.synthesized, key=lambda table: (len(table.columns), table.rows or 0)).name
        others = "; ".join(f"{dotted('tables', name)}: {{include: false}}" for name in names if name != kept)
        message = f"this version synthesizes one table at a time, here are {len(names)}: {', '.join(names)}"
        fix = (
            f"to synthesize '{kept}' alone exclude the others ({others}); "
            "a lookup table that it points to can be kept with treatment: original"
        )
        return [*found, finding("one-synthesized-table", "tables", message, fix)]
