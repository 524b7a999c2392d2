"""A killed process leaves its unpacked generator for the next start to remove; nobody else's is touched."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time

import pytest

from semblant.home import Home
from semblant.unpacking import PREFIX, YOUNG_SECONDS, sweep_unpacked, unpacked

HOLDING = """
import sys, time
from semblant.home import Home
from semblant.unpacking import unpacked
with unpacked(Home(sys.argv[1])) as folder:
    (folder / "model.json").write_text("{}")
    print(folder.name, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def holder(home):
    """Start a process that works in an unpacked generator, begun long ago."""
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(home.root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        folder = home.cache / said.readline().strip()
        aged(folder)
        yield process, folder
        process.kill()
        process.wait()


def aged(folder, seconds=YOUNG_SECONDS + 5):
    then = time.time() - seconds
    os.utime(folder, (then, then))


def test_what_a_killed_process_left_goes_at_the_next_start(home, holder):
    process, folder = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "model.json").exists()
    with unpacked(home) as mine:
        assert [path.name for path in home.cache.glob(f"{PREFIX}*")] == [mine.name]
    assert list(home.cache.glob(f"{PREFIX}*")) == []


def test_what_another_process_works_in_stays(home, holder):
    _, folder = holder
    with unpacked(home) as mine:
        assert mine != folder
    assert (folder / "model.json").exists()


def test_a_folder_that_was_made_just_now_stays(home):
    folder = home.cache / f"{PREFIX}new"
    folder.mkdir()
    assert sweep_unpacked(home) == []
    aged(folder)
    assert sweep_unpacked(home) == [folder]


@pytest.mark.parametrize(("hours", "goes"), [(2, False), (25, True)])
def test_where_the_file_system_knows_no_holds_a_day_makes_a_folder_old(home, monkeypatch, hours, goes):
    def refuse(handle, how):
        raise OSError(95, "operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    folder = home.cache / f"{PREFIX}old"
    folder.mkdir()
    aged(folder, hours * 3600)
    assert sweep_unpacked(home) == ([folder] if goes else [])


def test_a_job_that_begins_removes_them_too(home):
    from semblant.host import PluginHost
    from semblant.workspaces import begin, finish

    folder = home.cache / f"{PREFIX}left"
    folder.mkdir()
    aged(folder)
    finish(begin(home, PluginHost(third_party=False), None, None), None)
    assert not folder.exists()
