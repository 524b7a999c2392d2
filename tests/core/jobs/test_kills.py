"""Processes killed at random moments of real jobs; the largest counts, for the night.

``SEMBLANT_TEST_KILLS`` scales every count (1.0: 50 kills of the worker, 20 of runner and worker, 50 cancels).
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import statistics
import time

import psutil
import pytest

from semblant.jobs.states import State
from semblant.store.jobs import LEASE_SECONDS
from tests.core.jobs.scene import QUICK, kill_group, wait_for

pytestmark = pytest.mark.nightly

SCALE = float(os.environ.get("SEMBLANT_TEST_KILLS", "1.0"))
BUSY = (*QUICK, "model.max_epochs=40", "model.early_stop_delta=0")


def times(number):
    return max(2, round(number * SCALE))


def drawn(what):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed of {what}: {seed}")
    return random.Random(seed)


def length_of(scene):
    """Do a job undisturbed; give it, its seconds, and its data."""
    job = scene.order(*BUSY)
    scene.work()
    done = scene.job(job)
    assert done.state is State.FINISHED, done.fault
    return done.ended - done.started, scene.rows(job)


def begun(scene, job):
    return lambda: scene.job(job).process


def ended(scene, job):
    return lambda: scene.job(job).state.is_final


def taken_up(scene, job, before):
    return lambda: scene.job(job).attempt > before.attempt or scene.job(job).state.is_final


def children_of(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def test_the_worker_is_killed_at_random_moments_and_every_job_ends_as_if_it_was_not(scene):
    seconds, wanted = length_of(scene)
    luck = drawn("kills of the worker")
    recovered: list[float] = []
    runner = scene.worker()
    try:
        while len(recovered) < times(50):
            job = scene.order(*BUSY)
            child = wait_for(begun(scene, job))
            time.sleep(luck.uniform(0, seconds))
            before = scene.job(job)
            killed, hit = time.monotonic(), True
            try:
                os.killpg(child["process"], signal.SIGKILL)
            except ProcessLookupError:
                hit = False
            visible = scene.home.datasets / job.name
            if hit and not before.state.is_final:
                wait_for(taken_up(scene, job, before), 60)
                recovered.append(time.monotonic() - killed)
                print(f"{before.share:.0%} done when killed, taken up after {recovered[-1]:.1f} s", flush=True)
            wait_for(ended(scene, job), 300)
            last = scene.job(job)
            assert last.state is State.FINISHED, last.fault
            assert scene.rows(job) == wanted
            assert [path.name for path in visible.iterdir() if path.name.startswith(".semblant-new")] == []
    finally:
        kill_group(runner.pid)
        runner.wait()
    print(f"{len(recovered)} kills, recovered in {statistics.median(recovered):.1f} s, at most {max(recovered):.1f} s")
    assert max(recovered) <= 40


def test_runner_and_worker_are_killed_together_and_the_next_runner_goes_on(scene):
    seconds, wanted = length_of(scene)
    luck = drawn("kills of runner and worker")
    recovered: list[float] = []
    while len(recovered) < times(20):
        job = scene.order(*BUSY)
        runner = scene.worker("--drain")
        wait_for(begun(scene, job))
        time.sleep(luck.uniform(0, seconds))
        others = children_of(runner)
        before = scene.job(job)
        killed = time.monotonic()
        kill_group(runner.pid)
        runner.wait()
        second = scene.worker("--drain")
        try:
            if not before.state.is_final:
                wait_for(taken_up(scene, job, before), 90)
                recovered.append(time.monotonic() - killed)
                print(f"{before.share:.0%} done when killed, taken up after {recovered[-1]:.1f} s", flush=True)
            wait_for(ended(scene, job), 300)
            second.wait(timeout=60)
        finally:
            kill_group(second.pid)
        last = scene.job(job)
        assert last.state is State.FINISHED, last.fault
        assert scene.rows(job) == wanted
        assert [process for process in others if process.is_running()] == []
    if scene.url.startswith("sqlite"):
        with sqlite3.connect(scene.url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
    print(f"{len(recovered)} kills, recovered in {statistics.median(recovered):.1f} s, at most {max(recovered):.1f} s")
    assert max(recovered) <= LEASE_SECONDS + 10


def test_cancels_at_random_moments_end_soon_and_leave_nothing(scene):
    seconds, _ = length_of(scene)
    luck, took, late = drawn("cancels"), [], 0
    runner = scene.worker()
    try:
        for _ in range(times(50)):
            before = scene.tree()
            job = scene.order(*BUSY)
            wait_for(begun(scene, job))
            time.sleep(luck.uniform(0, seconds))
            if scene.job(job).state.is_final:
                late += 1
                continue
            asked = time.monotonic()
            scene.store.jobs.ask_cancel(job.id)
            wait_for(ended(scene, job), 60, every=0.05)
            took.append(time.monotonic() - asked)
            print(f"cancelled after {took[-1]:.1f} s", flush=True)
            last = scene.job(job)
            assert last.state is State.CANCELLED or last.publishing
            if not last.publishing:
                assert scene.tree() == before
    finally:
        kill_group(runner.pid)
        runner.wait()
    took.sort()
    print(f"{len(took)} cancels ({late} came too late): median {statistics.median(took):.1f} s, "
          f"95 % within {took[int(0.95 * (len(took) - 1))]:.1f} s, at most {took[-1]:.1f} s")  # fmt: skip
    assert took[int(0.95 * (len(took) - 1))] <= 5
    assert took[-1] <= 15


@pytest.mark.parametrize("asleep", [60.0])
def test_a_stopped_worker_wakes_up_and_can_write_nothing(scene, asleep):
    _, wanted = length_of(scene)
    job = scene.order(*BUSY, "model.max_epochs=400")
    first = scene.worker()
    wait_for(lambda: scene.job(job).share > 0.1)
    stopped = [psutil.Process(first.pid), *children_of(first)]
    for process in stopped:
        process.send_signal(signal.SIGSTOP)
    before, asleep_from = scene.job(job), time.monotonic()
    second = scene.worker()
    try:
        wait_for(lambda: scene.job(job).attempt > before.attempt, 60)
        waited = time.monotonic() - asleep_from
        time.sleep(max(0.0, asleep - LEASE_SECONDS))
        held = scene.job(job)
        for process in stopped:
            if process.is_running():
                process.send_signal(signal.SIGCONT)
        time.sleep(8)
        after = scene.job(job)
        assert after.worker == held.worker or after.state is State.FINISHED
        assert after.attempt == held.attempt == before.attempt + 1
        assert [process for process in stopped[1:] if process.is_running()] == []
        wait_for(lambda: scene.job(job).state.is_final, 300)
        assert scene.job(job).state is State.FINISHED, scene.job(job).fault
        print(f"taken up after {waited:.0f} s; the stopped child was gone, and its runner wrote nothing")
    finally:
        for process in (first, second):
            kill_group(process.pid)
            process.wait()
    assert len(wanted) > 100


def test_an_idle_worker_costs_little(local):
    worker = local.worker()
    try:
        process = psutil.Process(worker.pid)
        time.sleep(8)
        start, at = process.cpu_times(), time.monotonic()
        time.sleep(20)
        end = process.cpu_times()
        share = (end.user + end.system - start.user - start.system) / (time.monotonic() - at)
        memory = process.memory_info().rss / 2**20
        print(f"idle: {memory:.0f} MB, {share:.2%} of a core")
        assert memory <= 120
        assert share <= 0.005
    finally:
        kill_group(worker.pid)
        worker.wait()
