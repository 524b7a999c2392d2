"""A complete small source, destination, section and executor, and ways to break each of them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
from attrs import frozen

from semblant import filenames
from semblant.errors import DestinationError, SourceError
from semblant.report.blocks import Text
from semblant.schema import Column, Schema, Table
from semblant.settings import setting
from semblant.vocabulary import WriteMode


@frozen(kw_only=True)
class LedgerSettings:
    """Where the ledger lies, and how it is broken."""

    path: str = setting(help="a folder of Arrow files")
    fault: str = setting("", help="what to do wrong")


@frozen(kw_only=True)
class FaultSettings:
    """How the component is broken."""

    fault: str = setting("", help="what to do wrong")


def _read(path: Path) -> pa.Table:
    with pa.ipc.open_file(path) as reader:
        return reader.read_all()


def _write(path: Path, table: pa.Table) -> None:
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


class Ledger:
    """A source: the Arrow files of a folder."""

    def __init__(self, settings: LedgerSettings) -> None:
        self._folder, self._fault = Path(settings.path), settings.fault
        self._closed = False

    def check(self) -> None:
        if not self._folder.is_dir():
            fix = None if self._fault == "no advice" else "name a folder"
            if self._fault == "wrong error":
                raise FileNotFoundError(self._folder)
            raise SourceError(f"there is no folder '{self._folder}'", fix=fix)

    def discover(self) -> Schema:
        self.check()
        paths = sorted(self._folder.glob("*.arrow"))
        return Schema(tables=[self._table(filenames.decode(path.stem), _read(path)) for path in paths])

    def _table(self, name: str, table: pa.Table) -> Table:
        names = table.column_names[::-1] if self._fault == "order of columns" else table.column_names
        kinds = {n: pa.string() if self._fault == "types" else table.schema.field(n).type for n in names}
        rows = table.num_rows + 1 if self._fault == "count" else table.num_rows
        return Table(name=name, columns=tuple(Column(name=n, type=kinds[n]) for n in names), rows=rows)

    def _whole(self, name: str) -> pa.Table:
        path = self._folder / f"{filenames.encode(name)}.arrow"
        if not path.is_file():
            raise SourceError(f"there is no table '{name}'", fix="ask discover")
        return _read(path)

    def read(self, table: str, columns: Any = None, batch_rows: int = 65_536) -> Any:
        found = self._whole(table)
        if self._fault == "loses a row" and found.num_rows > 1:
            found = found.slice(0, found.num_rows - 1)
        if self._fault == "nulls" and "value" in found.column_names and pa.types.is_integer(found["value"].type):
            found = found.set_column(1, "value", found["value"].fill_null(0))
        for column in columns or ():
            if column not in found.column_names:
                raise SourceError(f"there is no column '{column}'", fix="ask discover")
        if columns is not None and self._fault != "all columns":
            found = found.select(list(columns))
        return iter(found.to_batches(10**9 if self._fault == "batch size" else batch_rows))

    def count(self, table: str) -> int | None:
        return self._whole(table).num_rows

    def close(self) -> None:
        if self._closed and self._fault == "closing twice":
            raise RuntimeError("closed")
        self._closed = True


class Book:
    """A destination: Arrow files of a folder, published by one rename."""

    def __init__(self, settings: LedgerSettings) -> None:
        self._folder, self._fault = Path(settings.path), settings.fault
        self._open: list[BookDelivery] = []

    def check(self) -> None:
        if self._fault == "check leaves a file":
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / "proof").write_text("x")

    def open(self, schema: Schema, mode: WriteMode) -> BookDelivery:
        for table in schema:
            there = self._folder / f"{_file(table.name)}.arrow"
            if there.exists() and mode is WriteMode.FAIL and self._fault != "overwrites":
                raise DestinationError(f"the table '{table.name}' is there", fix="replace it")
        if any(not delivery.over for delivery in self._open):
            raise DestinationError("a delivery is under way", fix="wait")
        delivery = BookDelivery(self._folder, schema, self._fault)
        self._open.append(delivery)
        return delivery

    def location(self) -> str:
        return str(self._folder)

    def close(self) -> None:
        for delivery in self._open:
            delivery.abort()


class BookDelivery:
    """Tables in memory until the commit."""

    def __init__(self, folder: Path, schema: Schema, fault: str) -> None:
        self._folder, self._fault, self.over = folder, fault, False
        self._schemas = {t.name: pa.schema([pa.field(c.name, c.type) for c in t.columns]) for t in schema}
        self._batches: dict[str, list[pa.RecordBatch]] = {name: [] for name in self._schemas}

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        if table not in self._schemas or not batch.schema.equals(self._schemas[table]):
            raise DestinationError(f"'{table}' does not fit", fix="write what was described")
        self._batches[table].append(batch)
        if self._fault == "seen early":
            self._put()

    def commit(self) -> None:
        if self.over:
            return
        self._put()
        self.over = True

    def _put(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, batches in self._batches.items():
            table = pa.Table.from_batches(batches, self._schemas[name])
            if self._fault == "sorts" and "id" in table.column_names:
                table = table.sort_by([("id", "descending")])
            partial = self._folder / f"{_file(name)}.partial"
            _write(partial, table)
            os.replace(partial, self._folder / f"{_file(name)}.arrow")

    def abort(self) -> None:
        if self.over and self._fault != "abort after commit":
            return
        self.over = True
        if self._fault == "abort after commit":
            shutil.rmtree(self._folder, ignore_errors=True)


def _file(name: str) -> str:
    try:
        return filenames.encode(name)
    except ValueError as exc:
        raise DestinationError(f"'{name}' cannot be a file", fix="rename it") from exc


class Ages:
    """A section: how many are older than forty."""

    def __init__(self, settings: FaultSettings) -> None:
        self._fault = settings.fault

    def measure(self, inputs: Any, run: Any) -> dict[str, Any]:
        run.check()
        figures: dict[str, Any] = {"tables": []}
        for name, data in inputs.original.tables.items():
            table = data.load(None, None)
            figures["tables"].append({"table": name, "rows": table.num_rows // 10 * 10})
            if self._fault == "shows a row" and "note" in table.column_names:
                figures["first"] = table["note"].to_pylist()[:1]
        if self._fault == "not finite":
            figures["score"] = float("nan")
        if self._fault == "not the same":
            figures["stamp"] = os.urandom(4).hex()
        self._rows = len(figures["tables"])
        return figures

    def render(self, figures: Any) -> list[Text]:
        if self._fault == "remembers":
            return [Text(text=str(self._rows))]
        return [Text(text=f"{len(figures['tables'])} tables")]


class Pool:
    """An executor: processes of this machine."""

    def __init__(self, settings: FaultSettings) -> None:
        self._pool: concurrent.futures.Executor = (
            concurrent.futures.ThreadPoolExecutor(2)
            if settings.fault == "threads"
            else concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))
        )
        self._fault = settings.fault

    def submit(self, function: Any, /, *args: Any) -> Any:
        if self._fault == "swallows errors":
            return self._pool.submit(_quiet, function, *args)
        return self._pool.submit(function, *args)

    def close(self) -> None:
        self._pool.shutdown(wait=self._fault != "does not wait")


def _quiet(function: Any, *args: Any) -> Any:
    with contextlib.suppress(Exception):
        return function(*args)
    return None
