"""One attempt at a job: a child does the work, this side keeps the lease, records and decides when it must end."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from semblant.errors import Cancelled, SemblantError
from semblant.events import Event, EventKind, Step, unheard
from semblant.jobs.faults import fault_document
from semblant.jobs.parts import Parts
from semblant.jobs.sizes import bytes_below
from semblant.store.faults import StoreError
from semblant.store.jobs import LEASE_SECONDS, LostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from semblant.jobs.process import Child
    from semblant.store.database import Store
    from semblant.store.records import Flags, JobRecord

BEAT_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.5
"""How often it is looked whether somebody asked to cancel or to stop training."""
WRITE_SECONDS: Final = 0.5
KILL_SECONDS: Final = 10.0
"""From a cancellation until a child that delivers is killed: what it has staged elsewhere is taken away by it alone."""
SOON_SECONDS: Final = 2.5
"""As long otherwise: steps are whole or absent, so a child that hangs in a compiler or a query loses nothing."""
_SIZE_SECONDS: Final = 15.0
_LATEST_SECONDS: Final = LEASE_SECONDS - 5.0
"""A store that cannot be reached for so long costs the lease: the child must end before somebody else begins."""


@define(kw_only=True, eq=False)
class Attempt:
    """Supervises a child until it has ended; ``outcome`` or ``fault`` say how, neither that it died."""

    store: Store
    job: JobRecord
    child: Child
    home: str
    workspace: Path
    on_event: Callable[[Event], None] = unheard
    parts: Parts = field(init=False)
    outcome: Mapping[str, Any] | None = None
    fault: Mapping[str, Any] | None = None
    lost: bool = False
    """Another runner has the job now."""
    cancelled: bool = False
    _cancel_wanted: bool = False
    _stop_wanted: bool = False
    _stop_sent: bool = False
    _asked_at: float | None = None
    """When it was asked to cancel."""
    _next: dict[str, float] = field(factory=dict)
    _kept: float = field(factory=time.monotonic)
    _planned: bool = False

    def __attrs_post_init__(self) -> None:
        """Begin without a plan."""
        self.parts = Parts(self.job.attempt, share=self.job.share)

    def cancel(self) -> None:
        """Cancel the job; from any thread."""
        self._cancel_wanted = True

    def stop_training(self) -> None:
        """Stop training; from any thread."""
        self._stop_wanted = True

    def run(self) -> None:
        """Give the child its order and stay with it to the end; whatever happens, it is gone then."""
        try:
            self._note(process=self.child.identity())
            self.child.send(
                order=dict(self.job.orders), home=self.home, name=self.job.name, workspace=str(self.workspace)
            )
            self.child.beat()
            while self._turn():
                pass
            self._write()
            # a child that was asked before it could listen just ends
            self.cancelled = self.cancelled or (self._cancel_wanted and not self.fault and not self._publishing)
        except LostError:
            self.lost = True
        finally:
            self.child.kill()
            self.child.reap()

    def _turn(self) -> bool:
        """Wait for messages at most as long as nothing else is due; give whether more can come."""
        select.select([self.child.events], [], [], 0.25)
        messages, more = self.child.read()
        for message in messages:
            self._take(message)
        now = time.monotonic()
        if self._due("look", now, LOOK_SECONDS):
            self._keep(self._look)
        if self._due("beat", now, BEAT_SECONDS):
            self._keep(self._beat)
        if self._due("write", now, WRITE_SECONDS):
            self._keep(self._write)
        self._apply(now)
        return more

    def _due(self, what: str, now: float, seconds: float) -> bool:
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + seconds
        return True

    def _keep(self, act: Callable[[], None]) -> None:
        """Do something with the store; one that is away for a moment is asked again."""
        try:
            act()
        except StoreError:
            if time.monotonic() - self._kept > _LATEST_SECONDS:
                self.lost = True
                self.child.kill()

    def _look(self) -> None:
        self._heed(self.store.jobs.flags(self.job.hold))

    def _beat(self) -> None:
        figures: dict[str, Any] = {"processor_seconds": self.job.processor_seconds + self.child.running_seconds()}
        if self._due("size", time.monotonic(), _SIZE_SECONDS):
            figures["bytes"] = bytes_below(self.workspace)
        if self.parts.parts:  # time passes while a step says nothing
            figures |= {"share": self.parts.share(), "seconds_left": self.parts.seconds_left()}
        self._note(**figures)
        if self._cancel_wanted or self.fault:
            return
        try:
            self.store.quotas.check_running(self.job.owner)
        except SemblantError as exc:
            if isinstance(exc, StoreError):
                raise
            self.fault = fault_document(exc)
            self.child.kill()

    def _note(self, **figures: Any) -> None:
        self._heed(self.store.jobs.beat(self.job.hold, **figures))
        self._kept = time.monotonic()
        self.child.beat()

    def _heed(self, flags: Flags) -> None:
        self._cancel_wanted = self._cancel_wanted or flags.cancel
        self._stop_wanted = self._stop_wanted or flags.stop_training

    def _apply(self, now: float) -> None:
        if self._stop_wanted and not self._stop_sent:
            self._stop_sent = True
            self.child.send(stop_training=True)
        if self._cancel_wanted and self._asked_at is None:
            self._asked_at = now
            self.child.terminate()
        if self._asked_at is None or (self._publishing and not self.parts.delivered):
            return
        if now > self._asked_at + (KILL_SECONDS if self.parts.is_running(Step.DELIVER) else SOON_SECONDS):
            self.cancelled = True
            self.child.kill()

    _publishing: bool = False

    def _write(self) -> None:
        """Write what changed since the last time."""
        parts = self.parts
        if not (parts.changed_tasks or parts.changed_steps or parts.metrics):
            return
        flags = self.store.progress.write(
            self.job.hold,
            parts.changed_tasks,
            parts.changed_steps,
            parts.metrics,
            share=parts.share(),
            seconds_left=parts.seconds_left(),
            delivered=int(parts.delivered or self.job.delivered),
        )
        parts.changed_tasks, parts.changed_steps, parts.metrics = {}, {}, {}
        self._kept = time.monotonic()
        self._heed(flags)

    def _take(self, message: Mapping[str, Any]) -> None:
        if "event" in message:
            self._event(Event.from_dict(message["event"]))
        elif "ask" in message:
            self.child.send(answer=self._answer(message))
        elif "outcome" in message:
            self.outcome = message["outcome"]
        elif "fault" in message:
            self.fault = self.fault or message["fault"]
            self.cancelled = message["fault"]["kind"] == "cancelled"

    def _event(self, event: Event) -> None:
        if event.kind is EventKind.JOB_PLANNED:
            tasks, steps = self.parts.plan(event.details)
            self.store.progress.plan(self.job.hold, tasks, steps)
        else:
            self.parts.take(event)
        self.on_event(event)

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a question of the child; no answer is a refusal."""
        try:
            if question["ask"] == "plan":
                self.store.jobs.plan_rows(self.job.hold, int(question["rows"]))
                return {"fault": None}
            self._write()
            if self._cancel_wanted or not self.store.jobs.may_publish(self.job.hold):
                msg = f"job '{self.job.name}' was cancelled"
                raise Cancelled(msg, fix="nothing was delivered; go on with: semblant jobs resume")
            self._publishing = True
        except LostError:
            raise
        except SemblantError as exc:
            return {"fault": fault_document(exc)}
        self._kept = time.monotonic()
        self.child.beat()
        return {"fault": None}
