"""The details of a job follow its events: each of them moves one thing, and everything else stays as it was."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from semblant.cli.show.watching import line, view
from semblant.events import Event, EventKind, Step
from semblant.jobs.details import details_of
from semblant.jobs.history import history_of
from semblant.jobs.parts import Parts
from semblant.jobs.states import JobType, PartState, State
from tests.core.jobs.plans import EVERYTHING

TABLES = [
    {"name": "people", "copied": False, "text": False, "trains": True},
    {"name": "notes", "copied": False, "text": True, "trains": True},
]
PLAN = {"tables": TABLES, **EVERYTHING}
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Told:
    """A claimed job whose events are written down one by one."""

    def __init__(self, scene, **plan):
        self.store = scene.store
        self.job = self.store.jobs.create(
            name="shop", type=JobType.AD_HOC, home="here", orders={"kind": "run"}, destination="storage", worker="w"
        )
        self.parts = Parts(attempt=1)
        self.store.progress.plan(self.job.hold, *self.parts.plan({**PLAN, **plan}))

    def hear(self, kind, step=None, table=None, at=0, **more):
        event = Event(kind=kind, step=step, table=table, time=BEGAN + timedelta(seconds=at), **more)
        parts = self.parts
        parts.take(event)
        self.store.progress.write(
            self.job.hold, parts.changed_tasks, parts.changed_steps, parts.metrics, share=parts.share()
        )
        parts.changed_tasks, parts.changed_steps, parts.metrics = {}, {}, {}
        return self.details()

    def step(self, step, table=None, *, begin, end):
        self.hear(EventKind.STEP_STARTED, step, table, begin)
        return self.hear(EventKind.STEP_FINISHED, step, table, end, seconds=float(end - begin))

    def details(self):
        return details_of(self.store, self.store.lookup.job(self.job.id))


@pytest.fixture
def told(local):
    return Told(local)


def changed(before, after):
    """Give what differs between two details, by the names of the document."""
    left, right = before.as_dict(), after.as_dict()
    return {name for name in left | right if left.get(name) != right.get(name)} - {"share", "seconds_left"}


def tables(found):
    return {table.name: (table.task, table.state, table.seconds, dict(table.used)) for table in found.tables}


@pytest.mark.feature(106)
def test_a_job_that_waits_has_not_started_and_one_that_was_claimed_has(local):
    waits = local.store.jobs.create(name="shop", type=JobType.AD_HOC, home="here", orders={})
    assert (waits.state, details_of(local.store, waits).as_dict()["started"]) == (State.QUEUED, None)
    assert "started  not yet" in local.command("jobs", "show", waits.id).stdout
    begun = local.store.jobs.claim("w", "here")
    assert begun.id == waits.id
    assert details_of(local.store, begun).as_dict()["started"].startswith("20")


@pytest.mark.feature(113)
@pytest.mark.feature(115)
@pytest.mark.feature(116)
def test_a_step_that_begins_makes_its_table_and_its_task_run_and_no_other(told):
    before = told.details()
    after = told.hear(EventKind.STEP_STARTED, Step.ORGANIZE, "people")
    assert changed(before, after) == {"tables", "task_list"}
    assert [str(task.state) for task in after.tasks] == ["running", *["waiting"] * 4]
    assert {table.name: table.state for table in after.tables} == {"people": "running", "notes": "waiting"}
    states = {(step.task, step.step): str(step.state) for step in after.steps}
    assert states.pop((0, "organizing data")) == "running"
    assert set(states.values()) == {"waiting"}


@pytest.mark.feature(112)
@pytest.mark.feature(118)
def test_the_task_of_a_table_becomes_that_of_its_text_when_the_first_is_done(told):
    for number, step in enumerate((Step.ORGANIZE, Step.ANALYZE, Step.TRANSFORM, Step.TRAIN)):
        told.step(step, "notes", begin=number, end=number + 1)
    assert tables(told.details())["notes"][0] == "synthesizing table"
    after = told.step(Step.GENERATE, "notes", begin=5, end=6)
    assert tables(after)["notes"][:2] == ("generating text", "waiting")
    assert tables(after)["people"][:2] == ("synthesizing table", "waiting")


@pytest.mark.feature(114)
def test_the_duration_of_a_table_is_from_its_first_step_to_its_last(told):
    steps = (Step.ORGANIZE, Step.ANALYZE, Step.TRANSFORM, Step.TRAIN, Step.GENERATE)
    for number, step in enumerate(steps):
        found = told.step(step, "people", begin=10 * number, end=10 * number + 7)
    assert tables(found)["people"][1:3] == ("finished", 47.0)
    assert tables(found)["notes"][2] is None


@pytest.mark.feature(107)
@pytest.mark.parametrize(
    ("plan", "number"),
    [({}, 5), ({"reports": False}, 4), ({"tables": TABLES[:1]}, 3), ({"generates": False, "archives": False}, 5)],
    ids=["all", "no report", "one table", "no data"],
)
def test_the_tasks_are_counted_and_one_more_is_done_when_its_last_step_is(local, plan, number):
    told = Told(local, **plan)
    assert told.details().tasks_done == (0, number)
    told.step(Step.ORGANIZE, "people", begin=0, end=1)
    told.step(Step.ANALYZE, "people", begin=1, end=2)
    told.step(Step.TRANSFORM, "people", begin=2, end=3)
    found = told.step(Step.TRAIN, "people", begin=3, end=4)
    if told.parts.parts.get((0, Step.GENERATE)) is not None:
        assert found.tasks_done == (0, number)
        found = told.step(Step.GENERATE, "people", begin=4, end=5)
    assert found.tasks_done == (1, number)
    assert f"1 of {number} completed" in local.command("jobs", "show", told.job.id).stdout


@pytest.mark.feature(117)
def test_a_table_that_is_copied_has_a_task_of_its_own_kind(local):
    kinds = {}
    for copied in (False, True):
        table = {"name": "codes", "copied": copied, "text": False, "trains": not copied}
        found = Told(local, tables=[table]).details()
        kinds[copied] = (found.tasks[0].kind, [step.step for step in found.steps if step.task == 0])
    assert kinds[False] == (
        "synthesizing table",
        ["organizing data", "data analysis", "transforming data", "AI training", "generating"],
    )
    assert kinds[True] == ("copying table", ["organizing data", "generating"])


@pytest.mark.feature(127)
@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        pytest.param("training_rows", 12345, "12,345", marks=pytest.mark.feature(128)),
        pytest.param("goal", "speed", "speed", marks=pytest.mark.feature(130)),
        pytest.param("epochs", 3.25, "3.25", marks=pytest.mark.feature(131)),
        pytest.param("size", "large", "large", marks=pytest.mark.feature(132)),
        pytest.param("batch_size", 4096, "4,096", marks=pytest.mark.feature(133)),
    ],
)
def test_what_training_used_is_told_of_its_table_alone(told, local, name, value, shown):
    before = told.details()
    assert shown not in local.command("jobs", "show", told.job.id).stdout
    after = told.hear(EventKind.TABLE_LEARNED, table="people", details={name: value})
    assert changed(before, after) == {"tables"}
    assert {table.name: dict(table.used) for table in after.tables} == {"people": {name: value}, "notes": {}}
    line = next(line for line in local.command("jobs", "show", told.job.id).stdout.splitlines() if "people" in line)
    assert shown in line


@pytest.mark.feature(129)
def test_the_rows_of_a_table_are_those_that_were_made_so_far(told):
    assert [table.rows for table in told.details().tables] == [None, None]
    told.hear(EventKind.STEP_STARTED, Step.GENERATE, "people")
    found = told.hear(EventKind.STEP_PROGRESS, Step.GENERATE, "people", done=400, total=1000, unit="rows")
    assert [table.rows for table in found.tables] == [400, None]


@pytest.mark.feature(108)
@pytest.mark.feature(109)
@pytest.mark.parametrize("words", [{"catalog": "monthly"}, {"generator": "old-fox"}, {}])
def test_catalog_and_destination_are_told_but_not_of_an_ad_hoc_job(local, words):
    job = local.store.jobs.create(
        name="shop", type=JobType.AD_HOC, home="here", orders={}, destination="postgresql", **words
    )
    shown = local.command("jobs", "show", job.id).stdout
    assert ("postgresql" in shown) is bool(words)
    assert all(value in shown for value in words.values())
    assert local.store.lookup.job(job.id).destination == "postgresql"


def test_a_job_that_failed_shows_its_findings_its_page_where_to_ask_and_how_to_go_on(told, local):
    finding = {"severity": "error", "path": "tables.people", "code": "too-few-rows", "message": "2 rows",
               "fix": "give more rows", "step": None, "line": None}  # fmt: skip
    fault = {"code": "config", "message": "the configuration has 1 fault", "fix": "", "findings": [finding]}
    told.store.jobs.end(told.job.hold, State.FAILED, fault=fault)
    shown = local.command("jobs", "show", told.job.id).stdout
    for words in ("1 fault", "tables.people", "2 rows", "give more rows", "semblant help config", "ask: "):
        assert words in shown
    assert "semblant jobs resume shop" in shown
    (seen,) = json.loads(local.command("jobs", "show", told.job.id, "--json").stdout)["error"]["findings"]
    assert (seen["path"], seen["code"]) == ("tables.people", "too-few-rows")


@pytest.mark.feature(135)
def test_a_private_training_tells_what_it_spent_and_no_other_does(told, local):
    before = told.details()
    after = told.hear(EventKind.TABLE_LEARNED, table="people", details={"epsilon": 0.987, "delta": 1e-6, "epochs": 3.0})
    assert changed(before, after) == {"tables"}
    history = json.loads(local.command("jobs", "history", told.job.id, "--json").stdout)
    assert history == {"people": [{"epoch": 3.0, "epsilon": 0.987, "delta": 1e-6}]}
    assert "epsilon" in (shown := local.command("jobs", "show", told.job.id).stdout)
    assert "0.987" in shown
    told.hear(EventKind.TABLE_LEARNED, table="notes", details={"epochs": 2.0})
    assert list(json.loads(local.command("jobs", "history", told.job.id, "--json").stdout)) == ["people"]


def test_the_live_view_says_rows_and_what_was_spent(told, local):
    told.hear(EventKind.STEP_STARTED, Step.GENERATE, "people")
    progress = {"done": 400, "total": 1000, "unit": "rows", "seconds_left": 9.0}
    told.hear(EventKind.STEP_PROGRESS, Step.GENERATE, "people", **progress)
    found = told.hear(EventKind.TABLE_LEARNED, table="people", details={"epsilon": 0.987})
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(view(found, history_of(told.store, found.job)))
    shown = console.export_text()
    assert "generating: 400 of 1,000 rows, 9 s left" in shown
    assert "people: epsilon 0.987 spent" in shown


@pytest.mark.feature(262)
def test_every_table_that_is_in_training_is_told_and_only_the_one_that_failed_fails(told, local):
    for table in ("people", "notes"):
        told.hear(EventKind.STEP_STARTED, Step.TRAIN, table)
        found = told.hear(EventKind.STEP_PROGRESS, Step.TRAIN, table, done=3, total=9, unit="epochs", seconds_left=8.0)
    assert line(found).startswith("shop running: people, notes: AI training, ")
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(view(found, {}))
    shown = [words for words in console.export_text().splitlines() if "AI training: 3 of 9 epochs" in words]
    assert [words.split(":")[0] for words in shown] == ["people", "notes"]
    told.hear(EventKind.STEP_CANCELLED, Step.TRAIN, "notes")
    told.store.progress.close(told.job.hold, PartState.FAILED, "the loss is not a number", 9.0)
    tasks = {(task.kind, task.table_name): (str(task.state), task.message) for task in told.details().tasks}
    assert tasks["synthesizing table", "people"] == ("failed", "the loss is not a number")
    assert tasks["synthesizing table", "notes"] == ("cancelled", "")
    states = {step.task: str(step.state) for step in told.details().steps if step.step == Step.TRAIN}
    assert (states[0], states[1]) == ("failed", "cancelled")


@pytest.mark.feature(120)
def test_a_job_that_analyzes_nothing_has_no_such_step(local):
    steps = {}
    for analyzed in (True, False):
        table = {"name": "people", "copied": False, "text": False, "trains": True, "analyzed": analyzed}
        steps[analyzed] = [step.step for step in Told(local, tables=[table]).details().steps]
    assert set(steps[True]) - set(steps[False]) == {"data analysis"}


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(Step.ORGANIZE, marks=pytest.mark.feature(119)),
        pytest.param(Step.ANALYZE, marks=pytest.mark.feature(120)),
        pytest.param(Step.TRANSFORM, marks=pytest.mark.feature(121)),
        pytest.param(Step.TRAIN, marks=pytest.mark.feature(122)),
        pytest.param(Step.GENERATE, marks=pytest.mark.feature(123)),
    ],
)
def test_each_step_is_told_alone_with_its_state_how_far_it_is_and_its_time(told, local, step):
    def states(found):
        return {(entry.task, entry.step): (str(entry.state), entry.done, entry.seconds) for entry in found.steps}

    before = states(told.details())
    told.hear(EventKind.STEP_STARTED, step, "people", 5)
    running = told.hear(EventKind.STEP_PROGRESS, step, "people", 6, done=3, total=12, unit="rows", seconds_left=60.0)
    key = (0, str(step))
    assert states(running) == {**before, key: ("running", 3, None)}
    (line,) = [
        line
        for line in local.command("jobs", "tasks", told.job.id).stdout.splitlines()
        if line.strip().startswith(step) and "running" in line
    ]
    assert "3 of 12 rows, 1 min 0 s left" in line
    ended = told.hear(EventKind.STEP_FINISHED, step, "people", 65, seconds=60.0)
    assert states(ended) == {**before, key: ("finished", 3, 60.0)}
    assert 0 < told.parts.share() < 1
