"""Rows of a related table: made by its model, given keys by the engine."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, field

from semblant.errors import ModelError
from semblant.pipeline.keys import cast_key, learn_key
from semblant.pipeline.relations.learning import batches, with_orphans
from semblant.relations import LinkKind
from semblant.training import NOWHERE, PARENT_ROW, GenerationContext, reference_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.artefact.generator import GeneratorTable
    from semblant.pipeline.relations.frames import Relations
    from semblant.pipeline.relations.learning import LinkFacts

_MOST_LOST = 100_000
_ROUNDS = 8


@define(kw_only=True)
class References:
    """Turns row numbers of made rows into values of foreign keys, and keeps the numbers."""

    entry: GeneratorTable
    relations: Relations
    rng: np.random.Generator
    numbers: dict[str, list[np.ndarray]] = field(factory=dict)
    _targets: dict[str, pa.Table] = field(factory=dict)
    _lost: dict[str, pa.Array] = field(factory=dict)

    def fill(self, batch: pa.Table) -> pa.Table:
        """Add the columns of all keys that lead to a parent or a lookup; larger keys have the last word."""
        found: dict[str, pa.ChunkedArray] = {}
        links = [f for f in self.entry.links if f.kind in (LinkKind.PARENT, LinkKind.LOOKUP)]
        for facts in sorted(links, key=lambda f: (len(f.key.columns), f.kind is LinkKind.PARENT)):
            numbers = self._numbers(batch, facts)
            self.numbers.setdefault(facts.link.name, []).append(numbers)
            for place, name in enumerate(facts.key.columns):
                values = self._values(facts, place, numbers)
                before = found.get(name)
                if before is None and name in batch.schema.names:
                    before = batch.column(name)
                if before is not None:
                    there = pa.chunked_array([pa.array(numbers >= 0)])
                    values = pc.if_else(there, values, before.cast(values.type))
                found[name] = values
        for name, values in found.items():
            kind = self.entry.table.column(name).type
            place = batch.schema.get_field_index(name)
            if place >= 0:
                batch = batch.set_column(place, pa.field(name, kind), values.cast(kind))
            else:
                batch = batch.append_column(pa.field(name, kind), values.cast(kind))
        return batch

    def matched(self, batch: pa.Table, facts: LinkFacts, numbers: np.ndarray) -> pa.Table:
        """Fill in the columns of a matched key; given values, and columns that another key holds too, stay."""
        others = {name for f in self.entry.links if f.key != facts.key for name in f.key.columns}
        for place, name in enumerate(facts.key.columns):
            kind = self.entry.table.column(name).type
            if name in others:
                continue
            values = self._values(facts, place, numbers).cast(kind)
            at, given = batch.schema.get_field_index(name), batch.column(name)
            values = values if given.null_count == len(given) else pc.if_else(pc.is_valid(given), given, values)
            batch = batch.set_column(at, pa.field(name, kind), values)
        return batch

    def keep(self, mask: np.ndarray) -> None:
        """Forget the numbers of rows of the last batch that are left out."""
        for parts in self.numbers.values():
            parts[-1] = parts[-1][mask]

    def _numbers(self, batch: pa.Table, facts: LinkFacts) -> np.ndarray:
        column = PARENT_ROW if facts.kind is LinkKind.PARENT else reference_column(facts.link.name)
        numbers = batch.column(column).to_numpy().astype(np.int64)
        if facts.kind is LinkKind.PARENT:
            orphan = numbers >= self.relations.rows(facts.key.references)
            share = facts.nowhere / max(facts.nulls + facts.nowhere, 1e-12)
            lost = self.rng.random(len(numbers)) < share
            numbers = np.where(orphan, np.where(lost, NOWHERE, -1), numbers)
        return np.asarray(numbers, np.int64)

    def _values(self, facts: LinkFacts, place: int, numbers: np.ndarray) -> pa.ChunkedArray:
        """Take the referenced values; what leads nowhere gets a key that no row has."""
        name = facts.link.name
        if name not in self._targets:
            path = self.relations.members[facts.key.references].path
            self._targets[name] = pq.read_table(path, columns=list(facts.key.referenced_columns))
        column = self._targets[name].column(place)
        kind = self.entry.table.column(facts.key.columns[place]).type
        values = column.take(pa.array(np.maximum(numbers, 0), mask=numbers < 0)).cast(kind, safe=False)
        lost = numbers == NOWHERE
        if not lost.any() or len(facts.key.columns) > 1:
            return values
        pool = self._pool(facts, column, kind)
        if not len(pool):
            return values
        drawn = pool.take(pa.array(self.rng.integers(0, len(pool), len(numbers))))
        return pc.if_else(pa.chunked_array([pa.array(lost)]), pa.chunked_array([drawn]), values)

    def _pool(self, facts: LinkFacts, column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
        """Give keys in the form of the referenced ones that none of these is."""
        name = facts.link.name
        if name in self._lost:
            return self._lost[name]
        wanted = min(max(facts.lost, 1), _MOST_LOST)
        form = learn_key([pa.record_batch({"k": c}) for c in column.chunks if len(c)], column.type, 1)
        pool = pa.array([], kind)
        start = len(column)
        for _ in range(_ROUNDS if form is not None else 0):
            assert form is not None
            try:
                made = cast_key(form.make(start, 2 * wanted, int(self.rng.integers(2**31))), kind)
            except pa.ArrowInvalid:
                break
            taken = pc.is_in(made, value_set=column.combine_chunks().cast(kind))
            fresh = made.filter(pc.invert(taken))
            pool = pa.concat_arrays([pool, fresh]).slice(0, wanted)
            if len(pool) >= wanted:
                break
            start += 2 * wanted
        if form is None and pa.types.is_string(kind):
            pool = _mixed_strings(column.combine_chunks().cast(kind), wanted, self.rng)
        self._lost[name] = pool
        return pool


def _mixed_strings(keys: pa.Array, wanted: int, rng: np.random.Generator) -> pa.Array:
    """Give strings that look like keys without one form and are none: the head of one and the tail of another.

    >>> _mixed_strings(pa.array(["N1A", "N2B", "N3B"]), 9, np.random.default_rng(0)).to_pylist()
    ['N1B', 'N2A', 'N3A']
    """
    known = [value for value in keys.to_pylist() if value]
    taken, found = set(known), dict[str, None]()
    for _ in range(_ROUNDS * wanted if known else 0):
        one, other = (known[i] for i in rng.integers(0, len(known), 2))
        cut = int(rng.integers(1, max(min(len(one), len(other)), 2)))
        made = one[:cut] + other[cut:]
        if made not in taken:
            found[made] = None
        if len(found) >= wanted:
            break
    return pa.array(sorted(found), keys.type)


def generation_context(
    entry: GeneratorTable,
    relations: Relations,
    *,
    ratio: float,
    learned: int = 0,
    counts: np.ndarray | None = None,
    beside: Callable[[pa.Table], pa.Table] | None = None,
) -> GenerationContext:
    """Give what the rows of a table are to be conditioned on, from the tables that were made before it.

    ``learned`` is the number of parent rows that were learned from: rows without a parent are as many
    per parent row as there. ``counts`` are the rows per parent row where they are known; what stands behind them
    are rows without a parent.
    """
    lookups = {}
    parents, rows = None, 0
    for facts in entry.links:
        if facts.kind is LinkKind.LOOKUP:
            lookups[facts.link.name] = relations.content(facts.link)[1]
        elif facts.kind is LinkKind.PARENT:
            frame = relations.frame(facts.key.references)[1]
            rows = frame.num_rows
            lost = facts.nulls + facts.nowhere
            orphans = round(ratio * entry.rows * lost * rows / (learned or max(rows, 1)))
            orphans = orphans if counts is None else max(len(counts) - rows, 0)
            if orphans:
                frame = with_orphans(frame, orphans)
            parents = partial(batches, frame)
    return GenerationContext(
        parents=parents, parent_rows=rows, lookups=lookups, counts=counts, ratio=ratio, beside=beside
    )


def without_repeats(
    entry: GeneratorTable, batch: pa.Table, seen: np.ndarray
) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Leave out rows whose primary key was made before; gives the mask of those kept, and what was seen."""
    import polars as pl

    frame = pl.from_arrow(batch.select(list(entry.table.primary_key)))
    if not isinstance(frame, pl.DataFrame):
        msg = f"the primary key of table '{entry.table.name}' cannot be compared"
        raise ModelError(msg, fix=f"set 'tables.{entry.table.name}.primary_key: null'")
    hashes = frame.hash_rows(seed=0).to_numpy()
    complete = ~frame.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
    first = np.zeros(len(hashes), bool)
    first[np.unique(hashes, return_index=True)[1]] = True
    fresh = first & complete & ~np.isin(hashes, seen)
    return batch.filter(pa.array(fresh)), fresh, np.concatenate([seen, hashes[fresh]])
