"""One setting of a whole job is changed alone: what the job tells differs in that one thing."""

from __future__ import annotations

import json

import pytest

from semblant.jobs.details import details_of
from semblant.jobs.states import State
from tests.core.jobs.scene import QUICK

pytestmark = pytest.mark.nightly

CHANGES = {
    "records": "generation.records=45",
    "goal": "model.goal=accuracy",
    "size": "model.size=medium",
    "epochs": "model.max_epochs=1",
    "validation": "model.validation_fraction=0.4",
    "batch": "model.batch_size=64",
    "history": "model.steps_between_validations=3",
    "encoding": "tables.customers.columns.age.encoding=categorical",
    "nothing": "generation.enabled=false",
    "report": "report.enabled=true",
}
MORE = {"batch": ["model.auto_batching=false"], "report": ["report.formats=[json]"]}
EXACT = ("goal", "size", "batch_size", "training_rows")


@pytest.fixture(scope="module")
def told(shared):
    """Do the same job with each setting changed alone; give what is told of each."""
    jobs = {name: shared.order(*QUICK, change, *MORE.get(name, [])) for name, change in CHANGES.items()}
    jobs["base"] = shared.order(*QUICK)
    shared.work()
    found = {}
    for name, job in jobs.items():
        ended = shared.job(job)
        assert ended.state is State.FINISHED, (name, ended.fault)
        found[name] = details_of(shared.store, ended)
    return found


def used(told, name):
    return dict(told[name].tables[0].used)


def other(told, name):
    """Give what a changed job used, by how it differs from the unchanged one."""
    left, right = used(told, "base"), used(told, name)
    return {key for key in EXACT if left[key] != right[key]}


@pytest.mark.feature(129)
def test_the_rows_that_were_made(told):
    assert [told[name].tables[0].rows for name in ("base", "records")] == [60, 45]
    assert other(told, "records") == set()
    assert told["nothing"].tables[0].rows is None


@pytest.mark.feature(130)
def test_the_goal(told):
    assert [used(told, name)["goal"] for name in ("base", "goal")] == ["speed", "accuracy"]


@pytest.mark.feature(131)
def test_the_epochs(told):
    assert used(told, "epochs")["epochs"] <= 1 < used(told, "base")["epochs"] <= 2
    assert other(told, "epochs") == set()


@pytest.mark.feature(132)
def test_the_size_of_the_model(told):
    assert [used(told, name)["size"] for name in ("base", "size")] == ["small", "medium"]
    assert other(told, "size") == {"size"}


@pytest.mark.feature(128)
def test_the_rows_that_trained(told):
    base, fewer = (used(told, name)["training_rows"] for name in ("base", "validation"))
    assert (base, fewer) == (pytest.approx(540, abs=30), pytest.approx(360, abs=40))


@pytest.mark.feature(133)
def test_the_batch(told):
    assert used(told, "batch")["batch_size"] == 64 != used(told, "base")["batch_size"]
    assert other(told, "batch") == {"batch_size"}


@pytest.mark.feature(135)
def test_the_history(told, shared):
    lengths = {}
    for name in ("base", "history"):
        answer = shared.command("jobs", "history", told[name].job.id, "--json")
        lengths[name] = len(json.loads(answer.stdout)["customers"])
    assert lengths["history"] > lengths["base"]
    assert other(told, "history") == set()


@pytest.mark.feature(126)
def test_the_encoding_of_a_column(told, shared):
    found = {}
    for name in ("base", "encoding"):
        answer = shared.command("jobs", "columns", told[name].job.id, "--json")
        found[name] = {entry["column"]: entry["encoding"] for entry in json.loads(answer.stdout)["customers"]}
    assert found["base"].pop("age") == "integer"
    assert found["encoding"].pop("age") == "categorical"
    assert found["base"] == found["encoding"]


@pytest.mark.feature(107)
@pytest.mark.feature(123)
@pytest.mark.feature(124)
@pytest.mark.feature(125)
def test_the_tasks_and_their_steps(told):
    def parts(name):
        found = told[name]
        return {task.kind: [step.step for step in found.steps if step.task == task.number] for task in found.tasks}

    base = parts("base")
    assert [told[name].tasks_done for name in ("base", "report")] == [(2, 2), (3, 3)]
    assert parts("report") == {**base, "quality report": ["quality report"]}
    assert base["packaging"] == ["delivering", "packaging", "archiving data"]
    assert parts("nothing")["packaging"] == ["packaging"]
    assert parts("nothing")["synthesizing table"] == base["synthesizing table"][:-1]
    assert not told["base"].tests
    assert set(told["report"].tests) == {"identical matches", "dissimilarity"}
