"""A set of staged files becomes visible in a folder: all of them, or none.

The protocol: everything lies in a hidden staging folder, forced to disk. Writing the journal is the
moment of truth: before it the delivery never happened, after it the delivery is final, and whoever opens
the folder next finishes it. The manifest, which says what belongs to the set, is moved last.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semblant.atomic import PARTIAL, remove, sweep, sync_folder, sync_tree, write_json
from semblant.errors import DestinationError

if TYPE_CHECKING:
    from collections.abc import Sequence

MANIFEST = ".semblant.json"
JOURNAL = ".semblant-journal.json"
STAGING = ".semblant-staging-"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Give what the folder's manifest says; an empty set where there is none.

    :raises DestinationError: when it is no manifest.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return {"format": 1, "tables": {}, "deliveries": []}
    except ValueError as exc:
        manifest = exc
    if not isinstance(manifest, dict) or not isinstance(manifest.get("tables"), dict) or manifest.get("format") != 1:
        msg = f"'{folder / MANIFEST}' is damaged or from a newer version"
        raise DestinationError(msg, fix="move that file away; the tables are then treated as not written by Semblant")
    return manifest


def publish(folder: Path, staging: Path, names: Sequence[str], doomed: Sequence[str]) -> None:
    """Move staged files into ``folder``, which exists and is locked by the caller.

    :param staging: a folder directly below ``folder`` that holds ``names``.
    :param names: file names in the order of moving, the manifest last.
    :param doomed: files of the earlier set that the new one does not have.
    :raises OSError: as the system reports it; the earlier set is then in place again, or, when even
        that failed, the journal is left and :func:`recover` finishes the delivery.
    """
    sync_tree(staging)
    before = staging / "before"
    before.mkdir()
    undoable = True
    for name in (*names, *doomed):
        if (folder / name).exists():
            try:
                os.link(folder / name, before / name)
            except OSError:
                undoable = False
    sync_folder(folder)
    write_json(folder / JOURNAL, {"staging": staging.name, "names": list(names), "doomed": list(doomed)})
    try:
        _move(folder, staging, names, doomed)
    except OSError:
        if undoable:
            with contextlib.suppress(OSError):
                _move_back(folder, staging, names, doomed)
        raise


def _move(folder: Path, staging: Path, names: Sequence[str], doomed: Sequence[str]) -> None:
    """Do, or go on with, what the journal says; every step may be repeated."""
    *tables, manifest = names
    for name in tables:
        _replace(staging / name, folder / name)
    for name in doomed:
        (folder / name).unlink(missing_ok=True)
    sync_folder(folder)
    _replace(staging / manifest, folder / manifest)
    sync_folder(folder)
    (folder / JOURNAL).unlink()
    remove(staging)


def _replace(source: Path, target: Path) -> None:
    """Move a file unless it was moved already."""
    try:
        os.replace(source, target)
    except FileNotFoundError:
        if not target.exists():
            raise


def _move_back(folder: Path, staging: Path, names: Sequence[str], doomed: Sequence[str]) -> None:
    """Restore the earlier set; a kill meanwhile leaves the journal, and the delivery is finished later."""
    before = staging / "before"
    for name in names:
        if not (staging / name).exists():
            os.replace(folder / name, staging / name)
        if (before / name).exists():
            os.replace(before / name, folder / name)
    for name in doomed:
        if (before / name).exists():
            os.replace(before / name, folder / name)
    sync_folder(folder)
    (folder / JOURNAL).unlink()
    sync_folder(folder)


def recover(folder: Path) -> bool:
    """Finish a delivery that was cut short, clear what abandoned ones left, and tell whether one was finished.

    The caller holds the folder's lock.

    :raises DestinationError: when the journal names files outside its staging folder.
    """
    finished = False
    try:
        journal = json.loads((folder / JOURNAL).read_bytes())
    except FileNotFoundError:
        pass
    else:
        staging, names, doomed = journal["staging"], journal["names"], journal["doomed"]
        if any(Path(name).name != name or name in ("", "..") for name in (staging, *names, *doomed)):
            msg = f"'{folder / JOURNAL}' names files elsewhere; it was not written by Semblant"
            raise DestinationError(msg, fix="move that file away")
        _move(folder, folder / staging, names, doomed)
        finished = True
    for leftover in folder.glob(f"{STAGING}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for leftover in folder.glob(f".{JOURNAL}.*{PARTIAL}"):
        leftover.unlink(missing_ok=True)
    sweep(folder)
    return finished
