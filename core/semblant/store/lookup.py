"""Finding jobs by id or name, and listing them with how far they are."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from semblant.events import Step
from semblant.jobs.states import PartState, State
from semblant.store.faults import NotThereError
from semblant.store.records import JobRecord, MetricRecord, StepRecord, TaskRecord
from semblant.store.tables import JOBS, METRICS, STEPS, TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.store.database import Store

_DONE = (PartState.FINISHED, PartState.TAKEN_OVER)


class Lookup:
    """Questions about the jobs of a store."""

    def __init__(self, store: Store) -> None:
        """Ask this store."""
        self._store = store

    def job(self, name: str) -> JobRecord:
        """Give a job by its id, or the newest of a name.

        :raises NotThereError: there is none; with the nearest names.
        """
        here = JOBS.c.deleted == 0
        with self._store.reading() as connection:
            row = connection.execute(select(JOBS).where(here, JOBS.c.id == name)).mappings().first()
            if row is None:
                newest = select(JOBS).where(here, JOBS.c.name == name).order_by(JOBS.c.created.desc()).limit(1)
                row = connection.execute(newest).mappings().first()
            if row is not None:
                return JobRecord(**row)
            names = connection.execute(select(JOBS.c.name).where(here).distinct()).scalars().all()
        near = difflib.get_close_matches(name, names, n=3)
        msg = f"there is no job '{name}'"
        raise NotThereError(
            msg, fix=f"did you mean {' or '.join(map(repr, near))}?" if near else "'semblant jobs list' shows them"
        )

    def has(self, name: str) -> bool:
        """Tell whether there is a job of that name or id."""
        try:
            self.job(name)
        except NotThereError:
            return False
        return True

    def jobs(self, states: Sequence[State] = (), *, limit: int = 1000) -> list[JobRecord]:
        """Give the newest jobs first."""
        wanted = select(JOBS).where(JOBS.c.deleted == 0).order_by(JOBS.c.created.desc(), JOBS.c.id).limit(limit)
        if states:
            wanted = wanted.where(JOBS.c.state.in_(states))
        with self._store.reading() as connection:
            return [JobRecord(**row) for row in connection.execute(wanted).mappings()]

    def tasks_done(self, jobs: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Give, per job, how many of its tasks are done and how many there are."""
        done = func.sum(case((TASKS.c.state.in_(_DONE), 1), else_=0))
        with self._store.reading() as connection:
            rows = connection.execute(
                select(TASKS.c.job, done, func.count()).where(TASKS.c.job.in_(jobs)).group_by(TASKS.c.job)
            ).all()
        return {row[0]: (int(row[1] or 0), int(row[2])) for row in rows}

    def tasks(self, job: str) -> list[TaskRecord]:
        """Give the tasks of a job in their order."""
        with self._store.reading() as connection:
            rows = connection.execute(select(TASKS).where(TASKS.c.job == job).order_by(TASKS.c.number)).mappings()
            return [TaskRecord(**row) for row in rows]

    def steps(self, job: str) -> list[StepRecord]:
        """Give the steps of all tasks of a job."""
        with self._store.reading() as connection:
            rows = connection.execute(select(STEPS).where(STEPS.c.job == job).order_by(STEPS.c.task)).mappings()
            found = [StepRecord(**row) for row in rows]
        order = {str(step): number for number, step in enumerate(Step)}
        return sorted(found, key=lambda step: (step.task, order.get(step.step, len(order))))

    def metrics(self, job: str) -> list[MetricRecord]:
        """Give the training history of a job, by task and epoch."""
        with self._store.reading() as connection:
            rows = connection.execute(
                select(METRICS).where(METRICS.c.job == job).order_by(METRICS.c.task, METRICS.c.epoch)
            ).mappings()
            return [MetricRecord(**row) for row in rows]
