"""A set of uploaded tables becomes visible in an object storage: all of them, or none.

No object storage can rename several objects at once, but each replaces one object in one piece. So
the manifest is that one object: it is written when all bytes lie under temporary keys, and says where.
Before it the delivery never happened; after it the set is whole for everybody who goes by the manifest.
Only then are the tables copied to their own keys, one by one, and the manifest is written again without
the temporary ones. A delivery cut short in between is finished by whoever writes to the prefix next.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from attrs import evolve

from semblant.errors import DestinationError
from semblant.remote.filesystem import mark_of
from semblant.remote.manifest import MANIFEST, STAGING, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.remote.filesystem import Bucket


def read_manifest(bucket: Bucket) -> Manifest:
    """Give what the manifest below a prefix says; an empty one where there is none.

    :raises DestinationError: when it is damaged, or not that of an object storage.
    """
    text = bucket.get(MANIFEST)
    if text is None:
        return Manifest()
    try:
        found = Manifest.parse(text)
    except ValueError:
        found = None
    if found is None:
        msg = f"'{bucket.shown}/{MANIFEST}' is damaged, from a newer version, or that of a folder"
        raise DestinationError(msg, fix="move it away; the tables are then treated as not written by Semblant")
    return found


class UnsureError(DestinationError):
    """Nobody can tell whether the set became visible: the storage stopped answering at the moment of truth."""


def make_final(bucket: Bucket, manifest: Manifest, still_ours: Callable[[], None]) -> None:
    """Write the manifest of a set whose tables lie under temporary keys: the moment of truth.

    :param still_ours: raises when the lock was lost; called right before.
    :raises UnsureError: when nobody can tell whether the set is visible now.
    :raises DestinationError: when it is not.
    """
    still_ours()
    try:
        bucket.put(MANIFEST, manifest.text())
    except DestinationError:
        if not _arrived(bucket, manifest):
            raise


def _arrived(bucket: Bucket, manifest: Manifest) -> bool:
    """Ask whether the manifest stands there although writing it failed: its answer may have been lost."""
    try:
        return bucket.get(MANIFEST) == manifest.text()
    except DestinationError as exc:
        msg = f"'{bucket.shown}' stopped answering while the set was made final; it may have become visible"
        raise UnsureError(msg, fix="deliver again with the same id: nothing is appended twice") from exc


def settle(bucket: Bucket, manifest: Manifest) -> Manifest:
    """Copy the tables of a final set to their own keys, then forget the temporary ones; may be repeated."""
    tables = dict(manifest.tables)
    for name in manifest.unfinished:
        table = tables[name]
        assert table.at is not None
        bucket.copy(table.at, table.key)
        tables[name] = table.settled(mark_of(bucket.details(table.key) or {}))
    settled = evolve(manifest, tables=tables)
    bucket.put(MANIFEST, settled.text())
    clear(bucket, settled)
    return settled


def recover(bucket: Bucket) -> Manifest:
    """Finish a delivery that was cut short, clear what abandoned ones left, and give the manifest.

    The caller holds the lock.
    """
    manifest = read_manifest(bucket)
    if manifest.unfinished:
        return settle(bucket, manifest)
    clear(bucket, manifest)
    return manifest


def clear(bucket: Bucket, manifest: Manifest) -> None:
    """Remove temporary objects that the manifest does not need."""
    needed = {table.at for table in manifest.tables.values()}
    for folder in bucket.folders():
        if folder.startswith(STAGING):
            for key in bucket.keys(folder):
                if f"{folder}/{key}" not in needed:
                    bucket.remove(f"{folder}/{key}")
            _remove_folder(bucket, folder)


def _remove_folder(bucket: Bucket, folder: str) -> None:
    """Remove what some drivers keep as an empty folder."""
    with contextlib.suppress(Exception):  # most storages have no folders
        bucket.filesystem.rmdir(bucket.path(folder))
