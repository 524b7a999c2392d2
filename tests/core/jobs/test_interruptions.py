"""Jobs that are killed, cancelled, stopped or forbidden in the middle of real work."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial

import pytest

from semblant.events import Event
from semblant.home import Kind
from semblant.jobs.details import details_of
from semblant.jobs.orders import OrderKind
from semblant.jobs.runner import WAITS_SECONDS, Runner
from semblant.jobs.states import PartState, State
from semblant.store.quotas import QuotaError, Resource
from tests.core.jobs.scene import LONG, QUICK, step_state, wait_for


class Working:
    """A runner at work in a thread, so that the test can interrupt it."""

    def __init__(self, scene, job):
        self.scene, self.job = scene, job
        self.events: list[Event] = []
        self.runner = Runner(scene.store, scene.home, on_event=self.events.append)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        job = self.runner.next()
        assert job is not None
        self.ended = self.runner.do_to_the_end(job)

    def child(self):
        attempt = self.runner.attempt
        return attempt.child.process.pid if attempt is not None and attempt.parts.tasks else None

    def until(self, step, state="running"):
        def there():
            found = self.scene.job(self.job)
            assert not found.state.is_final, found.fault
            return step_state(self.scene, self.job, step) == state

        wait_for(there)
        return self

    def end(self, seconds=150):
        self.thread.join(seconds)
        assert not self.thread.is_alive()
        return self.ended


@pytest.mark.feature(260)
def test_a_killed_child_is_replaced_and_the_data_are_those_of_an_undisturbed_run(scene):
    undisturbed = scene.order(*QUICK, "model.max_epochs=30")
    scene.work()
    killed = scene.order(*QUICK, "model.max_epochs=30")
    working = Working(scene, killed).until("AI training")
    os.killpg(working.child(), signal.SIGKILL)
    ended = working.end()
    assert (ended.state, ended.attempt, ended.crashes) == (State.FINISHED, 2, 1), ended.fault
    assert scene.rows(killed) == scene.rows(undisturbed)
    states = {step.step: str(step.state) for step in scene.store.lookup.steps(killed.id)}
    assert states["organizing data"] == states["transforming data"] == "taken over"
    assert any("killed by signal 9; trying again" in event.message for event in working.events)


@pytest.mark.feature(92)
def test_a_cancelled_job_leaves_its_destination_and_no_process(scene):
    before = scene.tree()
    working = Working(scene, scene.order(*LONG)).until("AI training")
    child = working.child()
    asked = time.monotonic()
    cancelled = scene.command("jobs", "cancel", working.job.name)
    assert cancelled.returncode == 0, cancelled.stderr
    ended = working.end()
    assert ended.state is State.CANCELLED
    assert time.monotonic() - asked < 15
    assert scene.tree() == before
    with pytest.raises(ProcessLookupError):
        os.killpg(child, 0)
    assert {task.state for task in scene.store.lookup.tasks(ended.id)} == {PartState.CANCELLED}
    assert scene.command("jobs", "cancel", working.job.name).returncode == 2
    again = scene.order(*QUICK)
    scene.command("jobs", "cancel", again.id)
    assert scene.job(again).state is State.CANCELLED
    assert scene.job(again).attempt == 0


@pytest.mark.feature(134)
def test_training_is_stopped_and_the_best_weights_make_the_data(local):
    working = Working(local, local.order(*LONG)).until("AI training")
    wait_for(lambda: local.store.lookup.metrics(working.job.id))
    assert local.command("jobs", "stop-training", working.job.name).returncode == 0
    ended = working.end()
    assert (ended.state, ended.rows_made) == (State.FINISHED, 60), ended.fault
    used = ended.result["settings_used"]["customers"]
    assert used["stopped"] == "asked"
    assert used["stopped_at_step"] > 0
    assert used["epochs"] < 4000


@pytest.mark.nightly
def test_resume_takes_over_what_is_finished_and_retry_does_not(local):
    working = Working(local, local.order(*QUICK, "model.max_epochs=400", "model.early_stop_delta=0"))
    working.until("AI training")
    local.store.jobs.ask_cancel(working.job.id)
    assert working.end().state is State.CANCELLED
    name = working.job.name
    for words, wanted in (("resume", "taken over"), ("retry", "finished")):
        assert local.command("jobs", words, name, "--queue").returncode == 0
        following = local.store.lookup.job(name)
        assert following.follows is not None
        assert following.id != working.job.id
        if words == "resume":
            later = Working(local, following).until("organizing data", wanted).until("AI training")
            local.store.jobs.ask_cancel(following.id)
            assert later.end().state is State.CANCELLED
            assert local.job(working.job).state is State.CANCELLED
        else:
            later = Working(local, following).until("organizing data", wanted)
            local.store.jobs.ask_cancel(following.id)
            assert later.end().state is State.CANCELLED


@pytest.mark.nightly
def test_a_job_whose_process_dies_every_time_fails_with_a_cause_and_a_hint(local, monkeypatch):
    monkeypatch.setattr("semblant.jobs.runner.WAITS_SECONDS", (0.1, 0.1, 0.1))
    working = Working(local, local.order(*LONG))

    def is_at(attempt):
        return local.job(working.job).attempt == attempt and working.child()

    for attempt in range(1, 5):
        wait_for(partial(is_at, attempt))
        pid = wait_for(working.child)
        os.killpg(pid, signal.SIGKILL)
    ended = working.end()
    assert (ended.state, ended.attempt) == (State.FAILED, 4)
    assert ended.fault["code"] == "process-died"
    assert "memory" in ended.fault["fix"]
    shown = local.command("jobs", "show", working.job.name).stdout
    assert "was killed by signal 9" in shown


def test_a_fault_that_comes_again_is_not_tried_again(local):
    job = local.order(*QUICK)
    local.data.unlink()
    began = time.monotonic()
    ended = Working(local, job).end()
    assert (ended.state, ended.attempt, ended.crashes) == (State.FAILED, 1, 0)
    assert ended.fault["code"] in {"source", "data"}
    assert str(local.data) in ended.fault["message"]
    assert time.monotonic() - began < 60
    assert WAITS_SECONDS == (1.0, 4.0, 16.0)


def test_a_delivery_that_fails_costs_neither_model_nor_data_and_only_it_is_repeated(local):
    out = local.folder / "taken"
    out.mkdir()
    job = local.order(*QUICK, out=out)
    working = Working(local, job).until("AI training")
    (out / "customers.parquet").write_text("somebody else's", encoding="utf-8")
    ended = working.end()
    assert (ended.state, ended.fault["code"]) == (State.FAILED, "destination")
    assert local.home.path(Kind.GENERATORS, job.name).is_file()
    assert (out / "customers.parquet").read_text(encoding="utf-8") == "somebody else's"
    (table,) = details_of(local.store, ended).tables
    assert table.used["training_rows"] > 400
    assert table.used["epochs"] > 0
    assert table.rows == 60
    (out / "customers.parquet").unlink()
    local.command("jobs", "resume", job.name, "--queue")
    local.work()
    following = local.store.lookup.job(job.name)
    assert following.state is State.FINISHED, following.fault
    states = {step.step: str(step.state) for step in local.store.lookup.steps(following.id)}
    assert states["AI training"] == states["generating"] == "taken over"
    assert states["delivering"] == "finished"


@pytest.mark.feature(263)
def test_a_report_that_fails_costs_nothing_and_only_it_is_repeated(local):
    job = local.order(*QUICK[:3], "generation.records=60", "report.formats=[json]")
    folder = local.home.path(Kind.JOBS, job.name) / "report"
    folder.write_text("in the way", encoding="utf-8")
    local.work()
    ended = local.job(job)
    folder.unlink()
    assert ended.state is State.FINISHED, ended.fault
    assert local.store.datasets.of(job.id).report_fault
    assert f"semblant jobs report {job.name}" in local.command("jobs", "show", job.name).stdout
    assert local.command("jobs", "report", job.name, "--queue").returncode == 0
    local.work()
    following = local.store.lookup.job(job.name)
    assert following.state is State.FINISHED, following.fault
    assert local.store.datasets.of(following.id).report_fault == ""
    assert local.store.datasets.of(following.id).scores
    assert step_state(local, following, "AI training") == "taken over"


@pytest.mark.feature(80)
def test_rows_that_are_planned_beyond_the_quota_end_the_job_before_it_trains(local):
    job = local.order(*QUICK[:4], "generation.records=auto")
    local.store.quotas.set(Resource.ROWS, 100)
    ended = Working(local, job).end()
    assert (ended.state, ended.fault["code"]) == (State.FAILED, "quota")
    assert "0 of 100" in ended.fault["message"]
    assert step_state(local, job, "AI training") == "cancelled"
    with pytest.raises(QuotaError, match="would make 101"):
        local.order(*QUICK[:4], "generation.records=101")
    assert local.home.names(Kind.JOBS) == [job.name]


@pytest.mark.feature(80)
def test_processor_time_over_the_quota_ends_a_running_job(local):
    local.store.quotas.set(Resource.PROCESSOR, 2 / 60)
    ended = Working(local, local.order(*LONG)).end()
    assert (ended.state, ended.fault["code"]) == (State.FAILED, "quota")
    with pytest.raises(QuotaError, match="processor minutes"):
        local.order(*QUICK)


@pytest.mark.nightly
def test_a_training_job_makes_a_generator_and_no_data(local):
    job = local.order(*QUICK, kind=OrderKind.TRAIN)
    local.work()
    ended = local.job(job)
    assert (ended.state, ended.rows_made) == (State.FINISHED, 0), ended.fault
    assert local.home.path(Kind.GENERATORS, job.name).is_file()
    assert local.store.datasets.of(job.id) is None
