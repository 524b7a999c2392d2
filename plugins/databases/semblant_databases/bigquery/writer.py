"""A delivery to BigQuery, whose transactions hold no statement that makes a table.

Rows are loaded into tables under other names. New tables, and such of another shape, are then made of them one right
after the other, parents first, each complete; the rows of tables that keep their shape change in one transaction.
"""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud import bigquery

from semblant.errors import DestinationError, SemblantError
from semblant_databases.bigquery import write_types
from semblant_databases.bigquery.connection import Connection, check_names, literal, quoted
from semblant_databases.bigquery.keys import keys_of
from semblant_databases.bigquery.lease import NAME, Lease
from semblant_databases.bigquery.read_types import written
from semblant_databases.ledger import LEDGER, STAGED, staged_name
from semblant_databases.marks import parted
from semblant_databases.writing.staged import Plan, plan_of
from semblant_databases.writing.target import Present

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.schema import Column, ForeignKey, Schema
    from semblant_databases.settings import BigqueryDestination as Settings
    from semblant_databases.writing.target import Loaded, Step, Target

_MAKING: Final = f"{STAGED}making"
"""A table that is there while new ones are made; its description names them, for whoever comes after one that died."""


class BigqueryWriter:
    """Loads tables under names of its own until all are whole."""

    flush_rows = 200_000

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        self._open: Connection | None = None
        self._lease: Lease | None = None
        self._stages: dict[str, str] = {}
        self._made: list[str] = []
        self._found: dict[str, Present | None] = {}
        self._plan = Plan()

    @property
    def connection(self) -> Connection:
        """Give the connection, which :meth:`begin` made."""
        assert self._open is not None
        return self._open

    def check_names(self, schema: Schema) -> None:
        """Refuse names that BigQuery does not take."""
        check_names(schema)

    def begin(self) -> None:
        """Make the client, lock out other deliveries to the dataset and clear what one that died left."""
        self._open = Connection(self._settings, DestinationError)
        self._lease = Lease(self._open)
        names = self._open.table_names("TABLE")
        if _MAKING in names:
            self._undo_half()
        self._remove([name for name in names if name.startswith(STAGED) and name != NAME])

    def _undo_half(self) -> None:
        """Remove the new tables of a delivery that died before all of them were made."""
        note = self.connection.table(_MAKING)
        found = json.loads(note.description) if note is not None and note.description else {}
        if found and not (found["delivery"] and self.delivered(found["delivery"])):
            tables = found["tables"].items()
            self._remove([name for name, (stage, columns) in tables if self._is_ours(name, stage, columns)])

    def _is_ours(self, name: str, stage: str, columns: list[str]) -> bool:
        """Tell whether a table was made of that stage: what somebody else made meanwhile is left alone."""
        made, source = self.connection.table(name), self.connection.table(stage)
        if made is None or source is None:
            return False
        return made.num_rows == source.num_rows and [field.name for field in made.schema] == columns

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            with self.connection.speaking():
                self.connection.client.delete_table(self.connection.dataset.table(name), not_found_ok=True)

    def prove(self) -> None:
        """Make, fill and remove a table."""
        self.begin()
        name = staged_name(0, "check")
        try:
            self.connection.ask(f"CREATE TABLE {self.connection.named(name)} AS SELECT 1 AS id")
        finally:
            self._remove([name])

    def delivered(self, delivery: str) -> bool:
        """Look into the ledger."""
        if self.connection.table(LEDGER) is None:
            return False
        ledger = self.connection.named(LEDGER)
        return bool(self.connection.rows(f"SELECT 1 FROM {ledger} WHERE id = {literal(delivery)}"))

    def present(self, name: str) -> Present | None:
        """Describe a table that is there; keys of others to it bind nobody, and are not looked for."""
        if name not in self._found:
            table = self.connection.table(name)
            if table is None:
                self._found[name] = None
            else:
                primary, foreign = keys_of(table, self.connection.dataset)
                columns = tuple((field.name, written(field)) for field in table.schema)
                marks = {field.name: parted(field.description)[1] for field in table.schema}
                self._found[name] = Present(columns=columns, marks=marks, primary_key=primary, foreign_keys=foreign)
        return self._found[name]

    def loaded(self, column: Column, *, key: bool) -> Loaded:
        """Say how a column is kept."""
        return write_types.loaded(column)

    def loaded_as(self, column: Column, sql: str) -> Loaded:
        """Say how a column is put into an existing one."""
        return write_types.loaded(column, sql)

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make the tables that rows are loaded into."""
        self._plan = plan_of(steps, str)
        for number, step in enumerate(steps):
            name = self._stages[step.target.name] = staged_name(number)
            shape = ", ".join(f"c{place} {column.sql}" for place, column in enumerate(step.target.columns))
            self.connection.ask(f"CREATE TABLE {self.connection.named(name)} ({shape})")

    def load(self, step: Step, rows: pa.Table) -> None:
        """Load rows as a Parquet file."""
        assert self._lease is not None
        self._lease.renew()
        stage = self.connection.dataset.table(self._stages[step.target.name])
        renamed = rows.rename_columns([f"c{place}" for place in range(rows.num_columns)])
        file = io.BytesIO()
        pq.write_table(renamed, file, coerce_timestamps="us", compression="zstd")
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
        )
        with self.connection.speaking():
            job = self.connection.client.load_table_from_file(file, stage, rewind=True, job_config=config)
            job.result()

    def publish(self, steps: Sequence[Step], delivery: str) -> None:
        """Put all tables in place."""
        ledger = self.connection.named(LEDGER)
        if delivery and self.connection.table(LEDGER) is None:
            self.connection.ask(f"CREATE TABLE {ledger} (id STRING NOT NULL, delivered TIMESTAMP NOT NULL)")
        self._announce([step.target for step in self._plan.anew if step.present is None], delivery)
        for step in self._plan.anew:
            self._make(step)
        self._change_rows(f"INSERT INTO {ledger} VALUES ({literal(delivery)}, CURRENT_TIMESTAMP())" if delivery else "")
        self._remove([_MAKING] if self._made else [])
        self._made.clear()
        for step in self._plan.anew:
            for key in step.target.foreign_keys:
                self._declare(step.target, key)
        with contextlib.suppress(SemblantError):
            self._remove(list(self._stages.values()))

    def _announce(self, targets: Sequence[Target], delivery: str) -> None:
        if targets:
            names = {target.name: (self._stages[target.name], [c.name for c in target.columns]) for target in targets}
            note = bigquery.Table(self.connection.dataset.table(_MAKING), schema=[bigquery.SchemaField("id", "INT64")])
            note.description = json.dumps({"tables": names, "delivery": delivery})
            with self.connection.speaking():
                self.connection.client.create_table(note)

    def _make(self, step: Step) -> None:
        target = step.target
        parts = []
        for column in target.columns:
            options = f" OPTIONS(description={literal(column.noted)})" if column.noted else ""
            parts.append(f"{quoted(column.name)} {column.sql}{'' if column.nullable else ' NOT NULL'}{options}")
        if target.primary_key:
            parts.append(f"PRIMARY KEY ({_listed(target.primary_key)}) NOT ENFORCED")
        options = f" OPTIONS(description={literal(target.comment)})" if target.comment else ""
        values = ", ".join(f"c{place} AS {quoted(column.name)}" for place, column in enumerate(target.columns))
        statement = "CREATE OR REPLACE TABLE" if step.present is not None else "CREATE TABLE"
        self.connection.ask(
            f"{statement} {self.connection.named(target.name)} ({', '.join(parts)}){options} "
            f"AS SELECT {values} FROM {self.connection.named(self._stages[target.name])}"
        )
        if step.present is None:
            self._made.append(target.name)

    def _declare(self, target: Target, key: ForeignKey) -> None:
        self.connection.ask(
            f"ALTER TABLE {self.connection.named(target.name)} ADD FOREIGN KEY ({_listed(key.columns)}) "
            f"REFERENCES {self.connection.named(key.references)} ({_listed(key.referenced_columns)}) NOT ENFORCED"
        )

    def _change_rows(self, last: str) -> None:
        statements = [f"DELETE FROM {self.connection.named(name)} WHERE TRUE" for name in self._plan.emptied]
        for step in self._plan.kept:
            names = _listed([column.name for column in step.target.columns])
            values = ", ".join(f"c{place}" for place in range(len(step.target.columns)))
            stage = self.connection.named(self._stages[step.target.name])
            statements.append(
                f"INSERT INTO {self.connection.named(step.target.name)} ({names}) SELECT {values} FROM {stage}"
            )
        statements += [last] if last else []
        if statements:
            self.connection.ask("; ".join(["BEGIN TRANSACTION", *statements, "COMMIT TRANSACTION"]) + ";")

    def abandon(self) -> None:
        """Remove what was made."""
        if self._open is not None:
            for name in (*self._made, _MAKING, *self._stages.values()):
                with contextlib.suppress(SemblantError):
                    self._remove([name])

    def close(self) -> None:
        """Let go of the lease and close the client."""
        if self._lease is not None:
            self._lease.release()
            self._lease = None
        if self._open is not None:
            self._open.client.close()
            self._open = None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
