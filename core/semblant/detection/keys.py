"""Keys and foreign keys of a schema, found in the data where the source declares none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from semblant.detection.composite_keys import propose_composite_key, propose_composite_references
from semblant.detection.foreign_keys import propose_foreign_keys
from semblant.detection.hashing import NULL_HASH, hash_array, hash_rows
from semblant.detection.primary_keys import propose_primary_key
from semblant.detection.sketch import DistinctSketch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.detection.profile import TableProfile
    from semblant.detection.reading import Read
    from semblant.schema import ForeignKey, Schema, Table

MOST_ROWS = 5_000_000
"""Rows of a key column that are read at most to prove a key."""
_MOST_HASHES = 2**21
_SURE = 0.8
"""Needed confidence where the source declares other foreign keys."""


def detect_keys(
    schema: Schema, profiles: Mapping[str, TableProfile], read: Read, *, columns: KeyColumns | None = None
) -> Schema:
    """Give the schema again, with keys for the tables that have none.

    What the source declares stays. A key that looks unique in the profiled rows is proved on up to
    five million rows. Keys that would close a circle of tables are left out, the weakest first;
    references of a table to itself are no circle.

    :param profiles: one per table, at least of its first rows.
    :param read: streams a table anew at each call.
    :param columns: what was read of key columns before, to be used again.
    """
    columns = columns or KeyColumns(profiles, read)
    declared = {table.name for table in schema if table.foreign_keys}
    tables = [_with_primary_key(table, schema, profiles, columns) for table in schema]
    schema = attrs.evolve(schema, tables=tables)
    found: dict[str, tuple[ForeignKey, ...]] = {}
    for table in schema:
        keys = table.foreign_keys or propose_foreign_keys(table, schema, profiles, columns.values)
        if declared and table.name not in declared:
            keys = tuple(key for key in keys if key.confidence >= _SURE)
        found[table.name] = keys
    schema = _with_foreign_keys(schema, found)
    tables = []
    for table in schema:
        proposal = None if table.primary_key else propose_composite_key(table, schema, profiles, columns.rows)
        if proposal is None:
            tables.append(table)
        else:
            tables.append(attrs.evolve(table, primary_key=proposal.columns, primary_key_reason=proposal.reason))
    schema = attrs.evolve(schema, tables=tables)
    for table in schema:
        if table.name not in declared and (not declared or profiles[table.name].rows):
            found[table.name] = (*found[table.name], *propose_composite_references(table, schema, columns.rows))
    return _without_circles(_with_foreign_keys(schema, found), declared)


def _with_primary_key(table: Table, schema: Schema, profiles: Mapping[str, TableProfile], columns: KeyColumns) -> Table:
    if table.primary_key:
        return table
    proposal = propose_primary_key(table, schema, profiles)
    if proposal is None or (
        not profiles[table.name].complete and columns.values(table.name, proposal.columns[0]).repeated
    ):
        return attrs.evolve(table, primary_key_reason="")
    return attrs.evolve(table, primary_key=proposal.columns, primary_key_reason=proposal.reason)


def _with_foreign_keys(schema: Schema, keys: Mapping[str, tuple[ForeignKey, ...]]) -> Schema:
    return attrs.evolve(schema, tables=[attrs.evolve(table, foreign_keys=keys[table.name]) for table in schema])


def _without_circles(schema: Schema, declared: set[str]) -> Schema:
    """Leave out the least certain of the keys found that close a circle, until there is none."""
    keys = {table.name: table.foreign_keys for table in schema}
    while circle := _circle(keys):
        weakest = min(
            ((key.confidence, name, key) for name, key in circle if name not in declared),
            key=lambda entry: entry[:2],
            default=None,
        )
        if weakest is None:
            break
        _, name, key = weakest
        keys[name] = tuple(other for other in keys[name] if other is not key)
    return _with_foreign_keys(schema, keys)


def _circle(keys: Mapping[str, tuple[ForeignKey, ...]]) -> list[tuple[str, ForeignKey]]:
    """Find one circle of tables and give its edges; empty when there is none."""
    done: set[str] = set()

    def follow(name: str, path: list[tuple[str, ForeignKey]]) -> list[tuple[str, ForeignKey]]:
        on_path = [table for table, _ in path]
        if name in on_path:
            return path[on_path.index(name) :]
        if name in done:
            return []
        for key in keys.get(name, ()):
            if key.references != name and (circle := follow(key.references, [*path, (name, key)])):
                return circle
        done.add(name)
        return []

    for name in keys:
        if circle := follow(name, []):
            return circle
    return []


class KeyColumns:
    """Sketches of columns: from the profile where it saw the whole table, else from a new read."""

    def __init__(self, profiles: Mapping[str, TableProfile], read: Read) -> None:
        """Read nothing yet."""
        self._profiles = profiles
        self._read = read
        self._held: dict[tuple[str, tuple[str, ...]], DistinctSketch] = {}

    def values(self, table: str, column: str) -> DistinctSketch:
        """Sketch all values of a column that are not missing."""
        profile = self._profiles[table]
        sketch = profile.columns[column].sketch
        if profile.complete and sketch is not None and sketch.exact:
            return sketch
        return self.rows(table, (column,))

    def rows(self, table: str, columns: tuple[str, ...]) -> DistinctSketch:
        """Sketch all rows over some columns, without those in which one of them is missing."""
        if (table, columns) not in self._held:
            sketch, seen = DistinctSketch(_MOST_HASHES), 0
            for batch in self._read(table, list(columns)):
                arrays = [batch.column(name) for name in columns]
                hashes = hash_array(arrays[0]) if len(arrays) == 1 else hash_rows(arrays)
                present = np.ones(len(hashes), dtype=np.bool_)
                for array in arrays:
                    present &= hash_array(array) != NULL_HASH
                sketch.add(*np.unique(hashes[present], return_counts=True))
                seen += batch.num_rows
                if seen >= MOST_ROWS:
                    break
            self._held[table, columns] = sketch
        return self._held[table, columns]
