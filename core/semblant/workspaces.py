"""Jobs' folders in the home: begun under a unique name, locked while they run, found again to go on."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from attrs import evolve, frozen

from semblant.atomic import sweep, write_json
from semblant.errors import Cancelled, ConfigError
from semblant.home import Home, Kind
from semblant.spec.names import readable_name
from semblant.unpacking import sweep_unpacked
from semblant.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.host import PluginHost
    from semblant.spec.model import Spec

STATE_FILE = "job.json"
SPEC_FILE = "spec.yaml"
LOCK_FILE = "lock"


@frozen(kw_only=True)
class Place:
    """A job's folder, held by this process until :func:`finish`."""

    name: str
    folder: Path
    spec: Spec | None
    lock: IO[str]


def begin(home: Home, host: PluginHost, spec: Spec | None, resume: str | None, name: str | None = None) -> Place:
    """Make a job's folder, or take up one that did not finish.

    :raises ConfigError: the job to resume does not exist, is finished or runs elsewhere.
    """
    for kind in (Kind.GENERATORS, Kind.DATASETS):
        sweep(home.folder(kind))
    sweep_unpacked(home)
    if resume is not None:
        return _take_up(home, host, resume, spec)
    wanted = name or (spec.name if spec is not None else None) or readable_name()
    name, folder = home.reserve(Kind.JOBS, wanted)
    lock = _locked(folder, name)
    if spec is not None:
        from semblant.spec.write import spec_text

        (folder / SPEC_FILE).write_text(spec_text(spec), encoding="utf-8")
        spec = evolve(spec, name=name)
    _note(folder, name, "running")
    return Place(name=name, folder=folder, spec=spec, lock=lock)


def prepare(home: Home, spec: Spec | None, name: str | None = None) -> tuple[str, Path]:
    """Make the folder of a job that another process will do; give its name and the folder."""
    wanted = name or (spec.name if spec is not None else None) or readable_name()
    name, folder = home.reserve(Kind.JOBS, wanted)
    if spec is not None:
        from semblant.spec.write import spec_text

        (folder / SPEC_FILE).write_text(spec_text(spec), encoding="utf-8")
    _note(folder, name, "queued")
    return name, folder


def reopened(folder: Path) -> None:
    """Let a job go on whose process died after it noted the end and before anybody heard of it."""
    path = folder / STATE_FILE
    state = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if state.get("state") != "queued":
        _note(folder, str(state.get("name", folder.name)), "queued")


def finish(place: Place, fault: BaseException | None) -> None:
    """Note how the job ended and let go of its folder."""
    stopped = isinstance(fault, Cancelled | KeyboardInterrupt)
    state = "finished" if fault is None else "cancelled" if stopped else "failed"
    try:
        _note(place.folder, place.name, state, "" if fault is None else str(fault))
    except OSError:
        if fault is None:
            raise
    finally:
        place.lock.close()


def _take_up(home: Home, host: PluginHost, name: str, spec: Spec | None) -> Place:
    from semblant.spec.load import load_spec

    folder = home.find(Kind.JOBS, name)
    lock = _locked(folder, name)
    state = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))["state"]
    if state == "finished":
        lock.close()
        msg = f"job '{name}' is finished; there is nothing to resume"
        raise ConfigError(msg, fix="start a new job, or generate more from its generator")
    if spec is None and (folder / SPEC_FILE).is_file():
        spec = load_spec(folder / SPEC_FILE, host, environment={})
    _note(folder, name, "running")
    return Place(name=name, folder=folder, spec=None if spec is None else evolve(spec, name=name), lock=lock)


def _locked(folder: Path, name: str) -> IO[str]:
    lock = (folder / LOCK_FILE).open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        lock.close()
        msg = f"job '{name}' is running in another process"
        raise ConfigError(msg, fix="wait until it has ended, or cancel it there") from exc
    return lock


def _note(folder: Path, name: str, state: str, message: str = "") -> None:
    write_json(
        folder / STATE_FILE,
        {
            "name": name,
            "state": state,
            "message": message,
            "version": VERSION,
            "process": os.getpid(),
            "changed": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )
