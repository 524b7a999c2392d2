"""What a text is given beside its own row: the parent's row with its ancestors, its texts, and looked-up rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import evolve, frozen

from semblant.pipeline.relations.frames import NOTHING
from semblant.relations import LinkKind
from semblant.training import above_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.pipeline.relations.frames import Member, Relations
    from semblant.training import ColumnPlan


@frozen(kw_only=True)
class Above:
    """Columns of other tables, by the link that leads there."""

    plans: tuple[ColumnPlan, ...] = ()
    tables: Mapping[str, pa.Table]
    """Per link the rows that it may lead to, their columns named as in ``plans``."""

    def of(self, numbers: Mapping[str, np.ndarray]) -> pa.Table:
        """Take the rows with these numbers, per link one per row; null where a row refers to none."""
        arrays: dict[str, pa.ChunkedArray] = {}
        for link, table in self.tables.items():
            found = numbers[link]
            there = (found >= 0) & (found < table.num_rows)
            taken = table.take(pa.array(np.where(there, found, 0), mask=~there))
            arrays |= dict(zip(taken.column_names, taken.columns, strict=True))
        return pa.table(arrays)


def above(member: Member, relations: Relations) -> Above:
    """Give what the texts of a table's rows are given of other tables."""
    plans: list[ColumnPlan] = []
    tables: dict[str, pa.Table] = {}
    for link in member.links:
        if link.kind is LinkKind.PARENT:
            found, table = relations.frame(link.key.references)
            more, texts = relations.texts(link.key.references)
            names = [*(plan.name for plan in found), *(f"{link.key.references}.{plan.name}" for plan in more)]
            found, table = (*found, *more), pa.table([*table.columns, *texts.columns], names=names)
        elif link.kind is LinkKind.LOOKUP:
            found, table = relations.content(link)
            names = [f"{link.name}.{plan.name}" for plan in found]
        else:
            continue
        kept = [place for place, plan in enumerate(found) if plan is not NOTHING]
        named = [above_column(names[place]) for place in kept]
        plans += [evolve(found[place], name=name, above=True) for place, name in zip(kept, named, strict=True)]
        if kept:
            tables[link.name] = pa.table([table.column(place) for place in kept], names=named)
    return Above(plans=tuple(plans), tables=tables)


def beside(batch: pa.RecordBatch, more: pa.Table) -> pa.RecordBatch:
    """Put the columns of as many rows beside a batch."""
    columns: Sequence[pa.Array] = [column.combine_chunks() for column in more.columns]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], names=[*batch.schema.names, *more.column_names])
