"""Results of the engine on their way from the child to the store: plain data there, result objects again here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from semblant.jobs.faults import finding_document, finding_of
from semblant.jobs.orders import OrderKind
from semblant.results import JobResult, SyntheticDataset, TrainedGenerator

if TYPE_CHECKING:
    from collections.abc import Mapping

Outcome = JobResult | SyntheticDataset | TrainedGenerator


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Give a result as plain data, with all that :func:`outcome_of` needs."""
    found = outcome.as_dict()
    if isinstance(outcome, JobResult | TrainedGenerator):
        found["findings"] = [finding_document(finding) for finding in outcome.findings]
    if isinstance(outcome, JobResult):
        found["workspace"] = None if outcome.workspace is None else str(outcome.workspace)
    if isinstance(outcome, TrainedGenerator):
        found["history"] = {name: [dict(entry) for entry in entries] for name, entries in outcome.history.items()}
    return found


def outcome_of(kind: OrderKind, data: Mapping[str, Any]) -> Outcome:
    """Make the result object of an order again."""
    if kind is OrderKind.TRAIN:
        return TrainedGenerator(
            name=data["name"],
            path=Path(data["generator"]),
            tables=tuple(data["tables"]),
            findings=tuple(map(finding_of, data["findings"])),
            history=data["history"],
            settings_used=data["settings_used"],
            timings=data["timings"],
        )
    tables = {name: Path(path) for name, path in data["tables"].items()}
    if kind is OrderKind.GENERATE:
        return SyntheticDataset(
            name=data["name"], location=data["location"], tables=tables, rows=data["rows"], timings=data["timings"]
        )
    return JobResult(
        name=data["name"],
        generator_path=Path(data["generator"]) if "generator" in data else None,
        location=data["location"],
        tables=tables,
        rows=data["rows"],
        report_paths={name: Path(path) for name, path in data["report"].items()},
        report_fault=data.get("report_fault", ""),
        scores=data["scores"],
        timings=data["timings"],
        settings_used=data["settings_used"],
        copied=tuple(data["copied"]),
        findings=tuple(map(finding_of, data["findings"])),
        workspace=Path(data["workspace"]) if data.get("workspace") else None,
    )
