"""Kills and faults at every step of a delivery into object storage never leave half a set (promise D2)."""

from __future__ import annotations

import errno
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from semblant.errors import DestinationError
from semblant.remote.filesystem import Bucket
from semblant.remote.manifest import LOCK, MANIFEST
from semblant.vocabulary import WriteMode
from semblant_destinations.objects.destination import Objects
from tests import servers
from tests.plugins.destinations import stores
from tests.plugins.destinations.deliveries import deliver

TABLES = ("a", "b", "c", "d", "e")
STEPS = 20
"""Changes that a replacement of five tables makes: lock, uploads, lock, manifest, copies, manifest, removals, lock."""


class Killed(BaseException):
    """Stands for a kill: nothing that handles errors may catch it."""


class Failing:
    """A file system whose changes fail from some moment on; after a kill nothing happens any more at all."""

    def __init__(self, filesystem: Any, moment: int, fault: BaseException, *, once: bool = False) -> None:
        self.filesystem = filesystem
        self.moment = moment
        self.fault = fault
        self.once = once
        self.changes = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.filesystem, name)
        if name in {"pipe_file", "cp_file", "rm_file"}:
            return self._changing(found)
        return self._dead(found) if callable(found) and isinstance(self.fault, Killed) else found

    def _changing(self, function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.changes += 1
            if self.changes == self.moment or (self.changes > self.moment and not self.once):
                raise self.fault
            return function(*arguments, **options)

        return call

    def _dead(self, function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            if self.changes >= self.moment:
                raise self.fault
            return function(*arguments, **options)

        return call


def tables(version: int, rows: int = 50) -> dict[str, pa.Table]:
    """Give five tables that carry the number of their version."""
    return {name: pa.table({"version": pa.array([version] * rows), "n": pa.array(range(rows))}) for name in TABLES}


def version(store: stores.Store, folder: Path) -> int:
    """Give the version of the set that a reader sees; 0 for none, and it is an error when there are two."""
    found = store.tables(folder)
    versions = {value for table in found.values() for value in table["version"].to_pylist()}
    assert len(versions) <= 1, f"a mixed set: {versions}"
    assert not found or set(found) == set(TABLES), f"half a set: {sorted(found)}"
    return versions.pop() if versions else 0


def failing(store: stores.Store, folder: Path, moment: int, fault: BaseException, **more: Any) -> Objects:
    destination = store.opened(folder)
    bucket = Bucket.open(store.url(folder), store.writing(folder), stores.QUICK)
    destination._bucket = evolve(bucket, filesystem=Failing(bucket.filesystem, moment, fault, **more))
    return destination


FAULTS = [
    Killed(),
    OSError(errno.ENOSPC, "no space left on device"),
    OSError(errno.EIO, "input/output error"),
    TimeoutError("the server did not answer"),
]
NAMES = ["kill", "ENOSPC", "EIO", "timeout"]


@pytest.mark.parametrize("first", [0, 1], ids=["a first set", "a replaced set"])
@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_a_fault_at_every_step_leaves_the_old_set_or_the_new_one(
    fault: BaseException, first: int, tmp_path: Path
) -> None:
    store, seen = stores.Memory(), []
    for moment in range(1, STEPS + 2):
        folder = tmp_path / str(moment)
        if first:
            deliver(store.opened(folder), tables(1), WriteMode.FAIL)
        destination = failing(store, folder, moment, fault)
        try:
            deliver(destination, tables(2), WriteMode.REPLACE)
        except (Killed, DestinationError) as exc:
            assert isinstance(exc, Killed) or exc.fix
        seen.append(version(store, folder))
        Bucket.open(store.url(folder)).remove(LOCK)  # this process lives on, unlike one that was killed
        deliver(store.opened(folder), tables(3), WriteMode.REPLACE)
        assert version(store, folder) == 3
        assert set(store.objects(folder)) == {MANIFEST, *TABLES}
    assert set(seen) == {first, 2}
    assert seen == sorted(seen), "once final, a set stays final"


@pytest.mark.parametrize("moment", range(1, STEPS + 1))
def test_a_time_out_that_passes_costs_nothing(moment: int, tmp_path: Path) -> None:
    store = stores.Memory()
    deliver(store.opened(tmp_path), tables(1), WriteMode.FAIL)
    deliver(failing(store, tmp_path, moment, TimeoutError(), once=True), tables(2), WriteMode.REPLACE)
    assert version(store, tmp_path) == 2
    assert set(store.objects(tmp_path)) == {MANIFEST, *TABLES}


def test_a_full_disk_of_this_machine_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores.Memory()
    destination = store.opened(tmp_path)
    delivery = destination.open(stores_schema(), WriteMode.FAIL)

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(delivery._files, "write", full)
    with pytest.raises(DestinationError, match="no space is left") as caught:
        delivery.write("a", tables(1)["a"].to_batches()[0])
    assert "TMPDIR" in str(caught.value.fix)
    assert store.objects(tmp_path) == {}


def stores_schema() -> Any:
    from tests.plugins.destinations.deliveries import schema_of

    return schema_of(tables(1))


def test_the_same_delivery_is_not_appended_twice_after_a_kill_at_any_step(tmp_path: Path) -> None:
    store = stores.Memory()
    for moment in range(1, STEPS + 2):
        folder = tmp_path / str(moment)
        deliver(store.opened(folder), tables(1), WriteMode.FAIL)
        killed = failing(store, folder, moment, Killed())
        killed._settings = store.writing(folder, delivery="once")
        try:
            deliver(killed, tables(1), WriteMode.APPEND)
        except Killed:
            Bucket.open(store.url(folder)).remove(LOCK)
        deliver(store.opened(folder, delivery="once"), tables(1), WriteMode.APPEND)
        assert {table.num_rows for table in store.tables(folder).values()} == {100}


_WRITER = """
import sys
from pathlib import Path
import s3fs
from semblant.vocabulary import WriteMode
from tests import servers
from tests.plugins.destinations import stores
from tests.plugins.destinations.deliveries import deliver
from tests.plugins.destinations.test_object_interruption import tables
stores.S3.server = servers.Server(sys.argv[1])
print("ready", flush=True)
version = 1
while True:
    deliver(stores.S3().opened(Path(sys.argv[2])), tables(version, 2_000), WriteMode.REPLACE)
    print("done", flush=True)
    version += 1
"""


@pytest.mark.nightly
def test_fifty_killed_writers_leave_no_half_set_in_a_bucket(s3_server: servers.Server, tmp_path: Path) -> None:
    store, chance, seen = stores.S3(), random.Random(7), []
    command = [sys.executable, "-c", _WRITER, s3_server.endpoint, str(tmp_path)]
    one = 0.0
    for _ in range(51):
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
            assert process.stdout is not None
            process.stdout.readline()
            begun = time.monotonic()
            if not one:
                process.stdout.readline()
                one = time.monotonic() - begun
            else:
                time.sleep(chance.random() * 2 * one)
            process.send_signal(signal.SIGKILL)
            process.wait()
        seen.append(version(store, tmp_path))
    assert all(seen)
    deliver(store.opened(tmp_path), tables(9_999), WriteMode.REPLACE)
    assert set(store.objects(tmp_path)) == {MANIFEST, *TABLES}
