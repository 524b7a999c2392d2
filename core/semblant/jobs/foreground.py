"""An engine whose jobs are in the store and whose work is done by a child: what the command line uses."""

from __future__ import annotations

import logging
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from semblant.engine import Engine
from semblant.jobs.faults import error_of
from semblant.jobs.orders import Order, OrderKind
from semblant.jobs.outcomes import outcome_of
from semblant.jobs.process import Child
from semblant.jobs.runner import Runner
from semblant.jobs.states import State
from semblant.logs import log_event
from semblant.store.database import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from semblant.events import Event
    from semblant.given import Given
    from semblant.host import PluginHost
    from semblant.jobs.outcomes import Outcome
    from semblant.results import JobResult, SyntheticDataset, TrainedGenerator
    from semblant.spec.model import DestinationSpec, GenerationSpec, Spec
    from semblant.store.records import JobRecord


class SupervisedEngine(Engine):
    """As :class:`Engine`; ``run``, ``train`` and ``generate`` are recorded as jobs and survive their process.

    A child is started at once, so that it imports what it needs while the caller still reads a spec, or was started
    even before this module was imported; without a job it is ended by :meth:`close`.
    """

    def __init__(
        self,
        *,
        home: Path | str | None = None,
        host: PluginHost | None = None,
        on_event: Callable[[Event], None] | None = None,
        catalog: str | None = None,
        child: Child | None = None,
    ) -> None:
        """Start a child and take home, plugins and listener; ``catalog`` is the one that jobs are said to come from."""
        self._child: Child | None = child or Child.start()
        super().__init__(home=home, host=host, on_event=on_event)
        self._catalog = catalog
        self._runner: Runner | None = None
        self._cancelled = threading.Event()

    @cached_property
    def store(self) -> Store:
        """The store of the home."""
        return Store.of(self.home)

    def close(self) -> None:
        """End what runs, and let go of the store."""
        super().close()
        if self._child is not None:
            self._child.close()
            self._child = None
        if "store" in vars(self):
            self.store.close()

    def cancel(self) -> None:
        """Cancel the job that runs; from any thread."""
        super().cancel()
        self._cancelled.set()
        if self._runner is not None:
            self._runner.cancel()

    def stop_training(self) -> None:
        """Stop training, keep the best weights and go on; from any thread."""
        super().stop_training()
        attempt = self._runner.attempt if self._runner is not None else None
        if attempt is not None:
            attempt.stop_training()

    def train(self, spec: Spec, *, output: Path | None = None, resume: str | None = None) -> TrainedGenerator:
        """Train a generator as a job; see :meth:`Engine.train`."""
        return cast("TrainedGenerator", self._ordered(spec, OrderKind.TRAIN, out=output, resume=resume))

    def run(
        self, spec: Spec, *, out: Path | None = None, file_format: str = "parquet", resume: str | None = None
    ) -> JobResult:
        """Do everything as a job; see :meth:`Engine.run`."""
        found = self._ordered(spec, OrderKind.RUN, out=out, file_format=file_format, resume=resume)
        return cast("JobResult", found)

    def generate(
        self,
        generator: Path | str | TrainedGenerator | JobResult,
        *,
        records: int | None = None,
        given: Given = None,
        destination: DestinationSpec | None = None,
        out: Path | None = None,
        file_format: str = "parquet",
        seed: int | None = None,
        generation: GenerationSpec | None = None,
        resume: str | None = None,
    ) -> SyntheticDataset:
        """Generate as a job; see :meth:`Engine.generate`."""
        from semblant.jobs.ordering import order_again, order_generation

        runner = self._new_runner()
        if resume is not None:
            job = order_again(self.store, self.home, self.store.lookup.job(resume), anew=False, worker=runner.name)
            return cast("SyntheticDataset", self.finish(job))
        job = order_generation(
            self.store,
            self.home,
            self._generator_path(generator),
            records=records,
            given=given,
            destination=destination,
            out=out,
            file_format=file_format,
            seed=seed,
            generation=generation,
            worker=runner.name,
        )
        return cast("SyntheticDataset", self.finish(job))

    def _ordered(self, spec: Spec, kind: OrderKind, **options: Any) -> Outcome:
        from semblant.jobs.ordering import order_spec

        runner, name = self._new_runner(), self._catalog
        seen = None if name is None else self.store.catalogs.get(name).tables
        return self.finish(
            order_spec(self.store, self.home, spec, kind, catalog=name, seen=seen, worker=runner.name, **options)
        )

    def _new_runner(self) -> Runner:
        self._runner = Runner(self.store, self.home, on_event=self._pass_on)
        if self._cancelled.is_set():
            self._runner.cancel()
        return self._runner

    def resume(self, job: JobRecord, *, anew: bool = False, report: bool = False) -> Outcome:
        """Go on with a job that failed or was cancelled, begin it anew, or only make its report again."""
        from semblant.jobs.ordering import order_again

        runner = self._new_runner()
        return self.finish(order_again(self.store, self.home, job, anew=anew, report=report, worker=runner.name))

    def finish(self, job: JobRecord) -> Outcome:
        """Do a job that this engine's runner has claimed; give its result or raise its error."""
        assert self._runner is not None
        child, self._child = self._child, None
        try:
            found = self._runner.do_to_the_end(job, child)
        except BaseException:
            # a second Ctrl-C: the child is dead already, and the job says why
            self._abandon(job)
            raise
        if found.state is State.FINISHED:
            assert found.result is not None
            return outcome_of(Order.from_dict(job.orders).kind, found.result)
        raise error_of(found.fault or {"kind": "cancelled", "message": f"job '{job.name}' was cancelled"})

    def _abandon(self, job: JobRecord) -> None:
        from semblant.errors import SemblantError

        try:
            if self.store.lookup.job(job.id).state is State.RUNNING:
                self.store.jobs.end(job.hold, State.CANCELLED)
        except SemblantError:
            return  # the lease ends by itself

    def _pass_on(self, event: Event) -> None:
        """Tell the listeners; the plugins' observers were told by the child."""
        with self._lock:
            listeners = list(self._listeners)
        if logging.getLogger("semblant").hasHandlers():  # with -v; the job's own log is written by the child
            log_event(event)
        for listener in listeners:
            listener(event)
