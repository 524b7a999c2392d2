"""The training history of a job per table: from the store while it runs and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.jobs.parts import TEXT

if TYPE_CHECKING:
    from semblant.store.database import Store
    from semblant.store.records import JobRecord


def history_of(store: Store, job: JobRecord) -> dict[str, list[dict[str, float]]]:
    """Give per table, texts apart, its validations in order: epoch, losses, learning rate, epsilon of private runs."""
    names = {
        task.number: f"{task.table_name} (text)" if task.kind == TEXT else task.table_name
        for task in store.lookup.tasks(job.id)
    }
    found: dict[str, list[dict[str, float]]] = {}
    for metric in store.lookup.metrics(job.id):
        entry = {"epoch": metric.epoch, **metric.figures}
        found.setdefault(names.get(metric.task, str(metric.task)), []).append(entry)
    return found
