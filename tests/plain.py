"""A small plugin for engine tests: tables from memory, and a model that draws every column on its own.

Both are complete and honest components; they are only too simple to ship. What they read and do is
noted, so that tests can tell what was never touched.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from semblant.components import ModelType, SourceType
from semblant.hookspecs import hookimpl
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.settings import setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from semblant.protocols import Prepared
    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import GenerationRequest, TrainingTable

TABLES: dict[str, dict[str, pa.Table]] = {}
"""What a source of this plugin can be opened on, by name."""
READ: list[tuple[str, tuple[str, ...]]] = []
"""Every read: table and columns."""


@frozen(kw_only=True)
class MemorySettings:
    """Settings of the source ``memory``."""

    path: str = setting(help="a name in TABLES")
    keys: Mapping[str, Any] = setting(help="table: [child column, parent table, parent column]", factory=dict)


class MemorySource:
    """Tables from memory."""

    def __init__(self, settings: MemorySettings) -> None:
        self._settings = settings
        self._tables = TABLES[settings.path]

    def check(self) -> None:
        """Nothing can be wrong."""

    def discover(self) -> Schema:
        """Describe the tables."""
        tables = []
        for name, table in self._tables.items():
            key = self._settings.keys.get(name)
            foreign = (ForeignKey(columns=(key[0],), references=key[1], referenced_columns=(key[2],)),) if key else ()
            columns = tuple(Column(name=field.name, type=field.type) for field in table.schema)
            tables.append(Table(name=name, columns=columns, foreign_keys=foreign, rows=table.num_rows))
        return Schema(tables=tuple(tables))

    def read(
        self, table: str, columns: Sequence[str] | None = None, batch_rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Stream a table and note it."""
        chosen = tuple(columns if columns is not None else self._tables[table].schema.names)
        READ.append((table, chosen))
        yield from self._tables[table].select(list(chosen)).combine_chunks().to_batches(max_chunksize=batch_rows)

    def count(self, table: str) -> int:
        """Count a table."""
        return self._tables[table].num_rows

    def close(self) -> None:
        """Nothing is held."""


class Shuffled:
    """A trained model: columns of real values, drawn each on its own. For tests only: it stores rows."""

    def __init__(self, table: pa.Table, history: list[dict[str, float]]) -> None:
        self.table = table
        self.history: list[dict[str, float]] = history
        self.settings_used: dict[str, Any] = {"epochs": 1}

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Draw every column on its own; given values stand."""
        random = np.random.default_rng(request.seed)
        arrays = []
        for name in self.table.schema.names:
            drawn = self.table.column(name).take(pa.array(random.integers(0, self.table.num_rows, request.rows)))
            if request.given is not None and name in request.given.schema.names:
                drawn = pa.compute.coalesce(request.given.column(name), drawn)
            arrays.append(drawn)
        made = pa.table(arrays, names=self.table.schema.names).combine_chunks()
        yield from made.to_batches(max_chunksize=request.batch_rows or 1000)

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Every row is as likely as any."""
        return np.zeros(rows.num_rows)

    def save(self, folder: Path) -> None:
        """Write the columns."""
        pq.write_table(self.table, folder / "rows.parquet")
        (folder / "history.json").write_text(json.dumps(self.history))


@frozen
class Noted:
    """What prepare leaves: nothing but that it was done."""

    summary: Mapping[str, Any]


class ShuffledBackend:
    """Makes :class:`Shuffled` models; counts how often it trains."""

    trained: list[str] = []  # noqa: RUF012 - counted over all instances on purpose
    fail_first: list[BaseException] = []  # noqa: RUF012 - faults to raise, in order

    def __init__(self, settings: object, model_spec: ModelSpec) -> None:
        self._spec = model_spec

    def prepare(self, training: TrainingTable, run: Run) -> Prepared:
        """Prepare nothing."""
        (run.workspace / "done").write_text("1")
        return Noted({})

    def load_prepared(self, folder: Path) -> Prepared:
        """Find that it was done."""
        assert (folder / "done").is_file()
        return Noted({})

    def fit(self, training: TrainingTable, prepared: Prepared, run: Run) -> Shuffled:
        """Keep all rows."""
        if self.fail_first:
            raise self.fail_first.pop(0)
        self.trained.append(training.name)
        table = pa.Table.from_batches(training.open(), pa.schema([pa.field(c.name, c.type) for c in training.columns]))
        run.progress(training.rows, training.rows, loss=1.0)
        return Shuffled(table, [{"step": 1, "epoch": 1, "loss": 1.0, "validation_loss": 1.0}])

    def load(self, folder: Path) -> Shuffled:
        """Read the columns back."""
        return Shuffled(pq.read_table(folder / "rows.parquet"), json.loads((folder / "history.json").read_text()))


class PlainPlugin:
    """The hooks."""

    @hookimpl
    def semblant_sources(self) -> list[SourceType]:
        """Offer the source ``memory``."""
        return [
            SourceType(
                name="memory",
                factory="tests.plain:MemorySource",
                summary="tables from memory",
                settings=MemorySettings,
                schemes=("memory",),
            )
        ]

    @hookimpl
    def semblant_models(self) -> list[ModelType]:
        """Offer the backend ``shuffled``."""
        return [ModelType(name="shuffled", factory="tests.plain:ShuffledBackend", summary="columns on their own")]
