"""What happens to the machine below a job: a full disk, one that cannot be written, no memory, a clock that jumps, a
database that restarts. Each ends with a cause and a hint, or costs nothing."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time

import pytest

from semblant.home import Kind
from semblant.jobs.states import State
from tests.core.jobs.scene import QUICK, step_state, wait_for

pytestmark = pytest.mark.nightly
LONGER = (*QUICK, "model.max_epochs=60", "model.early_stop_delta=0")


@contextlib.contextmanager
def small_disk(folder, *options):
    """Put a file system of its own at a folder; only root may."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def jobs_folder(scene):
    return scene.home.path(Kind.JOBS, "any").parent


def test_a_full_disk_ends_the_job_with_its_name_and_a_hint(local):
    before = local.tree()
    with small_disk(jobs_folder(local), "size=64k"):
        job = local.order(*QUICK)
        local.work()
    ended = local.job(job)
    assert ended.state is State.FAILED
    assert "disk is full" in ended.fault["message"]
    assert "free space" in ended.fault["fix"]
    assert local.tree() == before


def test_a_disk_that_cannot_be_written_ends_the_job_with_a_hint(local):
    with small_disk(jobs_folder(local), "size=50m"):
        job = local.order(*QUICK)
        subprocess.run(["mount", "-o", "remount,ro", str(jobs_folder(local))], check=True)
        local.work()
    ended = local.job(job)
    assert ended.state is State.FAILED
    assert "ead-only" in ended.fault["message"]
    assert ended.fault["fix"]


def test_a_job_without_memory_fails_with_a_cause_and_a_hint(local):
    job = local.order(*QUICK)
    runner = subprocess.Popen(
        ["prlimit", f"--data={400 * 2**20}", sys.executable, "-m", "semblant", "worker", "--drain"],
        env=local.environment(),
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: local.job(job).state.is_final, 300)
    finally:
        runner.kill()
        runner.wait()
    ended = local.job(job)
    assert ended.state is State.FAILED
    assert "memory" in ended.fault["message"] + ended.fault["fix"]


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_jumps_costs_nothing(local, monkeypatch, hours):
    undisturbed = local.order(*LONGER)
    local.work()
    job, real, shift = local.order(*LONGER), time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + shift[0])
    working = threading.Thread(target=local.work)
    working.start()
    wait_for(lambda: step_state(local, job, "AI training") == "running")
    shift[0] = hours * 3600.0
    working.join(120)
    ended = local.job(job)
    assert (ended.state, ended.attempt) == (State.FINISHED, 1), ended.fault
    assert local.rows(ended) == local.rows(undisturbed)


def test_a_database_that_restarts_costs_nothing(scene, request):
    if scene.url.startswith("sqlite"):
        pytest.skip("SQLite has no server")
    undisturbed = scene.order(*LONGER)
    scene.work()
    job = scene.order(*LONGER)
    runner = scene.worker("--drain")
    try:
        wait_for(lambda: step_state(scene, job, "AI training") == "running")
        request.getfixturevalue("server").restart()
        wait_for(lambda: scene.job(job).state.is_final, 120)
        assert runner.wait(timeout=60) == 0
    finally:
        runner.kill()
        runner.wait()
    ended = scene.job(job)
    assert (ended.state, ended.attempt) == (State.FINISHED, 1), ended.fault
    assert scene.rows(ended) == scene.rows(undisturbed)
