"""``semblant worker``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import command as make

if TYPE_CHECKING:
    from semblant.cli.session import Session
    from semblant.store.records import JobRecord


@make("worker", "Do the jobs that wait, until it is ended.")
@click.option("--jobs", "slots", type=click.IntRange(min=1, max=64), default=1, show_default=True, metavar="N",
              help="Jobs at a time.")  # fmt: skip
@click.option("--drain", is_flag=True, help="End when no job waits or runs any more.")
def command(session: Session, *, slots: int, drain: bool) -> None:
    """Take the jobs of this home as they come: those of 'semblant run --queue' and 'semblant catalogs run --queue'.

    Several workers may share a store. Ctrl-C (or SIGTERM) gives the running jobs back to the queue; they go on from
    their finished steps when a worker comes again.
    """
    import signal

    from semblant.home import Home
    from semblant.jobs.worker import Worker
    from semblant.store.database import Store

    home = Home(session.home)
    home.check()
    with Store.of(home) as store:
        worker = Worker(store, home, slots=slots, drain=drain, told=lambda job: _tell(session, job))

        def end(*_: Any) -> None:
            session.tell("ending; the running jobs go back to the queue", style="yellow")
            worker.end()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        session.tell(f"working for {home.root} with {slots} job{'s' if slots > 1 else ''} at a time; Ctrl-C ends it")
        worker.run()
    if session.as_json:
        session.document({"done": worker.done})


def _tell(session: Session, job: JobRecord) -> None:
    from semblant.cli.progress import spoken

    words = str(job.state)
    if job.state.is_final and job.started and job.ended:
        words += f" after {spoken(job.ended - job.started)}"
    if job.fault:
        words += f": {job.fault['message']}"
    session.tell(f"{job.name} ({job.id}): {words}")
