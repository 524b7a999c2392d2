"""What the process that does the work imports, and when."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.events import Event, EventKind, Step
from semblant.jobs import supervise
from semblant.jobs.process import Child
from semblant.jobs.runner import Runner
from semblant.jobs.states import State
from tests.core.jobs.scene import QUICK

HEAVY = ("jax", "optax", "polars", "scipy", "sklearn", "sqlalchemy", "duckdb", "fpdf", "altair")


def imported(code):
    line = f"import sys; import semblant.jobs.child as child; {code}; print(sorted(set(sys.modules) & set({HEAVY})))"
    return subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True).stdout.strip()


def test_a_job_is_planned_before_anything_heavy_is_imported():
    assert imported("child.preload()") == "[]"
    assert imported("child.preload_model(child.preload())") == "['jax', 'optax', 'polars']"


@pytest.mark.feature(79)
def test_a_data_set_that_is_too_small_is_refused_before_a_model_is_imported(local):
    path = local.folder / "tiny.parquet"
    pq.write_table(pa.table({"age": [1, 2], "pay": [3.0, 4.0]}), path)
    seconds = {}
    for name, data in (("small", path), ("whole", None)):
        job = local.order(*QUICK, data=data)
        local.work()
        seconds[name] = local.job(job).processor_seconds
        assert local.job(job).state is (State.FAILED if data else State.FINISHED), local.job(job).fault
    assert seconds["small"] < 0.6 * seconds["whole"]


def test_a_child_that_is_cancelled_before_it_has_an_order_ends_at_once():
    child = Child.start()
    time.sleep(0.3)
    began = time.monotonic()
    child.terminate()
    child.reap()
    assert time.monotonic() - began < 5
    child.close()


def test_a_job_that_is_cancelled_while_its_child_starts_is_cancelled_and_not_tried_again(local):
    runner = Runner(local.store, local.home)
    job = local.order(*QUICK)
    claimed = local.store.jobs.claim(runner.name, local.home.identity(), only=job.id)
    child = Child.start()
    child.terminate()
    local.store.jobs.ask_cancel(job.id)
    ended = runner.do(claimed, child) or local.job(job)
    assert (ended.state, ended.attempt, ended.crashes) == (State.CANCELLED, 1, 0)


DEAF = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(int(sys.argv[1]), sys.argv[2].encode())
time.sleep(60)
"""


def deaf(*events):
    """Start a child that tells some events and hears nothing, as one does that is inside a compiler or a query."""
    reader, writer = os.pipe()
    lines = "".join(json.dumps({"event": event.as_dict()}) + "\n" for event in events)
    process = subprocess.Popen(
        [sys.executable, "-c", DEAF, str(writer), lines],
        stdin=subprocess.PIPE, pass_fds=(writer,), start_new_session=True, bufsize=0,
    )  # fmt: skip
    os.close(writer)
    os.set_blocking(reader, False)
    return Child(process, reader, tempfile.TemporaryFile())


PLANNED = Event(
    kind=EventKind.JOB_PLANNED,
    details={"tables": [], "generates": True, "reports": False, "packs": True, "archives": True},
)


@pytest.mark.feature(92)
@pytest.mark.parametrize(
    ("step", "least", "most"), [(Step.PACKAGE, 0.5, 3.0), (Step.DELIVER, 4.0, 9.0)], ids=["at work", "delivering"]
)
def test_a_child_that_hears_nothing_is_killed_soon_but_not_while_it_delivers(local, monkeypatch, step, least, most):
    monkeypatch.setattr(supervise, "SOON_SECONDS", 0.5)
    monkeypatch.setattr(supervise, "KILL_SECONDS", 4.0)
    runner = Runner(local.store, local.home)
    job = local.order(*QUICK)
    claimed = local.store.jobs.claim(runner.name, local.home.identity(), only=job.id)
    child = deaf(PLANNED, Event(kind=EventKind.STEP_STARTED, step=step))
    working = threading.Thread(target=runner.do, args=(claimed, child))
    working.start()
    until = time.monotonic() + 20
    while not any(str(entry.state) == "running" for entry in local.store.lookup.steps(job.id)):
        assert time.monotonic() < until
        time.sleep(0.05)
    asked = time.monotonic()
    runner.cancel()
    working.join(30)
    assert local.job(job).state is State.CANCELLED
    assert child.status == -9
    assert least <= time.monotonic() - asked < most
