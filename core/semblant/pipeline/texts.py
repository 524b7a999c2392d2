"""Generating text: a step of its own behind the rows of a table, whose text columns hold length buckets till then."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, field

from semblant.errors import ModelError
from semblant.pipeline.relations.above import Above, beside
from semblant.pipeline.relations.echoes import with_flags
from semblant.pipeline.relations.generating import NUMBERS, read_numbers
from semblant.pipeline.text_columns import DATA, is_text
from semblant.training import GenerationRequest

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.artefact.generator import GeneratorTable
    from semblant.pipeline.generate import Order
    from semblant.protocols import Model
    from semblant.run import Run

_CHUNK_ROWS = 16_384
_MOST_ROUNDS = 20


@define(kw_only=True)
class TextWriting:
    """Writes the texts of a table's rows, each given the rest of its row and what it refers to."""

    entry: GeneratorTable
    model: Model
    order: Order
    above: Above = field(factory=lambda: Above(tables={}))

    def write(self, rows: Path, run: Run) -> None:
        """Write ``data.parquet`` into ``run.workspace`` from the one in ``rows``; numbers of references go along."""
        schema, source = with_flags(self.entry.schema(), self.entry.echoes), pq.ParquetFile(rows / DATA)
        numbers = read_numbers(self.entry, rows)
        if (rows / NUMBERS).is_file():
            shutil.copyfile(rows / NUMBERS, run.workspace / NUMBERS)
        done, total, seen = 0, source.metadata.num_rows, np.empty(0, np.uint64)
        with pq.ParquetWriter(run.workspace / DATA, schema, compression="zstd", compression_level=1) as writer:
            for number, batch in enumerate(source.iter_batches(_CHUNK_ROWS)):
                part = {link: found[done : done + batch.num_rows] for link, found in numbers.items()}
                given = beside(batch, self.above.of(part)) if self.above.plans else batch
                table = self._filled(pa.Table.from_batches([batch]), given, (number, 0), run, done, total)
                table, seen = self._unique(table, given, number, run, seen)
                writer.write_table(table.select(schema.names).cast(schema))
                done += batch.num_rows
                run.progress(done, total)

    def _filled(
        self, table: pa.Table, given: pa.RecordBatch, part: tuple[int, int], run: Run, done: int = 0, total: int = 0
    ) -> pa.Table:
        """Replace the length buckets of some rows by texts."""
        request = GenerationRequest(
            rows=table.num_rows,
            seed=run.random_seed("text", self.entry.table.name, *part),
            batch_rows=self.order.text_batch_rows,
            given=pa.Table.from_batches([given]),
            sampling=self.order.sampling,
        )
        batches = []
        for batch in self.model.generate(request, run):
            batches.append(batch)
            run.progress(done + sum(one.num_rows for one in batches), total or None)
        texts = pa.Table.from_batches(batches)
        for plan in self.entry.plans:
            if is_text(plan) and plan.name in texts.column_names:
                place, column = table.schema.get_field_index(plan.name), texts.column(plan.name)
                table = table.set_column(place, pa.field(plan.name, column.type), column)
        return table

    def _unique(
        self, table: pa.Table, given: pa.RecordBatch, number: int, run: Run, seen: np.ndarray
    ) -> tuple[pa.Table, np.ndarray]:
        """Write the texts of rows again whose primary key, with a text in it, was there before."""
        key = list(self.entry.table.primary_key)
        if self.entry.key is not None or not has_text(self.entry, key):
            return table, seen
        for attempt in range(1, _MOST_ROUNDS):
            hashes = pl.DataFrame(pl.from_arrow(table.select(key))).hash_rows(seed=0).to_numpy()
            fresh = np.zeros(len(hashes), bool)
            fresh[np.unique(hashes, return_index=True)[1]] = True
            again = np.flatnonzero(~(fresh & ~np.isin(hashes, seen)))
            if not len(again):
                return table, np.concatenate([seen, hashes])
            part = self._filled(table.take(again), given.take(pa.array(again)), (number, attempt), run)
            order = np.arange(table.num_rows)
            order[again] = table.num_rows + np.arange(len(again))
            table = pa.concat_tables([table, part.cast(table.schema)]).take(order)
        msg = f"{len(again):,} primary keys {key} of table '{self.entry.table.name}' could not be made different"
        raise ModelError(msg, fix=f"ask for fewer rows, or set 'tables.{self.entry.table.name}.primary_key: null'")


def has_text(entry: GeneratorTable, names: list[str]) -> bool:
    """Tell whether one of these columns is a text."""
    return any(is_text(plan) and plan.name in names for plan in entry.plans)
