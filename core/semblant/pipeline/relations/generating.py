"""Generate one table of a database: rows from its model, texts, keys, references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define

from semblant.errors import ConfigError, ModelError
from semblant.pipeline.generate import assembled, simple_shares
from semblant.pipeline.relations.making import References, generation_context, without_repeats
from semblant.pipeline.text_columns import DATA, is_text, unwritten
from semblant.relations import LinkKind
from semblant.training import GenerationRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
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

    def generate(self, run: Run) -> None:
        """Write ``data.parquet`` and the row numbers of its references into ``run.workspace``."""
        entry, schema = self.entry, unwritten(self.entry.schema(), self.entry.plans)
        references = References(
            entry=entry,
            relations=self.relations,
            rng=np.random.default_rng([run.random_seed("references", entry.table.name) % 2**32]),
        )
        done = 0
        with pq.ParquetWriter(run.workspace / DATA, schema, compression="zstd", compression_level=1) as writer:
            for batch in self._unique(references, run):
                table = assembled(entry, batch, self.order, done, run.random_seed("key", entry.table.name))
                writer.write_table(table.select(schema.names).cast(schema))
                done += batch.num_rows
                run.progress(done, None)
        numbers = {
            name: np.concatenate(parts) if parts else np.zeros(0, np.int64)
            for name, parts in references.numbers.items()
        }
        write_numbers(run.workspace, numbers)

    def _unique(self, references: References, run: Run) -> Iterator[pa.Table]:
        """Stream rows with their references; no primary key comes twice."""
        entry = self.entry
        later = {
            name for facts in entry.links if facts.kind in (LinkKind.MATCH, LinkKind.SELF) for name in facts.key.columns
        }
        later |= {plan.name for plan in entry.plans if is_text(plan)}  # made different when they are written
        checked = bool(entry.table.primary_key) and entry.key is None and later.isdisjoint(entry.table.primary_key)
        below = any(facts.kind is LinkKind.PARENT for facts in entry.links)
        seen, missing = np.empty(0, np.uint64), self.order.rows
        for attempt in range(1 if below else _MOST_ROUNDS):
            for made in self._rows(run, attempt, missing if not attempt else max(2 * missing, _LEAST_AGAIN)):
                batch = references.fill(made)
                if checked:
                    batch, fresh, seen = without_repeats(entry, batch, seen)
                    keep = fresh if below else fresh & (np.cumsum(fresh) <= missing)
                    references.keep(keep)
                    batch = batch if below else batch.slice(0, missing)
                missing -= batch.num_rows
                if batch.num_rows:
                    yield batch
            if below or missing <= 0:
                return
        if missing <= _FEW * self.order.rows:
            run.notice(
                f"table '{entry.table.name}': {missing:,} rows fewer, no further primary keys came up", warning=True
            )
            return
        msg = f"only {self.order.rows - missing:,} different primary keys could be made for table '{entry.table.name}'"
        raise ModelError(msg, fix=f"ask for fewer rows, or set 'tables.{entry.table.name}.primary_key: null'")

    def _given(self) -> pa.Table | None:
        """Give the given rows without keys; only values that are learned can be given."""
        if self.order.given is None:
            return None
        learned = {plan.name for plan in self.entry.plans}
        keys = {name for facts in self.entry.links for name in facts.key.columns}
        refused = sorted(keys.intersection(self.order.given.schema.names) - learned)
        if refused:
            msg = f"keys of table '{self.entry.table.name}' cannot be given: {', '.join(refused)}"
            raise ConfigError(msg, fix="leave them out of the given rows: the engine fills them in")
        return self.order.given.select([name for name in self.order.given.schema.names if name in learned])

    def _rows(self, run: Run, attempt: int, missing: int) -> Iterator[pa.Table]:
        """Stream what the model makes."""
        entry, order = self.entry, self.order
        if self.model is None:
            return
        below = any(facts.kind is LinkKind.PARENT for facts in entry.links)
        request = GenerationRequest(
            rows=0 if below else missing,
            seed=run.random_seed("generate", entry.table.name, attempt),
            batch_rows=order.batch_rows,
            given=self._given(),
            shares=simple_shares(order),
            sampling=order.sampling,
            context=generation_context(entry, self.relations, ratio=self.ratio, learned=self.learned),
        )
        for batch in self.model.generate(request, run):
            yield pa.Table.from_batches([batch])


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
