"""What a job left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from semblant.cli.progress import spoken
from semblant.cli.show.findings import counted, findings_table
from semblant.cli.show.text import count, heading, listed, pairs
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


def _tables(
    tables: Mapping[str, Path], rows: Mapping[str, int], copied: Sequence[str] = ()
) -> Iterator[tuple[str, object]]:
    for name, path in tables.items():
        size = count(rows.get(name), "row") + (" copied unchanged" if name in copied else "")
        yield ("data" if len(tables) == 1 else f"data: {visible(name, limit=24)}"), f"{size} in {path}"


def _time(timings: Mapping[str, float]) -> str:
    total = timings.get("total")
    parts = [
        f"{visible(name)} {spoken(seconds)}" for name, seconds in timings.items() if name != "total" and seconds >= 1
    ]
    whole = spoken(total) if total is not None else ""
    return f"{whole} ({', '.join(parts)})" if whole and parts else whole or ", ".join(parts)


def job_lines(result: JobResult, gates: Sequence[Gate] = ()) -> Iterator[Any]:
    """Show a finished job: where things lie, how good they are, what to know."""
    yield heading(f"{result.name} is done")
    lines: list[tuple[str, object]] = list(_tables(result.tables, result.rows, result.copied))
    if not result.tables and result.location:
        lines.append(("data", result.location))
    lines += [(f"report ({name})" if name != "pdf" else "report", path) for name, path in result.report_paths.items()]
    if result.generator_path is not None:
        lines.append(("generator", result.generator_path))
    if result.scores:
        lines.append(("scores", ", ".join(score_text(name, value) for name, value in result.scores.items())))
    if time := _time(_seconds(result.timings)):
        lines.append(("time", time))
    yield pairs(lines)
    if result.report_fault:
        yield Text(
            f"warning: there is no report: {visible(result.report_fault)}; data and generator are complete",
            style="yellow",
        )
    yield from _remarks(result.findings)
    yield from gate_lines(gates)


def _seconds(timings: Mapping[str, float]) -> Mapping[str, float]:
    return {name: value for name, value in timings.items() if isinstance(value, int | float) and "bytes" not in name}


def _remarks(findings: Sequence[Finding]) -> Iterator[Any]:
    grave = [finding for finding in findings if finding.severity is not Severity.INFO]
    if grave:
        yield Text("")
        yield heading(counted(grave))
        yield findings_table(grave)


def gate_lines(gates: Sequence[Gate]) -> Iterator[Text]:
    """Say of every threshold whether it was reached."""
    for gate in gates:
        yield Text(str(gate), style="green" if gate.passed else "bold red")


def generator_lines(result: TrainedGenerator) -> Iterator[Any]:
    """Show a trained generator and what to do with it."""
    yield heading(f"{result.name} is trained")
    lines: list[tuple[str, object]] = [("generator", result.path), ("tables", listed(result.tables))]
    if time := _time(_seconds(result.timings)):
        lines.append(("time", time))
    yield pairs(lines)
    yield from _remarks(result.findings)


def dataset_lines(result: SyntheticDataset) -> Iterator[Any]:
    """Show a synthetic dataset."""
    yield heading(f"{result.name} is done")
    lines = list(_tables(result.tables, result.rows))
    if not result.tables:
        lines.append(("data", result.location))
    if time := _time(_seconds(result.timings)):
        lines.append(("time", time))
    yield pairs(lines)


def report_lines(result: ReportResult, gates: Sequence[Gate] = ()) -> Iterator[Any]:
    """Show a report's files and headline figures."""
    lines: list[tuple[str, object]] = [(f"report ({name})", path) for name, path in result.paths.items()]
    lines += [(name.replace("_", " "), f"{value:.3f}") for name, value in result.scores.items()]
    yield pairs(lines)
    yield from gate_lines(gates)
