"""Quotas: rows and processor time per month, jobs at a time, storage; of everybody together, or of one user."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from attrs import frozen
from sqlalchemy import delete, func, insert, select

from semblant.errors import SemblantError
from semblant.jobs.states import State
from semblant.store.tables import GENERATORS, JOBS, QUOTAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from semblant.store.database import Store

EVERYBODY: Final = ""
"""The owner of quotas that hold for all users together."""


class QuotaError(SemblantError):
    """A quota is reached."""

    code = "quota"
    exit_code = 2


class Resource(enum.StrEnum):
    """What is limited."""

    ROWS = "rows"
    """Synthetic rows made in a calendar month (UTC)."""
    JOBS = "jobs"
    """Jobs that wait or run at the same time."""
    STORAGE = "storage"
    """Bytes that jobs, data and generators take now."""
    PROCESSOR = "processor-minutes"
    """Processor time of jobs created in a calendar month (UTC)."""


WORDS: Final[Mapping[Resource, str]] = {
    Resource.ROWS: "synthetic rows this month",
    Resource.JOBS: "jobs at a time",
    Resource.STORAGE: "bytes of storage",
    Resource.PROCESSOR: "processor minutes this month",
}
_FIXES: Final[Mapping[Resource, str]] = {
    Resource.ROWS: "ask for fewer rows (--records), or wait for the next month",
    Resource.JOBS: "wait until a job has ended, or cancel one: semblant jobs list",
    Resource.STORAGE: "delete jobs and generators that nobody needs: semblant jobs list, semblant jobs delete NAME",
    Resource.PROCESSOR: "wait for the next month",
}


@frozen(kw_only=True)
class Quota:
    """A limit and its use."""

    owner: str
    """A user, or :data:`EVERYBODY`."""
    resource: Resource
    used: float
    most: float | None
    """None: nobody limited it."""


class Quotas:
    """The quotas of a store."""

    def __init__(self, store: Store) -> None:
        """Work on the store's quotas."""
        self._store = store

    def set(self, resource: Resource, most: float | None, owner: str = EVERYBODY) -> None:
        """Limit a resource, or with None no longer."""
        with self._store.writing() as connection:
            connection.execute(delete(QUOTAS).where(QUOTAS.c.owner == owner, QUOTAS.c.resource == resource))
            if most is not None:
                connection.execute(insert(QUOTAS).values(owner=owner, resource=str(resource), most=most))

    def list(self, owner: str) -> list[Quota]:
        """Give the use of everybody and of one user, with the limits that there are."""
        with self._store.reading() as connection:
            limits = _limits(connection, owner)
            return [
                Quota(owner=who, resource=what, used=_used(connection, what, who), most=limits.get((who, what)))
                for who in (EVERYBODY, owner)
                for what in Resource
            ]

    def check_running(self, owner: str) -> None:
        """Refuse to go on with a running job whose owner is over a limit of processor time or storage.

        :raises QuotaError: with used and limit.
        """
        with self._store.reading() as connection:
            for (who, what), most in _limits(connection, owner).items():
                if what in {Resource.PROCESSOR, Resource.STORAGE}:
                    used = _used(connection, what, who)
                    if used > most:
                        raise _reached(who, what, used, most)


def reserve(connection: Connection, owner: str, *, jobs: int = 0, rows: int = 0, instead_of: int = 0) -> None:
    """Prove, within the writing transaction that uses them up, that there are jobs and rows left.

    :param instead_of: rows that the same job has reserved before.
    :raises QuotaError: with used and limit.
    """
    for (who, what), most in _limits(connection, owner, lock=True).items():
        if not jobs and what is not Resource.ROWS:
            continue
        used = _used(connection, what, who) - (instead_of if what is Resource.ROWS else 0)
        wanted = {Resource.JOBS: jobs, Resource.ROWS: rows}.get(what, 0)
        if used + wanted > most or (jobs and used >= most):  # no new job where nothing is left
            raise _reached(who, what, used, most, rows)


def _limits(connection: Connection, owner: str, *, lock: bool = False) -> dict[tuple[str, Resource], float]:
    found = select(QUOTAS).where(QUOTAS.c.owner.in_([EVERYBODY, owner])).order_by(QUOTAS.c.owner, QUOTAS.c.resource)
    rows = connection.execute(found.with_for_update() if lock else found)
    return {(row.owner, Resource(row.resource)): row.most for row in rows}


def _used(connection: Connection, resource: Resource, owner: str) -> float:
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    queries = {
        Resource.ROWS: select(func.sum(JOBS.c.rows_reserved)).where(JOBS.c.created >= month),
        Resource.JOBS: select(func.count()).select_from(JOBS).where(JOBS.c.state.in_([State.QUEUED, State.RUNNING])),
        Resource.STORAGE: select(func.sum(JOBS.c.bytes)),
        Resource.PROCESSOR: select(func.sum(JOBS.c.processor_seconds) / 60).where(JOBS.c.created >= month),
    }
    query = queries[resource]
    found = float(connection.execute(query if owner == EVERYBODY else query.where(JOBS.c.owner == owner)).scalar() or 0)
    if resource is Resource.STORAGE:
        kept = select(func.sum(GENERATORS.c.bytes))
        kept = kept if owner == EVERYBODY else kept.where(GENERATORS.c.owner == owner)
        found += float(connection.execute(kept).scalar() or 0)
    return found


def _reached(owner: str, resource: Resource, used: float, most: float, rows: int = 0) -> QuotaError:
    whose = f"of user '{owner}'" if owner else "of this store"
    wanted = f", this job would make {rows:,}" if resource is Resource.ROWS and rows else ""
    msg = f"the quota {whose} is reached: {used:,.0f} of {most:,.0f} {WORDS[resource]} are used{wanted}"
    return QuotaError(msg, fix=f"{_FIXES[resource]}; 'semblant quota' shows all of them")
