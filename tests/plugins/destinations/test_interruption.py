"""Kills, full disks and other faults never leave half a set of tables."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.errors import DestinationError
from semblant.vocabulary import WriteMode
from semblant_destinations.publish import JOURNAL, MANIFEST, recover
from tests.plugins.destinations.deliveries import contents, deliver, folder, schema_of

TABLES = ("a", "b", "c", "d", "e")
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

_WRITER = """
import sys
import pyarrow as pa
from semblant.vocabulary import WriteMode
from tests.plugins.destinations.deliveries import deliver, folder
from tests.plugins.destinations.test_interruption import tables
print("ready", flush=True)
version = 1
while True:
    deliver(folder(sys.argv[1]), tables(version, 20_000), WriteMode(sys.argv[2]), batch_rows=5_000)
    version += 1
"""

_FIRST_AND_LAST = """
import os, signal, sys
from semblant.vocabulary import WriteMode
from tests.plugins.destinations.deliveries import folder, schema_of
from tests.plugins.destinations.test_interruption import tables
delivery = folder(sys.argv[1]).open(schema_of(tables(1)), WriteMode.FAIL)
delivery.write("a", tables(1)["a"].to_batches()[0])
os.kill(os.getpid(), signal.SIGKILL)
"""


def tables(version: int, rows: int = 100) -> dict[str, pa.Table]:
    """Give five tables that carry the number of their version."""
    return {name: pa.table({"version": pa.array([version] * rows), "n": pa.array(range(rows))}) for name in TABLES}


def versions(place: Path) -> list[set[int]]:
    """Give the versions in each table; a table that is not there gives an empty set."""
    found = []
    for name in TABLES:
        path = place / f"{name}.parquet"
        found.append(set(pq.read_table(path)["version"].to_pylist()) if path.exists() else set())
    return found


def kill_a_writer(place: Path, mode: WriteMode, chance: random.Random) -> None:
    """Start a program that delivers version after version, and kill it at a random moment."""
    command = [sys.executable, "-c", _WRITER, str(place), mode.value]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.random() * 0.4)
        process.send_signal(signal.SIGKILL)
        process.wait()


def killed_sets(tmp_path: Path, kills: int) -> int:
    """Kill writers and count the sets that are not of one version once the folder was opened again."""
    chance, partial = random.Random(1), 0
    place = tmp_path / "out"
    for _ in range(kills):
        kill_a_writer(place, WriteMode.REPLACE, chance)
        if place.exists():
            recover(place)
        seen = versions(place)
        partial += not (all(found == seen[0] and len(found) <= 1 for found in seen))
        hidden = {path.name for path in place.glob(".*")} if place.exists() else set()
        assert hidden <= {MANIFEST}
    return partial


@posix
def test_ten_kills_during_a_five_table_write_leave_no_partial_set(tmp_path: Path) -> None:
    assert killed_sets(tmp_path, 10) == 0


@posix
@pytest.mark.nightly
def test_fifty_kills_during_a_five_table_write_leave_no_partial_set(tmp_path: Path) -> None:
    assert killed_sets(tmp_path, 50) == 0


@posix
def test_a_kill_during_the_first_delivery_leaves_no_folder_and_the_next_one_succeeds(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _FIRST_AND_LAST, str(tmp_path / "out")]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    deliver(folder(tmp_path / "out"), tables(2), WriteMode.FAIL)
    assert versions(tmp_path / "out") == [{2}] * 5
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


class _Killed(BaseException):
    """Stands for a kill: nothing that handles errors may catch it."""


def _die_at(moment: int, calls: list[str], monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the ``moment``-th change of the file system while publishing fail; the dead change nothing more."""

    def counted(name: str, original: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if any(
                str(argument).find("semblant-staging") >= 0 or JOURNAL in str(argument) for argument in arguments
            ) or (name == "unlink"):
                calls.append(name)
                if len(calls) == moment or (len(calls) > moment and isinstance(error, _Killed)):
                    raise error
            return original(*arguments, **named)

        return call

    monkeypatch.setattr(os, "replace", counted("replace", os.replace))
    monkeypatch.setattr(Path, "unlink", counted("unlink", Path.unlink))


@pytest.mark.parametrize("moment", range(1, 15))
def test_a_kill_at_every_step_of_publishing_is_finished_or_undone(
    tmp_path: Path, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(folder(tmp_path), tables(1), WriteMode.FAIL)
    delivery = folder(tmp_path, format="csv").open(schema_of(tables(2)), WriteMode.REPLACE)
    for name, table in tables(2).items():
        delivery.write(name, table.to_batches()[0])
    calls: list[str] = []
    with monkeypatch.context() as patched:
        _die_at(moment, calls, patched, _Killed())
        patched.setattr(type(delivery), "abort", lambda self: self._release())
        with pytest.raises(_Killed):
            delivery.commit()
    assert len(calls) >= moment
    committed = (tmp_path / JOURNAL).exists()
    recover(tmp_path)
    old = {*(f"{name}.parquet" for name in TABLES), MANIFEST}
    new = {*(f"{name}.csv" for name in TABLES), MANIFEST}
    assert set(contents(tmp_path)) == (new if committed else old)
    recover(tmp_path)
    assert set(contents(tmp_path)) == (new if committed else old)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.ETIMEDOUT])
