"""A table of a generator with a model that draws each column by itself, and what is generated of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from semblant.artefact.generator import GeneratorTable
from semblant.pipeline.generate import generate_table, order_for, rows_for
from semblant.pipeline.text_columns import DATA
from semblant.run import Run
from semblant.schema import Column, Table
from semblant.spec.model import GenerationSpec
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType, TableTreatment
from tests.core.constraints.fake import Independent

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
AGE = RNG.integers(18, 90, 4000)
PEOPLE = pa.table(
    {
        "city": pa.array(RNG.choice(["Rome", "Oslo", "Bern"], 4000, p=[0.6, 0.3, 0.1])),
        "member": pa.array(RNG.random(4000) < 0.3),
        "age": pa.array(AGE),
        "height": pa.array(RNG.normal(170, 10, 4000).round(1), mask=RNG.random(4000) < 0.1),
        "joined": pa.array(np.datetime64("2020-01-01", "D") + RNG.integers(0, 1461, 4000)),
    }
)


class Dependent(Independent):
    """Draws whole rows, so that columns depend on each other as in the data; given cells replace theirs."""

    def generate(self, request: Any, run: Run) -> Any:
        rng = np.random.default_rng(request.seed)
        table = self.rows.take(pa.array(rng.integers(0, self.rows.num_rows, request.rows)))
        for name, shares in request.shares.items():
            drawn = rng.choice(len(shares), request.rows, p=list(shares.values()))
            values = pa.array(list(shares), table.schema.field(name).type).take(pa.array(drawn))
            table = table.set_column(table.schema.get_field_index(name), name, values)
        if request.given is not None:
            self.given = request.given
            for name in request.given.column_names:
                told = request.given.column(name).combine_chunks()
                mask = np.ones(request.rows, bool) if name in request.given_nulls else ~told.is_null().to_numpy(False)
                old = table.column(name).combine_chunks()
                new = pa.compute.if_else(pa.array(mask), told.cast(old.type), old)
                table = table.set_column(table.schema.get_field_index(name), name, new)
        yield from table.combine_chunks().to_batches()


def entry_of(table: pa.Table, key: str = "") -> GeneratorTable:
    """Describe a table as a generator does."""
    columns = tuple(Column(name=f.name, type=f.type) for f in table.schema)
    return GeneratorTable(
        table=Table(name="people", columns=columns, primary_key=(key,) if key else ()),
        treatment=TableTreatment.SYNTHESIZE,
        plans=tuple(
            ColumnPlan(name=f.name, type=f.type, encoding=EncodingType.CATEGORICAL)
            for f in table.schema
            if f.name != key
        ),
        rows=table.num_rows,
    )


def generated(folder: Path, model: Any = None, given: pa.Table | None = None, **spec: Any) -> pa.Table:
    """Generate the table with settings of ``generation``."""
    entry, wanted = entry_of(PEOPLE), GenerationSpec(**spec)
    run = Run(job="test", seed=1, workspace=folder)
    order = order_for(entry, wanted, rows_for(entry, wanted), given)
    generate_table(entry, model or Dependent(PEOPLE), order, run)
    return pq.read_table(folder / DATA)
