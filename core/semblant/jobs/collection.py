"""The generators of a home: those that are ready, those in the making, those that failed."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from semblant.atomic import atomic_write
from semblant.errors import ArtefactError, ConfigError
from semblant.home import Kind
from semblant.jobs.details import iso, timeline
from semblant.jobs.sizes import bytes_below
from semblant.jobs.states import State
from semblant.unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from semblant.artefact.generator import GeneratorFile
    from semblant.home import Home
    from semblant.store.database import Store
    from semblant.store.records import JobRecord

READY = "ready"
TRAINING = "training"
DAMAGED = "damaged"
_CHUNK = 2**20


@frozen(kw_only=True)
class GeneratorStatus:
    """A generator, finished or not."""

    name: str
    status: str
    """``ready``, ``damaged``, ``waiting``, ``training``, ``failed`` or ``cancelled``."""
    path: str
    created: float | None
    bytes: int
    tables: Sequence[str]
    job: str | None
    timeline: Mapping[str, Mapping[str, Any]] = field(factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return {
            "name": self.name,
            "status": self.status,
            "path": self.path or None,
            "created": iso(self.created),
            "bytes": self.bytes,
            "tables": list(self.tables),
            "job": self.job,
            "timeline": {name: dict(stage) for name, stage in self.timeline.items()},
        }


def generators_of(store: Store, home: Home) -> list[GeneratorStatus]:
    """Give every generator of a home by name, with the ones that jobs are still making or failed to make."""
    noted = {record.name: record for record in store.generators.list(home.identity())}
    found: dict[str, GeneratorStatus] = {}
    for name in home.names(Kind.GENERATORS):
        path = home.path(Kind.GENERATORS, name)
        if (record := noted.get(name)) is None:
            found[name] = _unnoted(home, name, path)
            continue
        found[name] = GeneratorStatus(
            name=name,
            status=READY,
            path=str(path),
            created=record.created,
            bytes=bytes_below(path),
            tables=record.tables,
            job=record.job,
            timeline=_timeline(store, record.job),
        )
    for job in store.lookup.jobs():
        trains = job.home == home.identity() and job.orders.get("kind") in {"run", "train"}
        if trains and job.name not in found and not _deleted(job):
            found[job.name] = _unfinished(store, job)
    return [found[name] for name in sorted(found)]


def _unnoted(home: Home, name: str, path: Path) -> GeneratorStatus:
    """Look into a generator that no job of this store made: an embedding program's, or a copied file."""
    status, tables = READY, []
    try:
        with _opened(home, path) as generator:
            tables = [entry.table.name for entry in generator.tables]
    except ArtefactError:
        status = DAMAGED
    return GeneratorStatus(
        name=name,
        status=status,
        path=str(path),
        created=path.stat().st_mtime,
        bytes=bytes_below(path),
        tables=tables,
        job=None,
    )


@contextlib.contextmanager
def _opened(home: Home, file: Path) -> Iterator[GeneratorFile]:
    from semblant.pipeline.dataset import load_generator

    with unpacked(home) as folder:
        yield load_generator(file, folder)


def _unfinished(store: Store, job: JobRecord) -> GeneratorStatus:
    words = {State.RUNNING: TRAINING, State.QUEUED: "waiting", State.FINISHED: "elsewhere"}
    return GeneratorStatus(
        name=job.name,
        status=words.get(job.state, str(job.state)),
        path=str((job.result or {}).get("generator", "")),
        created=job.ended,
        bytes=0,
        tables=list(dict.fromkeys(task.table_name for task in store.lookup.tasks(job.id) if task.table_name)),
        job=job.id,
        timeline=_timeline(store, job.id),
    )


def _deleted(job: JobRecord) -> bool:
    """Tell whether a job made a generator that is nowhere any more."""
    return job.state is State.FINISHED and not Path((job.result or {}).get("generator") or "-").is_file()


def _timeline(store: Store, job: str | None) -> dict[str, dict[str, Any]]:
    return {} if job is None else timeline(store.lookup.steps(job), store.lookup.tasks(job))


def generator_of(store: Store, home: Home, name: str) -> GeneratorStatus:
    """Give one generator.

    :raises ConfigError: there is none; with the nearest names.
    """
    for found in generators_of(store, home):
        if found.name == name:
            return found
    home.find(Kind.GENERATORS, name)
    raise AssertionError


def export_generator(home: Home, name: str, target: Path) -> None:
    """Copy a generator to a file, whole or not at all."""
    with home.find(Kind.GENERATORS, name).open("rb") as source, atomic_write(target) as sink:
        shutil.copyfileobj(source, sink, _CHUNK)


def import_generator(store: Store, home: Home, file: Path, name: str | None) -> GeneratorStatus:
    """Take a generator file into the home, after every name, size, hash and description in it was checked.

    :raises ArtefactError: it is damaged, hostile, or from a newer version; nothing was taken in.
    :raises ConfigError: a generator of that name is there.
    """
    with _opened(home, file) as found:
        chosen, tables = name or found.name, [entry.table.name for entry in found.tables]
    path = home.path(Kind.GENERATORS, chosen)
    if path.exists():
        msg = f"there is a generator '{chosen}' already"
        raise ConfigError(msg, fix="choose another name (--name), or delete that one")
    with file.open("rb") as source, atomic_write(path) as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    store.generators.note(
        chosen, home.identity(), path=str(path), size=bytes_below(path), tables=tables, job=None, state=READY
    )
    return generator_of(store, home, chosen)


def delete_generator(store: Store, home: Home, name: str) -> None:
    """Delete a generator from the home.

    :raises ConfigError: there is none.
    """
    home.delete(Kind.GENERATORS, name)
    store.generators.forget(name, home.identity())
