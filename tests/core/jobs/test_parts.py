"""Progress tells the truth: it never falls, is whole only at the end, and the time left follows what was seen."""

from __future__ import annotations

import random

import pytest
from attrs import evolve

from semblant.events import Event, EventKind, Step
from semblant.jobs.forecast import forecast
from semblant.jobs.parts import TEXT, Parts
from semblant.jobs.states import PartState
from semblant.run import Run
from tests.core.jobs.plans import EVERYTHING

TABLES = [
    {"name": "lookup", "copied": True, "text": False, "trains": False},
    {"name": "notes", "copied": False, "text": True, "trains": True},
]
DETAILS = {"tables": TABLES, **EVERYTHING}


def planned(**changes):
    found = Parts(attempt=1)
    found.plan({**DETAILS, **changes})
    return found


def test_the_tasks_are_those_of_the_plan():
    found = planned()
    assert found.tasks == [
        ("copying table", "lookup"),
        ("synthesizing table", "notes"),
        ("generating text", "notes"),
        ("packaging", ""),
        ("quality report", ""),
    ]
    assert [step for task, step in found.parts if task == 2] == [Step.TRANSFORM, Step.TRAIN, Step.GENERATE_TEXT]
    only_generating = planned(packs=False, reports=False)
    assert [step for task, step in only_generating.parts if task == 1] == [Step.GENERATE]


@pytest.mark.feature(118)
def test_the_text_of_a_table_has_its_own_task():
    found = planned()
    found.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="notes (text)"))
    assert found.parts[2, Step.TRAIN].state is PartState.RUNNING
    assert found.parts[1, Step.TRAIN].state is PartState.WAITING
    found.take(Event(kind=EventKind.STEP_STARTED, step=Step.GENERATE, table="notes"))
    assert found.parts[2, Step.GENERATE_TEXT].state is PartState.WAITING
    found.take(Event(kind=EventKind.STEP_FINISHED, step=Step.GENERATE, table="notes"))
    found.take(Event(kind=EventKind.STEP_STARTED, step=Step.GENERATE_TEXT, table="notes"))
    found.take(Event(kind=EventKind.STEP_PROGRESS, step=Step.GENERATE_TEXT, table="notes", done=30, total=100))
    assert found.parts[1, Step.GENERATE].state is PartState.FINISHED
    assert (found.parts[2, Step.GENERATE_TEXT].state, found.parts[2, Step.GENERATE_TEXT].share) == (
        PartState.RUNNING,
        0.3,
    )


def test_progress_never_falls_and_is_never_whole_before_the_end():
    draw = random.Random(3)
    for _ in range(50):
        found, last = planned(), 0.0
        steps = [(step, found.tasks[task][1]) for task, step in found.parts if found.tasks[task][0] != TEXT]
        for step, table in steps:
            found.take(Event(kind=EventKind.STEP_STARTED, step=step, table=table or None))
            for _ in range(5):
                done = draw.uniform(0, 120)
                kind = EventKind.STEP_PROGRESS
                found.take(Event(kind=kind, step=step, table=table or None, done=done, total=100, unit="rows"))
                assert last <= found.share() < 1
                last = found.share()
            found.take(Event(kind=EventKind.STEP_FINISHED, step=step, table=table or None, seconds=1.0))
        assert found.share() == 0.99 or found.share() < 0.99


@pytest.mark.feature(261)
def test_the_time_left_is_what_the_running_step_says_and_the_rest_at_the_pace_so_far(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("semblant.jobs.parts.time.monotonic", lambda: clock[0])
    found = Parts(attempt=1)
    found._began = 0.0
    found.plan({**DETAILS, "tables": TABLES[1:], "reports": False})
    assert found.seconds_left() is None
    table, tables = TABLES[1], TABLES[1:]
    weights = {part.step: part.expected for part in found.parts.values() if part.task == 0}
    for step in (Step.ORGANIZE, Step.ANALYZE, Step.TRANSFORM):
        found.take(Event(kind=EventKind.STEP_STARTED, step=step, table="notes"))
        clock[0] += 10 * weights[step]
        found.take(Event(kind=EventKind.STEP_FINISHED, step=step, table="notes", seconds=1))
    rest = sum(part.expected for part in found.parts.values() if part.state is PartState.WAITING)
    assert weights[Step.TRAIN] == forecast(Step.TRAIN, table, tables, text=False)
    assert found.seconds_left() == pytest.approx(10 * rest)
    found.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="notes"))
    found.take(Event(kind=EventKind.STEP_PROGRESS, step=Step.TRAIN, table="notes", done=0, total=10, seconds_left=77.0))
    assert found.seconds_left() == pytest.approx(77 + 10 * (rest - weights[Step.TRAIN]))


