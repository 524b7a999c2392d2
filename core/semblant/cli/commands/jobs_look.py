"""``semblant jobs list``, ``show``, ``tasks`` and ``columns``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import command as make
from semblant.cli.storing import opened

if TYPE_CHECKING:
    from semblant.cli.session import Session


@make("list", "List the jobs, the newest first.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(["queued", "running", "finished", "failed", "cancelled"]),
    help="Only jobs in this state; may be repeated.",
)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="At most N jobs.")
def list_command(session: Session, *, states: tuple[str, ...], limit: int) -> None:
    """List the jobs of the store with their states and how many of their tasks are done."""
    from semblant.jobs.states import State

    with opened(session) as (store, _):
        jobs = store.lookup.jobs([State(state) for state in states], limit=limit)
        counts = store.lookup.tasks_done([job.id for job in jobs])
    if session.as_json:
        from semblant.jobs.details import job_document

        session.document([job_document(job, counts.get(job.id, (0, 0))) for job in jobs])
        return
    from semblant.cli.show.jobs import job_list

    session.say(*job_list(jobs, counts))


@make("show", "Show one job: state, tasks, tables, what was used, report.")
@click.argument("job", metavar="NAME|ID")
def show_command(session: Session, *, job: str) -> None:
    """Show a job: type, started, tasks done, catalog and destination, and per table what was used and how it went."""
    from semblant.jobs.details import details_of

    with opened(session) as (store, _):
        found = details_of(store, store.lookup.job(job))
    if session.as_json:
        session.document(found.as_dict())
        return
    from semblant.cli.show.jobs import job_details

    session.say(*job_details(found))


@make("tasks", "Show the tasks of a job and their steps.")
@click.argument("job", metavar="NAME|ID")
def tasks_command(session: Session, *, job: str) -> None:
    """Show every task of a job with its steps: state, duration, how far."""
    with opened(session) as (store, _):
        record = store.lookup.job(job)
        tasks, steps = store.lookup.tasks(record.id), store.lookup.steps(record.id)
    if session.as_json:
        from semblant.jobs.details import task_document

        session.document([task_document(task, steps) for task in tasks])
        return
    from semblant.cli.show.jobs import task_lines

    session.say(*task_lines(tasks, steps))


@make("columns", "Show the columns of a job: types and encodings.")
@click.argument("job", metavar="NAME|ID")
def columns_command(session: Session, *, job: str) -> None:
    """Show the columns of every table of a job, with the encoding that was used and why."""
    from semblant.jobs.details import columns_of

    with opened(session) as (store, home):
        found: dict[str, list[dict[str, Any]]] = columns_of(home, store.lookup.job(job))
    if session.as_json:
        session.document(found)
        return
    from semblant.cli.show.jobs import column_lines

    session.say(*column_lines(found))
