"""How the parts of a job end with it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from semblant.jobs.states import JobType, PartState
from semblant.store.tables import STEPS, TASKS

BEGUN = {"attempt": 1, "started": None, "ended": None, "seconds": None, "done": None, "total": None, "unit": "",
         "seconds_left": None}  # fmt: skip


@pytest.mark.parametrize("at_work", [True, False])
def test_only_the_task_that_was_at_work_fails_with_its_job(store, at_work):
    job = store.jobs.create(name="shop", type=JobType.AD_HOC, home="here", orders={}, worker="w1")
    last = PartState.RUNNING if at_work else PartState.FINISHED
    states = [(PartState.RUNNING, PartState.FINISHED), (PartState.RUNNING, last), (PartState.WAITING,) * 2]
    tasks = [
        {"number": n, "kind": "copying table", "table_name": str(n), "state": state[0], "started": 1.0, "ended": None,
         "message": ""}
        for n, state in enumerate(states)
    ]  # fmt: skip
    steps = [{"task": n, "step": "organizing data", "state": state[1], **BEGUN} for n, state in enumerate(states)]
    store.progress.plan(job.hold, tasks, steps)
    store.progress.close(job.hold, PartState.FAILED, "table '1' is broken", 2.0)
    with store.writing() as connection:
        found = connection.execute(select(TASKS.c.state, TASKS.c.message).order_by(TASKS.c.number)).all()
        done = connection.execute(select(STEPS.c.state).order_by(STEPS.c.task)).scalars().all()
    told = [(PartState.FAILED, "table '1' is broken")]
    assert [tuple(row) for row in found] == [
        *([(PartState.CANCELLED, "")] if at_work else told),
        *told,
        (PartState.CANCELLED, ""),
    ]
    assert done[1:] == [PartState.FAILED if at_work else PartState.FINISHED, PartState.CANCELLED]
