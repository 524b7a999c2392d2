"""What the store says about a job, as frozen objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from semblant.jobs.states import JobType, PartState, State

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen(kw_only=True)
class JobRecord:
    """A job; times are seconds since 1970."""

    id: str
    name: str
    type: JobType = field(converter=JobType)
    state: State = field(converter=State)
    home: str
    owner: str
    catalog: str | None
    generator: str | None
    destination: str
    """Where the data go, in words; empty when nothing is generated."""
    follows: str | None
    """Id of the job that this one resumes or retries."""
    orders: Mapping[str, Any]
    """What the child is told to do; see :mod:`semblant.jobs.orders`."""
    created: float
    started: float | None
    ended: float | None
    attempt: int
    """Fencing token: rises with every claim."""
    crashes: int
    worker: str | None
    process: Mapping[str, Any] | None
    """Host, number and start time of the process that works on it."""
    lease_until: float | None
    not_before: float
    cancel_asked: bool = field(converter=bool)
    stop_asked: bool = field(converter=bool)
    publishing: bool = field(converter=bool)
    """It was allowed to publish: too late to be cancelled without a trace."""
    delivered: bool = field(converter=bool)
    rows_reserved: int
    rows_made: int
    bytes: int
    processor_seconds: float
    share: float
    """Done, 0 to 1; below 1 until it is finished."""
    seconds_left: float | None
    fault: Mapping[str, Any] | None
    result: Mapping[str, Any] | None
    deleted: bool = field(converter=bool)

    @property
    def hold(self) -> Hold:
        """What its runner must show with every write."""
        return Hold(job=self.id, worker=self.worker or "", attempt=self.attempt)


@frozen(kw_only=True)
class Hold:
    """A runner's claim on a job."""

    job: str
    worker: str
    attempt: int


@frozen(kw_only=True)
class Flags:
    """What others asked of a running job."""

    cancel: bool
    stop_training: bool


@frozen(kw_only=True)
class TaskRecord:
    """A task of a job."""

    job: str
    number: int
    kind: str
    table_name: str
    """Empty for tasks of the whole job."""
    state: PartState = field(converter=PartState)
    started: float | None
    ended: float | None
    message: str
    used: Mapping[str, Any] | None = None
    """What the training of its table used, once it is trained."""


@frozen(kw_only=True)
class StepRecord:
    """A step of a task."""

    job: str
    task: int
    step: str
    state: PartState = field(converter=PartState)
    attempt: int
    started: float | None
    ended: float | None
    seconds: float | None
    done: float | None
    total: float | None
    unit: str
    seconds_left: float | None


@frozen(kw_only=True)
class MetricRecord:
    """Figures of training at one moment: losses, learning rate, epsilon."""

    job: str
    task: int
    epoch: float
    figures: Mapping[str, float]
