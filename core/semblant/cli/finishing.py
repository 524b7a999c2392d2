"""Doing a job of the store in the foreground and showing what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from semblant.cli.session import Session
    from semblant.jobs.foreground import SupervisedEngine
    from semblant.jobs.outcomes import Outcome


def finish_again(session: Session, name: str, **how: Any) -> None:
    """Resume or retry a job here."""
    with session.working(resumable=False) as engine:
        supervised = cast("SupervisedEngine", engine)
        outcome = supervised.resume(supervised.store.lookup.job(name), **how)
    show_outcome(session, outcome)


def show_outcome(session: Session, outcome: Outcome) -> None:
    """Show the result of a job of any kind."""
    from semblant.results import JobResult, SyntheticDataset

    if session.as_json:
        session.document({**outcome.as_dict(), **session.remarks(getattr(outcome, "findings", ()))})
        return
    from semblant.cli.show.result import dataset_lines, generator_lines, job_lines

    if isinstance(outcome, JobResult):
        session.say(*job_lines(outcome, told=session.warnings))
    elif isinstance(outcome, SyntheticDataset):
        session.say(*dataset_lines(outcome))
    else:
        session.say(*generator_lines(outcome, session.warnings))
