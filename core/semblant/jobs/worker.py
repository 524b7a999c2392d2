"""``semblant worker``: takes jobs as they come, as many at a time as it is told, until it is ended."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from attrs import define, field

from semblant.events import unheard
from semblant.jobs.runner import Runner
from semblant.store.faults import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.events import Event
    from semblant.home import Home
    from semblant.store.database import Store
    from semblant.store.records import JobRecord

POLL_SECONDS: Final = 1.0
"""How long a new job waits at most until an idle worker sees it."""
_AWAY_SECONDS: Final = 5.0


@define(eq=False)
class Worker:
    """Runs jobs of one home, ``slots`` at a time.

    :param drain: end when no job waits or runs any more.
    :param told: called with each job that begins and, again, when its attempt has ended.
    """

    store: Store
    home: Home
    slots: int = 1
    drain: bool = False
    on_event: Callable[[Event], None] = unheard
    told: Callable[[JobRecord], None] = field(default=lambda _job: None)
    done: int = 0
    _ending: threading.Event = field(factory=threading.Event)
    _runners: list[Runner] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock)

    def run(self) -> None:
        """Work until :meth:`end` is called, or with ``drain`` until no job waits or runs."""
        self._runners = [Runner(self.store, self.home, on_event=self.on_event) for _ in range(self.slots)]
        threads = [
            threading.Thread(target=self._slot, args=(runner,), name=f"semblant-slot-{number}")
            for number, runner in enumerate(self._runners)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(timeout=1.0)

    def end(self) -> None:
        """Take no more jobs and give those that run back to the queue; they go on where they were."""
        self._ending.set()
        for runner in self._runners:
            runner.end()

    def _slot(self, runner: Runner) -> None:
        while not self._ending.is_set():
            try:
                job = runner.next()
            except StoreError:
                self._ending.wait(_AWAY_SECONDS)  # a database that restarts comes back
                continue
            if job is None:
                if self.drain and not self._any_left():
                    return
                self._ending.wait(POLL_SECONDS)
                continue
            self._tell(job)
            try:
                ended = runner.do(job)
            except StoreError:
                continue  # the lease ends by itself, and somebody takes it up
            if ended is not None:
                self._tell(ended)

    def _tell(self, job: JobRecord) -> None:
        with self._lock:
            if job.state.is_final:
                self.done += 1
            self.told(job)

    def _any_left(self) -> bool:
        """Tell whether a job of this home waits, or runs elsewhere: its worker may have died, and it comes back."""
        from semblant.jobs.states import State

        home = self.home.identity()
        return any(job.home == home for job in self.store.lookup.jobs([State.QUEUED, State.RUNNING]))
