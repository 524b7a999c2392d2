"""A set of tables on its way into an object storage."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from attrs import evolve

from semblant.errors import DestinationError
from semblant.remote.faults import fault
from semblant.remote.filesystem import mark_of
from semblant.remote.manifest import STAGING, Manifest, StoredTable
from semblant.vocabulary import WriteMode
from semblant_destinations import formats
from semblant_destinations.earlier import Earlier
from semblant_destinations.objects.lock import PrefixLock
from semblant_destinations.objects.publish import UnsureError, make_final, recover, settle
from semblant_destinations.staging import KEEPING, Staging, check_columns, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from semblant.remote.filesystem import Bucket
    from semblant.schema import Schema, Table
    from semblant_destinations.settings import StoreSettings

MAXIMUM_BYTES = 400
"""Longest key; with a temporary prefix before it, it stays below the 1,024 of all storages."""
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/\\%?#*\[\]]|^\.|^_|^ | $")
_PARQUET, _ARROW = b"PAR1", b"ARROW1"


def key_of(table: str) -> str:
    """Give the key of a table: its name; only what storages or their readers trip over is percent-encoded.

    :raises DestinationError: for a name that cannot be a key.

    >>> key_of("order lines"), key_of("Größe.v2"), key_of("a/b")
    ('order lines', 'Größe.v2', 'a%2Fb')
    """
    try:
        text = _FORBIDDEN.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), table)
        length = len(text.encode())
    except UnicodeEncodeError:
        length = 0
    if not length or length > MAXIMUM_BYTES:
        why = f"it takes {length} bytes and {MAXIMUM_BYTES} are allowed" if length else "it is empty or no valid text"
        msg = f"the table '{table}' cannot become the key of an object: {why}"
        raise DestinationError(msg, fix="rename the table, or leave it out")
    return text


class ObjectsDelivery:
    """Writes every table as a local file, uploads all of them, then makes the set visible (see :mod:`.publish`)."""

    def __init__(self, bucket: Bucket, settings: StoreSettings, schema: Schema, mode: WriteMode) -> None:
        """Lock the prefix, finish or clear what an earlier delivery left, and prepare the files.

        :raises DestinationError: when a table is there already and ``mode`` is ``fail``, when the
            tables there do not fit, or when the prefix cannot be written; nothing was touched then.
        """
        self._bucket = bucket
        self._settings = settings
        self._schema = schema
        self._mode = mode
        self._keys = {table.name: key_of(table.name) for table in schema}
        self._files = Staging(settings)
        self._folder: Path | None = None
        self._temporary = f"{STAGING}{secrets.token_hex(6)}"
        self._uploaded: list[str] = []
        self._over = False
        self._lock: PrefixLock | None = None
        with self._cleaning("preparing the delivery"):
            self._lock = PrefixLock(bucket)
            self._manifest = recover(bucket)
            self._repeated = bool(settings.delivery) and settings.delivery in self._manifest.deliveries
            if not self._repeated:
                self._prepare()

    def _prepare(self) -> None:
        there = {table.name: self._earlier(table) for table in self._schema}
        self._folder = Path(tempfile.mkdtemp(prefix="semblant-delivery-"))
        for number, table in enumerate(self._schema):
            stored = self._manifest.tables.get(table.name)
            rows = stored.rows if stored else None
            self._files.begin(table, self._folder / str(number), self._mode, there[table.name], rows)

    def _earlier(self, table: Table) -> Earlier | None:
        """Give what is there under the name of a table; refuse what the mode does not allow."""
        stored = self._manifest.tables.get(table.name)
        key = stored.key if stored else self._keys[table.name]
        if self._bucket.is_folder(key):
            msg = f"the table '{table.name}' cannot be written: '{self._bucket.shown}/{key}/' holds objects already"
            raise DestinationError(msg, fix="move them away, or write to another prefix")
        if not self._bucket.exists(key):
            return None
        if self._mode is WriteMode.FAIL:
            msg = f"the table '{table.name}' is already at '{self._bucket.shown}' (key '{key}')"
            raise DestinationError(
                msg, fix="write elsewhere, or allow it: --overwrite, or the mode replace, append or truncate"
            )
        if self._mode in KEEPING and stored is not None:
            check_columns(table, stored.columns, self._bucket.shown)
            if (stored.format, stored.delimiter) != (self._settings.format, self._settings.delimiter):
                msg = f"the table '{table.name}' at '{self._bucket.shown}' is {stored.format}, another kind of file"
                raise DestinationError(msg, fix="write the same format, or set the mode to replace")
        if self._mode not in KEEPING:
            return None
        return Earlier(shown=f"{self._bucket.shown}/{key}", kind=self._kind(key), open=lambda: self._bucket.reader(key))

    def _kind(self, key: str) -> Literal["text", "parquet", "arrow"]:
        with self._bucket.reader(key) as file:
            head = file.read(len(_ARROW))
        return "parquet" if head.startswith(_PARQUET) else "arrow" if head == _ARROW else "text"

    @contextlib.contextmanager
    def _cleaning(self, doing: str) -> Iterator[None]:
        """Abort on any error, Ctrl-C included, and say in words what the storage or this disk refused."""
        try:
            yield
        except DestinationError:
            self.abort()
            raise
        except OSError as exc:
            self.abort()
            raise fault(exc, DestinationError, doing=doing, place=self._bucket.shown) from exc
        except BaseException:
            self.abort()
            raise

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
        assert self._lock is not None
        with self._cleaning(f"writing the table '{table}'"):
            self._files.write(table, batch)
            self._lock.keep()

    def commit(self) -> None:
        """Upload all tables and make them visible; calling it again does nothing.

        :raises DestinationError: when that fails; who goes by the manifest sees the earlier set, or the
            whole new one where the message says that it is complete.
        """
        if self._over:
            return
        with self._cleaning("delivering"):
            if not self._repeated:
                self._publish(self._upload())
        self._over = True
        self._release()

    def _upload(self) -> Manifest:
        assert self._folder is not None
        assert self._lock is not None
        self._files.finish()
        tables = dict(self._manifest.tables)
        for number, table in enumerate(self._schema):
            file, at = self._folder / str(number), f"{self._temporary}/{number}"
            self._uploaded.append(at)
            self._bucket.upload(file, at, block_done=self._lock.keep)
            details = self._bucket.details(at)
            if details is None or int(details["size"]) != file.stat().st_size:
                msg = f"the table '{table.name}' did not arrive whole at '{self._bucket.shown}'"
                raise DestinationError(msg, fix="deliver again; if it happens again, look at the storage")
            tables[table.name] = StoredTable(
                key=self._keys[table.name],
                at=at,
                format=self._settings.format,
                delimiter=self._settings.delimiter,
                compression=formats.compression(self._settings),
                rows=self._files.rows[table.name],
                bytes=file.stat().st_size,
                mark=mark_of(details),
                columns=tuple((name, kind) for name, kind in columns_of(table)),
            )
        delivered = [self._settings.delivery] if self._settings.delivery else []
        return evolve(self._manifest, tables=tables, deliveries=(*self._manifest.deliveries, *delivered))

    def _publish(self, manifest: Manifest) -> None:
        assert self._lock is not None
        uploaded, self._uploaded = self._uploaded, []  # readers may be at them from here on
        try:
            make_final(self._bucket, manifest, self._lock.confirm)
        except UnsureError:
            raise
        except DestinationError:
            self._uploaded = uploaded
            raise
        try:
            settle(self._bucket, manifest)
        except DestinationError as exc:
            msg = f"the delivery to '{self._bucket.shown}' is complete, but not all tables are under their keys yet"
            raise DestinationError(
                f"{msg}: {exc.message}", fix="mend the cause and deliver again; it is finished first"
            ) from exc

    def abort(self) -> None:
        """Leave the storage as it was; does nothing after :meth:`commit`."""
        if self._over:
            return
        self._over = True
        self._files.abandon()
        for key in self._uploaded:
            with contextlib.suppress(DestinationError):
                self._bucket.remove(key)
        self._release()

    def _release(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.release()
