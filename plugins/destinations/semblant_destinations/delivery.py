"""A set of tables on its way into a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import TYPE_CHECKING, Any

from semblant import filenames
from semblant.atomic import remove, sync_folder, sync_tree, write_json
from semblant.errors import DestinationError
from semblant.vocabulary import WriteMode
from semblant_destinations import formats
from semblant_destinations.earlier import Earlier
from semblant_destinations.lock import FolderLock
from semblant_destinations.publish import JOURNAL, MANIFEST, STAGING, publish, read_manifest, recover
from semblant_destinations.staging import KEEPING, Staging, check_columns, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

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
        self._files_open = Staging(settings)
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

    def _begin(self, table: Table) -> None:
        """Start the file of a table, with the rows that are there when appending."""
        assert self._staging is not None
        there = self._earlier(table.name)
        entry = self._manifest["tables"].get(table.name, {})
        if self._mode in KEEPING and entry and there:
            check_columns(table, entry["columns"], str(self._folder))
        earlier = Earlier.file(self._folder / there[0]) if there else None
        self._files_open.begin(
            table, self._staging / self._files[table.name], self._mode, earlier, rows=entry.get("rows")
        )

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
            self._files_open.write(table, batch)

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
        self._files_open.finish()
        write_json(self._staging / MANIFEST, self._new_manifest())

    def _new_manifest(self) -> dict[str, Any]:
        assert self._staging is not None
        tables = dict(self._manifest["tables"])
        for table in self._schema:
            name = self._files[table.name]
            tables[table.name] = {
                "file": name,
                "rows": self._files_open.rows[table.name],
                "bytes": (self._staging / name).stat().st_size,
                "columns": columns_of(table),
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
        self._files_open.abandon()
        if self._staging is not None and not (self._folder / JOURNAL).exists():
            remove(self._staging)
        for path in reversed(self._made):
            with contextlib.suppress(OSError):
                path.rmdir()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()


def _file_name(name: str) -> str:
    try:
        return filenames.encode(name)
    except ValueError as exc:
        msg = f"the table '{name}' cannot become a file: {exc}"
        raise DestinationError(msg, fix="rename the table, or leave it out") from exc
