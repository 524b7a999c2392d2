"""A set of tables on its way into a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from semblant.errors import DestinationError
from semblant.reserved import is_reserved
from semblant.visible import visible
from semblant_databases.writing.target import step_of, targets_of

if TYPE_CHECKING:
    from semblant.schema import Schema
    from semblant.vocabulary import WriteMode
    from semblant_databases.writing.target import Step
    from semblant_databases.writing.writer import Writer

_FAULT_OF_OURS = "this is a fault of the program that delivers; report it"
_LARGEST = 256 * 2**20
"""Bytes of one table that are gathered at most before they are sent."""


class DatabaseDelivery:
    """Gathers batches, casts them to the types of the store, and publishes all tables together."""

    def __init__(self, writer: Writer, schema: Schema, mode: WriteMode, delivery: str, where: str) -> None:
        """Take the lock, look at what is there and make the tables ready.

        :raises DestinationError: when that cannot be done; nothing was touched then.
        """
        self._writer = writer
        self._delivery = delivery
        self._over = False
        self._schemas = {
            table.name: pa.schema([pa.field(column.name, column.type) for column in table.columns]) for table in schema
        }
        self._gathered: dict[str, list[pa.RecordBatch]] = {name: [] for name in self._schemas}
        self._steps: dict[str, Step] = {}
        _refuse_our_names(schema)
        writer.check_names(schema)
        try:
            writer.begin()
            self._repeated = bool(delivery) and writer.delivered(delivery)
            if not self._repeated:
                self._plan(schema, mode, where)
                writer.prepare(list(self._steps.values()))
        except BaseException:
            self.abort()
            raise

    def _plan(self, schema: Schema, mode: WriteMode, where: str) -> None:
        present = {table.name: self._writer.present(table.name) for table in schema}
        targets = targets_of(schema, self._writer, lambda name: self._writer.present(name) is not None)
        for target in targets:
            self._steps[target.name] = step_of(
                target, schema.table(target.name), present[target.name], mode, self._writer, where
            )

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Take one batch, its columns in the schema's order.

        :raises DestinationError: for an unknown table, other columns or values that do not fit, and what
            the database refuses; the delivery is aborted then.
        """
        if self._over:
            raise DestinationError("the delivery is over", fix="open another one")
        if self._repeated:
            return
        try:
            self._gather(table, batch)
        except BaseException:
            self.abort()
            raise

    def _gather(self, table: str, batch: pa.RecordBatch) -> None:
        if table not in self._schemas:
            raise DestinationError(
                f"the delivery has no table '{visible(table)}'", fix=f"deliver one of {', '.join(self._schemas)}"
            )
        if batch.schema.names != self._schemas[table].names:
            raise DestinationError(
                f"a batch of table '{table}' has the columns {batch.schema.names}, not {self._schemas[table].names}",
                fix=_FAULT_OF_OURS,
            )
        if not batch.num_rows:
            return
        waiting = self._gathered[table]
        waiting.append(batch)
        if sum(b.num_rows for b in waiting) >= self._writer.flush_rows or sum(b.nbytes for b in waiting) >= _LARGEST:
            self._flush(table)

    def _flush(self, table: str) -> None:
        waiting, self._gathered[table] = self._gathered[table], []
        if waiting:
            step = self._steps[table]
            self._writer.load(step, _encoded(step, self._schemas[table], waiting))

    def commit(self) -> None:
        """Publish all tables; calling it again does nothing.

        :raises DestinationError: when that fails; the database is as it was.
        """
        if self._over:
            return
        try:
            if not self._repeated:
                for table in self._steps:
                    self._flush(table)
                self._writer.publish(list(self._steps.values()), self._delivery)
        except BaseException:
            self.abort()
            raise
        self._over = True
        self._writer.close()

    def abort(self) -> None:
        """Leave the database as it was; does nothing after :meth:`commit`."""
        if self._over:
            return
        self._over = True
        self._gathered.clear()
        self._writer.abandon()
        self._writer.close()


def _refuse_our_names(schema: Schema) -> None:
    for table in schema:
        if is_reserved(table.name):
            raise DestinationError(
                f"the table name '{visible(table.name)}' is one that Semblant keeps for itself", fix="rename the table"
            )


def _encoded(step: Step, schema: pa.Schema, batches: list[pa.RecordBatch]) -> pa.Table:
    """Give the rows in the types that the driver takes; only casts that lose nothing are made."""
    name = visible(step.target.name)
    try:
        rows = pa.Table.from_batches([b if b.schema.equals(schema) else _as(b, schema) for b in batches], schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as exc:
        raise DestinationError(f"a batch of table '{name}' does not fit its schema: {exc}", fix=_FAULT_OF_OURS) from exc
    columns = []
    for column, values in zip(step.target.columns, rows.columns, strict=True):
        try:
            columns.append(_column(values, column.encode, column.arrow))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError, OverflowError) as exc:
            raise DestinationError(
                f"table '{name}', column '{visible(column.name)}': a value does not fit the type {column.sql}: "
                f"{str(exc).splitlines()[0]}",
                fix="exclude the column, or give it another type in the source",
            ) from exc
    return pa.table(columns, schema=pa.schema([pa.field(c.name, c.arrow) for c in step.target.columns]))


def _column(values: pa.ChunkedArray, encode: object, wanted: pa.DataType) -> pa.ChunkedArray:
    if callable(encode):
        values = pa.chunked_array([encode(chunk) for chunk in values.chunks], wanted)
    return values if values.type == wanted else values.cast(wanted)


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [values.cast(column.type) for column, values in zip(schema, batch.columns, strict=True)], schema=schema
    )
