"""A small application around Semblant: jobs in threads, their progress, cancelling, results. No globals, no prints.

Put it behind any web framework: ``start`` and ``cancel`` are what its routes call, ``look`` is what its
page shows. Each service has a home of its own, so several live in one process.
"""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

import semblant


class Service:
    """Runs specs for an application; every job has an engine of its own, so that it can be cancelled alone."""

    def __init__(self, home: Path, host: semblant.PluginHost | None = None, at_once: int = 2) -> None:
        self._home = home
        self._host = host or semblant.PluginHost(third_party=False)
        self._pool = ThreadPoolExecutor(at_once)
        self._lock = threading.Lock()
        self._jobs: dict[str, dict[str, Any]] = {}

    def start(self, spec: dict[str, Any]) -> str:
        """Check a spec and start it; raises semblant.ConfigError, with every fault and its fix, when it cannot run."""
        key = uuid.uuid4().hex
        engine = semblant.Engine(home=self._home, host=self._host, on_event=lambda event: self._note(key, event))
        loaded = engine.load(spec)
        faults = [finding for finding in engine.check(loaded) if finding.severity is semblant.Severity.ERROR]
        if faults:
            raise semblant.ConfigError("this cannot run", findings=faults)
        with self._lock:
            self._jobs[key] = {"engine": engine, "step": "", "share": 0.0, "warnings": []}
        self._jobs[key]["future"] = self._pool.submit(engine.run, loaded)
        return key

    def look(self, key: str) -> dict[str, Any]:
        """Tell how far a job is; for a page that asks every second."""
        with self._lock:
            job = dict(self._jobs[key])
        future: Future[Any] = job["future"]
        error = future.exception() if future.done() else None
        state = "running" if not future.done() else "failed" if error else "finished"
        if isinstance(error, semblant.Cancelled):
            state = "cancelled"
        return {
            "state": state,
            "step": job["step"],
            "share": job["share"],
            "warnings": job["warnings"],
            "error": str(error) if error else None,
        }

    def table(self, key: str, name: str) -> pa.Table:
        """Give a table that a job made; waits until it is there."""
        return self._jobs[key]["future"].result().table(name)

    def cancel(self, key: str) -> None:
        """Cancel one job; what it was to deliver stays as it was."""
        self._jobs[key]["engine"].cancel()

    def close(self) -> None:
        """Cancel everything and wait for the threads."""
        for job in self._jobs.values():
            job["engine"].cancel()
        self._pool.shutdown(wait=True)

    def _note(self, key: str, event: semblant.Event) -> None:
        """Hear of an event, in the thread of the job."""
        with self._lock:
            job = self._jobs[key]
            if event.step is not None:
                job["step"] = f"{event.table}: {event.step}" if event.table else str(event.step)
            if event.total:
                job["share"] = (event.done or 0) / event.total
            if event.kind is semblant.EventKind.WARNING:
                job["warnings"].append(event.message)
