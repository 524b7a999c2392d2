"""Step *keys*, between tables: one root, rings that are broken, original tables in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from semblant.graph import Reference, SchemaGraph
from semblant.relations import main_root
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
    for cycle in SchemaGraph(_unmatched(view.used), view.originals).cycles:
        matched = [
            Reference(reference.table, key)
            for reference in cycle.references
            for key in view.graph.foreign_keys(reference.table)
            if key.matched and (key.columns, key.references) == (reference.key.columns, reference.key.references)
        ]
        if not matched or view.originals.issuperset(cycle.tables):
            continue
        keys = "; ".join(map(str, cycle.references))
        message = f"the tables {_listed(cycle.tables)} point to each other in a ring: {keys}"
        how = "; ".join(map(str, matched))
        fix = (
            f"{how} is matched when both tables are made; to break the ring elsewhere write match: true on another key"
        )
        yield finding("cycle", dotted("tables", matched[0].table, "foreign_keys"), message, fix)


def _unmatched(schema: Schema) -> Schema:
    """Give the schema with every key as a key to a parent."""
    return evolve(
        schema,
        tables=[
            evolve(table, foreign_keys=tuple(evolve(key, matched=False) for key in table.foreign_keys))
            for table in schema
        ],
    )


def _roots(view: View) -> Iterator[Finding]:
    if not view.synthesized:
        if view.used.table_names:
            message = f"all tables are original data ({_listed(view.used.table_names)}); there is nothing to make anew"
            yield finding("nothing-to-synthesize", "tables", message, "write treatment: synthesize for one of them")
        return
    root = main_root(view.used, view.originals)
    if root is None:
        return
    near = _connected(view, root)
    for name in view.graph.roots:
        if name == root:
            continue
        if name in near:
            message = f"'{name}' is a second root beside '{root}': its rows are made by themselves"
            mends = ["leave it so: keys that lead to it are matched", "exclude it: include: false"]
            if view.graph.inbound(name):
                mends.insert(1, f"mark '{name}' as original if its rows may come out as they are: treatment: original")
            yield finding("several-roots", dotted("tables", name), message, ", or ".join(mends))
            continue
        message = f"'{name}' is a second root table beside '{root}': no key connects the two"
        mends = [f"give '{name}' a foreign key to '{root}' or a table below it", "exclude it: include: false"]
        yield finding("two-roots", dotted("tables", name), message, ", or ".join(mends))


def _connected(view: View, start: str) -> set[str]:
    """Give the tables that keys of any kind connect with one, in either direction."""
    found, waiting = {start}, [start]
    while waiting:
        name = waiting.pop()
        near = {key.references for key in view.graph.foreign_keys(name)}
        near |= {reference.table for reference in view.graph.inbound(name)}
        waiting += near - found
        found |= near
    return found


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
