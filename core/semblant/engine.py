"""The engine: what embeds in another program, and what the command line calls."""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve

from semblant.connectors.expanding import named
from semblant.errors import Cancelled, ConfigError
from semblant.events import Event, EventKind
from semblant.home import Home
from semblant.host import PluginHost
from semblant.logs import job_log, log_event
from semblant.run import Run, Unsupervised
from semblant.running import Running, absolute
from semblant.settings.plaintext import plain_secrets
from semblant.spec.load import load_spec
from semblant.spec.model import Selected, Spec, TableSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import numpy as np
    import pyarrow as pa

    from semblant.detection.model import Detection
    from semblant.findings import Finding
    from semblant.given import Given
    from semblant.plan import Plan
    from semblant.results import JobResult, ReportResult, SyntheticDataset, TrainedGenerator
    from semblant.run import Supervisor
    from semblant.schema import Schema
    from semblant.spec.model import DestinationSpec, GenerationSpec, ReportSpec
    from semblant.store.connectors import Connector


class Engine:
    """Learns tables and makes synthetic ones; several engines may live in one process.

    :param home: where jobs work and results are kept; by default ``SEMBLANT_HOME`` or the user's data folder.
    :param host: the plugins; by default all that are installed.
    :param own_process: nothing else works in the process, so that plugins may set up their libraries for it.
    :param on_event: called for every event of every job, in the thread that caused it.
    :param supervisor: may forbid what a job is about to do.

    Its methods take ``spec``, a checked one from :meth:`load` or :meth:`spec_for`; ``generator``, a ``.semblant``
    file, the name of one in the home, or a result that has one; ``table``, a name (needed where there are several
    tables); ``seed``, which decides the rows; ``out``, a folder; ``resume``, the name of a job that did not finish.
    Every method may raise :class:`ConfigError` (spec, data or argument are wrong), :class:`SourceError` and
    :class:`DestinationError` (a place cannot be reached) and :class:`Cancelled`; tables are Arrow tables, rows as read.

    >>> import tempfile
    >>> with Engine(home=Path(tempfile.mkdtemp())) as engine:
    ...     "folder" in engine.host.destinations
    True
    """

    def __init__(
        self,
        *,
        home: Path | str | None = None,
        host: PluginHost | None = None,
        on_event: Callable[[Event], None] | None = None,
        supervisor: Supervisor | None = None,
        own_process: bool = False,
    ) -> None:
        """Take home, plugins and listener; nothing is read or written yet."""
        self.home = home if isinstance(home, Home) else Home(home)
        self.host = host if host is not None else PluginHost.from_environment()
        self._supervisor = supervisor or Unsupervised()
        self._listeners: list[Callable[[Event], None]] = [on_event] if on_event else []
        self._own_process = own_process
        self._lock = threading.Lock()
        self._telling = threading.RLock()
        self._running: set[Running] = set()

    def __enter__(self) -> Self:
        """Use the engine in a ``with`` block."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the engine."""
        self.close()

    def close(self) -> None:
        """Cancel what runs in other threads; the engine holds nothing else."""
        self.cancel()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``listener`` for every event, one at a time; gives the function that ends it. From any thread."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def cancel(self) -> None:
        """Cancel every running job of this engine; the destination stays as it was. From any thread."""
        for running in self._active():
            running.cancel.set()

    def stop_training(self) -> None:
        """Stop training, keep the best weights so far and go on to generation. From any thread."""
        for running in self._active():
            running.stop_training.set()

    # -- looking ---------------------------------------------------------------------------------

    def load(self, spec: Path | str | Mapping[str, Any], overrides: Sequence[str] = ()) -> Spec:
        """Read ``spec``, a YAML or JSON file or plain data; ``overrides`` (``a.b=c``) win. :class:`ConfigError` has
        every fault at once.
        """
        return load_spec(spec, self.host, overrides, connectors=self.connector)

    def connector(self, name: str) -> Connector:
        """Give the saved connector ``name``; :class:`ConfigError` with the nearest names when there is none."""
        from semblant.store.database import Store

        with Store.of(self.home) as store:
            return store.connectors.get(name)

    def spec_for(self, location: str, *, tables: Collection[str] | None = None) -> Spec:
        """Make a spec for the data at ``location``: a file, a folder or glob (a database), a URL, or a saved one
        (``connector:NAME``).

        Lookup tables that detection proposes to copy are marked as original; ``tables`` restricts
        the spec to some tables.
        """
        connector = named(location)
        if connector is not None:
            spec = self.load({"source": {"connector": connector}})
            return self._proposed(spec, tables, one_table=False)
        location = absolute(location)
        descriptor, settings = self.host.for_location("source", location)
        refused = plain_secrets(settings, "source")
        if refused:
            msg = "the location holds a secret in plain text"
            raise ConfigError(msg, findings=refused)
        spec = Spec(source=Selected(type=descriptor.name, settings=settings))
        return self._proposed(spec, tables, one_table=descriptor.name == "files" and Path(location).is_file())

    def _proposed(self, spec: Spec, tables: Collection[str] | None, *, one_table: bool) -> Spec:
        """Take over what detection proposes, where there is more than one table."""
        if tables is not None:
            spec = evolve(spec, default_include=False, tables={name: TableSpec() for name in tables})
        if one_table:
            return spec
        from semblant.planning import propose  # Arrow and polars, which whoever only orders a job does without

        return propose(spec, self.host)

    def discover(self, spec: Spec) -> Schema:
        """Give all tables and columns of the source, with declared and detected keys."""
        from semblant.planning import look

        with self._source(spec) as source:
            return look(spec, source).everything

    def detect(self, spec: Spec) -> Detection:
        """Give what is proposed for every table and column that is not excluded, each with its reason."""
        from semblant.planning import look, with_constraints

        with self._source(spec) as source:
            return with_constraints(look(spec, source), source)

    def preview(self, spec: Spec, rows: int = 5) -> dict[str, pa.Table]:
        """Give the first ``rows`` of every table that is not excluded."""
        import pyarrow as pa

        from semblant.pipeline.organize import arrow_schema
        from semblant.spec.apply import apply_spec

        found = {}
        with self._source(spec) as source:
            source.check()
            for table in apply_spec(spec, source.discover()):
                first = next(iter(source.read(table.name, list(table.column_names), max(1, rows))), None)
                batches = [] if first is None else [first.slice(0, rows)]
                found[table.name] = pa.Table.from_batches(
                    batches, batches[0].schema if batches else arrow_schema(table)
                )
        return found

    def check(self, spec: Spec) -> list[Finding]:
        """Give every finding of every configuration step; an error among them would stop a job."""
        return list(self.plan(spec).findings)

    def plan(self, spec: Spec) -> Plan:
        """Give what a job would read, train, generate and write, and what it would take, without doing any of it."""
        from semblant.planning import make_plan

        return make_plan(spec, self.host, cache=self.home.cache_or_none())

    # -- working ---------------------------------------------------------------------------------

    def train(self, spec: Spec, *, output: Path | None = None, resume: str | None = None) -> TrainedGenerator:
        """Train a generator and keep it in the home, or as the file ``output``."""
        from semblant.work import Work

        with self._job(spec, resume) as running:
            return Work(self.home, self.host, running.run, running.name).train(running.spec, output)

    def run(
        self, spec: Spec, *, out: Path | None = None, file_format: str = "parquet", resume: str | None = None
    ) -> JobResult:
        """Do everything: train, generate, deliver, report.

        :param out: a folder for tables, report, generator, effective spec and timings; without it
            the spec's destination is used, or application storage.
        :param file_format: of the tables in ``out``: ``parquet`` or ``csv``.
        """
        from semblant.work import Work

        with self._job(spec, resume) as running:
            return Work(self.home, self.host, running.run, running.name).run_all(running.spec, out, file_format)

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
        """Generate from a trained generator: a ``.semblant`` file, the name of one in the home, or a result.

        :param records: rows of the root table; as many as it learned from when None.
        :param given: partial rows of the root table, or of any tables by name; the other columns are filled in, and
            everything below is made. A table with given rows has these rows and no others.
        :param destination: where the data go; ``out``, or application storage, when None.
        :param file_format: of the tables in ``out``: ``parquet`` or ``csv``.
        :param generation: further settings (temperature, rebalancing); those of the generator's own
            spec when None.
        """
        from semblant.work import Work

        path = self._generator_path(generator)
        with self._job(None, resume, seed=seed or 0, name=f"{path.stem}-data") as running:
            work = Work(self.home, self.host, running.run, running.name)
            return work.generate(
                path,
                records=records,
                given=given,
                destination=destination,
                out=out,
                file_format=file_format,
                seed=seed,
                generation=generation,
            )

    def impute(
        self,
        generator: Path | str | TrainedGenerator | JobResult,
        rows: pa.Table,
        *,
        table: str | None = None,
        draws: int = 1,
        seed: int = 0,
    ) -> pa.Table:
        """Fill the missing cells of ``rows``; every other cell, and every column that was not learned, stays as it is.

        :param draws: 1: each cell gets a value drawn given its row, so that the spread stays; more: the best guess
            of that many draws (median of numbers and dates, most frequent value else).
        """
        from semblant.work import Work

        path = self._generator_path(generator)
        with self._job(None, None, seed=seed, name=f"{path.stem}-imputed") as running:
            return Work(self.home, self.host, running.run, running.name).impute(path, rows, table, draws)

    def log_prob(
        self, generator: Path | str | TrainedGenerator | JobResult, rows: pa.Table, *, table: str | None = None
    ) -> np.ndarray:
        """Give the log-probability of each of ``rows`` under the model, in nats, float64, shape (rows,).

        It is that of the row in the model's encoding: figures compare rows of one generator, not two generators.
        """
        from semblant.work import Work

        path = self._generator_path(generator)
        with self._job(None, None, name=f"{path.stem}-scored") as running:
            return Work(self.home, self.host, running.run, running.name).log_prob(path, rows, table)

    def report(
        self,
        original: str,
        synthetic: str,
        *,
        holdout: str | None = None,
        out: Path,
        formats: Sequence[str] = ("pdf", "html", "json"),
        options: ReportSpec | None = None,
    ) -> ReportResult:
        """Report on data that any tool made; tables are matched by name, a single pair whatever the names.

        :param original: file, folder or URL of the real rows, ``synthetic`` of the made ones, ``holdout`` of real
            rows that nothing was trained on.
        :param formats: names of renderers.
        :param options: sections, column limits and targets of the report, and settings of its sections and formats.
        """
        from semblant.comparison import report_on

        with (
            tempfile.TemporaryDirectory(prefix="semblant-") as folder,
            self._placed("report", 0, Path(folder)) as running,
        ):
            return report_on(self.host, running.run, original, synthetic, holdout, out, tuple(formats), options)

    # -- within ----------------------------------------------------------------------------------

    @contextmanager
    def _source(self, spec: Spec) -> Iterator[Any]:
        from semblant.planning import open_source

        source = open_source(spec, self.host)
        try:
            yield source
        finally:
            source.close()

    @contextmanager
    def _job(
        self, spec: Spec | None, resume: str | None, *, seed: int = 0, name: str | None = None
    ) -> Iterator[Running]:
        from semblant.workspaces import begin, finish

        place = begin(self.home, self.host, spec, resume, name)
        with self._placed(place.name, place.spec.seed if place.spec else seed, place.folder) as running:
            running.spec_or_none = place.spec
            try:
                yield running
            except BaseException as exc:
                finish(place, exc)
                raise
            finish(place, None)

    @contextmanager
    def _placed(self, name: str, seed: int, folder: Path) -> Iterator[Running]:
        cache = self.home.cache_or_none() if self._own_process else None
        run = Run(job=name, seed=seed, workspace=folder, emit=self._emit, supervisor=self._supervisor, cache=cache)
        running = Running(run)
        with self._lock:
            self._running.add(running)
        try:
            with job_log(folder, job=name):
                self._emit(Event(kind=EventKind.JOB_STARTED, job=name, message=str(folder)))
                try:
                    yield running
                except BaseException as exc:
                    stopped = isinstance(exc, Cancelled | KeyboardInterrupt)
                    kind = EventKind.JOB_CANCELLED if stopped else EventKind.JOB_FAILED
                    self._emit(Event(kind=kind, job=name, message=str(exc)))
                    raise
                self._emit(Event(kind=EventKind.JOB_FINISHED, job=name))
        finally:
            with self._lock:
                self._running.discard(running)

    def _active(self) -> list[Running]:
        with self._lock:
            return list(self._running)

    def _emit(self, event: Event) -> None:
        with self._lock:
            listeners = list(self._listeners)
        with self._telling:  # tables may train at the same time
            log_event(event)
            for listener in listeners:
                listener(event)
            self.host.observe(event)

    def _generator_path(self, generator: Path | str | TrainedGenerator | JobResult) -> Path:
        from semblant.home import Kind
        from semblant.results import JobResult, TrainedGenerator

        if isinstance(generator, TrainedGenerator):
            return generator.path
        if isinstance(generator, JobResult):
            if generator.generator_path is None:
                msg = f"job '{generator.name}' left no generator"
                raise ConfigError(msg, fix="train one")
            return generator.generator_path
        path = Path(generator)
        if path.suffix == ".semblant" or path.is_file():
            return path
        return self.home.find(Kind.GENERATORS, str(generator))
