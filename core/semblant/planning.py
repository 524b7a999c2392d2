"""From a spec to a plan: discover, drop what is excluded, detect, validate, resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from attrs import evolve, frozen

from semblant.assessment import assess, assessment_findings, quality_findings
from semblant.detection.columns import NESTED
from semblant.detection.detect import detect
from semblant.detection.facts import too_small
from semblant.detection.sensitivity import looks_like_people
from semblant.errors import ConfigError, SemblantError
from semblant.exposure import exposure_findings, without_validators
from semblant.findings import ConfigStep, Finding, Severity
from semblant.graph import SchemaGraph
from semblant.machine import available_memory, speed
from semblant.pipeline.private import declared
from semblant.plan import Plan
from semblant.private_findings import private_findings
from semblant.resolve import resolve
from semblant.revealed import note_public
from semblant.schema import Schema, Table
from semblant.settings import AUTO
from semblant.settings.path import dotted, join
from semblant.settings.structure import structure
from semblant.spec.apply import apply_spec
from semblant.spec.secrets import missing_secrets
from semblant.vocabulary import EncodingType, TableTreatment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from semblant.detection.model import Detection
    from semblant.host import PluginHost
    from semblant.plan import TablePlan
    from semblant.protocols import Destination, Source
    from semblant.spec.model import Spec

DETECTION_ROWS = 100_000
_COMPARED = frozenset(
    {
        EncodingType.CATEGORICAL,
        EncodingType.BOOLEAN,
        EncodingType.NUMBER,
        EncodingType.INTEGER,
        EncodingType.DATE,
        EncodingType.DATETIME,
    }
)


@frozen(kw_only=True)
class Seen:
    """A source as it was looked at: everything there is, and what the spec leaves of it."""

    everything: Schema
    """All tables and columns of the source, with declared and detected keys."""
    detection: Detection
    used: Schema
    """Excluded tables and columns gone, keys as the spec says."""


def open_source(spec: Spec, host: PluginHost) -> Source:
    """Make the source that a spec names; its faults are found by ``check()``, ``discover()`` and ``read()``."""
    descriptor = host.get("source", spec.source.type)
    settings, findings = structure(descriptor.settings, dict(spec.source.settings), "source")
    if findings:
        msg = f"the settings of the source '{spec.source.type}' are wrong"
        raise ConfigError(msg, findings=findings)
    note_public(settings)
    source: Source = descriptor.create(settings)
    return source


def open_destination(type_name: str, given: dict[str, object], host: PluginHost) -> Destination:
    """Make a destination from its type and settings."""
    descriptor = host.get("destination", type_name)
    settings, findings = structure(descriptor.settings, given, "destination")
    if findings:
        msg = f"the settings of the destination '{type_name}' are wrong"
        raise ConfigError(msg, findings=findings)
    note_public(settings)
    destination: Destination = descriptor.create(settings)
    return destination


def look(spec: Spec, source: Source) -> Seen:
    """Discover the source and detect keys, encodings and sensitivity; what is excluded is never read."""
    source.check()
    raw = source.discover()
    reduced = apply_spec(spec, raw)
    if spec.privacy is not None:
        known = declared(reduced)
        everything = Schema(tables=tuple(evolve(table, rows=None, notes=()) for table in raw))
        return Seen(everything=everything, detection=known, used=apply_spec(spec, everything))

    def read(table: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        return source.read(table, list(columns or reduced.table(table).column_names))

    detection = detect(reduced, read, max_rows=DETECTION_ROWS)
    everything = Schema(tables=tuple(_counted(_with_keys(table, detection.schema), detection) for table in raw))
    return Seen(everything=everything, detection=detection, used=apply_spec(spec, everything))


def with_constraints(seen: Seen, source: Source) -> Detection:
    """Add the constraints that the first rows of each learned table seem to keep."""
    from semblant.detection.constraints import ROWS, propose_constraints  # polars, which most plans do without

    tables = dict(seen.detection.tables)
    for table in seen.used:
        found = tables.get(table.name)
        if found is None or found.treatment is TableTreatment.ORIGINAL:
            continue
        keys = frozenset([*table.primary_key, *(name for key in table.foreign_keys for name in key.columns)])
        wanted = [n for n, c in found.columns.items() if n not in keys and c.encoding in _COMPARED]
        if not wanted:
            continue
        parts, rows = [], 0
        for batch in source.read(table.name, wanted):
            parts.append(batch.slice(0, ROWS - rows))
            rows += parts[-1].num_rows
            if rows >= ROWS:
                break
        if parts:
            proposed = propose_constraints(found.columns, pa.Table.from_batches(parts), keys)
            tables[table.name] = evolve(found, constraints=proposed)
    return evolve(seen.detection, tables=tables)


def _with_keys(table: Table, detected: Schema) -> Table:
    """Take over detected keys where the source declared none."""
    if table.name not in detected:
        return table
    found = detected.table(table.name)
    if not table.primary_key and found.primary_key:
        table = evolve(table, primary_key=found.primary_key, primary_key_reason=found.primary_key_reason)
    marked = {(key.columns, key.references): key for key in found.foreign_keys}
    own = tuple(marked.get((key.columns, key.references), key) for key in table.foreign_keys)
    return evolve(table, foreign_keys=own or found.foreign_keys)


def _counted(table: Table, detection: Detection) -> Table:
    """Take over how many rows were read, where the source did not say and all were."""
    found = detection.tables.get(table.name)
    if table.rows is not None or found is None or not found.complete:
        return table
    return evolve(table, rows=found.rows_read)


def validate(spec: Spec, seen: Seen, host: PluginHost) -> list[Finding]:
    """Run every validator, step by step, and add what the data themselves say.

    A validator that raises is reported as a finding of its own and does not hide the others.
    """
    steps = list(ConfigStep)
    findings: list[Finding] = []
    for descriptor in sorted(host.validators.values(), key=lambda d: (steps.index(d.step), d.name)):
        try:
            found = descriptor.create().check(spec, seen.everything)
        except Exception as exc:  # noqa: BLE001 - perhaps a stranger's code
            message = f"the validator '{descriptor.name}' failed: {type(exc).__name__}: {exc}"
            found = [
                Finding(
                    severity=Severity.WARNING,
                    path="",
                    code="validator-failed",
                    message=message,
                    fix="tell the maker of the plugin",
                )
            ]
        findings += [evolve(finding, step=finding.step or descriptor.step) for finding in found]
    findings += [evolve(finding, step=ConfigStep.DESTINATION) for finding in missing_secrets(spec, host)]
    originals = [name for name in seen.used.table_names if spec.table(name).treatment is TableTreatment.ORIGINAL]
    findings += too_small(seen.used, seen.detection.tables, originals)
    return findings + [found for found in seen.detection.findings if not _only_of_learning(found, originals)]


def _only_of_learning(finding: Finding, originals: Sequence[str]) -> bool:
    """Tell whether a finding is about learning a table that is copied: it may be as small as it likes."""
    return finding.step is ConfigStep.DATA and any(finding.path == join("tables", name) for name in originals)


def make_plan(spec: Spec, host: PluginHost, *, source: Source | None = None, cache: Path | None = None) -> Plan:
    """Plan a job; findings that stop it are in the plan, faults of place and access raise.

    :param cache: folder where the measured speed of this machine is kept.
    """
    opened = source or open_source(spec, host)
    try:
        seen = look(spec, opened)
        findings = validate(spec, seen, host)
        tables: tuple[TablePlan, ...] = ()
        if not any(finding.severity is Severity.ERROR for finding in findings):
            tables = resolve(spec, seen.used, seen.detection, host)
            findings += [*_no_context(tables, host), *_not_learned(tables, host), *_people_copied(spec, seen)]
            findings += private_findings(spec, seen.used, tables, host)
            findings += _not_taken_apart(tables, seen.detection)
            if spec.privacy is None:
                findings = [*without_validators(findings), *exposure_findings(tables, seen.detection)]
                findings += _broken_constraints(tables, opened)
        assessment = None
        if spec.privacy is None and not any(finding.severity is Severity.ERROR for finding in findings):
            findings += quality_findings(tables, spec, seen.detection)
            assessment = assess(tables, spec, seen.detection, findings, host, speed(cache), available_memory()[0])
            findings += assessment_findings(assessment)
    finally:
        if source is None:
            opened.close()
    spec = _effective(spec, seen.used)
    return Plan(
        spec=spec,
        schema=seen.used,
        tables=tables,
        findings=findings,
        destination=_destination_words(spec, host),
        excluded=_excluded(seen),
        assessment=assessment,
    )


def _broken_constraints(tables: Sequence[TablePlan], source: Source) -> list[Finding]:
    """Find the constraints that the data themselves break."""
    if not any(table.constraints for table in tables):
        return []
    from semblant.constraints.findings import constraint_findings  # polars, which most plans do without

    return constraint_findings(tables, source.read, DETECTION_ROWS)


def _no_context(tables: Sequence[TablePlan], host: PluginHost) -> list[Finding]:
    """Find the tables with a synthesized parent, or keys to be matched, whose backend learns each table alone."""
    return [
        Finding(
            severity=Severity.ERROR,
            path=dotted("tables", table.name, "model", "backend"),
            code="context-not-learned",
            message=f"the model '{table.backend}' cannot learn rows of '{table.name}' given those that they refer to",
            fix=f"leave tables.{table.name}.model.backend auto, or name a backend with the capability 'context'",
            step=ConfigStep.MODEL,
        )
        for table in tables
        if table.links and table.backend in host.models and not host.models[table.backend].capabilities.get("context")
    ]


def _not_learned(tables: Sequence[TablePlan], host: PluginHost) -> list[Finding]:
    """Find the columns whose encoding the table's backend says it cannot learn."""
    found = []
    for table in tables:
        known = host.models[table.backend].capabilities.get("encodings") if table.backend in host.models else None
        for column in table.columns:
            if known is None or column.encoding is EncodingType.TEXT or column.encoding in known:
                continue
            found.append(
                Finding(
                    severity=Severity.ERROR,
                    path=dotted("tables", table.name, "columns", column.name),
                    code="encoding-not-learned",
                    message=f"the model '{table.backend}' cannot learn {column.encoding} columns ({column.type})",
                    fix="exclude the column (include: false), or choose another model.backend",
                    step=ConfigStep.TREATMENT,
                )
            )
    return found


