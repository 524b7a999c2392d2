"""The process that does the work of one job: ``python -m semblant.jobs.child FD``.

Orders and heartbeats come as JSON lines on standard input; events, questions and the outcome go as JSON lines to the
file descriptor ``FD``. It ends itself when its runner is gone, or was silent for so long that its lease may be over.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from semblant.errors import Cancelled
from semblant.events import Event, EventKind, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.engine import Engine
    from semblant.host import PluginHost
    from semblant.jobs.orders import Order
    from semblant.jobs.outcomes import Outcome

OUTCOME: Final = "outcome.json"
"""File in the workspace with the result: work that is done is not done again if the message of it is lost."""
OUTPUT: Final = "process.log"
"""File in the workspace for what libraries print."""
SILENCE_SECONDS: Final = 25.0
"""Less than the lease: without a heartbeat for so long, another runner may be about to take the job up."""
_POLITE_SECONDS: Final = 1.0
"""From a cancellation until the work is interrupted wherever it is."""
_PROGRESS_SECONDS: Final = 0.1


class Wire:
    """What goes to the runner, and its answers."""

    keeps_archive = True

    def __init__(self, descriptor: int) -> None:
        """Write to this file descriptor."""
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._told: dict[tuple[Any, Any], float] = {}
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.publishing = False
        self.seen: Mapping[str, Mapping[str, str]] | None = None

    def send(self, **message: Any) -> None:
        """Send one message."""
        line = (json.dumps(message, default=str) + "\n").encode()
        with self._lock:
            while line:
                line = line[os.write(self._descriptor, line) :]

    def event(self, event: Event) -> None:
        """Send an event; progress at most ten times a second, but what was measured always."""
        if event.kind is EventKind.STEP_PROGRESS and "validation_loss" not in event.metrics:
            key, now = (event.step, event.table), time.monotonic()
            if now - self._told.get(key, 0.0) < _PROGRESS_SECONDS:
                return
            self._told[key] = now
        if event.kind is EventKind.STEP_FINISHED and event.step is Step.DELIVER:
            self.publishing = False
        self.send(event=event.as_dict())

    def discovered(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Refuse to work on another source than the job was ordered for."""
        if self.seen is not None:
            from semblant.drift import refuse_drift

            refuse_drift(self.seen, tables)

    def planned(self, rows: int) -> None:
        """Ask for the rows."""
        self._ask(ask="plan", rows=rows)

    def may_publish(self) -> None:
        """Ask to publish; from then on the work is not interrupted until it is out."""
        self.publishing = True
        try:
            self._ask(ask="publish")
        except BaseException:
            self.publishing = False
            raise

    def _ask(self, **question: Any) -> None:
        self.send(**question)
        answer = self.answers.get()
        if answer.get("fault"):
            from semblant.jobs.faults import error_of

            raise error_of(answer["fault"])


class Work:
    """One order, and what may interrupt it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.host: PluginHost | None = None
        self.engine: Engine | None = None
        self.began = False
        self.cancelled = False
        self.stopped = False

    def listen(self) -> None:
        """Obey the runner until it is gone; runs in a thread of its own."""
        heard, rest = time.monotonic(), b""
        while True:
            ready, _, _ = select.select([0], [], [], 1.0)
            if ready:
                part = os.read(0, 65_536)
                if not part:
                    _vanish()
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    heard = max(heard, self._obey(json.loads(line)))
            # the clock of the machine: a heartbeat that lay in the pipe while all of us were stopped is an old one
            if time.monotonic() - heard > SILENCE_SECONDS:
                _vanish()

    def _obey(self, message: dict[str, Any]) -> float:
        if "answer" in message:
            self.wire.answers.put(message["answer"])
        if message.get("stop_training"):
            self.stopped = True
            self._apply()
        return float(message.get("beat", 0.0))

    def cancel(self, *_: Any) -> None:
        """Cancel in good order; what does not listen is interrupted a second later. A signal handler."""
        if self.cancelled:
            return
        self.cancelled = True
        if self.engine is None:  # nothing has begun, and an import would go on as if nothing was
            os._exit(0)
        self._apply()
        timer = threading.Timer(_POLITE_SECONDS, self._interrupt)
        timer.daemon = True
        timer.start()

    def _interrupt(self) -> None:
        while self.wire.publishing:
            time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)

    def heard(self, event: Event) -> None:
        """Pass an event on, and apply what was asked before the job began."""
        if event.kind is EventKind.JOB_STARTED:
            self.began = True
            self._apply()
        if event.kind is EventKind.JOB_PLANNED and any(table["trains"] for table in event.details["tables"]):
            self._warm()
        self.wire.event(event)

    def _warm(self) -> None:
        """Import the model beside the steps that come before training."""
        if self.engine is not None:
            threading.Thread(target=preload_model, args=(self.engine.host,), name="semblant-model", daemon=True).start()

    def _apply(self) -> None:
        if self.engine is None or not self.began:
            return
        if self.cancelled:
            self.engine.cancel()
        if self.stopped:
            self.engine.stop_training()

    def do(self, order: Order, home: str, name: str) -> Outcome:
        """Carry the order out."""
        from semblant.engine import Engine
        from semblant.jobs.orders import OrderKind
        from semblant.spec.load import load_spec

        with Engine(home=home, host=self.host, on_event=self.heard, supervisor=self.wire, own_process=True) as engine:
            self.engine = engine
            self.wire.seen = order.seen
            if self.cancelled:
                msg = f"job '{name}' was cancelled"
                raise Cancelled(msg)
            out = Path(order.out) if order.out else None
            if order.kind is OrderKind.GENERATE:
                self._warm()
                return self._generate(engine, order, name, out)
            spec = load_spec(order.spec, engine.host, environment={})  # the runner's environment is in it already
            if order.kind is OrderKind.TRAIN:
                return engine.train(spec, output=out, resume=name)
            return engine.run(spec, out=out, file_format=order.file_format, resume=name)

    def _generate(self, engine: Engine, order: Order, name: str, out: Path | None) -> Outcome:
        from semblant.jobs.generation import destination_of, generation_of

        given = {}
        if order.given:
            import pyarrow.parquet as pq

            given = {name: pq.read_table(path) for name, path in order.given.items()}
        return engine.generate(
            Path(order.generator),
            records=order.records,
            given=given,
            destination=destination_of(order),
            out=out,
            file_format=order.file_format,
            seed=order.seed,
            generation=generation_of(order),
            resume=name,
        )


def _vanish() -> None:
    """End at once, with everything that this process started: nobody waits for it any more."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


