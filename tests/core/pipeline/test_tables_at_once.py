"""Tables that do not depend on each other train at the same time, and become the models that they are otherwise."""

from __future__ import annotations

import re
import threading
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from attrs import evolve

from semblant.complexity import Cost
from semblant.engine import Engine
from semblant.errors import Cancelled, ModelError
from semblant.events import Event, EventKind, Step
from semblant.pipeline import job as module
from semblant.pipeline.job import TrainingJob
from semblant.pipeline.learn import Learned
from semblant.pipeline.relations.repeating import Shown
from semblant.pipeline.sharing import Sharing, sharing
from semblant.pipeline.steps import Steps
from semblant.planning import open_source
from semblant.run import Run
from semblant.testing.lessons import PrivateAccount
from tests.core.pipeline.shop import TABLES
from tests.core.pipeline.waiting import until_cancelled

if TYPE_CHECKING:
    import pyarrow as pa

    from semblant.plan import Plan
    from semblant.spec.model import Spec

PATIENCE = 30.0
OWN = ("customer", "clerk", "order", "line", "nothing")
"""The tables that are learned."""


@pytest.fixture(scope="module")
def folder(real: dict[str, pa.Table], tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("at-once")
    for name, table in real.items():
        pq.write_table(table, found / f"{name}.parquet")
    return found


def spec_of(engine: Engine, folder: Path, **more: Any) -> Spec:
    return engine.load(
        {
            "source": {"type": "files", "path": str(folder)},
            "tables": TABLES,
            "model": {"size": "small", "max_epochs": 1},
            **more,
        }
    )


@pytest.fixture(scope="module")
def plan(engine: Engine, folder: Path) -> Plan:
    pytest.importorskip("jax")
    return engine.plan(spec_of(engine, folder))


def most_at_once(events: list[Event]) -> int:
    """Give how many tables were in training at the same time."""
    at_it, most = set[str | None](), 0
    for event in events:
        if event.step is Step.TRAIN and event.kind is EventKind.STEP_STARTED:
            at_it.add(event.table)
        elif event.step is Step.TRAIN and event.kind is EventKind.STEP_FINISHED:
            at_it.discard(event.table)
        most = max(most, len(at_it))
    return most


def without_times(content: bytes, name: str) -> bytes:
    """Leave out of a model's file how long each part of its training took."""
    return re.sub(rb'"seconds": [0-9.e-]+', b'"seconds": 0', content) if name.endswith(".json") else content


@pytest.mark.feature(262)
def test_the_same_models_are_made_in_turn_and_at_once_and_only_then_their_trainings_overlap(
    folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("jax")
    files, most, tables = {}, {}, {}
    for number in (1, 3):
        events: list[Event] = []
        with Engine(home=tmp_path / f"home{number}", on_event=events.append) as engine:
            spec = spec_of(engine, folder, tables_at_once=number, name="shop")
            made = engine.train(spec, output=tmp_path / f"{number}.semblant")
        with zipfile.ZipFile(made.path) as packed:
            models = [name for name in packed.namelist() if name.startswith("models/")]
            files[number] = {name: without_times(packed.read(name), name) for name in models}
        most[number], tables[number] = most_at_once(events), list(made.tables)
    assert most[1] == 1
    assert most[3] > 1
    assert len(files[1]) > 10
    assert files[1] == files[3]
    assert tables[1] == tables[3]


# -- with trainings that do nothing ---------------------------------------------------------------


class Trainings:
    """Stands for the training of each table: notes who was at it with whom, and does what a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lock = threading.Lock()
        self.inside: set[str] = set()
        self.most = 0
        self.order: list[str] = []
        self.work: dict[str, Any] = {}
        monkeypatch.setattr(module, "learn", self.learn)
        monkeypatch.setattr(module, "shown_rows", lambda plan, path, *_: Shown(plan=plan, path=path, mark=""))
        monkeypatch.setattr(TrainingJob, "_learn_match", lambda *_: None)

    def wait_for(self, wanted: int) -> None:
        """Wait until so many were at it at once, and a little longer for one too many."""
        until = time.monotonic() + PATIENCE
        while self.most < wanted and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(0.05)

    def learn(
        self, plan: Any, key: Any, path: Path, split: Any, host: Any, steps: Steps, mark: str, *_: object
    ) -> Learned:
        del host

        def train(run: Run) -> None:
            with self.lock:
                self.inside.add(plan.name)
                self.order.append(plan.name)
                self.most = max(self.most, len(self.inside))
            try:
                self.work.get(plan.name, lambda run: None)(run)
            finally:
                with self.lock:
                    self.inside.discard(plan.name)

        steps.perform(Step.TRAIN, plan.name, mark, train)
        return Learned(plan=plan, key=key, rows=1, train_path=path, split=split, model=None, text_model=None)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    return Trainings(monkeypatch)


def begun(plan: Plan, engine: Engine, workspace: Path, at_once: int, events: list[Event]) -> TrainingJob:
    """Give a job that trains so many tables at once."""
    workspace.mkdir(exist_ok=True)
    run = Run(job="j", seed=1, workspace=workspace, emit=events.append)
    plan = evolve(plan, spec=evolve(plan.spec, tables_at_once=at_once))
    return TrainingJob(plan=plan, name="j", host=engine.host, run=run, steps=Steps(run))


def trained(plan: Plan, engine: Engine, workspace: Path, at_once: int, events: list[Event]) -> TrainingJob:
    job = begun(plan, engine, workspace, at_once, events)
    source = open_source(plan.spec, engine.host)
    try:
        job.train(source)
    finally:
        source.close()
    return job


@pytest.mark.feature(262)
@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_so_many_tables_are_in_training_and_are_kept_in_the_order_of_the_plan(
    at_once: int, plan: Plan, engine: Engine, tmp_path: Path, trainings: Trainings
) -> None:
    meet = threading.Barrier(min(at_once, 5))
    if at_once == 5:  # otherwise five do not go round
        trainings.work = dict.fromkeys(OWN, lambda run: meet.wait(PATIENCE))
    elif at_once == 2:
        trainings.work = dict.fromkeys(("order", "line"), lambda run: meet.wait(PATIENCE))
    found = trained(plan, engine, tmp_path / "w", at_once, [])
    assert trainings.most == at_once
    assert list(found.learned) == [table.name for table in plan.synthesized]
    if at_once == 1:
        assert trainings.order == list(found.learned)


@pytest.mark.feature(260, 262)
def test_the_first_error_is_told_the_others_are_ended_and_a_next_attempt_takes_over_what_was_done(
    plan: Plan, engine: Engine, tmp_path: Path, trainings: Trainings
) -> None:
    at_it, done = threading.Event(), threading.Event()

    def fail(run: Run) -> None:
        del run
        assert at_it.wait(PATIENCE)
        assert done.wait(PATIENCE)
        msg = "the loss is not a number"
        raise ModelError(msg)

    train = until_cancelled(at_it, PATIENCE)
    trainings.work = {"order": fail, "line": train, "customer": lambda run: done.set()}
    trainings.work |= {"clerk": lambda run: done.wait(PATIENCE), "nothing": lambda run: done.wait(PATIENCE)}
    events: list[Event] = []
    with pytest.raises(ModelError, match="not a number"):
        trained(plan, engine, tmp_path / "w", 5, events)
    assert trainings.inside == set()
    ended = [event.table for event in events if event.kind is EventKind.STEP_CANCELLED]
    finished = {event.table for event in events if event.kind is EventKind.STEP_FINISHED and event.step is Step.TRAIN}
    assert ended == ["line"]
    assert "customer" in finished
    assert "order" not in finished

    trainings.work, trainings.order = {}, []
    found = trained(plan, engine, tmp_path / "w", 2, [])
    assert set(found.learned) == set(OWN)
    assert set(trainings.order) == set(OWN) - finished


def test_a_cancelled_job_says_that_it_was(plan: Plan, engine: Engine, tmp_path: Path, trainings: Trainings) -> None:
    job = begun(plan, engine, tmp_path / "w", 3, [])

    def cancel(run: Run) -> None:
        job.run.cancel.set()
        run.check()

    trainings.work = dict.fromkeys(OWN, cancel)
    source = open_source(plan.spec, engine.host)
    with pytest.raises(Cancelled, match="was cancelled"):
        job.train(source)
    source.close()
    assert trainings.inside == set()


# -- how many, and which --------------------------------------------------------------------------


def decided(plan: Plan, engine: Engine, folder: Path, *, private: bool = False, **changes: Any) -> Sharing:
    run = Run(job="j", seed=1, workspace=folder)
    plan = evolve(plan, spec=evolve(plan.spec, **changes))
    return sharing(plan, engine.host, evolve(run, privacy=PrivateAccount()) if private else run)


@pytest.mark.feature(262)
def test_by_itself_it_goes_by_the_processors_and_a_wish_by_what_was_wished(
    plan: Plan, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for processors in (1.0, 2.0, 8.0):
        monkeypatch.setattr("semblant.pipeline.sharing.allowed_processors", lambda n=processors: n)
        found[processors] = decided(plan, engine, tmp_path).most, decided(plan, engine, tmp_path, tables_at_once=4).most
    assert found == {1.0: (1, 4), 2.0: (2, 4), 8.0: (6, 4)}


@pytest.mark.feature(262)
def test_tables_train_at_once_only_as_far_as_their_estimates_fit_into_the_free_memory(
    plan: Plan, engine: Engine, tmp_path: Path, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plan.assessment is not None
    cost = Cost(training_seconds=1.0, generation_seconds=0.0, memory_bytes=1000)
    equal = evolve(plan, assessment=evolve(plan.assessment, tables=dict.fromkeys(OWN, cost)))
    expected, most = {1500: 1, 2900: 2, 3000: 2, 10**6: 5}, {}
    for free, wanted in expected.items():
        monkeypatch.setattr("semblant.pipeline.sharing.available_memory", lambda n=free: (n, n))
        trainings.most = 0
        trainings.work = dict.fromkeys(OWN, lambda run, n=wanted: trainings.wait_for(n))
        trained(equal, engine, tmp_path / str(free), 5, [])
        most[free] = trainings.most
    assert most == expected


def test_the_limit_of_a_run_counts_before_what_the_machine_has(plan: Plan, engine: Engine, tmp_path: Path) -> None:
    spec = evolve(plan.spec, tables_at_once=3)
    run = Run(job="j", seed=1, workspace=tmp_path, memory_bytes=1000)
    assert sharing(evolve(plan, spec=spec), engine.host, run).memory_bytes == 700


def test_private_tables_train_in_order_whatever_was_wished(plan: Plan, engine: Engine, tmp_path: Path) -> None:
    assert not decided(plan, engine, tmp_path, tables_at_once=4).in_turn
    assert decided(plan, engine, tmp_path, tables_at_once=4, private=True).in_turn


def test_a_backend_that_does_not_say_that_it_may_trains_by_itself(plan: Plan, engine: Engine, tmp_path: Path) -> None:
    line = next(table for table in plan.tables if table.name == "line")
    foreign = evolve(plan, tables=tuple(evolve(t, backend="dp-marginal") if t is line else t for t in plan.tables))
    found = decided(foreign, engine, tmp_path, tables_at_once=4)
    assert found.piece("line", lambda run: None).alone
    assert not found.piece("order", lambda run: None).alone


def test_a_table_of_which_nobody_knows_what_it_needs_trains_by_itself(
    plan: Plan, engine: Engine, tmp_path: Path
) -> None:
    assert plan.assessment is not None
    unknown = evolve(plan, assessment=evolve(plan.assessment, unknown=("order", "line (texts)")))
    found = decided(unknown, engine, tmp_path, tables_at_once=4)
    assert {name for name in OWN if found.piece(name, lambda run: None).alone} == {"order", "line"}


def test_a_training_that_ends_by_the_clock_is_not_slowed_down_unless_it_was_wished(
    plan: Plan, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semblant.pipeline.sharing.allowed_processors", lambda: 8.0)
    timed = evolve(
        plan,
        tables=tuple(evolve(t, model=evolve(t.model, max_minutes=1.0)) if t.name == "line" else t for t in plan.tables),
    )
    assert decided(timed, engine, tmp_path).piece("line", lambda run: None).alone
    assert not decided(timed, engine, tmp_path, tables_at_once=2).piece("line", lambda run: None).alone


def test_what_takes_longest_is_begun_first_but_in_turn_the_order_is_the_plans() -> None:
    seconds = {"a": 1.0, "b": 9.0, "c": 5.0}
    assert Sharing(most=2, seconds=seconds).ordered(["a", "b", "c", "d"]) == ["b", "c", "a", "d"]
    assert Sharing(most=1, seconds=seconds).ordered(["a", "b", "c", "d"]) == ["a", "b", "c", "d"]
