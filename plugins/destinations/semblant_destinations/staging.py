"""Tables in the making: one file per table in a folder of this machine, before anybody else sees them."""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING

import pyarrow as pa

from semblant.errors import DestinationError
from semblant.vocabulary import WriteMode
from semblant_destinations import formats
from semblant_destinations.earlier import copy_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from semblant.schema import Table
    from semblant_destinations.earlier import Earlier
    from semblant_destinations.settings import TableFormat

KEEPING = (WriteMode.APPEND, WriteMode.TRUNCATE)
"""The modes that keep a table's columns."""


def columns_of(table: Table) -> list[list[str]]:
    """Give the columns as a manifest holds them: name and type."""
    return [[column.name, str(column.type)] for column in table.columns]


def check_columns(table: Table, there: Sequence[Sequence[str]], place: str) -> None:
    """Refuse to append to, or to refill, a table of other columns.

    :param there: name and type of the columns that are there.
    :raises DestinationError: naming a column that differs.
    """
    here = columns_of(table)
    before = [list(column) for column in there]
    if before == here:
        return
    unlike = next((pair for pair in here if pair not in before), None) or next(
        (pair for pair in before if pair not in here), here[0]
    )
    msg = f"the table '{table.name}' in '{place}' has other columns (see '{unlike[0]}', {unlike[1]})"
    raise DestinationError(msg, fix="set the mode to replace, or write elsewhere")


class Staging:
    """The files of one delivery while they are written; whoever made the folder removes it."""

    def __init__(self, settings: TableFormat) -> None:
        """Take the format."""
        self._settings = settings
        self._open: dict[str, tuple[formats.TableWriter, IO[bytes], pa.Schema]] = {}
        self.rows: dict[str, int | None] = {}
        """Rows per table so far; None where they cannot be known."""

    def begin(
        self, table: Table, path: Path, mode: WriteMode, earlier: Earlier | None, rows: int | None = None
    ) -> None:
        """Start the file of a table, with the rows that are there when appending.

        :param earlier: the table that is there; None when there is none.
        :param rows: how many rows it has, where that is known.
        :raises DestinationError: when the format cannot hold a column, or the table there does not fit.
        """
        schema = pa.schema([pa.field(column.name, column.type) for column in table.columns])
        try:
            file = path.open("xb")
        except FileExistsError as exc:
            msg = f"the file system takes '{table.name}' and another table's name for the same"
            raise DestinationError(msg, fix="rename one of the two tables") from exc
        try:
            writer = formats.writer(self._settings, schema, file, table=table.name)
        except BaseException:
            file.close()
            raise
        self._open[table.name] = (writer, file, schema)
        self.rows[table.name] = 0
        if mode in KEEPING and earlier is not None:
            kept = copy_rows(earlier, table.name, schema, writer, rows=mode is WriteMode.APPEND)
            self.rows[table.name] = kept if kept is not None else rows

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Take one batch, its columns in the schema's order.

        :raises DestinationError: for an unknown table and other columns.
        """
        if table not in self._open:
            msg = f"the delivery has no table '{table}'"
            raise DestinationError(msg, fix=f"deliver one of {', '.join(self._open)}")
        writer, _, schema = self._open[table]
        writer.write(_fitted(table, batch, schema))
        rows = self.rows[table]
        self.rows[table] = None if rows is None else rows + batch.num_rows

    def finish(self) -> None:
        """Complete and close all files."""
        for writer, file, _ in self._open.values():
            writer.finish()
            file.close()

    def abandon(self) -> None:
        """Close all files without completing them."""
        for writer, file, _ in self._open.values():
            writer.abandon()
            with contextlib.suppress(OSError):
                file.close()
        self._open.clear()


def _fitted(table: str, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Give the batch in the file's types; only casts that lose nothing are made."""
    if batch.schema.names != schema.names:
        msg = f"a batch of table '{table}' has the columns {batch.schema.names}, not {schema.names}"
        raise DestinationError(msg, fix="this is a fault of the program that delivers; report it")
    if batch.schema.equals(schema):
        return batch
    try:
        return pa.RecordBatch.from_arrays(
            [values.cast(column.type) for column, values in zip(schema, batch.columns, strict=True)], schema=schema
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as exc:
        msg = f"a batch of table '{table}' does not fit its schema: {exc}"
        raise DestinationError(msg, fix="this is a fault of the program that delivers; report it") from exc
