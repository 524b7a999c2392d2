"""The state machine of a job; ``spec/job-states.md`` is made from it."""

from __future__ import annotations

import enum
from typing import Final

from attrs import frozen


class State(enum.StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing can change it any more.

        >>> [state for state in State if state.is_final]
        [<State.FINISHED: 'finished'>, <State.FAILED: 'failed'>, <State.CANCELLED: 'cancelled'>]
        """
        return self in {State.FINISHED, State.FAILED, State.CANCELLED}


class JobType(enum.StrEnum):
    """Why there is a job."""

    AD_HOC = "ad hoc"
    CATALOG = "catalog"
    GENERATE = "generate with subject count"
    GENERATE_GIVEN = "generate with seed"


class PartState(enum.StrEnum):
    """Where a task or a step of a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    TAKEN_OVER = "taken over"
    """Found complete from an earlier attempt."""
    FAILED = "failed"
    CANCELLED = "cancelled"


@frozen
class Transition:
    """One arrow of the machine."""

    before: State | None
    """None: the job begins to be."""
    act: str
    after: State
    when: str


TRANSITIONS: Final = (
    Transition(None, "create", State.QUEUED, "a command, a program or a catalog orders it, within the quotas"),
    Transition(State.QUEUED, "claim", State.RUNNING, "a runner of its home takes it; the attempt number rises by one"),
    Transition(State.QUEUED, "cancel", State.CANCELLED, "somebody cancels it before it began"),
    Transition(State.RUNNING, "claim", State.RUNNING, "its lease of 30 s is over: another runner takes it up"),
    Transition(State.RUNNING, "release", State.QUEUED, "its process died or met a passing fault; it resumes later"),
    Transition(State.RUNNING, "finish", State.FINISHED, "all is done; a report that failed is named in the result"),
    Transition(State.RUNNING, "fail", State.FAILED, "an error that another attempt would meet again; it is kept"),
    Transition(State.RUNNING, "cancel", State.CANCELLED, "somebody cancelled it, and its process has ended"),
)


def allowed(before: State | None, act: str) -> State | None:
    """Give the state that an act leads to; None where it is not allowed.

    >>> allowed(State.RUNNING, "finish"), allowed(State.FINISHED, "cancel")
    (<State.FINISHED: 'finished'>, None)
    """
    return next((arrow.after for arrow in TRANSITIONS if (arrow.before, arrow.act) == (before, act)), None)


def states_reference() -> str:
    """Write the machine as Markdown.

    >>> states_reference().splitlines()[0]
    '# States of a job'
    """
    rows = [f"| {arrow.before or '–'} | {arrow.act} | {arrow.after} | {arrow.when} |" for arrow in TRANSITIONS]
    return "\n".join(
        [
            "# States of a job",
            "",
            "Any other change is refused; finished, failed and cancelled are final. *Resume* and *retry* make a new",
            "job that follows the old one.",
            "",
            "| from | act | to | when |",
            "|---|---|---|---|",
            *rows,
            "",
            "A runner renews its lease every 5 s. Every write of a runner names the job, the worker and the attempt;",
            "when another attempt has begun, nothing is written and the runner drops the job. A job whose process died",
            f"four times is failed. The types of jobs are: {', '.join(JobType)}.",
            "",
        ]
    )
