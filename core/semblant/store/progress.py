"""How far a job is: its tasks, steps and training history, written by its runner only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from semblant.jobs.states import PartState
from semblant.store.tables import METRICS, STEPS, TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.store.database import Store
    from semblant.store.records import Flags, Hold

_OPEN = (PartState.WAITING, PartState.RUNNING)


class Progress:
    """Writes progress; every call is one transaction that stays only with a good hold."""

    def __init__(self, store: Store) -> None:
        """Write to this store."""
        self._store = store

    def plan(self, hold: Hold, tasks: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]]) -> None:
        """Begin an attempt with all that it will do; an earlier attempt's history is kept.

        :raises LostError: the hold is no longer good.
        """
        with self._store.writing() as connection:
            self._store.jobs.held(connection, hold)
            for table in (STEPS, TASKS):
                connection.execute(delete(table).where(table.c.job == hold.job))
            for table, rows in ((TASKS, tasks), (STEPS, steps)):
                if rows:
                    connection.execute(insert(table), [dict(row, job=hold.job) for row in rows])

    def write(
        self,
        hold: Hold,
        tasks: Mapping[int, Mapping[str, Any]],
        steps: Mapping[tuple[int, str], Mapping[str, Any]],
        metrics: Mapping[tuple[int, float], Mapping[str, float]],
        **figures: Any,
    ) -> Flags:
        """Write what changed, and figures of the job; tell what was asked.

        :param tasks: per number the columns that changed; steps per task and step, metrics per task and epoch.
        :raises LostError: the hold is no longer good.
        """
        with self._store.writing() as connection:
            flags = self._store.jobs.held(connection, hold, **figures)
            for number, values in tasks.items():
                connection.execute(
                    update(TASKS).where(TASKS.c.job == hold.job, TASKS.c.number == number).values(**values)
                )
            for (number, step), values in steps.items():
                connection.execute(
                    update(STEPS)
                    .where(STEPS.c.job == hold.job, STEPS.c.task == number, STEPS.c.step == step)
                    .values(**values)
                )
            for (number, epoch), found in metrics.items():
                same = (METRICS.c.job == hold.job, METRICS.c.task == number, METRICS.c.epoch == epoch)
                connection.execute(delete(METRICS).where(*same))
                connection.execute(insert(METRICS).values(job=hold.job, task=number, epoch=epoch, figures=dict(found)))
        return flags

    def close(self, hold: Hold, state: PartState, message: str, now: float) -> None:
        """Let everything that is open end, because the job ends so.

        Where a job fails, the task whose step was at work fails, with the message; the other tasks are
        cancelled, because nothing went wrong in them. A fault between steps is every open task's.

        :raises LostError: the hold is no longer good.
        """
        with self._store.writing() as connection:
            self._store.jobs.held(connection, hold)
            if state is PartState.FAILED:
                at_work = select(STEPS.c.task).where(
                    STEPS.c.job == hold.job, STEPS.c.state.in_((PartState.RUNNING, PartState.FAILED))
                )
                if at_fault := connection.execute(at_work).scalars().all():
                    connection.execute(
                        update(TASKS)
                        .where(TASKS.c.job == hold.job, TASKS.c.state == PartState.RUNNING)
                        .where(TASKS.c.number.not_in(at_fault))
                        .values(state=PartState.CANCELLED, ended=now)
                    )
            for table in (TASKS, STEPS):
                mine = table.c.job == hold.job
                more = {"message": message} if table is TASKS and message else {}
                connection.execute(
                    update(table).where(mine, table.c.state == PartState.RUNNING).values(state=state, ended=now, **more)
                )
                if state is not PartState.WAITING:
                    connection.execute(
                        update(table).where(mine, table.c.state == PartState.WAITING).values(state=PartState.CANCELLED)
                    )
