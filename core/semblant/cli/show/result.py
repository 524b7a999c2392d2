"""What a job left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from semblant.cli.progress import spoken
from semblant.cli.show.findings import counted, findings_table
from semblant.cli.show.text import count, heading, listed, pairs
from semblant.events import Step
from semblant.findings import Severity
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from semblant.cli.gates import Gate
    from semblant.findings import Finding
    from semblant.results import JobResult, ReportResult, SyntheticDataset, TrainedGenerator


def score_text(name: str, value: float) -> str:
    """Give a score with its name in words.

    >>> score_text("overall_accuracy", 0.97812)
    'overall accuracy 0.978'
    """
    return f"{name.replace('_', ' ')} {value:.3f}"


def _data(result: JobResult | SyntheticDataset, copied: Sequence[str] = ()) -> Iterator[tuple[str, object]]:
    """Say how many rows of each table there are, and where."""
    # a table that was sent elsewhere has only the job's own copy here, which is nobody's business
    there = {name: path for name, path in result.tables.items() if not result.location or _is_in(path, result.location)}
    for name in result.tables:
        size = count(result.rows.get(name), "row") + (" copied unchanged" if name in copied else "")
        label = "data" if len(result.tables) == 1 else f"data: {visible(name, limit=24)}"
        if name in there:
            yield label, f"{size} in {there[name]}"
        elif len(result.tables) == 1:
            yield label, f"{size} in {result.location}"
        else:
            yield label, size
    if len(result.tables) > 1 and not there:
        yield "place", result.location


def _is_in(path: Path, location: str) -> bool:
    return str(path.absolute()).startswith(location) or str(path).startswith(location)


def _time(timings: Mapping[str, float]) -> str:
    """Give the whole time, and the steps that took a second or more."""
    total = timings.get("total")
    known = {"start", "planning", *map(str, Step)}
    parts = [f"{name} {spoken(seconds)}" for name, seconds in timings.items() if name in known and seconds >= 1]
    whole = spoken(total) if total is not None else ""
    return f"{whole} ({', '.join(parts)})" if whole and parts else whole or ", ".join(parts)


def job_lines(
    result: JobResult,
    gates: Sequence[Gate] = (),
    told: Sequence[str] = (),
    more: Sequence[tuple[str, object]] = (),
) -> Iterator[Any]:
    """Show a finished job: where things lie, how good they are, what to know and was not ``told`` while it ran.

    ``more`` are further labels and values.
    """
    yield heading(f"{result.name} is done")
    lines: list[tuple[str, object]] = list(_data(result, result.copied))
    lines += [(f"report ({name})" if name != "pdf" else "report", path) for name, path in result.report_paths.items()]
    if result.generator_path is not None:
        lines.append(("generator", result.generator_path))
    if result.scores:
        lines.append(("scores", ", ".join(score_text(name, value) for name, value in result.scores.items())))
    lines += more
    if time := _time(result.timings):
        lines.append(("time", time))
    yield pairs(lines)
    if result.report_fault:
        yield Text(
            f"warning: there is no report: {visible(result.report_fault)}; data and generator are complete",
            style="yellow",
        )
    yield from _remarks([finding for finding in result.findings if str(finding) not in told])
    yield from gate_lines(gates)


def _remarks(findings: Sequence[Finding]) -> Iterator[Any]:
    grave = [finding for finding in findings if finding.severity is not Severity.INFO]
    if grave:
        yield Text("")
        yield heading(counted(grave))
        yield findings_table(grave)


def gate_lines(gates: Sequence[Gate]) -> Iterator[Text]:
    """Say which thresholds were reached; the others become the error at the end."""
    for gate in gates:
        if gate.passed:
            yield Text(str(gate), style="green")


def generator_lines(result: TrainedGenerator, told: Sequence[str] = ()) -> Iterator[Any]:
    """Show a trained generator and what to do with it."""
    yield heading(f"{result.name} is trained")
    lines: list[tuple[str, object]] = [("generator", result.path), ("tables", listed(result.tables))]
    if time := _time(result.timings):
        lines.append(("time", time))
    yield pairs(lines)
    yield from _remarks([finding for finding in result.findings if str(finding) not in told])


def dataset_lines(result: SyntheticDataset) -> Iterator[Any]:
    """Show a synthetic dataset."""
    yield heading(f"{result.name} is done")
    lines = list(_data(result))
    if time := _time(result.timings):
        lines.append(("time", time))
    yield pairs(lines)


def report_lines(result: ReportResult, gates: Sequence[Gate] = ()) -> Iterator[Any]:
    """Show a report's files and headline figures."""
    lines: list[tuple[str, object]] = [(f"report ({name})", path) for name, path in result.paths.items()]
    lines += [(name.replace("_", " "), f"{value:.3f}") for name, value in result.scores.items()]
    yield pairs(lines)
    yield from gate_lines(gates)