def _people_copied(spec: Spec, seen: Seen) -> list[Finding]:
    """Refuse to copy a table that looks like people, until the user says that it is meant."""
    found = []
    for table in seen.used:
        wanted, detected = spec.table(table.name), seen.detection.tables.get(table.name)
        if wanted.treatment is not TableTreatment.ORIGINAL or wanted.accept_original or detected is None:
            continue
        reason = looks_like_people(table, detected.columns)
        if reason:
            found.append(
                Finding(
                    severity=Severity.ERROR,
                    path=dotted("tables", table.name, "treatment"),
                    code="people-copied",
                    message=f"'{table.name}' would be copied unchanged and looks like people: {reason}",
                    fix=f"write treatment: synthesize, or accept it: --accept-original {table.name}",
                    step=ConfigStep.TREATMENT,
                )
            )
    return found


def _not_taken_apart(tables: Sequence[TablePlan], detection: Detection) -> list[Finding]:
    """Find what is inside nested columns and cannot be learned, or not as it is."""
    found = []
    for table in tables:
        seen = detection.tables[table.name].columns if table.name in detection.tables else {}
        for column in table.columns:
            inside = seen[column.name].inside if column.name in seen else None
            if inside is None or column.encoding not in NESTED:
                continue
            left_out = [str(path) for path in column.options.get("leave_out", ())]
            for obstacle in inside.obstacles(left_out):
                named = f"leave it out (options: {{leave_out: ['{obstacle.path}']}}), or " if obstacle.path else ""
                found.append(
                    Finding(
                        severity=Severity.ERROR if obstacle.stops else Severity.WARNING,
                        path=dotted("tables", table.name, "columns", column.name),
                        code=obstacle.code,
                        message=f"column '{column.name}' {obstacle.message}",
                        fix=f"{named}exclude the column (include: false)",
                        step=ConfigStep.TREATMENT,
                    )
                )
    return found


