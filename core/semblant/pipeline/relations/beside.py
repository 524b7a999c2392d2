"""What stands beside made rows while their constraints are looked at: columns of the rows that they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, field

from semblant.constraints.guarded import GuardedModel
from semblant.constraints.outside import Outside, found_outside
from semblant.relations import Link, LinkKind
from semblant.training import PARENT_ROW, reference_column

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from semblant.artefact.generator import GeneratorTable
    from semblant.pipeline.relations.frames import Relations
    from semblant.protocols import Model
    from semblant.schema import Schema


def outside_of(
    entry: GeneratorTable, model: Model | None, schema: Schema, originals: Collection[str], relations: Relations
) -> Callable[[pa.Table], pa.Table] | None:
    """Give what tells the columns of other tables for made rows; None where no constraint names any."""
    if not isinstance(model, GuardedModel) or not model.shaping.outside:
        return None
    outer = [found_outside(name, entry.table, schema, originals)[0] for name in model.shaping.outside]
    return _Beside(entry=entry, outer=outer, relations=relations).of


@define(kw_only=True)
class _Beside:
    entry: GeneratorTable
    outer: list[Outside]
    relations: Relations
    _columns: dict[str, pa.ChunkedArray] = field(factory=dict)

    def of(self, made: pa.Table) -> pa.Table:
        """Take the values of the rows that made ones refer to, null where they refer to none."""
        return pa.table({outer.name: self._values(made, outer) for outer in self.outer})

    def _values(self, made: pa.Table, outer: Outside) -> pa.ChunkedArray:
        name, numbers = self.entry.table.name, np.zeros(0, np.int64)
        for place, key in enumerate(outer.path):
            link = (
                next(facts.link for facts in self.entry.links if facts.key == key)
                if not place
                else self._link(name, key)
            )
            if place:
                above = self.relations.numbers(name, link)
                numbers = np.where(numbers >= 0, above[np.maximum(numbers, 0)], -1) if len(above) else numbers
            else:
                column = PARENT_ROW if link.kind is LinkKind.PARENT else reference_column(link.name)
                numbers = made.column(column).to_numpy().astype(np.int64)
                numbers = np.where(numbers < self.relations.rows(key.references), numbers, -1)
            name = key.references
        if outer.name not in self._columns:
            path = self.relations.members[outer.table].path
            self._columns[outer.name] = pq.read_table(path, columns=[outer.column]).column(0)
        return self._columns[outer.name].take(pa.array(np.maximum(numbers, 0), mask=numbers < 0))

    def _link(self, table: str, key: object) -> Link:
        return next(link for link in self.relations.members[table].links if link.key == key)
