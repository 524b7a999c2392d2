"""The life of a job: created, claimed, kept alive, ended; every change is one transaction with its condition in it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, insert, or_, select, update

from semblant.errors import ConfigError, SemblantError
from semblant.jobs.states import State
from semblant.store.named import new_id, user
from semblant.store.quotas import reserve
from semblant.store.records import Flags, Hold, JobRecord
from semblant.store.tables import DATASETS, JOBS, METRICS, STEPS, TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection

    from semblant.jobs.states import JobType
    from semblant.store.database import Store

LEASE_SECONDS: Final = 30.0
_ACTIVE: Final = (State.QUEUED, State.RUNNING)


class LostError(SemblantError):
    """Another attempt has begun, or the job has ended: whoever is told this may write nothing about it."""

    code = "job-lost"


class StateError(ConfigError):
    """The job is in no state for that."""

    code = "job-state"


class Jobs:
    """The jobs of a store: what changes their state. Lookups are in :mod:`.lookup`, progress in :mod:`.progress`."""

    def __init__(self, store: Store) -> None:
        """Work on the store's jobs."""
        self._store = store

    def create(
        self,
        *,
        name: str,
        type: JobType,  # noqa: A002
        home: str,
        orders: Mapping[str, Any],
        destination: str = "",
        catalog: str | None = None,
        generator: str | None = None,
        follows: str | None = None,
        rows: int = 0,
        worker: str | None = None,
    ) -> JobRecord:
        """Queue a job, or with ``worker`` claim it at once; the quotas of its owner are checked in the same breath.

        :param rows: rows that it is known to make; what is planned later is added by :meth:`plan_rows`.
        :raises QuotaError: a quota is reached; nothing was created.
        """
        job, owner = new_id(), user()
        row: dict[str, Any] = {
            "id": job, "name": name, "type": str(type), "state": str(State.QUEUED), "home": home, "owner": owner,
            "catalog": catalog, "generator": generator, "destination": destination, "follows": follows,
            "orders": dict(orders), "created": time.time(), "started": None, "ended": None, "attempt": 0, "crashes": 0,
            "worker": None, "process": None, "lease_until": None, "not_before": 0.0, "cancel_asked": 0,
            "stop_asked": 0, "publishing": 0, "delivered": 0, "rows_reserved": rows, "rows_made": 0, "bytes": 0,
            "processor_seconds": 0.0, "share": 0.0, "seconds_left": None, "fault": None, "result": None, "deleted": 0,
        }  # fmt: skip
        with self._store.writing() as connection:
            reserve(connection, owner, jobs=1, rows=rows)
            connection.execute(insert(JOBS).values(row))
            if worker is not None:
                self._take(connection, job, worker)
            return _one(connection, job)

    def claim(self, worker: str, home: str, *, only: str | None = None) -> JobRecord | None:
        """Take the oldest job that waits, or whose runner has died; None when there is none.

        :param worker: a name that no other runner has.
        :param only: the id of the one job that is wanted.
        """
        now = self._store.now()
        ready = and_(JOBS.c.state == State.QUEUED, JOBS.c.not_before <= now)
        left = and_(JOBS.c.state == State.RUNNING, JOBS.c.lease_until < now)
        wanted = select(JOBS.c.id, JOBS.c.state, JOBS.c.cancel_asked).where(
            JOBS.c.home == home, JOBS.c.deleted == 0, or_(ready, left)
        )
        if only is not None:
            wanted = wanted.where(JOBS.c.id == only)
        with self._store.reading() as connection:
            if connection.execute(wanted.limit(1)).first() is None:
                return None
        chosen = wanted.order_by(JOBS.c.created, JOBS.c.id).limit(1).with_for_update(skip_locked=True)
        with self._store.writing() as connection:
            while (row := connection.execute(chosen).first()) is not None:
                if row.cancel_asked:  # its runner died while it was being cancelled
                    self._end(connection, row.id, State.CANCELLED)
                    continue
                self._take(connection, row.id, worker, died=row.state == State.RUNNING)
                return _one(connection, row.id)
        return None

    def _take(self, connection: Connection, job: str, worker: str, *, died: bool = False) -> None:
        now = self._store.now()
        connection.execute(
            update(JOBS)
            .where(JOBS.c.id == job)
            .values(
                state=State.RUNNING,
                attempt=JOBS.c.attempt + 1,
                crashes=JOBS.c.crashes + int(died),
                worker=worker,
                lease_until=now + LEASE_SECONDS,
                started=_or(JOBS.c.started, time.time()),
            )
        )

    def beat(self, hold: Hold, **figures: Any) -> Flags:
        """Renew the lease and note figures (``share``, ``bytes``, ``processor_seconds``, …); tell what was asked.

        :raises LostError: the hold is no longer good.
        """
        with self._store.writing() as connection:
            return self.held(connection, hold, **figures)

    def held(self, connection: Connection, hold: Hold, **figures: Any) -> Flags:
        """As :meth:`beat`, within a transaction of the caller: what else it writes stays only with a good hold."""
        done = connection.execute(
            update(JOBS)
            .where(_holds(hold))
            .values(lease_until=self._store.now() + LEASE_SECONDS, **figures)
            .returning(JOBS.c.cancel_asked, JOBS.c.stop_asked)
        ).first()
        if done is None:
            raise _lost(hold)
        return Flags(cancel=bool(done.cancel_asked), stop_training=bool(done.stop_asked))

    def flags(self, hold: Hold) -> Flags:
        """Look what was asked, without a write.

        :raises LostError: the hold is no longer good.
        """
        with self._store.reading() as connection:
            found = connection.execute(select(JOBS.c.cancel_asked, JOBS.c.stop_asked).where(_holds(hold))).first()
        if found is None:
            raise _lost(hold)
        return Flags(cancel=bool(found.cancel_asked), stop_training=bool(found.stop_asked))

    def plan_rows(self, hold: Hold, rows: int) -> None:
        """Reserve the rows that a running job has planned to make.

        :raises QuotaError: they are more than the owner may make.
        :raises LostError: the hold is no longer good.
        """
        with self._store.writing() as connection:
            job = _one(connection, hold.job)
            reserve(connection, job.owner, rows=rows, instead_of=job.rows_reserved)
            self.held(connection, hold, rows_reserved=rows)

    def may_publish(self, hold: Hold) -> bool:
        """Allow a job to publish, unless it was cancelled; from then on a cancellation comes too late.

        :raises LostError: the hold is no longer good.
        """
        with self._store.writing() as connection:
            flags = self.held(connection, hold)
            if not flags.cancel:
                self.held(connection, hold, publishing=1)
            return not flags.cancel

    def end(self, hold: Hold, state: State, **figures: Any) -> JobRecord:
        """Let a running job end: ``finished``, ``failed`` (with ``fault``) or ``cancelled``.

        :raises LostError: the hold is no longer good.
        """
        with self._store.writing() as connection:
            self.held(connection, hold)
            self._end(connection, hold.job, state, **figures)
            return _one(connection, hold.job)

    def _end(self, connection: Connection, job: str, state: State, **figures: Any) -> None:
        share = {"share": 1.0} if state is State.FINISHED else {}
        connection.execute(
            update(JOBS)
            .where(JOBS.c.id == job, JOBS.c.state.in_(_ACTIVE))
            .values(
                state=state,
                ended=time.time(),
                worker=None,
                process=None,
                lease_until=None,
                seconds_left=None,
                **{"rows_reserved": JOBS.c.rows_made, **share, **figures},
            )
        )

    def release(self, hold: Hold, *, crashed: bool, wait_seconds: float = 0.0) -> None:
        """Give a running job back to the queue; it goes on from its finished steps.

        :raises LostError: the hold is no longer good.
        """
        with self._store.writing() as connection:
            flags = self.held(connection, hold)
            if flags.cancel:
                self._end(connection, hold.job, State.CANCELLED)
                return
            connection.execute(
                update(JOBS)
                .where(_holds(hold))
                .values(
                    state=State.QUEUED,
                    worker=None,
                    process=None,
                    lease_until=None,
                    not_before=self._store.now() + wait_seconds,
                    crashes=JOBS.c.crashes + int(crashed),
                )
            )

    def ask_cancel(self, job: str) -> JobRecord:
        """Cancel a job: at once when it waits or its runner is dead, otherwise its runner is asked to.

        :raises StateError: it has ended already.
        """
        with self._store.writing() as connection:
            found = _active(connection, job, "cancelled")
            alive = connection.execute(
                select(JOBS.c.id).where(
                    JOBS.c.id == job, JOBS.c.state == State.RUNNING, JOBS.c.lease_until >= self._store.now()
                )
            ).first()
            connection.execute(update(JOBS).where(JOBS.c.id == job).values(cancel_asked=1))
            if found.state is State.QUEUED or alive is None:
                self._end(connection, job, State.CANCELLED)
            return _one(connection, job)

    def delete(self, name: str, home: str) -> list[str]:
        """Forget all jobs of a name; what they used up still counts for the quotas. Gives their ids.

        :raises StateError: one of them waits or runs.
        """
        with self._store.writing() as connection:
            mine = (JOBS.c.name == name, JOBS.c.home == home, JOBS.c.deleted == 0)
            found = connection.execute(select(JOBS.c.id, JOBS.c.state).where(*mine).with_for_update()).all()
            if any(row.state in _ACTIVE for row in found):
                msg = f"job '{name}' has not ended; it cannot be deleted"
                raise StateError(msg, fix=f"semblant jobs cancel {name}")
            ids = [row.id for row in found]
            for table in (STEPS, TASKS, METRICS, DATASETS):
                connection.execute(delete(table).where(table.c.job.in_(ids)))
            connection.execute(
                update(JOBS).where(JOBS.c.id.in_(ids)).values(deleted=1, orders={}, result=None, fault=None, bytes=0)
            )
        return ids

    def ask_stop(self, job: str) -> JobRecord:
        """Ask the runner of a job to stop training, keep the best weights and go on.

        :raises StateError: it is not running.
        """
        with self._store.writing() as connection:
            found = _active(connection, job, "stopped in training")
            if found.state is not State.RUNNING:
                msg = f"job '{found.name}' has not begun; there is no training to stop"
                raise StateError(msg, fix=f"semblant jobs cancel {found.name}")
            connection.execute(update(JOBS).where(JOBS.c.id == job).values(stop_asked=1))
            return _one(connection, job)


def _or(column: ColumnElement[Any], value: float) -> ColumnElement[Any]:
    from sqlalchemy import func

    return func.coalesce(column, value)


def _holds(hold: Hold) -> ColumnElement[bool]:
    return and_(
        JOBS.c.id == hold.job,
        JOBS.c.worker == hold.worker,
        JOBS.c.attempt == hold.attempt,
        JOBS.c.state == State.RUNNING,
    )


def _lost(hold: Hold) -> LostError:
    msg = f"attempt {hold.attempt} of job {hold.job} is over: another one has begun, or the job has ended"
    return LostError(msg, fix=f"'semblant jobs show {hold.job}' says where it stands")


def _one(connection: Connection, job: str) -> JobRecord:
    found = connection.execute(select(JOBS).where(JOBS.c.id == job)).mappings().one()
    return JobRecord(**found)


def _active(connection: Connection, job: str, what: str) -> JobRecord:
    connection.execute(select(JOBS.c.id).where(JOBS.c.id == job).with_for_update())
    found = _one(connection, job)
    if found.state.is_final:
        msg = f"job '{found.name}' is {found.state}; it cannot be {what} any more"
        raise StateError(msg, fix=f"'semblant jobs show {found.name}' says what became of it")
    return found
