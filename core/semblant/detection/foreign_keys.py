"""Which columns name rows of another table, where the source does not say.

Two things must come together: the values occur among the keys of the other table, and something
other than that speaks for it: the name, or values too peculiar to agree by chance. Small whole
numbers agree with any key that counts rows, so for them only the name counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from attrs import frozen

from semblant.detection.names import (
    IDENTIFYING,
    MEASURES,
    PERSON_TABLES,
    STRONG_IDENTIFYING,
    folded,
    singular_words,
    vocabulary,
    words,
)
from semblant.detection.primary_keys import is_joinable
from semblant.schema import ForeignKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from semblant.detection.profile import ColumnProfile, TableProfile
    from semblant.detection.sketch import DistinctSketch
    from semblant.schema import Column, Schema, Table

UPWARD_WORDS = vocabulary(
    "parent manager report reports reporting supervisor boss superior mentor leader predecessor previous reply replied"
    " answer original superseded chef vorgesetzter padre jefe responsable capo superieur"
)
"""Words for another row of the same table."""

STAFF_WORDS = vocabulary("rep representative agent manager supervisor salesperson seller clerk assignee staff officer")
USER_WORDS = vocabulary(
    "author owner creator sender receiver recipient buyer reviewer created updated uploaded assigned"
)
STAFF_TABLES = vocabulary("employee staff agent mitarbeiter empleado dipendente employe salesperson")
USER_TABLES = vocabulary("user member account person people customer profile utilisateur usuario utente")


@frozen
class Evidence:
    """What a column's name has to do with another table: a weight from 0 to 1, and words for it."""

    weight: float
    words: str
    strong: bool = False
    """Strong enough that some values may be missing there."""


def propose_foreign_keys(
    table: Table, schema: Schema, profiles: Mapping[str, TableProfile], keys_of: Callable[[str, str], DistinctSketch]
) -> tuple[ForeignKey, ...]:
    """Propose foreign keys of one column each, at most one per column.

    :param keys_of: gives the sketch of all values of a table's column.
    """
    found = []
    for column in table.columns:
        if not is_reference(column, profiles[table.name].columns[column.name]):
            continue
        candidates = [
            key
            for parent in schema
            if len(parent.primary_key) == 1
            for key in _candidate(table, column, parent, profiles, keys_of)
        ]
        if candidates:
            found.append(
                max(candidates, key=lambda key: (key.confidence, -profiles[key.references].rows, key.references))
            )
    return tuple(found)


def is_reference(column: Column, figures: ColumnProfile) -> bool:
    """Tell whether a column may point somewhere at all: joinable, or whole numbers stored as floats."""
    whole = pa.types.is_floating(column.type) and figures.numbers.get("decimals") == 0
    if not (is_joinable(column.type) or whole):
        return False
    return not figures.strings or bool(figures.strings["mean_words"] <= 3 and figures.strings["longest"] <= 128)


def _candidate(
    table: Table,
    column: Column,
    parent: Table,
    profiles: Mapping[str, TableProfile],
    keys_of: Callable[[str, str], DistinctSketch],
) -> Iterable[ForeignKey]:
    key = parent.primary_key[0]
    if parent.name == table.name and column.name == key:
        return
    child = profiles[table.name].columns[column.name]
    target = profiles[parent.name].columns[key]
    if not _same_kind(child, target):
        return
    evidence = name_evidence(column.name, table, parent)
    if not child.present or not target.present:
        if evidence is not None and evidence.strong:
            yield _key(column.name, parent, 0.5, f"{evidence.words}; one of the two is empty")
        return
    sketch = child.sketch
    if sketch is None or (evidence is None and not _peculiar(child, target)):
        return
    if evidence is not None and evidence.weight < 0.6 and child.distinct < 0.8 * target.distinct:
        return
    tested, missing, rows = sketch.missing_from(keys_of(parent.name, key))
    if not tested or tested < min(child.distinct, 3):
        return
    share = missing / tested
    allowed = 0.05 if evidence is None or not evidence.strong else 0.1 if _dense(target) else 0.3
    if share > allowed:
        return
    weight, said = (evidence.weight, evidence.words) if evidence else _peculiar_weight(child)
    there = f"all {tested:,} values are" if not missing else f"{tested - missing:,} of {tested:,} values are"
    dangling = f" ({rows:,} rows point nowhere)" if missing else ""
    confidence = round(max(0.05, min(0.99, weight + 0.05 - 0.5 * share)), 2)
    yield _key(column.name, parent, confidence, f"{said}; {there} among its keys{dangling}")


