"""What the process that does the work imports, and when."""

from __future__ import annotations

import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from semblant.jobs.process import Child
from semblant.jobs.states import State
from tests.core.jobs.scene import QUICK

HEAVY = ("jax", "optax", "scipy", "sklearn", "sqlalchemy", "duckdb", "fpdf", "altair")


def imported(code):
    line = f"import sys; import semblant.jobs.child as child; {code}; print(sorted(set(sys.modules) & set({HEAVY})))"
    return subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True).stdout.strip()


def test_a_job_is_planned_before_anything_heavy_is_imported():
    assert imported("child.preload()") == "[]"
    assert imported("child.preload_model(child.preload())") == "['jax', 'optax']"


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
    from semblant.jobs.runner import Runner

    runner = Runner(local.store, local.home)
    job = local.order(*QUICK)
    claimed = local.store.jobs.claim(runner.name, local.home.identity(), only=job.id)
    child = Child.start()
    child.terminate()
    local.store.jobs.ask_cancel(job.id)
    ended = runner.do(claimed, child) or local.job(job)
    assert (ended.state, ended.attempt, ended.crashes) == (State.CANCELLED, 1, 0)
