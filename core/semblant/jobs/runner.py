"""The runner: claims a job, has it done by a child, and writes down how it ended."""

from __future__ import annotations

import fcntl
import os
import platform
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from semblant.errors import SemblantError
from semblant.events import Event, EventKind, unheard
from semblant.home import Home, Kind
from semblant.jobs.process import Child, kill_left_over
from semblant.jobs.sizes import bytes_below
from semblant.jobs.states import PartState, State
from semblant.jobs.supervise import Attempt
from semblant.machine import LESS_MEMORY
from semblant.store.faults import StoreError
from semblant.store.jobs import LostError
from semblant.workspaces import LOCK_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from semblant.store.database import Store
    from semblant.store.records import JobRecord

WAITS_SECONDS: Final = (1.0, 4.0, 16.0)
"""Before the second, third and fourth try of a job whose process died or that met a passing fault."""
_LOCK_SECONDS: Final = 5.0


def worker_name() -> str:
    """Give a name that no other runner has.

    >>> worker_name() == worker_name()
    False
    """
    return f"{platform.node()}-{os.getpid()}-{secrets.token_hex(3)}"


@define(eq=False)
class Runner:
    """Does jobs of one home, one at a time; several of them may share a store."""

    store: Store
    home: Home
    name: str = field(factory=worker_name)
    on_event: Callable[[Event], None] = unheard
    attempt: Attempt | None = None
    _ending: threading.Event = field(factory=threading.Event)

    def next(self) -> JobRecord | None:
        """Claim the next job that waits, or that a dead runner left."""
        return self.store.jobs.claim(self.name, self.home.identity())

    def end(self) -> None:
        """Give the running job back to the queue and take no other; from any thread."""
        self._ending.set()
        if self.attempt is not None:
            self.attempt.child.kill()

    def cancel(self) -> None:
        """Cancel the job that runs; from any thread."""
        if self.attempt is not None:
            self.attempt.cancel()

    def do(self, job: JobRecord, child: Child | None = None) -> JobRecord | None:
        """Make one attempt at a claimed job; give the job as it stands then, None when another runner has it.

        :param child: one that was started before; a new one otherwise.
        """
        workspace = self.home.path(Kind.JOBS, job.name)
        if job.attempt > 1:
            kill_left_over(job.process)
        try:
            self._wait_for_lock(job, workspace)
            attempt = self.attempt = Attempt(
                store=self.store,
                job=job,
                child=child or Child.start(),
                home=str(self.home.root),
                workspace=workspace,
                on_event=self.on_event,
            )
            try:
                attempt.run()
                return self._concluded(attempt)
            finally:
                self.attempt = None
                attempt.child.close()
        except LostError:
            return None

    def do_to_the_end(self, job: JobRecord, child: Child | None = None) -> JobRecord:
        """Make attempts at a claimed job until it has ended, or another runner has it."""
        while True:
            found = self.do(job, child) or self.store.lookup.job(job.id)
            child = None
            if found.state is not State.QUEUED:
                return found
            again = None
            while again is None:
                time.sleep(min(1.0, max(0.05, found.not_before - time.time())))
                again = self.store.jobs.claim(self.name, self.home.identity(), only=job.id)
                if again is None and self.store.lookup.job(job.id).state is not State.QUEUED:
                    return self.store.lookup.job(job.id)
            job = again

    def _wait_for_lock(self, job: JobRecord, workspace: Path) -> None:
        """Wait until the process of an earlier attempt has let go of the workspace."""
        path = workspace / LOCK_FILE
        until = time.monotonic() + _LOCK_SECONDS
        while path.exists():
            with path.open("a+", encoding="utf-8") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    if time.monotonic() < until:
                        time.sleep(0.05)
                        continue
                else:
                    return
            self.store.jobs.release(job.hold, crashed=False, wait_seconds=_LOCK_SECONDS)
            msg = f"another process works in the workspace of job '{job.name}'"
            raise LostError(msg, fix="wait until it has ended")

    def _concluded(self, attempt: Attempt) -> JobRecord | None:
        """Write down how an attempt ended."""
        if attempt.lost:
            return None
        job, hold = attempt.job, attempt.job.hold
        figures: dict[str, Any] = {
            "processor_seconds": job.processor_seconds + attempt.child.processor_seconds,
            "bytes": bytes_below(attempt.workspace),
        }
        for patience in (*WAITS_SECONDS, None):
            try:
                return self._written(attempt, figures)
            except StoreError:
                if patience is None:
                    raise
                time.sleep(patience)
        return self.store.lookup.job(hold.job)

    def _written(self, attempt: Attempt, figures: Mapping[str, Any]) -> JobRecord:
        job, store = attempt.job, self.store
        if attempt.outcome is not None:
            from semblant.jobs.keeping import keep

            found = attempt.outcome
            more = keep(store, self.home, job, found)
            store.progress.close(job.hold, PartState.FINISHED, "", time.time())
            return store.jobs.end(job.hold, State.FINISHED, result=dict(found), **{**figures, **more})
        if attempt.cancelled:
            store.progress.close(job.hold, PartState.CANCELLED, "", time.time())
            return store.jobs.end(job.hold, State.CANCELLED, **figures)
        fault = attempt.fault or _death(attempt)
        if self._ending.is_set() and attempt.fault is None:
            return self._back(job, "the worker was ended", crashed=False, wait=0.0)
        if (attempt.fault is None or fault.get("passing")) and job.crashes < len(WAITS_SECONDS):
            wait = WAITS_SECONDS[job.crashes]
            return self._back(job, f"{fault['message']}; trying again in {wait:.0f} s", crashed=True, wait=wait)
        store.progress.close(job.hold, PartState.FAILED, str(fault["message"]), time.time())
        return store.jobs.end(job.hold, State.FAILED, fault=dict(fault), **figures)

    def _back(self, job: JobRecord, why: str, *, crashed: bool, wait: float) -> JobRecord:
        self.store.progress.close(job.hold, PartState.WAITING, why, time.time())
        self.store.jobs.release(job.hold, crashed=crashed, wait_seconds=wait)
        self.on_event(Event(kind=EventKind.WARNING, job=job.name, message=f"job '{job.name}': {why}"))
        return self.store.lookup.job(job.id)


def _death(attempt: Attempt) -> dict[str, Any]:
    """Say how a child died that told nothing."""
    status = attempt.child.reap()
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    complaint = attempt.child.complaint().strip().splitlines()
    last = f" ({complaint[-1]})" if complaint else ""
    from semblant.jobs.faults import fault_document

    error = SemblantError(
        f"the process that worked on it {how}{last}",
        fix=f"if the system ended it for want of memory, {LESS_MEMORY}; "
        f"what it printed is in {attempt.workspace / 'process.log'}",
    )
    error.code = "process-died"
    return fault_document(error)