def _key(column: str, parent: Table, confidence: float, reason: str) -> ForeignKey:
    return ForeignKey(
        columns=(column,),
        references=parent.name,
        referenced_columns=parent.primary_key,
        reason=reason,
        confidence=confidence,
    )


def _same_kind(child: ColumnProfile, target: ColumnProfile) -> bool:
    if not child.present or not target.present:
        return _family(child.type) == _family(target.type)
    return bool(child.numbers) == bool(target.numbers)


def _family(kind: str) -> str:
    return "number" if kind.startswith(("int", "uint", "double", "float", "decimal")) else "text"


def name_evidence(column: str, table: Table, parent: Table) -> Evidence | None:  # noqa: C901, PLR0912 - a list of rules
    """Tell what a column's name says about a parent table; None when it says nothing.

    >>> from semblant.schema import Table
    >>> orders, customers = Table(name="orders", columns=()), Table(name="customers", columns=(), primary_key=("id",))
    >>> name_evidence("customer_id", orders, customers).words
    "named after 'customers'"
    """
    parts, key = singular_words(column), parent.primary_key[0]
    raw = set(words(column)) | set(parts)
    thing = tuple(part for part in parts if part not in IDENTIFYING)
    key_thing = tuple(part for part in singular_words(key) if part not in IDENTIFYING)
    named = singular_words(parent.name)
    marked = bool(IDENTIFYING.intersection(raw))
    itself = parent.name == table.name
    upward = bool(UPWARD_WORDS.intersection(raw))
    after = bool(thing) and (thing in (named, named[-1:]) or "".join(thing) == "".join(named))
    if table.primary_key == (column,):
        # the key of a table can point to another one (a subtype); only its name tells
        return Evidence(0.85, f"named after '{parent.name}'", strong=True) if after and not itself else None
    if itself:
        if upward and not MEASURES.intersection(raw):
            rest = tuple(part for part in thing if part not in UPWARD_WORDS)
            elsewhere = bool(rest) and not set(rest) <= {*named, *key_thing, "to", "by"}
            return Evidence(0.6 if elsewhere else 0.85, f"its name speaks of another row of '{parent.name}'")
        return None
    if after and (marked or folded(column) == folded(key)):
        return Evidence(0.94, f"named after '{parent.name}'", strong=True)
    if key_thing and folded(column) == folded(key):
        return Evidence(0.9, f"named as the key of '{parent.name}'", strong=True)
    if after:
        return Evidence(0.75, f"named after '{parent.name}'")
    if MEASURES.intersection(raw) and not marked:
        return None
    ends = [tail for tail in (named, key_thing) if tail and len(thing) > len(tail) and thing[-len(tail) :] == tail]
    if ends:
        return Evidence(0.8 if marked else 0.65, f"its name ends like '{parent.name}'")
    if marked or upward:
        for roles, tables in ((STAFF_WORDS, STAFF_TABLES), (USER_WORDS, USER_TABLES), (PERSON_TABLES, PERSON_TABLES)):
            if roles.intersection(parts) and tables.intersection(named) and not upward:
                return Evidence(0.65, f"its name speaks of somebody in '{parent.name}'")
    if STRONG_IDENTIFYING.intersection(raw) or len(thing) <= 2:
        for one in thing:
            for other in named:
                if _stem(one, other):
                    return Evidence(0.5, f"its name is related to '{parent.name}'")
    return None


def _stem(one: str, other: str) -> bool:
    """Tell whether one word is the beginning of the other: ``ship`` and ``shipper``."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and long.startswith(short)


def _dense(target: ColumnProfile) -> bool:
    """Whole numbers that fill their range: any small number is found among them."""
    low, high = target.numbers.get("minimum"), target.numbers.get("maximum")
    return low is not None and target.distinct > 0.1 * (high - low + 1)


def _peculiar(child: ColumnProfile, target: ColumnProfile) -> bool:
    """Tell whether agreeing values cannot be chance."""
    if child.distinct < 3:
        return False
    if child.numbers:
        return child.distinct >= 20 and not _dense(target) and abs(child.numbers.get("minimum") or 0) > 1_000
    digits = child.kinds.get("digits", 0.0)
    return bool(child.strings) and child.strings["shortest"] >= (3 if digits < 0.5 else 6)


def _peculiar_weight(child: ColumnProfile) -> tuple[float, str]:
    long = bool(child.strings) and child.strings["mean_length"] >= 8
    return (0.85 if long else 0.65), "its values are peculiar"
