"""Step *keys*, between tables: one root, no rings, original tables in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from semblant.settings.path import dotted
from semblant_validators.codes import finding
from semblant_validators.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.components import NoSettings
    from semblant.findings import Finding
    from semblant.schema import Schema
    from semblant.spec.model import Spec


@frozen
class RelationsValidator:
    """Exactly one root table; original tables are pointed to and point to no synthesized one."""

    settings: NoSettings

    def check(self, spec: Spec, schema: Schema) -> list[Finding]:
        """Give all findings."""
        view = View(spec, schema)
        return [*_originals(view), *_cycles(view), *_roots(view)]


def _originals(view: View) -> Iterator[Finding]:
    for table in view.used:
        if table.name not in view.originals:
            continue
        path = dotted("tables", table.name, "treatment")
        if not any(reference.table != table.name for reference in view.graph.inbound(table.name)):
            message = f"'{table.name}' is original data and no foreign key points to it"
            fix = "give another table a foreign key to it, write treatment: synthesize, or include: false"
            yield finding("original-not-referenced", path, message, fix)
        for parent in view.graph.synthesized_parents(table.name):
            message = f"'{table.name}' is original data and points to '{parent}', whose rows are made anew"
            fix = f"mark '{parent}' as original too, remove the key, or write treatment: synthesize here"
            yield finding("original-references-synthesized", path, message, fix)


def _cycles(view: View) -> Iterator[Finding]:
    for cycle in view.graph.cycles:
        if view.originals.issuperset(cycle.tables):
            continue
        keys = "; ".join(map(str, cycle.references))
        message = f"the tables {_listed(cycle.tables)} point to each other in a ring: {keys}"
        first = cycle.references[0]
        fix = (
            f"remove one of the keys, for example list the keys of '{first.table}' under foreign_keys without this one"
        )
        yield finding("cycle", dotted("tables", first.table, "foreign_keys"), message, fix)


def _roots(view: View) -> Iterator[Finding]:
    if not view.synthesized:
        if view.used.table_names:
            message = f"all tables are original data ({_listed(view.used.table_names)}); there is nothing to make anew"
            yield finding("nothing-to-synthesize", "tables", message, "write treatment: synthesize for one of them")
        return
    roots = view.graph.roots
    if not roots:
        return  # then there is a ring, and it has been told
    # the likeliest root: the one that most tables hang on, then the one that nothing else could be
    root = max(roots, key=lambda name: (len(view.graph.descendants(name)), -view.used.table_names.index(name)))
    for name in roots:
        if name != root:
            message = f"'{name}' is a second root table beside '{root}': neither points to a synthesized table"
            mends = [f"give '{name}' a foreign key to '{root}' or a table below it", "exclude it: include: false"]
            if view.graph.inbound(name):
                mends.insert(0, f"mark '{name}' as original: treatment: original")
            yield finding("two-roots", dotted("tables", name), message, ", or ".join(mends))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