def preload() -> PluginHost:
    """Import what every job needs to be planned, while the runner still reads the spec; give the plugins.

    What comes after the plan waits for it: a job that is refused costs its user no more than the refusal.
    """
    from semblant.host import PluginHost

    host = PluginHost.from_environment()
    for module in ("semblant.engine", "semblant.work", "semblant.planning", "semblant.jobs.outcomes"):
        importlib.import_module(module)
    for component in (*host.validators.values(), *(host.sources[name] for name in ("files",) if name in host.sources)):
        with contextlib.suppress(Exception):  # whatever is wrong with it is said when a job wants it
            component.load()
    return host


def preload_model(host: PluginHost) -> None:
    """Import the usual model of tables: a second's work, which only a job that may begin should cost."""
    models = [model for model in host.models.values() if model.learns == "tabular"]
    for model in sorted(models, key=lambda model: model.preference)[-1:]:
        with contextlib.suppress(Exception):
            model.preload()


def main(arguments: list[str]) -> int:
    """Wait for one order, carry it out, tell the outcome."""
    wire = Wire(int(arguments[0]))
    work = Work(wire)
    signal.signal(signal.SIGTERM, work.cancel)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(Exception):
        work.host = preload()
    message: dict[str, Any] = {}
    while "order" not in message:  # a heartbeat may come before it
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(0, 1)
            if not byte:
                return 0
            line += byte
        message = json.loads(line)
    threading.Thread(target=work.listen, name="semblant-runner", daemon=True).start()
    workspace = Path(message["workspace"])
    _redirect(workspace / OUTPUT)
    try:
        wire.send(outcome=_carried_out(work, message, workspace))
    except BaseException as exc:  # noqa: BLE001 - everything is told, and the runner decides
        _tell_fault(wire, exc, work, workspace)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a compiler's threads may still be at work, and nothing is left to be cleaned up


def _carried_out(work: Work, message: dict[str, Any], workspace: Path) -> dict[str, Any]:
    from semblant.atomic import write_json
    from semblant.jobs.orders import Order
    from semblant.jobs.outcomes import outcome_document
    from semblant.workspaces import reopened

    done = workspace / OUTCOME
    if done.is_file():
        found: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
        return found
    reopened(workspace)
    outcome = work.do(Order.from_dict(message["order"]), message["home"], message["name"])
    document: dict[str, Any] = json.loads(json.dumps(outcome_document(outcome), default=str))
    write_json(done, document)
    return document


def _tell_fault(wire: Wire, exc: BaseException, work: Work, workspace: Path) -> None:
    from semblant.errors import SemblantError
    from semblant.jobs.faults import fault_document
    from semblant.logs import record_crash

    if work.cancelled and isinstance(exc, KeyboardInterrupt):
        exc = Cancelled("the job was cancelled", fix="nothing was delivered; go on with: semblant jobs resume")
    if not isinstance(exc, SemblantError):
        record_crash(exc, command="semblant job", folder=workspace)
    wire.send(fault=fault_document(exc))


def _redirect(path: Path) -> None:
    """Let what is printed go to a file of the job."""
    descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