def test_an_attempt_that_takes_over_says_so():
    found = planned()
    for step in (Step.ORGANIZE, Step.GENERATE):
        found.take(Event(kind=EventKind.STEP_SKIPPED, step=step, table="lookup"))
    assert found.task_states[0] is PartState.TAKEN_OVER
    assert found.changed_tasks[0]["state"] is PartState.TAKEN_OVER


def test_progress_does_not_fall_when_a_job_is_begun_again():
    found = Parts(attempt=2, share=0.4)
    found.plan(DETAILS)
    assert found.share() == 0.4
    found.take(Event(kind=EventKind.STEP_SKIPPED, step=Step.ORGANIZE, table="lookup"))
    assert found.share() == 0.4


@pytest.mark.feature(261)
def test_training_is_thought_to_end_where_it_probably_stalls(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("semblant.jobs.parts.time.monotonic", lambda: clock[0])
    left: dict[float | None, tuple[float, float, float]] = {}
    for epochs in (None, 10.0):
        table = {**TABLES[1], "text": False, "training_seconds": 100.0, "epochs": epochs}
        found = Parts(attempt=1)
        found._began = 0.0
        found.plan({**DETAILS, "tables": [table], "reports": False, "generates": False, "archives": False})
        found.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="notes"))
        clock[0] = 50.0
        event = Event(kind=EventKind.STEP_PROGRESS, step=Step.TRAIN, table="notes", unit="epochs", total=100)
        found.take(evolve(event, done=5, seconds_left=950.0))
        left[epochs] = (found.share(), found.seconds_left() or 0.0, found.changed_steps[0, "AI training"]["total"])
        found.take(evolve(event, done=20, seconds_left=800.0))
        assert found.share() < 1
        assert 0 < (found.parts[0, Step.TRAIN].seconds_left or 0.0) <= 800
    assert left[None][0] < 0.1
    assert left[None][1] > 950
    assert left[10.0][0] == pytest.approx(0.5, abs=0.02)
    assert left[10.0][1] == pytest.approx(50, rel=0.1)
    assert left[None][2] == left[10.0][2] == 100


def test_what_a_backend_estimates_decides_how_much_of_a_job_its_training_is():
    shares = {}
    for seconds in (10.0, 1000.0):
        found = Parts(attempt=1)
        found.plan({**DETAILS, "tables": [{**TABLES[1], "text": False, "training_seconds": seconds, "cells": 10_000}]})
        found.take(Event(kind=EventKind.STEP_FINISHED, step=Step.TRAIN, table="notes", seconds=1.0))
        shares[seconds] = found.share()
    assert shares[10.0] < 0.7
    assert shares[1000.0] > 0.97


def test_the_time_left_of_a_training_that_goes_on_is_by_what_this_attempt_does(monkeypatch, tmp_path):
    clock, told = [100.0], list[Event]()
    monkeypatch.setattr("semblant.run.time.monotonic", lambda: clock[0])
    run = Run(job="shop", seed=1, workspace=tmp_path, emit=told.append).at(Step.TRAIN, "notes")
    for now, done in ((100.0, 50), (110.0, 51), (120.0, 52)):
        clock[0] = now
        run.progress(done, 100, "epochs")
    assert [event.seconds_left for event in told] == [None, pytest.approx(490), pytest.approx(480)]
    run.at(Step.GENERATE, "notes").progress(1, 10)
    assert told[-1].seconds_left is None


def test_a_step_that_says_how_long_it_takes_is_heard_at_once():
    found = planned()
    found.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="notes"))
    assert found.seconds_left() is None
    found.take(
        Event(kind=EventKind.STEP_PROGRESS, step=Step.TRAIN, table="notes", done=1, total=9999, seconds_left=900)
    )
    assert (found.seconds_left() or 0.0) > 900


