"""A set of tables on its way into a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa

from semblant import filenames
from semblant.atomic import remove, sync_folder, sync_tree, write_json
from semblant.errors import DestinationError
from semblant.vocabulary import WriteMode
from semblant_destinations import formats
from semblant_destinations.earlier import copy_rows
from semblant_destinations.lock import FolderLock
from semblant_destinations.publish import JOURNAL, MANIFEST, STAGING, publish, read_manifest, recover

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semblant.schema import Schema, Table
    from semblant_destinations.settings import FolderSettings

_IN_THE_WAY = "write elsewhere, or allow it: --overwrite, or the mode replace, append or truncate"


def failure(folder: Path, exc: OSError) -> DestinationError:
    """Say in words what the operating system refused."""
    where = exc.filename or str(folder)
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        msg = f"the disk of '{folder}' is full"
        return DestinationError(msg, fix="free space there or write to another place; nothing was delivered")
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        msg = f"'{where}' cannot be written: {exc.strerror}"
        return DestinationError(msg, fix="make the folder writable, or choose another one")
    if exc.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY):
        msg = f"'{folder}' cannot take the tables: something else is in the way at '{where}'"
        return DestinationError(msg, fix="move it away, or choose another folder")
    msg = f"writing to '{folder}' failed: {exc.strerror or exc}"
    return DestinationError(msg, fix="nothing was delivered; mend the cause and deliver again")


class FolderDelivery:
    """Stages every table as one file, then publishes all of them together (see :mod:`.publish`)."""

    def __init__(self, folder: Path, settings: FolderSettings, schema: Schema, mode: WriteMode) -> None:
        """Lock the folder, finish or clear what an earlier delivery left, and prepare staging.

        :raises DestinationError: when a table is there already and ``mode`` is ``fail``, when the
            tables there do not fit, or when the folder cannot be written; nothing was touched then.
        """
        self._folder = folder
        self._settings = settings
        self._mode = mode
        self._schema = schema
        self._ending = formats.ending(settings)
        self._files = {table.name: _file_name(table.name) + self._ending for table in schema}
        self._open: dict[str, tuple[formats.TableWriter, IO[bytes], pa.Schema]] = {}
        self._rows: dict[str, int | None] = {}
        self._made: list[Path] = []
        self._lock: FolderLock | None = None
        self._staging: Path | None = None
        self._over = False
        self._fresh = not folder.exists()
        with self._cleaning():
            if self._fresh:
                self._stage_beside()
            else:
                self._lock = FolderLock(folder)
                recover(folder)
            self._manifest = read_manifest(folder)
            self._repeated = bool(settings.delivery) and settings.delivery in self._manifest["deliveries"]
            if not self._repeated:
                self._check_present()
                if not self._fresh:
                    self._staging = folder / f"{STAGING}{secrets.token_hex(4)}"
                    self._staging.mkdir()
                for table in schema:
                    self._begin(table)

    @contextlib.contextmanager
    def _cleaning(self) -> Iterator[None]:
        """Abort on any error, Ctrl-C included, and say in words what the system refused."""
        try:
            yield
        except OSError as exc:
            final = (self._folder / JOURNAL).exists()
            self.abort()
            if final and self._staging is not None:
                msg = f"the delivery to '{self._folder}' is complete but not all files could be moved in place: {exc}"
                raise DestinationError(msg, fix="mend the cause and deliver again; it is finished first") from exc
            raise failure(self._folder, exc) from exc
        except BaseException:
            self.abort()
            raise

    def _stage_beside(self) -> None:
        """Stage a folder that does not exist yet: it will appear by one rename."""
        parent = self._folder.parent
        missing = []
        while not parent.exists():
            missing.append(parent)
            parent = parent.parent
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self._made.append(path)
        staging = self._folder.with_name(f".{_file_name(self._folder.name)}.semblant-new")
        staging.mkdir(exist_ok=True)
        self._lock = FolderLock(staging)
        self._staging = staging
        for leftover in staging.iterdir():
            remove(leftover)

    def _earlier(self, table: str) -> list[str]:
        """Name the files that hold the table now: those of the manifest, and the one to be written."""
        known = self._manifest["tables"].get(table, {}).get("file")
        names = dict.fromkeys(name for name in (known, self._files[table]) if name)
        return [name for name in names if os.path.lexists(self._folder / name)]

    def _check_present(self) -> None:
        """Refuse what the mode does not allow."""
        for table in self._schema:
            for name in self._earlier(table.name):
                if not (self._folder / name).is_file():
                    raise IsADirectoryError(errno.EISDIR, "not a file", str(self._folder / name))
                if self._mode is WriteMode.FAIL:
                    msg = f"the table '{table.name}' is already in '{self._folder}' ('{name}')"
                    raise DestinationError(msg, fix=_IN_THE_WAY)
            self._check_columns(table)

    def _check_columns(self, table: Table) -> None:
        """Refuse to append to, or refill, a table of other columns."""
        entry = self._manifest["tables"].get(table.name)
        if self._mode not in (WriteMode.APPEND, WriteMode.TRUNCATE) or not entry or not self._earlier(table.name):
            return
        there = [tuple(column) for column in entry["columns"]]
        here = [(column.name, str(column.type)) for column in table.columns]
        if there != here:
            unlike = next((pair for pair in here if pair not in there), None) or next(
                (pair for pair in there if pair not in here), here[0]
            )
            msg = f"the table '{table.name}' in '{self._folder}' has other columns (see '{unlike[0]}', {unlike[1]})"
            raise DestinationError(msg, fix="set the mode to replace, or write elsewhere")

    def _begin(self, table: Table) -> None:
        """Start the file of a table, with the rows that are there when appending."""
        assert self._staging is not None
        schema = pa.schema([pa.field(column.name, column.type) for column in table.columns])
        path = self._staging / self._files[table.name]
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
        self._rows[table.name] = 0
        earlier = self._earlier(table.name)
        if self._mode in (WriteMode.APPEND, WriteMode.TRUNCATE) and earlier:
            appending = self._mode is WriteMode.APPEND
            kept = copy_rows(self._folder / earlier[0], table.name, schema, writer, rows=appending)
            known = self._manifest["tables"].get(table.name, {}).get("rows")
            self._rows[table.name] = kept if kept is not None else known

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Take one batch, its columns in the schema's order.

        :raises DestinationError: for an unknown table, other columns, and faults of the disk;
            the delivery is aborted then.
        """
        if self._over:
            msg = "the delivery is over"
            raise DestinationError(msg, fix="open another one")
        if self._repeated:
            return
        with self._cleaning():
            if table not in self._open:
                msg = f"the delivery has no table '{table}'"
                raise DestinationError(msg, fix=f"deliver one of {', '.join(self._open)}")
            writer, _, schema = self._open[table]
            writer.write(_fitted(table, batch, schema))
            rows = self._rows[table]
            self._rows[table] = None if rows is None else rows + batch.num_rows

    def commit(self) -> None:
        """Publish all tables; calling it again does nothing.

        :raises DestinationError: when that fails; the folder is as it was.
        """
        if self._over:
            return
        with self._cleaning():
            if not self._repeated:
                self._finish_files()
                self._publish()
        self._over = True
        self._release()

    def _finish_files(self) -> None:
        assert self._staging is not None
        for writer, file, _ in self._open.values():
            writer.finish()
            file.close()
        write_json(self._staging / MANIFEST, self._new_manifest())

    def _new_manifest(self) -> dict[str, Any]:
        assert self._staging is not None
        tables = dict(self._manifest["tables"])
        for table in self._schema:
            name = self._files[table.name]
            tables[table.name] = {
                "file": name,
                "rows": self._rows[table.name],
                "bytes": (self._staging / name).stat().st_size,
                "columns": [[column.name, str(column.type)] for column in table.columns],
            }
        deliveries = [*self._manifest["deliveries"], *([self._settings.delivery] if self._settings.delivery else [])]
        return {"format": 1, "tables": tables, "deliveries": deliveries[-1000:]}

    def _publish(self) -> None:
        assert self._staging is not None
        if self._fresh:
            sync_tree(self._staging)
            os.rename(self._staging, self._folder)
            self._staging = None
            sync_folder(self._folder.parent)
            return
        names = [*self._files.values(), MANIFEST]
        doomed = {name for table in self._schema for name in self._earlier(table.name)} - set(names)
        publish(self._folder, self._staging, names, sorted(doomed))
        self._staging = None

    def abort(self) -> None:
        """Leave the folder as it was; does nothing after :meth:`commit`."""
        if self._over:
            return
        self._over = True
        for writer, file, _ in self._open.values():
            writer.abandon()
            with contextlib.suppress(OSError):
                file.close()
        if self._staging is not None and not (self._folder / JOURNAL).exists():
            remove(self._staging)
        for path in reversed(self._made):
            with contextlib.suppress(OSError):
                path.rmdir()
        self._release()

    def _release(self) -> None:
        self._open.clear()
        if self._lock is not None:
            self._lock.release()


def _file_name(name: str) -> str:
    try:
        return filenames.encode(name)
    except ValueError as exc:
        msg = f"the table '{name}' cannot become a file: {exc}"
        raise DestinationError(msg, fix="rename the table, or leave it out") from exc


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
