"""Whole jobs on real input, through a worker of its own process, on both kinds of store: Adult, and the demo's shop."""

from __future__ import annotations

import json
import time

import pyarrow.parquet as pq
import pytest

from semblant.demo.shop import write_shop
from semblant.engine import Engine
from semblant.home import Kind
from semblant.jobs.details import details_of
from semblant.jobs.ordering import order_spec
from semblant.jobs.orders import OrderKind
from semblant.jobs.states import State
from semblant.store.jobs import LEASE_SECONDS
from tests.core.jobs.scene import wait_for

pytestmark = pytest.mark.nightly


def worked_off(scene, *jobs):
    """Let a worker do all that waits; give the jobs as they ended.

    Progress never falls, and a heartbeat comes at least every ten seconds, whatever the child compiles.
    """
    runner = scene.worker("--drain")
    shares: list[float] = []
    told: list[tuple[float, float]] = []

    def ended():
        found = [scene.job(job) for job in jobs]
        shares.append(sum(job.share for job in found))
        for job in found:
            if job.state is State.RUNNING:
                assert job.lease_until - time.time() > LEASE_SECONDS - 10
                assert job.share < 1
                told.append((time.time() - job.started, job.seconds_left))
        return all(job.state.is_final for job in found)

    try:
        wait_for(ended, 1200)
        assert runner.wait(timeout=60) == 0
    finally:
        runner.kill()
        runner.wait()
    assert shares == sorted(shares)
    found = [scene.job(job) for job in jobs]
    for job in found:
        assert job.state is State.FINISHED, job.fault
        told_whole(job, told)
    return found


def told_whole(job, told):
    """Print by how much the time that a job was said to take was off, from its first quarter on."""
    taken = job.ended - job.started
    off = [(at / taken, (at + left) / taken - 1) for at, left in told if left is not None and at >= taken / 4]
    print(f"{job.name}: {taken:.0f} s; said after", ", ".join(f"{at:.0%}: {error:+.0%}" for at, error in off[::10]))


@pytest.mark.feature(74, 102)
def test_adult_goes_through_a_job_with_report_and_destination(scene, test_data):
    source = test_data / "bench" / "adult" / "train.parquet"
    out = scene.folder / "out"
    (job,) = worked_off(scene, scene.order(data=source, out=out))
    details = details_of(scene.store, job)
    (table,) = details.tables
    rows = pq.read_metadata(source).num_rows
    assert (table.rows, pq.read_metadata(out / "train.parquet").num_rows) == (rows, rows)
    assert table.used["training_rows"] > 0.85 * rows
    assert table.used["epochs"] > 1
    assert details.dataset is not None
    assert details.dataset.scores["accuracy"] > 0.97
    assert details.tests == {"identical matches": True, "dissimilarity": True}
    assert len(scene.store.lookup.metrics(job.id)) > 3
    assert scene.home.path(Kind.GENERATORS, job.name).is_file()
    more = json.loads(scene.command("generate", job.name, "-n", 5000, "-o", "more", "--json").stdout)
    assert more["rows"] == {"train": 5000}
    assert pq.read_metadata(scene.folder / "more" / "train.parquet").num_rows == 5000


def test_the_demo_shop_goes_through_a_job(scene):
    shop = scene.folder / "shop"
    shop.mkdir()
    write_shop(shop)
    with Engine(home=scene.home.root) as engine:
        spec = engine.spec_for(str(shop))
    ordered = order_spec(scene.store, scene.home, spec, OrderKind.RUN, out=scene.folder / "out")
    (job,) = worked_off(scene, ordered)
    details = details_of(scene.store, job)
    originals = {path.stem for path in shop.iterdir()}
    assert {table.name for table in details.tables} == originals
    assert {path.stem for path in (scene.folder / "out").glob("*.parquet")} == originals
    assert {str(task.state) for task in details.tasks} == {"finished"}
    assert {task.kind for task in details.tasks} == {
        "synthesizing table", "copying table", "generating text", "packaging", "quality report",
    }  # fmt: skip
    assert all(table.used["epochs"] > 0 for table in details.tables if "epochs" in table.used)
    assert details.dataset is not None
    assert details.dataset.scores["accuracy"] > 0.85
