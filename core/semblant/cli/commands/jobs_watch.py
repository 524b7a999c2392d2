"""``semblant jobs watch``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from semblant.cli.options import command as make
from semblant.cli.storing import opened

if TYPE_CHECKING:
    from semblant.cli.session import Session
    from semblant.jobs.details import Details

_SECONDS_BETWEEN_LINES = 10.0


@make("watch", "Watch a job live: tables, tasks, bars, losses.")
@click.argument("job", metavar="NAME|ID")
@click.option("--every", type=click.FloatRange(min=0.2), default=1.0, show_default=True, metavar="SECONDS",
              help="How often to look.")  # fmt: skip
def watch_command(session: Session, *, job: str, every: float) -> None:
    """Watch a job until it ends; Ctrl-C ends only the watching. In a pipe it is a line in ten seconds at most."""
    from semblant.jobs.details import details_of
    from semblant.jobs.history import history_of

    with opened(session) as (store, _):
        name = store.lookup.job(job).id

        def look() -> tuple[Details, dict[str, Any]]:
            found = details_of(store, store.lookup.job(name))
            return found, history_of(store, found.job)

        found = _live(session, look, every) if session.out.is_terminal and not session.as_json else None
        found = found or _lines(session, look, every)
    if session.as_json:
        session.document(found.as_dict())
        return
    from semblant.cli.show.jobs import job_details

    session.say(*job_details(found))


def _live(session: Session, look: Any, every: float) -> Details:
    from rich.live import Live

    from semblant.cli.show.watching import view

    found, history = look()
    with Live(view(found, history), console=session.out, auto_refresh=False, transient=True) as live:
        while not found.job.state.is_final:
            time.sleep(every)
            found, history = look()
            live.update(view(found, history), refresh=True)
    return found  # type: ignore[no-any-return]


def _lines(session: Session, look: Any, every: float) -> Details:
    from semblant.cli.show.watching import line

    told, last = "", 0.0
    found, _ = look()
    while not found.job.state.is_final:
        said = line(found)
        if said != told and time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            session.tell(said)
            told, last = said, time.monotonic()
        time.sleep(every)
        found, _ = look()
    return found  # type: ignore[no-any-return]
