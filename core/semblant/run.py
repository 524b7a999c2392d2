"""The one object that is handed down through a job: no globals anywhere."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, evolve, field

from semblant.errors import Cancelled
from semblant.events import Event, EventKind, Step, unheard
from semblant.privacy import NullAccount, PrivacyAccount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


_SECRET = frozenset({Step.ORGANIZE, Step.ANALYZE, Step.TRANSFORM, Step.TRAIN})


@define
class Token:
    """A flag that one thread sets and another reads; used to cancel and to stop training.

    >>> token = Token(); token.set(); token.is_set()
    True
    >>> Token(above=token).is_set()
    True
    """

    _event: threading.Event = field(factory=threading.Event)
    above: Token | None = field(default=None, kw_only=True)
    """A flag that raises this one with it, but is not raised by it."""

    def set(self) -> None:
        """Raise the flag; it stays up."""
        self._event.set()

    def is_set(self) -> bool:
        """Tell whether the flag is up."""
        return self._event.is_set() or (self.above is not None and self.above.is_set())


class Supervisor(Protocol):
    """Whoever started the job and may forbid its next step, each method by an error."""

    keeps_archive: bool
    """Whether the data are kept as one ZIP archive as well, to be downloaded."""

    def discovered(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Hear what the source holds: per table that is used, the type of each column.

        :raises ConfigError: it is not what the job was configured for.
        """

    def planned(self, rows: int) -> None:
        """Hear that ``rows`` synthetic rows will be made, as far as that is known.

        :raises SemblantError: a quota forbids it.
        """

    def may_publish(self) -> None:
        """Say whether the destination may show the data now.

        :raises Cancelled: the job was cancelled, or another attempt works on it.
        """


class Unsupervised:
    """The supervisor of a job that runs within the program that wants it: all is allowed."""

    keeps_archive = False

    def discovered(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Do nothing."""

    def planned(self, rows: int) -> None:
        """Do nothing."""

    def may_publish(self) -> None:
        """Do nothing."""


@define(kw_only=True)
class Run:
    """Events, cancel and stop tokens, random key, workspace and privacy account of one job.

    >>> from pathlib import Path
    >>> run = Run(job="demo", seed=1, workspace=Path("."))
    >>> run.random_seed("train", "customers") == run.random_seed("train", "customers")
    True
    """

    job: str
    seed: int
    workspace: Path
    """A private folder of the job; a plugin writes only below it."""
    emit: Callable[[Event], None] = unheard
    cancel: Token = field(factory=Token)
    stop_training: Token = field(factory=Token)
    """Keep the best weights so far and go on to generation."""
    privacy: PrivacyAccount = field(factory=NullAccount)
    supervisor: Supervisor = field(factory=Unsupervised)
    memory_bytes: int | None = None
    """What the job may use; None when nobody limited it."""
    cache: Path | None = None
    """A folder that outlives the job, for what can be made again (compiled programs); None where the process is
    not the engine's own, and a plugin must not change how a library works in it."""
    table: str | None = None
    step: Step | None = None
    _first: dict[str, tuple[float, float]] = field(factory=dict)
    """When the step first told how far it was, and how far that was; compiling is over by then."""

    def at(self, step: Step, table: str | None = None, *, workspace: Path | None = None) -> Run:
        """Give the same run, placed at one step of one table; its clock starts now."""
        return evolve(self, step=step, table=table, workspace=workspace or self.workspace, first={})

    def random_seed(self, *names: str | int) -> int:
        """Derive a 63-bit seed from the run's seed and a path of names (SHA-256)."""
        text = "\x1f".join(map(str, (self.seed, *names)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1

    def check(self) -> None:
        """Raise :class:`Cancelled` when the job was cancelled; call it between batches."""
        if self.cancel.is_set():
            msg = f"job '{self.job}' was cancelled"
            raise Cancelled(msg, fix="nothing was delivered; start it again, or go on with --resume")

    def progress(
        self,
        done: float,
        total: float | None = None,
        unit: str = "rows",
        expected: float | None = None,
        **metrics: float,
    ) -> None:
        """Tell how far the current step is, and check for cancellation.

        :param expected: how far it will probably come, where something may end it before ``total``: the time that is
            left is reckoned up to there.
        """
        self.check()
        if self.privacy.private and self.step in _SECRET and total:  # rows of a private run are not told, nor losses
            done, total, unit, expected, metrics = round(100 * done / total), 100, "percent", None, {}
        now = time.monotonic()
        began, first = self._first.setdefault("told", (now, done))  # a resumed training begins in the middle
        until = total if expected is None else expected
        left = max(0.0, (now - began) * (until - done) / (done - first)) if until and done > first else None
        self.emit(
            Event(
                kind=EventKind.STEP_PROGRESS,
                job=self.job,
                table=self.table,
                step=self.step,
                done=done,
                total=total,
                expected=expected,
                unit=unit,
                seconds_left=left,
                metrics=metrics,
            )
        )

    def plan(self, tables: Sequence[Mapping[str, Any]], *, generates: bool, reports: bool, packs: bool) -> None:
        """Tell what will be done, and ask whether it may be.

        :param tables: per table ``name``, ``copied``, ``text`` (whether texts are made), ``trains``, ``analyzed`` and,
            as far as it is known, the number of ``rows`` that will be made, of ``cells`` that are read, of ``epochs``
            after which training probably stalls, ``training_seconds`` (and
            ``startup_seconds`` of them, before its first epoch) and ``generation_seconds``.
        """
        details = {
            "tables": [dict(table) for table in tables],
            "generates": generates,
            "reports": reports,
            "packs": packs,
            "archives": generates and self.supervisor.keeps_archive,
        }
        self.emit(Event(kind=EventKind.JOB_PLANNED, job=self.job, details=details))
        if generates:
            self.supervisor.planned(sum(table.get("rows") or 0 for table in tables))

    def learned(self, table: str, used: Mapping[str, Any]) -> None:
        """Tell that the models of a table are trained, and what their training used."""
        self.emit(Event(kind=EventKind.TABLE_LEARNED, job=self.job, table=table, details=dict(used)))

    def notice(self, message: str, *, warning: bool = False) -> None:
        """Say something that the user should know."""
        kind = EventKind.WARNING if warning else EventKind.NOTICE
        self.emit(Event(kind=kind, job=self.job, table=self.table, step=self.step, message=message))
