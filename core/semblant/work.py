"""What one call of the engine does, from spec or generator to files."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, fields_dict

from semblant.atomic import atomic_write, write_json
from semblant.clock import Clock
from semblant.drift import facts
from semblant.errors import Cancelled, ConfigError, SemblantError
from semblant.events import Step
from semblant.home import Home, Kind
from semblant.jobs.forecast import estimates
from semblant.outputs import laid_out
from semblant.planning import make_plan, open_destination, open_source
from semblant.results import JobResult, SyntheticDataset, TrainedGenerator
from semblant.settings import AUTO
from semblant.spec.load import load_spec
from semblant.spec.model import DestinationSpec, GenerationSpec, Spec
from semblant.spec.write import spec_text
from semblant.unpacking import unpacked
from semblant.vocabulary import WriteMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa

    from semblant.artefact.generator import GeneratorFile, GeneratorTable
    from semblant.given import Given
    from semblant.host import PluginHost
    from semblant.pipeline.dataset import GenerationJob
    from semblant.pipeline.job import TrainingJob
    from semblant.plan import Plan
    from semblant.protocols import Destination, Model
    from semblant.run import Run
    from semblant.store.ledger import Ledger


@define
class Work:
    """One job at work: the home it reports to, the plugins it uses, its run and name."""

    home: Home
    host: PluginHost
    run: Run
    name: str
    generates: bool = True
    """False while only a generator is trained."""

    def train(self, spec: Spec, output: Path | None) -> TrainedGenerator:
        """Train and package; nothing is generated."""
        clock = Clock()
        self.generates = False
        job = self._trained(spec, clock)
        path = self._packaged(job, output)[1]
        job.forget_originals()
        return TrainedGenerator(
            name=self.name,
            path=path,
            tables=tuple(job.learned),
            findings=job.plan.findings,
            history={name: list(found.model.history) for name, found in job.learned.items() if found.model},
            settings_used=_used(job),
            timings=clock.timings(job.steps.seconds),
        )

    def run_all(self, spec: Spec, out: Path | None, file_format: str) -> JobResult:
        """Train, generate, deliver and report."""
        clock = Clock()
        aim = self._aim(spec, out, file_format)
        destination = self._destination(aim) if spec.generation.enabled else None
        try:
            return self._all(spec, out, destination, aim.mode, clock)
        finally:
            if destination is not None:
                destination.close()

    def _all(
        self, spec: Spec, out: Path | None, destination: Destination | None, mode: WriteMode, clock: Clock
    ) -> JobResult:
        job = self._trained(spec, clock, destination, mode)
        from semblant.pipeline.dataset import GenerationJob  # behind the training, which a refused job does without

        generator, path = self._packaged(job, None)
        made = GenerationJob(
            generator=generator,
            models=job.models(),
            spec=spec.generation,
            run=self.run,
            host=self.host,
            steps=job.steps,
            mark=job.mark,
        )
        if destination is not None:
            made.generate()
            made.deliver(destination, mode)
            made.archive()
        paths, scores, fault = self._reported(job, made, clock) if spec.report.enabled and made.files else ({}, {}, "")
        timings = clock.timings(job.steps.seconds)
        result = JobResult(
            name=self.name,
            generator_path=path,
            location=destination.location() if destination else "",
            tables=made.files,
            rows=made.rows,
            report_paths=paths,
            report_fault=fault,
            scores=scores,
            timings=timings,
            settings_used=_used(job),
            copied=tuple(job.originals),
            findings=job.plan.findings,
            workspace=self.run.workspace,
        )
        if out is not None:
            result = laid_out(result, out, spec_text(job.effective_spec()))
        write_json(self.run.workspace / "result.json", result.as_dict())
        if not fault:  # a report that is made again needs them
            job.forget_originals()
        return result

    def generate(
        self,
        path: Path,
        *,
        records: int | None,
        given: Given,
        destination: DestinationSpec | None,
        out: Path | None,
        file_format: str,
        seed: int | None,
        generation: GenerationSpec | None,
    ) -> SyntheticDataset:
        """Generate from a generator file and deliver."""
        from semblant.pipeline.dataset import GenerationJob, load_generator, load_models
        from semblant.pipeline.deliver import prove_access
        from semblant.pipeline.steps import Steps, fingerprint

        clock = Clock()
        with unpacked(self.home) as folder:
            generator = load_generator(path, folder)
            spec = load_spec(generator.spec, self.host, environment={})
            run = self.run if seed is not None else evolve(self.run, seed=generator.seed)
            wanted = generation or spec.generation
            if records is not None:
                wanted = evolve(wanted, records=records, scale=1.0)
            aim = self._aim(evolve(spec, destination=destination), out, file_format)
            target = self._destination(aim)
            try:
                prove_access(target, generator.schema, aim.mode)
                made = GenerationJob(
                    generator=generator,
                    models=load_models(generator, self.host),
                    spec=wanted,
                    run=run,
                    host=self.host,
                    steps=Steps(run),
                    mark=fingerprint(str(path), path.stat().st_mtime_ns),
                    given=given,
                )
                if records is not None and made.root in made.starts:
                    msg = f"a number of records is asked for, and the rows of table '{made.root}' are given"
                    raise ConfigError(msg, fix="leave one of them out")
                self._announce(generator, made)
                made.generate()
                made.deliver(target, aim.mode)
                made.archive()
                return SyntheticDataset(
                    name=self.name,
                    location=target.location(),
                    tables=made.files,
                    rows=made.rows,
                    timings=clock.timings(made.steps.seconds),
                )
            finally:
                target.close()

    def impute(self, path: Path, rows: pa.Table, table: str | None, draws: int) -> pa.Table:
        """Fill the missing cells of rows of one table."""
        from semblant.pipeline.generate import sampling_for
        from semblant.pipeline.impute import Imputation, impute

        with self._one_table(path, table) as (entry, model, spec):
            batch = None if spec.batch_size == AUTO else int(spec.batch_size)
            how = Imputation(draws=draws, sampling=sampling_for(entry.table.name, spec), batch_rows=batch)
            return impute(entry, model, rows, how, self.run.at(Step.GENERATE, entry.table.name))

    def log_prob(self, path: Path, rows: pa.Table, table: str | None) -> np.ndarray:
        """Give the log-probability of rows of one table."""
        from semblant.pipeline.impute import log_probabilities

        with self._one_table(path, table) as (entry, model, _):
            return log_probabilities(entry, model, rows)

    @contextmanager
    def _one_table(self, path: Path, table: str | None) -> Iterator[tuple[GeneratorTable, Model, GenerationSpec]]:
        """Load the model of one synthesized table; the only one when none is named."""
        from semblant.pipeline.dataset import load_generator, load_models

        with unpacked(self.home) as folder:
            generator = load_generator(path, folder)
            names = [entry.table.name for entry in generator.synthesized]
            if table is None and len(names) != 1:
                msg = f"the generator has {len(names)} tables that were learned"
                raise ConfigError(msg, fix=f"name one of them: {', '.join(names)}")
            name = names[0] if table is None else table
            if name not in names:
                msg = f"the generator has no learned table '{name}'"
                raise ConfigError(msg, fix=f"name one of: {', '.join(names)}")
            model = load_models(generator, self.host)[name][0]
            if model is None:
                msg = f"table '{name}' has nothing but its key: there is no model of it"
                raise ConfigError(msg, fix="choose another table")
            entry = next(entry for entry in generator.synthesized if entry.table.name == name)
            yield entry, model, load_spec(generator.spec, self.host, environment={}).generation

    def _trained(
        self, spec: Spec, clock: Clock, destination: Destination | None = None, mode: WriteMode = WriteMode.FAIL
    ) -> TrainingJob:
        source = open_source(spec, self.host)
        try:
            plan = make_plan(spec, self.host, source=source, cache=self.home.cache_or_none())
            _refuse(plan)
            from semblant.pipeline.deliver import prove_access  # a refused job does without all of the pipeline
            from semblant.pipeline.job import TrainingJob
            from semblant.pipeline.steps import Steps

            if plan.spec.privacy is not None:
                self._private(plan)
            for finding in plan.findings:
                self.run.notice(str(finding), warning=finding.severity == "warning")
            if destination is not None:
                prove_access(destination, plan.schema, mode)
            self.run.supervisor.discovered(facts(plan.schema))
            self._plan(plan, packs=True)
            clock.planned()
            job = TrainingJob(plan=plan, name=self.name, host=self.host, run=self.run, steps=Steps(self.run))
            job.train(source)
            if self.run.privacy.private:
                with self._budgets(plan.spec) as (ledger, name):
                    ledger.settle(name, self.name, self.run.privacy.as_dict())
        finally:
            source.close()
        return job

    def _private(self, plan: Plan) -> None:
        """Open the account of a private job, and hide from it whatever a seed would tell."""
        from semblant.pipeline.private import secret_seed

        spec = plan.spec
        assert spec.privacy is not None
        backend = next(table.backend for table in plan.tables if not table.copied)
        account = self.host.get("model", backend).open_account(spec.privacy, spec.model)
        with self._budgets(spec) as (ledger, name):
            wanted, most = spec.privacy.epsilon or 0.0, spec.privacy.total_epsilon
            ledger.reserve(name, self.name, wanted, most=most, together=account.together)
        self.run = evolve(self.run, privacy=account, seed=secret_seed(self.run.workspace))

    @contextmanager
    def _budgets(self, spec: Spec) -> Iterator[tuple[Ledger, str]]:
        """Open the ledger of private jobs, and name the source in it; other jobs need no store, nor import one."""
        from semblant.store.database import Store
        from semblant.store.ledger import source_of

        with Store.of(self.home) as store:
            yield store.ledger, source_of(spec)

    def _ledger(self, spec: Spec) -> dict[str, Any]:
        """Give what all private jobs on the source have spent, this one among them."""
        if not self.run.privacy.private:
            return {}
        with self._budgets(spec) as (ledger, name):
            found = next(total for total in ledger.list(self.run.privacy.together) if total.source == name)
        return {"jobs": len(found.entries), "epsilon": found.epsilon, "delta": found.delta}

    def _plan(self, plan: Plan, *, packs: bool) -> None:
        spec = plan.spec
        generates = self.generates and spec.generation.enabled
        tables = [
            {
                "name": table.name,
                "copied": table.copied,
                "text": bool(table.text_backend),
                "trains": bool(table.columns),
                "analyzed": plan.spec.privacy is None,
                "rows": table.rows if table.copied or table.records is None else table.records,
                **estimates(plan, table),
            }
            for table in plan.tables
        ]
        self.run.plan(tables, generates=generates, reports=generates and spec.report.enabled, packs=packs)

    def _announce(self, generator: GeneratorFile, made: GenerationJob) -> None:
        """Tell what a job that only generates will do."""
        rows = made.spec.records
        tables = [
            {
                "name": entry.table.name,
                "copied": entry.copied,
                "text": bool(entry.text_backend),
                "trains": False,
                "rows": made.starts[entry.table.name].num_rows
                if entry.table.name in made.starts
                else entry.rows
                if entry.copied or rows == AUTO
                else int(rows),
            }
            for entry in generator.tables
        ]
        self.run.plan(tables, generates=True, reports=False, packs=False)
        for entry in generator.synthesized:
            self.run.learned(entry.table.name, entry.settings_used)

    def _packaged(self, job: TrainingJob, output: Path | None) -> tuple[GeneratorFile, Path]:
        path = output or self.home.path(Kind.GENERATORS, self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return job.package(path), path

    def _aim(self, spec: Spec, out: Path | None, file_format: str) -> DestinationSpec:
        """Give where the data go: the folder ``out``, the spec's own destination, or application storage."""
        if out is not None:
            settings = {"path": str(Path(out).absolute()), "format": file_format, "delivery": self._delivery_id()}
            mode = spec.destination.mode if spec.destination else WriteMode.FAIL
            return DestinationSpec(type="folder", mode=mode, settings=settings)
        if spec.destination is not None:
            known = fields_dict(self.host.get("destination", spec.destination.type).settings)
            if "delivery" not in known or spec.destination.settings.get("delivery"):
                return spec.destination
            return evolve(spec.destination, settings={**spec.destination.settings, "delivery": self._delivery_id()})
        stored = {"name": self.name, "home": str(self.home.root), "delivery": self._delivery_id()}
        return DestinationSpec(type="storage", settings=stored)

    def _delivery_id(self) -> str:
        """Give the id of this job's delivery: the same when it is resumed, and that of no other job of any home."""
        path = self.run.workspace / "delivery"
        if not path.is_file():
            with atomic_write(path) as stream:
                stream.write(f"{self.name}-{secrets.token_hex(8)}".encode())
        return path.read_text(encoding="utf-8")

    def _destination(self, aim: DestinationSpec) -> Destination:
        return open_destination(aim.type, dict(aim.settings), self.host)

    def _reported(
        self, job: TrainingJob, made: GenerationJob, clock: Clock
    ) -> tuple[dict[str, Path], dict[str, float], str]:
        """Make the report; a fault in it costs neither model nor data."""
        from semblant.pipeline.reporting import JobReport

        folder = self.run.workspace / "report"
        report = JobReport(
            job=job,
            host=self.host,
            run=self.run,
            steps=job.steps,
            synthetic=made.files,
            holdout_files=self._holdout_files(job),
            timings=clock.timings(job.steps.seconds),
            ledger=self._ledger(job.plan.spec),
        )
        try:
            folder.mkdir(exist_ok=True)
            paths, scores = job.steps.timed(Step.REPORT, lambda: report.make(folder))
        except (Cancelled, KeyboardInterrupt):
            raise
        except Exception as exc:  # noqa: BLE001 - whatever it is, data and model are kept and it is said
            fault = exc.message if isinstance(exc, SemblantError) else f"{type(exc).__name__}: {exc}"
            self.run.notice(f"the report failed, data and generator are kept: {fault}", warning=True)
            return {}, {}, fault
        return paths, scores, ""

    def _holdout_files(self, job: TrainingJob) -> dict[str, Path]:
        holdout = job.plan.spec.report.holdout
        if not isinstance(holdout, str) or holdout == AUTO:
            return {}
        from semblant.pipeline.holdout import read_holdout

        return read_holdout(holdout, job, self.host)


def _refuse(plan: Plan) -> None:
    if plan.errors:
        number = len(plan.errors)
        msg = f"the configuration has {number} fault{'s' if number > 1 else ''}; nothing was done"
        raise ConfigError(msg, findings=plan.errors)


def _used(job: TrainingJob) -> dict[str, Any]:
    from semblant.pipeline.decisions import settings_used

    return {name: settings_used(found, job.run.privacy) for name, found in job.learned.items()}