@pytest.mark.parametrize("moment", range(1, 9))
def test_an_error_at_every_step_of_publishing_gives_the_old_set_back(
    tmp_path: Path, moment: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(folder(tmp_path), tables(1), WriteMode.FAIL)
    before = contents(tmp_path)
    with monkeypatch.context() as patched:
        _die_at(moment, [], patched, OSError(code, os.strerror(code)))
        try:
            deliver(folder(tmp_path), tables(2), WriteMode.REPLACE)
        except DestinationError:
            assert contents(tmp_path) == before
        else:
            assert versions(tmp_path) == [{2}] * 5
    deliver(folder(tmp_path), tables(3), WriteMode.REPLACE)
    assert versions(tmp_path) == [{3}] * 5


class _FullDisk:
    """A file on a disk that takes only so many bytes."""

    left = 0

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        _FullDisk.left -= len(data)
        if _FullDisk.left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl", "arrow"])
@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_is_said_in_words_and_nothing_is_half_visible(
    tmp_path: Path, kind: str, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "out"
    if there:
        deliver(folder(place, format=kind), tables(1, 50), WriteMode.FAIL)
    before = contents(tmp_path)
    original = Path.open

    def opened(self: Path, *arguments: Any, **named: Any) -> Any:
        file = original(self, *arguments, **named)
        return _FullDisk(file) if "x" in "".join(map(str, arguments)) else file

    for room in (0, 10, 1000, 5000):
        _FullDisk.left = room
        with monkeypatch.context() as patched:
            patched.setattr(Path, "open", opened)
            with pytest.raises(DestinationError, match="disk of .* is full") as caught:
                deliver(folder(place, format=kind), tables(2, 10_000), WriteMode.REPLACE)
        assert "free space" in (caught.value.fix or "")
        assert contents(tmp_path) == before
    deliver(folder(place, format=kind), tables(3, 50), WriteMode.REPLACE)


def test_ctrl_c_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = folder(tmp_path / "out", format="csv").open(schema_of(tables(1)), WriteMode.FAIL)

    def interrupt(*arguments: Any) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("semblant_destinations.delimited.Delimited.render", interrupt)
    with pytest.raises(KeyboardInterrupt):
        delivery.write("a", tables(1)["a"].to_batches()[0])
    assert contents(tmp_path) == {}


def test_a_journal_that_names_files_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text('{"staging": "../x", "names": ["a"], "doomed": ["../../etc/passwd"]}')
    with pytest.raises(DestinationError, match="names files elsewhere"):
        folder(tmp_path).open(schema_of(tables(1)), WriteMode.REPLACE)
