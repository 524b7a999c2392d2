"""Which table is the root, and which lookups can be copied as they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

from semblant.detection.names import SUBJECT_TABLES, singular_words
from semblant.detection.sensitivity import looks_like_people
from semblant.findings import ConfigStep, Finding, Severity
from semblant.vocabulary import TableTreatment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.detection.model import ColumnDetection
    from semblant.detection.profile import TableProfile
    from semblant.schema import ForeignKey, Schema

_MOST_CHILDREN = 50
_FEWEST_OWNERS = 100


@frozen(kw_only=True)
class Roles:
    """What is proposed for the tables of a schema."""

    root: str | None
    """The table whose rows are the subjects; None for an empty schema."""
    root_reason: str
    treatments: Mapping[str, TableTreatment]
    reasons: Mapping[str, str]
    """Per table why it is treated so."""
    matched: tuple[tuple[str, ForeignKey], ...] = ()
    """Keys to synthesized tables that cannot be the parent of their rows: they are to be matched."""
    findings: tuple[Finding, ...] = ()


def propose_roots(
    schema: Schema, detections: Mapping[str, Mapping[str, ColumnDetection]], profiles: Mapping[str, TableProfile]
) -> Roles:
    """Propose the root and the lookups that can be kept as original data.

    A table of people is never proposed as original. A lookup is original when others point to it
    and all that it points to is original itself.

    :param schema: with keys.
    :param detections: per table its columns.
    :param profiles: per table, for numbers of rows.
    """
    if not schema.tables:
        return Roles(root=None, root_reason="", treatments={}, reasons={})
    graph = _Graph(schema, profiles)
    people = {table.name: reason for table in schema if (reason := looks_like_people(table, detections[table.name]))}
    root, root_reason = _choose_root(graph, people)
    treatments: dict[str, TableTreatment] = {}
    reasons: dict[str, str] = {root: root_reason}
    below = graph.below(root)
    for name in graph.parents_first():
        parents = graph.parents(name)
        outside = [other for other in parents if treatments.get(other) is not TableTreatment.ORIGINAL]
        if name == root or name in below or name in people or outside or not graph.children(name):
            treatments[name] = TableTreatment.SYNTHESIZE
            reasons.setdefault(name, _why_made(name, root, below, people, outside, graph))
        else:
            treatments[name] = TableTreatment.ORIGINAL
            users = ", ".join(f"'{child}'" for child in graph.children(name)[:3])
            reasons[name] = f"a lookup: {users} point to it, and nothing in it looks like people"
    return Roles(
        root=root,
        root_reason=root_reason,
        treatments=treatments,
        reasons=reasons,
        matched=_matched(schema, root, below, treatments, graph),
        findings=_second_roots(root, treatments, graph, people),
    )


def _choose_root(graph: _Graph, people: Mapping[str, str]) -> tuple[str, str]:
    names = graph.names
    if len(names) == 1:
        return names[0], "the only table"
    if people:
        best = max(people, key=lambda name: (_subject(name), graph.weight(name), -names.index(name)))
        return best, f"its rows are the subjects: {people[best]}"
    free = [name for name in names if not graph.owners(name)] or list(names)
    best = max(free, key=lambda name: (graph.owned_rows(name), -names.index(name)))
    return best, f"no other table owns its rows, and most rows ({graph.owned_rows(best):,}) belong to it"


def _subject(name: str) -> bool:
    parts = singular_words(name)
    return bool(parts) and parts[-1] in SUBJECT_TABLES


def _why_made(
    name: str, root: str, below: set[str], people: Mapping[str, str], outside: list[str], graph: _Graph
) -> str:
    if name in below:
        return f"its rows belong to '{root}', directly or through others"
    if name in people:
        return f"looks like people, so it is never copied: {people[name]}"
    if outside:
        return f"it points to '{outside[0]}', which is made anew"
    return "no other table points to it" if not graph.children(name) else "made anew"


def _matched(
    schema: Schema, root: str, below: set[str], treatments: Mapping[str, TableTreatment], graph: _Graph
) -> tuple[tuple[str, ForeignKey], ...]:
    """Of several keys of a table to synthesized tables one is the parent; the others are matched."""
    matched = []
    for table in schema:
        made = [key for key in table.foreign_keys if treatments[key.references] is TableTreatment.SYNTHESIZE]
        others = [key for key in made if key.references != table.name]
        matched += [(table.name, key) for key in made if key.references == table.name]
        if table.name == root:
            matched += [(table.name, key) for key in others]
            continue
        ranked = sorted(
            others,
            key=lambda key: (
                key.references != root and key.references not in below,
                not graph.owns(key.references, table.name),
                len(key.columns),
                -key.confidence,
            ),
        )
        matched += [(table.name, key) for key in ranked[1:]]
    return tuple(matched)


def _second_roots(
    root: str, treatments: Mapping[str, TableTreatment], graph: _Graph, people: Mapping[str, str]
) -> tuple[Finding, ...]:
    found = []
    for name in graph.names:
        if name == root or treatments[name] is TableTreatment.ORIGINAL:
            continue
        if any(treatments[other] is TableTreatment.SYNTHESIZE for other in graph.parents(name)):
            continue
        if name in people:
            message = f"is a second root beside '{root}': it looks like people ({people[name]}), so it is not copied"
            fix = "it is made anew, and keys that point to it are matched; mark it as original only if it may come out"
        else:
            message = f"is a second root beside '{root}': no key leads from it to a table that is made anew"
            fix = f"it is made by itself; give it a key to a table below '{root}', or exclude it"
        found.append(
            Finding(
                severity=Severity.INFO,
                path=f"tables.{name}",
                code="second-root",
                message=message,
                fix=fix,
                step=ConfigStep.TREATMENT,
            )
        )
    return tuple(found)


class _Graph:
    """Tables and the keys between them, self-references left out."""

    def __init__(self, schema: Schema, profiles: Mapping[str, TableProfile]) -> None:
        self.names = schema.table_names
        self._schema = schema
        self._profiles = profiles
        self._parents = {
            table.name: list(dict.fromkeys(k.references for k in table.foreign_keys if k.references != table.name))
            for table in schema
        }

    def parents(self, name: str) -> list[str]:
        """Tables that this one points to."""
        return [parent for parent in self._parents[name] if parent in self._parents]

    def children(self, name: str) -> list[str]:
        """Tables that point to this one."""
        return [child for child in self.names if name in self._parents[child]]

    def below(self, name: str) -> set[str]:
        """Tables that depend on this one, at any depth."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            new = [child for child in self.children(waiting.pop()) if child not in found and child != name]
            found.update(new)
            waiting += new
        return found

    def rows(self, name: str) -> int:
        """Rows of a table as far as they are known."""
        known = self._schema.table(name).rows
        return self._profiles[name].rows if known is None else known

    def weight(self, name: str) -> float:
        """How much hangs on a table: orders of magnitude of its own rows and of those below."""
        return math.log10(1 + self.rows(name)) + math.log10(1 + sum(map(self.rows, self.below(name))))

    def parents_first(self) -> list[str]:
        """All tables, each after those that it points to where there is no circle."""
        ordered: list[str] = []
        waiting = list(self.names)
        while waiting:
            ready = [name for name in waiting if all(parent in ordered for parent in self.parents(name))] or waiting[:1]
            ordered += ready
            waiting = [name for name in waiting if name not in ready]
        return ordered

    def owners(self, name: str) -> list[str]:
        """Tables whose parts the rows of this one are: order and order line."""
        return [parent for parent in self.parents(name) if self.owns(parent, name)]

    def owned_rows(self, name: str) -> int:
        """Rows of a table and of all that it owns, at any depth."""
        owned, waiting = {name}, [name]
        while waiting:
            top = waiting.pop()
            new = [child for child in self.children(top) if child not in owned and self.owns(top, child)]
            owned.update(new)
            waiting += new
        return sum(map(self.rows, owned))

    def owns(self, parent: str, child: str) -> bool:
        """Tell whether child rows are parts of a parent row rather than users of a lookup.

        So by name (``order``, ``order_line``), by a composite key that begins with the parent's
        key, or because nearly every parent has children, but none very many.
        """
        upper, lower = singular_words(parent), singular_words(child)
        if len(lower) > len(upper) and lower[: len(upper)] == upper:
            return True
        table = self._schema.table(child)
        keys = [key for key in table.foreign_keys if key.references == parent and len(key.columns) == 1]
        if len(table.primary_key) > 1 and any(key.columns[0] == table.primary_key[0] for key in keys):
            return True
        parents = self._profiles[parent].rows
        known = self._profiles[child].complete or table.rows is not None
        for key in keys if known and parents >= _FEWEST_OWNERS else ():
            figures = self._profiles[child].columns[key.columns[0]]
            if figures.distinct >= 0.99 * parents and self.rows(child) <= _MOST_CHILDREN * self.rows(parent):
                return True
        return False
