"""``semblant jobs cancel``, ``stop-training``, ``resume``, ``retry``, ``report`` and ``delete``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import command as make
from semblant.cli.storing import opened

if TYPE_CHECKING:
    from semblant.cli.session import Session
    from semblant.store.records import JobRecord

_WAIT_SECONDS = 20.0


def _told(session: Session, job: JobRecord, words: str) -> None:
    if session.as_json:
        from semblant.jobs.details import job_document

        session.document(job_document(job, (0, 0)))
        return
    session.say(f"{job.name} ({job.id}): {words}")


@make("cancel", "Cancel a job; its destination stays as it was.")
@click.argument("job", metavar="NAME|ID")
@click.option("--no-wait", is_flag=True, help="Do not wait until it has ended.")
def cancel_command(session: Session, *, job: str, no_wait: bool) -> None:
    """Cancel a job that waits or runs. What is finished of it is kept: 'semblant jobs resume' goes on with it."""
    import time

    with opened(session) as (store, _):
        found = store.jobs.ask_cancel(store.lookup.job(job).id)
        until = time.monotonic() + (0.0 if no_wait else _WAIT_SECONDS)
        while not found.state.is_final and time.monotonic() < until:
            time.sleep(0.2)
            found = store.lookup.job(found.id)
    words = str(found.state) if found.state.is_final else "asked to stop"
    _told(session, found, f"{words}; the data had been delivered before" if found.delivered else words)


@make("stop-training", "Stop training, keep the best weights and go on to generation.")
@click.argument("job", metavar="NAME|ID")
def stop_training_command(session: Session, *, job: str) -> None:
    """Stop the training of a job within seconds; the best weights so far make the generator and the data."""
    with opened(session) as (store, _):
        found = store.jobs.ask_stop(store.lookup.job(job).id)
    _told(session, found, "training stops; it goes on with the best weights so far")


def _again(session: Session, job: str, *, queue: bool, **how: Any) -> None:
    """Order a job that follows another one, and do it here unless it is left to a worker."""
    if queue:
        from semblant.jobs.ordering import order_again

        with opened(session) as (store, home):
            found = order_again(store, home, store.lookup.job(job), **how)
        _told(session, found, "waits for a worker")
        return
    from semblant.cli.finishing import finish_again

    finish_again(session, job, **how)


_QUEUE = click.option("--queue", is_flag=True, help="Leave it to a worker.")


@make("resume", "Go on with a job that failed or was cancelled, from its finished steps.")
@click.argument("job", metavar="NAME|ID")
@_QUEUE
def resume_command(session: Session, *, job: str, queue: bool) -> None:
    """Go on with a job: its finished steps are taken over, training goes on from its last checkpoint."""
    _again(session, job, queue=queue, anew=False)


@make("retry", "Do a job that failed or was cancelled again from the start.")
@click.argument("job", metavar="NAME|ID")
@_QUEUE
def retry_command(session: Session, *, job: str, queue: bool) -> None:
    """Do a job again, with the same settings and nothing taken over."""
    _again(session, job, queue=queue, anew=True)


@make("report", "Make the report of a finished job again.")
@click.argument("job", metavar="NAME|ID")
@_QUEUE
def report_command(session: Session, *, job: str, queue: bool) -> None:
    """Make only the report again: model, data and delivery are taken over."""
    _again(session, job, queue=queue, anew=False, report=True)


@make("delete", "Delete a job with its data and report.")
@click.argument("job", metavar="NAME|ID")
@click.option("--generator", is_flag=True, help="Delete the generator that it trained, too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete_command(session: Session, *, job: str, generator: bool, yes: bool) -> None:
    """Delete a job: its workspace, its data in application storage, its report and log.

    Data that were delivered elsewhere stay there. The generator is kept unless --generator is given.
    """
    import sys

    from semblant.jobs.deleting import delete_job

    with opened(session) as (store, home):
        found = store.lookup.job(job)
        if not yes and sys.stdin.isatty():
            click.confirm(f"delete job '{found.name}' with its data and report?", abort=True, err=True)
        delete_job(store, home, found, generator=generator)
    _told(session, found, "deleted")
