"""The quality report of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define

from semblant.events import Step
from semblant.pipeline.measure import database, table_data
from semblant.report.build import measure, render, scores
from semblant.report.inputs import ReportInputs, ReportLimits
from semblant.schema import Schema
from semblant.settings import AUTO
from semblant.settings.structure import unstructure
from semblant.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.host import PluginHost
    from semblant.pipeline.job import TrainingJob
    from semblant.pipeline.steps import Steps
    from semblant.run import Run
    from semblant.spec.model import ReportSpec, Spec

VALIDATION_ROWS = (
    "the validation rows: never trained on, but read when encodings were fitted and the best weights were chosen"
)


@define(kw_only=True)
class JobReport:
    """Measures and writes the report of one job."""

    job: TrainingJob
    host: PluginHost
    run: Run
    steps: Steps
    synthetic: Mapping[str, Path]
    holdout_files: Mapping[str, Path]
    """Organized rows of holdout files that the user gave."""
    timings: Mapping[str, float]
    ledger: Mapping[str, Any]
    """What all private jobs on the source have spent."""

    def make(self, folder: Path) -> tuple[dict[str, Path], dict[str, float]]:
        """Write the report into ``folder``; gives paths per format and the headline scores."""
        spec: Spec = self.job.effective_spec()
        placed = self.run.at(Step.REPORT)
        own = spec.report.settings
        document = measure(
            self.host,
            self._inputs(spec),
            placed,
            sections=spec.report.sections,
            version=VERSION,
            facts=self._facts(),
            settings=own,
        )
        return render(self.host, document, spec.report.formats, folder, settings=own), scores(document)

    def _facts(self) -> dict[str, str]:
        facts = {"generator": self.job.name}
        for name, found in self.job.learned.items():
            made = table_data(name, self.synthetic[name], 0).rows
            facts[f"table {name}"] = f"{found.rows:,} real rows read, {made:,} synthetic rows made"
        return facts

    def _inputs(self, spec: Spec) -> ReportInputs:
        seed = self.run.random_seed("report")
        learned = {name: found for name, found in self.job.learned.items() if found.rows}
        names = list(learned)
        schema = _only(self.job.plan.schema, names)
        original, holdout = [], []
        reason = ""
        for name, found in learned.items():
            own = self.holdout_files.get(name) or self.job.holdout_path(name)
            if own is not None:
                original.append(table_data(name, found.train_path, seed))
                holdout.append(table_data(name, own, seed))
                reason = "rows that were kept back from training"
            elif spec.report.holdout == AUTO and found.model is not None and not self.run.privacy.private:
                who = found.subjects
                original.append(table_data(name, found.train_path, seed, split=found.split, subjects=who))
                validation = table_data(name, found.train_path, seed, split=found.split, validation=True, subjects=who)
                holdout.append(validation)
                reason = VALIDATION_ROWS
            else:
                original.append(table_data(name, found.train_path, seed))
        whole = len(holdout) == len(names) and all(table.rows for table in holdout)
        models = {name: found.model for name, found in learned.items() if found.model is not None}
        return ReportInputs(
            title=self.job.name,
            original=database(schema, original),
            synthetic=database(schema, [table_data(name, self.synthetic[name], seed) for name in names]),
            holdout=database(schema, holdout) if whole else None,
            holdout_reason=reason if whole else "no rows were kept back",
            copied=frozenset(self.job.originals),
            originals=database(
                _only(self.job.plan.schema, list(self.job.originals)),
                [table_data(name, path, seed) for name, path in self.job.originals.items()],
            ),
            columns={name: found.plan.columns for name, found in learned.items()},
            limits=limits_of(spec.report),
            targets=() if spec.report.targets == AUTO else tuple(spec.report.targets),
            spec=_told(spec),
            history={name: [dict(entry) for entry in model.history] for name, model in models.items()},
            settings_used={name: dict(model.settings_used) for name, model in models.items()},
            timings={name: value for name, value in self.timings.items() if name != "peak_memory_mb"},
            models=models,
            privacy=self.run.privacy,
            ledger=self.ledger,
            seed=seed % 2**31,
            min_subjects=max((found.plan.model.min_subjects for found in self.job.learned.values()), default=10),
        )


def _told(spec: Spec) -> dict[str, Any]:
    """Give what the spec says beyond the defaults; encodings stand with the columns already."""
    told: dict[str, Any] = unstructure(spec, omit_defaults=True)
    for table in told.get("tables", {}).values():
        for name, column in list(table.get("columns", {}).items()):
            rest = {key: value for key, value in column.items() if key not in {"encoding", "sensitive"}}
            if rest:
                table["columns"][name] = rest
            else:
                del table["columns"][name]
    return told


def limits_of(spec: ReportSpec) -> ReportLimits:
    """Give the column limits of a report; None where the spec says auto."""

    def limit(value: int | str) -> int | None:
        return None if isinstance(value, str) else value

    return ReportLimits(
        univariate=limit(spec.univariate_columns),
        bivariate=limit(spec.bivariate_columns),
        knn=limit(spec.knn_columns),
        phik=limit(spec.phik_columns),
    )


def _only(schema: Schema, names: list[str]) -> Schema:
    return Schema(tables=tuple(table for table in schema if table.name in names))
