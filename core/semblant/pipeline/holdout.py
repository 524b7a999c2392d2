"""Rows that were never trained on, given as files or any other source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from semblant.errors import ConfigError
from semblant.events import Step
from semblant.pipeline.organize import TRAIN, organize
from semblant.pipeline.steps import fingerprint
from semblant.settings.structure import structure

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.host import PluginHost
    from semblant.pipeline.job import TrainingJob
    from semblant.protocols import Source
    from semblant.run import Run
    from semblant.schema import Schema, Table


def read_holdout(location: str, job: TrainingJob, host: PluginHost) -> dict[str, Path]:
    """Organize the holdout of every synthesized table; gives the Parquet file per table.

    Tables are matched by name; a holdout of one table goes with a generator of one table.
    """
    descriptor, given = host.for_location("source", location)
    settings, findings = structure(descriptor.settings, given, "report.holdout")
    if findings:
        msg = f"the holdout '{location}' cannot be read"
        raise ConfigError(msg, findings=findings)
    source: Source = descriptor.create(settings)
    found: dict[str, Path] = {}
    try:
        source.check()
        schema = source.discover()
        for name in job.learned:
            table = _matching(schema, name, location, alone=len(job.learned) == 1)
            wanted = job.plan.schema.table(name)
            _require_columns(table, wanted, location)
            folder = job.steps.perform(
                Step.ORGANIZE,
                f"{name} (holdout)",
                fingerprint("holdout", location, name, list(wanted.column_names)),
                lambda run, t=table, w=wanted: _read(source, t, w, run),  # type: ignore[misc]
            )
            found[name] = folder / TRAIN
    finally:
        source.close()
    return found


def _read(source: Source, table: Table, wanted: Table, run: Run) -> None:
    organize(source, evolve(wanted, name=table.name), run, expected=source.count(table.name))


def _matching(schema: Schema, name: str, location: str, *, alone: bool) -> Table:
    if name in schema:
        return schema.table(name)
    if alone and len(schema.tables) == 1:
        return schema.tables[0]
    msg = f"the holdout '{location}' has no table '{name}'; it has: {', '.join(schema.table_names)}"
    raise ConfigError(msg, fix="name its tables as those of the source")


def _require_columns(table: Table, wanted: Table, location: str) -> None:
    missing = [name for name in wanted.column_names if name not in table.column_names]
    if missing:
        msg = f"the holdout '{location}' lacks the columns {', '.join(missing)}"
        raise ConfigError(msg, fix="give a holdout with the same columns as the source")