def _effective(spec: Spec, used: Schema) -> Spec:
    """Fill in what was found out: the keys of the tables in use."""
    tables = dict(spec.tables)
    for table in used:
        wanted = spec.table(table.name)
        if wanted.primary_key == AUTO:
            wanted = evolve(wanted, primary_key=table.primary_key or None)
        tables[table.name] = wanted
    return evolve(spec, tables=tables)


def _excluded(seen: Seen) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for table in seen.everything:
        if table.name not in seen.used:
            found[table.name] = ()
            continue
        gone = tuple(name for name in table.column_names if name not in seen.used.table(table.name).column_names)
        if gone:
            found[table.name] = gone
    return found


def _destination_words(spec: Spec, host: PluginHost) -> str:
    if not spec.generation.enabled:
        return "nowhere: nothing is generated"
    if spec.destination is None:
        return "application storage"
    try:
        destination = open_destination(spec.destination.type, dict(spec.destination.settings), host)
    except SemblantError:
        return spec.destination.type
    try:
        return destination.location()
    finally:
        destination.close()


def propose(spec: Spec, host: PluginHost) -> Spec:
    """Take over what detection proposes for tables that the spec does not name (lookups to keep as originals)."""
    source = open_source(spec, host)
    try:
        seen = look(spec, source)
    finally:
        source.close()
    tables = dict(spec.tables)
    graph = SchemaGraph(seen.used, [])
    for name, found in seen.detection.tables.items():
        if name not in tables and name in graph.order:
            tables[name] = evolve(spec.table(name), treatment=found.treatment)
    return evolve(spec, tables=tables)
