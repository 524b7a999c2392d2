"""A report on data that any tool made: original against synthetic, tables matched by name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from semblant.detection.detect import detect
from semblant.errors import ConfigError
from semblant.events import Step
from semblant.pipeline.measure import database, table_data
from semblant.pipeline.organize import TRAIN, organize, stream
from semblant.pipeline.reporting import limits_of
from semblant.pipeline.steps import Steps, fingerprint
from semblant.planning import open_source
from semblant.report.build import measure, render, scores
from semblant.report.inputs import ReportInputs
from semblant.results import ReportResult
from semblant.schema import Schema, Table
from semblant.settings import AUTO
from semblant.spec.components import check_report_settings
from semblant.spec.model import ReportSpec, Selected, Spec
from semblant.training import ColumnPlan
from semblant.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.detection.model import ColumnDetection
    from semblant.host import PluginHost
    from semblant.run import Run


@frozen(kw_only=True)
class _Side:
    """One of original, synthetic, holdout: a location and what is there."""

    role: str
    location: str
    spec: Spec
    schema: Schema


def report_on(
    host: PluginHost,
    run: Run,
    original: str,
    synthetic: str,
    holdout: str | None,
    out: Path,
    formats: tuple[str, ...],
    options: ReportSpec | None = None,
) -> ReportResult:
    """Measure and write ``report.*`` into ``out``.

    :param options: sections, column limits, targets and the settings of sections and formats; the other settings of
        a spec's report do not count.
    :raises ConfigError: no table of that name on both sides, a column is missing, a target is not there, or a section
        or format has no such setting.
    """
    wanted_report = options or ReportSpec()
    if findings := check_report_settings(host, wanted_report.settings):
        msg = "the settings of the report are wrong"
        raise ConfigError(msg, findings=findings)
    sides = [_side(host, "original", original), _side(host, "synthetic", synthetic)]
    if holdout is not None:
        sides.append(_side(host, "holdout", holdout))
    wanted = _shared(sides)
    steps = Steps(run)
    targets = () if wanted_report.targets == AUTO else tuple(wanted_report.targets)
    _require_targets(targets, wanted)
    paths = {side.role: _read(host, side, wanted, steps) for side in sides}
    found = detect(wanted, lambda name, columns=None: stream(paths["original"][name], columns))
    seed = run.random_seed("report")
    made = {
        role: database(found.schema, [table_data(name, path, seed) for name, path in files.items()])
        for role, files in paths.items()
    }
    inputs = ReportInputs(
        title=", ".join(wanted.table_names)[:60],
        original=made["original"],
        synthetic=made["synthetic"],
        holdout=made.get("holdout"),
        holdout_reason="rows that were given" if holdout is not None else "none was given",
        columns={table.name: _columns(table, found.tables[table.name].columns) for table in found.schema},
        limits=limits_of(wanted_report),
        targets=targets,
        seed=seed % 2**31,
    )
    facts = {
        f"table {name}": f"{inputs.original.tables[name].rows:,} original rows, "
        f"{inputs.synthetic.tables[name].rows:,} synthetic rows"
        for name in wanted.table_names
    }
    own = wanted_report.settings
    document = measure(
        host,
        inputs,
        run.at(Step.REPORT),
        sections=wanted_report.sections,
        facts=facts,
        version=VERSION,
        settings=own,
    )
    out.mkdir(parents=True, exist_ok=True)
    return ReportResult(paths=render(host, document, formats, out, settings=own), scores=scores(document))


def _side(host: PluginHost, role: str, location: str) -> _Side:
    descriptor, settings = host.for_location("source", location)
    spec = Spec(source=Selected(type=descriptor.name, settings=settings))
    source = open_source(spec, host)
    try:
        source.check()
        return _Side(role=role, location=location, spec=spec, schema=source.discover())
    finally:
        source.close()


def _shared(sides: list[_Side]) -> Schema:
    """Give the tables that all sides have, as the original describes them; a single pair may differ in name."""
    original = sides[0].schema
    if all(len(side.schema.tables) == 1 for side in sides):
        tables = list(original.tables)
    else:
        tables = [table for table in original if all(table.name in side.schema for side in sides)]
    if not tables:
        names = "; ".join(f"{side.role}: {', '.join(side.schema.table_names)}" for side in sides)
        msg = f"no table stands under the same name on all sides ({names})"
        raise ConfigError(msg, fix="name the files alike")
    for side in sides[1:]:
        for table in tables:
            missing = [name for name in table.column_names if name not in _there(side.schema, table.name).column_names]
            if missing:
                msg = f"{side.role} '{side.location}': table '{table.name}' lacks the columns {', '.join(missing)}"
                raise ConfigError(msg, fix="compare tables with the same columns")
    return Schema(tables=tuple(tables))


def _there(schema: Schema, name: str) -> Table:
    return schema.table(name) if name in schema else schema.tables[0]


def _read(host: PluginHost, side: _Side, wanted: Schema, steps: Steps) -> dict[str, Path]:
    """Organize the wanted tables of one side, with the original's types."""
    source = open_source(side.spec, host)
    paths: dict[str, Path] = {}
    try:
        for table in wanted:
            own = evolve(table, name=_there(side.schema, table.name).name)
            folder = steps.perform(
                Step.ORGANIZE,
                f"{table.name} ({side.role})",
                fingerprint(side.role, table.name),
                lambda run, t=own: organize(source, t, run, expected=source.count(t.name)),  # type: ignore[misc]
            )
            paths[table.name] = folder / TRAIN
    finally:
        source.close()
    return paths


def _columns(table: Table, found: Mapping[str, ColumnDetection]) -> tuple[ColumnPlan, ...]:
    return tuple(
        ColumnPlan(
            name=column.name,
            type=column.type,
            encoding=found[column.name].encoding,
            reason=found[column.name].reason,
            sensitive=found[column.name].sensitive,
        )
        for column in table.columns
    )


def _require_targets(targets: tuple[str, ...], schema: Schema) -> None:
    """Refuse a target that no table has."""
    known = [f"{table.name}.{column}" for table in schema for column in table.column_names]
    for target in targets:
        if target not in known and not any(target in table.column_names for table in schema):
            msg = f"no table has a column '{target}' that could be predicted"
            near = difflib.get_close_matches(target, [*known, *(name.split(".", 1)[1] for name in known)], 1)
            fix = f"did you mean '{near[0]}'?" if near else "name it as column or table.column"
            raise ConfigError(msg, fix=fix)
