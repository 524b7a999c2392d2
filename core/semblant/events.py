"""One stream of events feeds the CLI, logs, pages and webhooks."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from attrs import asdict, field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


class EventKind(enum.StrEnum):
    """What happened.

    >>> EventKind("job_finished").name
    'JOB_FINISHED'
    """

    JOB_STARTED = "job_started"
    JOB_PLANNED = "job_planned"
    """What will be done stands: ``details`` has the tables, and whether data and a report are made."""
    JOB_FINISHED = "job_finished"
    JOB_FAILED = "job_failed"
    JOB_CANCELLED = "job_cancelled"
    STEP_STARTED = "step_started"
    STEP_PROGRESS = "step_progress"
    STEP_FINISHED = "step_finished"
    STEP_SKIPPED = "step_skipped"
    """Done by an earlier attempt: its result was found complete and is used."""
    STEP_CANCELLED = "step_cancelled"
    """Ended before it was done, because the job ends: it was cancelled, or another step at work has failed."""
    TABLE_LEARNED = "table_learned"
    """The models of a table are trained: ``details`` has what was used for it (rows, goal, size, epochs)."""
    NOTICE = "notice"
    WARNING = "warning"


class Step(enum.StrEnum):
    """The steps of a job, in their order.

    >>> [str(step) for step in Step][:2]
    ['organizing data', 'data analysis']
    """

    ORGANIZE = "organizing data"
    ANALYZE = "data analysis"
    TRANSFORM = "transforming data"
    TRAIN = "AI training"
    GENERATE = "generating"
    GENERATE_TEXT = "generating text"
    DELIVER = "delivering"
    PACKAGE = "packaging"
    ARCHIVE = "archiving data"
    REPORT = "quality report"


@frozen(kw_only=True)
class Event:
    """One thing that happened in a job: its ``kind``, ``step`` and ``table``, a ``message``, the ``time`` (UTC).

    ``job`` is the job's name; ``done``, ``total`` and ``expected`` are in ``unit`` (rows, epochs, bytes);
    ``seconds_left`` is an estimate; ``metrics`` holds plain numbers (``loss``, ``validation_loss``, ``learning_rate``).

    >>> Event(kind=EventKind.STEP_PROGRESS, job="shop", step=Step.GENERATE, done=500, total=1000, unit="rows").done
    500
    """

    kind: EventKind
    job: str = ""
    table: str | None = None
    step: Step | None = None
    message: str = ""
    done: float | None = None
    total: float | None = None
    expected: float | None = None
    """How far ``done`` will probably come, where something may end it before ``total``."""
    unit: str = ""
    seconds: float | None = None
    """Time taken, on finished events."""
    seconds_left: float | None = None
    metrics: Mapping[str, float] = field(factory=dict)
    details: Mapping[str, Any] = field(factory=dict)
    """Plain data beside the message, where the kind of event has some."""
    time: datetime = field(factory=lambda: datetime.now(UTC))

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict without the empty fields.

        >>> Event(kind=EventKind.NOTICE, message="hello").as_dict()["message"]
        'hello'
        """
        found = asdict(self)
        found["time"] = self.time.isoformat()
        return {name: value for name, value in found.items() if value not in (None, "", {})}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read ``data`` that :meth:`as_dict` gave.

        >>> event = Event(kind=EventKind.STEP_STARTED, step=Step.TRAIN, table="orders")
        >>> Event.from_dict(event.as_dict()) == event
        True
        """
        known = dict(data)
        known["kind"] = EventKind(known["kind"])
        if "step" in known:
            known["step"] = Step(known["step"])
        return cls(**{**known, "time": datetime.fromisoformat(known["time"])})


def unheard(event: Event) -> None:
    """Listen to events and do nothing."""
