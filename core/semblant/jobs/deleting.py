"""Deleting a job with all that it left in the home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.home import Kind

if TYPE_CHECKING:
    from semblant.home import Home
    from semblant.store.database import Store
    from semblant.store.records import JobRecord


def delete_job(store: Store, home: Home, job: JobRecord, *, generator: bool = False) -> None:
    """Delete a job and those of its name that it follows: workspace, data in application storage, report, log.

    :raises StateError: one of them has not ended; nothing was deleted then.
    """
    store.jobs.delete(job.name, job.home)
    kinds = [Kind.DATASETS, Kind.JOBS, *([Kind.GENERATORS] if generator else [])]
    for kind in kinds:
        if home.path(kind, job.name).exists():
            home.delete(kind, job.name)
    if generator:
        store.generators.forget(job.name, home.identity())