@pytest.mark.feature(261)
def test_where_training_says_that_it_will_end_is_believed(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("semblant.jobs.parts.time.monotonic", lambda: clock[0])
    table = {**TABLES[1], "text": False, "training_seconds": 100.0, "startup_seconds": 20.0, "epochs": 16.0}
    found = Parts(attempt=1)
    found._began = 0.0
    found.plan({**DETAILS, "tables": [table], "reports": False, "generates": False, "archives": False})
    rest = sum(part.expected for part in found.parts.values() if part.step is not Step.TRAIN)
    found.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="notes"))
    clock[0] = 10.0
    assert found.share() == pytest.approx(10 / (100 + rest))
    clock[0] = 30.0
    assert found.share() == pytest.approx(20 / (100 + rest))
    event = Event(kind=EventKind.STEP_PROGRESS, step=Step.TRAIN, table="notes", unit="epochs", total=150)
    found.take(evolve(event, done=4.0, expected=8.0, seconds_left=33.0))
    assert found.share() == pytest.approx((20 + 20) / (20 + 40 + rest))
    assert found.seconds_left() == pytest.approx(33 + (30 / 40) ** 0.5 * rest)
    shares = []
    for expected in (24.0, 6.0):
        found.take(evolve(event, done=5.0, expected=expected, seconds_left=1.0))
        shares.append(found.share())
    assert shares[0] == pytest.approx((20 + 20) / (20 + 40 + rest))
    assert shares[1] == pytest.approx((20 + 25) / (20 + 30 + rest))


def test_a_report_is_followed_by_the_clock_since_its_sections_are_unequal(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("semblant.jobs.parts.time.monotonic", lambda: clock[0])
    found = Parts(attempt=1)
    found._began = 0.0
    found.plan({**DETAILS, "tables": TABLES[:1]})
    for task, step in list(found.parts):
        if step is not Step.REPORT:
            table = found.tasks[task][1] or None
            found.take(Event(kind=EventKind.STEP_STARTED, step=step, table=table))
            clock[0] += 3 * found.parts[task, step].expected
            found.take(Event(kind=EventKind.STEP_FINISHED, step=step, table=table, seconds=1.0))
    (report,) = (part for part in found.parts.values() if part.step is Step.REPORT)
    found.take(Event(kind=EventKind.STEP_STARTED, step=Step.REPORT))
    assert found.seconds_left() == pytest.approx(3 * report.expected)
    clock[0] += report.expected
    event = Event(kind=EventKind.STEP_PROGRESS, step=Step.REPORT, done=14, total=15, unit="sections", seconds_left=0.1)
    found.take(event)
    assert found.seconds_left() == pytest.approx(2 * report.expected)
    before = found.share()
    clock[0] += 100 * report.expected
    assert before < found.share() < 0.99
    assert found.seconds_left() == pytest.approx(0.1 * 3 * report.expected)


@pytest.mark.feature(261, 262)
def test_tables_that_train_at_once_take_together_what_they_say_on_average(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("semblant.jobs.parts.time.monotonic", lambda: clock[0])
    tables = [{**TABLES[1], "text": False, "name": name, "training_seconds": 50.0} for name in "abc"]
    found = Parts(attempt=1)
    found._began = 0.0
    found.plan({**DETAILS, "tables": tables, "reports": False, "generates": False, "archives": False})
    rest = sum(part.expected for part in found.parts.values() if part.step is not Step.TRAIN)
    clock[0], left = 30.0, []
    for name, seconds in (("a", 40.0), ("b", 60.0), ("c", 20.0)):
        found.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table=name))
        event = Event(kind=EventKind.STEP_PROGRESS, step=Step.TRAIN, table=name, done=20, total=100)
        found.take(evolve(event, seconds_left=seconds))
        left.append(found.seconds_left())
    assert left[0] == pytest.approx(40 + 3 * 100 + 3**0.5 * rest)
    assert left[2] == pytest.approx((40 + 60 + 20) / 3 + rest)
    found.take(Event(kind=EventKind.STEP_FINISHED, step=Step.TRAIN, table="a", seconds=30.0))
    assert found.seconds_left() == pytest.approx((60 + 20) / 2 + (30 / 70) ** 0.5 * rest)


def test_a_step_that_was_ended_because_another_failed_is_cancelled_and_not_at_work():
    found = planned()
    for table in ("notes", "notes (text)"):
        found.take(Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table=table))
    found.take(Event(kind=EventKind.STEP_CANCELLED, step=Step.TRAIN, table="notes"))
    assert found.parts[1, Step.TRAIN].state is PartState.CANCELLED
    assert found.changed_steps[1, "AI training"]["state"] is PartState.CANCELLED
    assert found.parts[2, Step.TRAIN].state is PartState.RUNNING
