"""Generate one table of a database: rows from its model, texts, keys, references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, evolve, field

from semblant.constraints.guarded import GuardedModel
from semblant.errors import ModelError
from semblant.pipeline.generate import assembled, balanced, simple_shares
from semblant.pipeline.rebalance import joined
from semblant.pipeline.relations.echoes import with_flags
from semblant.pipeline.relations.given import Placed, placed, spread
from semblant.pipeline.relations.making import References, generation_context, without_repeats
from semblant.pipeline.relations.numbering import numbered_apart, numbering_column
from semblant.pipeline.text_columns import DATA, is_text, unwritten
from semblant.protocols import CountingModel
from semblant.relations import LinkKind
from semblant.training import GenerationRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from semblant.artefact.generator import GeneratorTable
    from semblant.pipeline.generate import Order
    from semblant.pipeline.relations.frames import Relations
    from semblant.protocols import Model
    from semblant.run import Run

NUMBERS = "numbers.npz"
_MOST_ROUNDS = 20
_LEAST_AGAIN = 4096
"""Rows drawn at least when keys that were there already are drawn again."""
_FEW = 0.02
"""Share of rows that may be missing where a key has hardly more combinations than there are rows."""


@define(kw_only=True)
class RelatedTable:
    """A table to be generated below, or beside, others that are made already."""

    entry: GeneratorTable
    model: Model | None
    order: Order
    relations: Relations
    learned: int = 0
    """Rows of the parent that were learned from."""
    ratio: float = 1.0
    """Factor for the number of rows per parent."""
    wanted: int | None = None
    """Rows in all, where a number is asked for."""
    beside: Callable[[pa.Table], pa.Table] | None = None
    """Gives the columns of other tables that constraints name."""
    _placed: Placed | None = field(default=None, init=False)
    _counts: np.ndarray | None = field(default=None, init=False)
    """Rows per parent, where they are settled before any is made."""

    def generate(self, run: Run) -> None:
        """Write ``data.parquet`` and the row numbers of its references into ``run.workspace``."""
        entry, schema = self.entry, with_flags(unwritten(self.entry.schema(), self.entry.plans), self.entry.echoes)
        references = References(entry=entry, relations=self.relations, rng=self._rng(run, "references"))
        self._place(run)
        done = 0
        with pq.ParquetWriter(run.workspace / DATA, schema, compression="zstd", compression_level=1) as writer:
            for batch in self._in_order(references, schema, run):
                writer.write_table(batch)
                done += batch.num_rows
                run.progress(done, None)
        numbers = {
            name: np.concatenate(parts) if parts else np.zeros(0, np.int64)
            for name, parts in references.numbers.items()
        }
        if self._placed is not None:
            back = self._placed.back().to_numpy()
            numbers = {name: found[back] for name, found in numbers.items()}
        write_numbers(run.workspace, numbers)

    def _rng(self, run: Run, what: str) -> np.random.Generator:
        return np.random.default_rng([run.random_seed(what, self.entry.table.name) % 2**32])

    def _place(self, run: Run) -> None:
        """Settle the number of rows of each parent where the rows are given, or their number is."""
        given, rng = self.order.given, self._rng(run, "place")
        if given is not None:
            usual = self._usual_counts(run)
            self._placed = placed(self.entry, given, self.relations, usual, rng)
            self._counts = self._placed.counts
            self.order = evolve(self.order, given=self._placed.rows)
        elif self.wanted is not None and self._below:
            usual = self._usual_counts(run)
            lost = sum(facts.nulls + facts.nowhere for facts in self.entry.links if facts.kind is LinkKind.PARENT)
            orphans = round(self.wanted * lost)
            parents = self.relations.rows(next(f.key.references for f in self.entry.links if f.kind is LinkKind.PARENT))
            usual = np.ones(parents, np.int64) if usual is None else usual
            self._counts = np.append(spread(usual, self.wanted - orphans, rng), np.ones(orphans, np.int64))

    @property
    def _below(self) -> bool:
        return any(facts.kind is LinkKind.PARENT for facts in self.entry.links)

    def _usual_counts(self, run: Run) -> np.ndarray | None:
        """Give how many rows each parent row would have; None where the model cannot tell beforehand."""
        counting: object = self.model
        if not self._below or not isinstance(counting, CountingModel):
            return None
        context = generation_context(self.entry, self.relations, ratio=1.0, counts=np.zeros(0, np.int64))
        seed = run.random_seed("generate", self.entry.table.name, 0)
        return counting.counts(GenerationRequest(rows=0, seed=seed, context=evolve(context, counts=None)), run)

    def _in_order(self, references: References, schema: pa.Schema, run: Run) -> Iterator[pa.Table]:
        """Stream finished rows; given ones in the order in which they were given."""
        entry, done, parts = self.entry, 0, []
        for batch in self._unique(references, run):
            table = assembled(entry, batch, self.order, done, run.random_seed("key", entry.table.name))
            table = table.select(schema.names).cast(schema)
            done += batch.num_rows
            if self._placed is None:
                yield table
            else:
                parts.append(table)
        if self._placed is None:
            if self.wanted is not None and done < self.wanted and self._below:
                run.notice(f"table '{entry.table.name}': {done:,} rows instead of {self.wanted:,}", warning=True)
            return
        if done != len(self._placed.order):
            msg = f"{len(self._placed.order):,} rows of table '{entry.table.name}' are given, {done:,} came out"
            raise ModelError(msg, fix="look whether primary keys repeat themselves among the given rows")
        if parts:
            yield pa.concat_tables(parts).take(self._placed.back())

    def _unique(self, references: References, run: Run) -> Iterator[pa.Table]:
        """Stream rows with their references; no primary key comes twice."""
        entry = self.entry
        later = {
            name for facts in entry.links if facts.kind in (LinkKind.MATCH, LinkKind.SELF) for name in facts.key.columns
        }
        later |= {plan.name for plan in entry.plans if is_text(plan)}  # made different when they are written
        checked = bool(entry.table.primary_key) and entry.key is None and later.isdisjoint(entry.table.primary_key)
        if self._below or self._placed is not None:
            yield from self._below_parents(references, run, checked=checked)
            return
        seen, missing = np.empty(0, np.uint64), self.order.rows
        for attempt in range(_MOST_ROUNDS):
            for made in self._rows(run, attempt, missing if not attempt else max(2 * missing, _LEAST_AGAIN)):
                batch = references.fill(made)
                if checked:
                    batch, fresh, seen = without_repeats(entry, batch, seen)
                    references.keep(fresh & (np.cumsum(fresh) <= missing))
                    batch = batch.slice(0, missing)
                missing -= batch.num_rows
                if batch.num_rows:
                    yield batch
            if missing <= 0:
                return
        if missing <= _FEW * self.order.rows:
            run.notice(
                f"table '{entry.table.name}': {missing:,} rows fewer, no further primary keys came up", warning=True
            )
            return
        msg = f"only {self.order.rows - missing:,} different primary keys could be made for table '{entry.table.name}'"
        raise ModelError(msg, fix=f"ask for fewer rows, or set 'tables.{entry.table.name}.primary_key: null'")

    def _below_parents(self, references: References, run: Run, *, checked: bool) -> Iterator[pa.Table]:
        """Stream rows of every parent: numbers that are part of the key are told apart, what repeats is left out."""
        entry, seen, lost = self.entry, np.empty(0, np.uint64), 0
        number = numbering_column(entry, constrained(self.model)) if checked and self._placed is None else None
        for made in self._rows(run, 0, self.order.rows):
            batch = references.fill(made)
            if number is not None:
                batch = numbered_apart(batch, entry.table.primary_key, number)
            if checked:
                batch, fresh, seen = without_repeats(entry, batch, seen)
                references.keep(fresh)
                lost += int((~fresh).sum())
            if batch.num_rows:
                yield batch
        if lost and self._placed is None:
            words = f"{lost:,} rows are left out, because their primary keys repeat others or lack a part"
            run.notice(f"table '{entry.table.name}': {words}", warning=True)

    def _rows(self, run: Run, attempt: int, missing: int) -> Iterator[pa.Table]:
        """Stream what the model makes."""
        entry, order, here = self.entry, self.order, self._placed
        if self.model is None:
            return
        rows = 0 if self._below else missing
        context = generation_context(
            entry,
            self.relations,
            ratio=self.ratio,
            learned=self.learned,
            counts=self._counts,
            beside=self.beside,
        )
        unlearned = {echo.column for echo in entry.echoes if echo.always}
        names = [plan.name for plan in entry.plans if not is_text(plan) and plan.name not in unlearned]
        given = None if here is None else here.learned(names)
        shares, nulls = simple_shares(order), frozenset[str]()
        if not self._below and order.rebalancer is None:
            self.order = order = balanced(entry, self.model, order, run, context)
        if order.rebalancer is not None:
            given, nulls = joined(given, order.rebalancer.draw(rows, attempt))
            shares = {}
        request = GenerationRequest(
            rows=rows if here is None else len(here.order),
            seed=run.random_seed("generate", entry.table.name, attempt),
            batch_rows=order.batch_rows,
            given=given,
            given_nulls=nulls,
            shares=shares,
            sampling=order.sampling,
            context=context,
        )
        for batch in self.model.generate(request, run):
            yield pa.Table.from_batches([batch])


def constrained(model: Model | None) -> frozenset[str]:
    """Give the columns that a model's constraints name: their values are not changed afterwards."""
    if not isinstance(model, GuardedModel):
        return frozenset()
    return frozenset(name for constraint in model.shaping.constraints for name in constraint.columns)


def write_numbers(folder: Path, numbers: dict[str, np.ndarray]) -> None:
    """Keep row numbers by link name, in the order of the names."""
    arrays: dict[str, Any] = {f"n{i}": numbers[name] for i, name in enumerate(sorted(numbers))}
    np.savez(folder / NUMBERS, **arrays)


def read_numbers(entry: GeneratorTable, folder: Path) -> dict[str, np.ndarray]:
    """Take up the row numbers that :meth:`RelatedTable.generate` wrote, by link name."""
    if not (folder / NUMBERS).is_file():
        return {}
    names = sorted(f.link.name for f in entry.links if f.kind in (LinkKind.PARENT, LinkKind.LOOKUP))
    with np.load(folder / NUMBERS, allow_pickle=False) as found:
        return {name: found[f"n{i}"] for i, name in enumerate(names) if f"n{i}" in found}
