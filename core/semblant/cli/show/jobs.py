"""Jobs on the screen: the list, one in detail, its tasks and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from semblant.cli.progress import spoken
from semblant.cli.show.findings import findings_table
from semblant.cli.show.result import score_text
from semblant.cli.show.text import command_line, count, heading, pairs
from semblant.cli.storing import elapsed, moment
from semblant.jobs.states import PartState, State
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from semblant.jobs.details import Details
    from semblant.store.records import JobRecord, StepRecord, TaskRecord

_STYLES = {
    "queued": "bright_black",
    "running": "cyan",
    "finished": "green",
    "taken over": "green",
    "failed": "bold red",
    "cancelled": "yellow",
    "waiting": "bright_black",
    "ready": "green",
    "training": "cyan",
}


def state_text(state: str) -> Text:
    """Give a state in its colour; the word alone says it as well."""
    return Text(state, style=_STYLES.get(state, ""))


def grid(titles: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()) -> Table:
    """Give rows under titles; columns named in ``right`` are numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold")
    for number, title in enumerate(titles):
        table.add_column(title, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(visible(cell)) for cell in row))
    return table


def job_list(jobs: Sequence[JobRecord], counts: Mapping[str, tuple[int, int]]) -> Iterator[Any]:
    """List jobs, one per line."""
    if not jobs:
        yield Text("there are no jobs; 'semblant run DATA' makes one")
        return
    rows = [
        (
            job.id,
            job.name,
            str(job.type),
            state_text(str(job.state)),
            moment(job.started),
            elapsed(job),
            "{} of {}".format(*counts[job.id]) if job.id in counts else "",
        )
        for job in jobs
    ]
    yield grid(("id", "name", "type", "state", "started", "time", "tasks"), rows)


def job_details(found: Details) -> Iterator[Any]:
    """Show one job."""
    job = found.job
    yield heading(f"{job.name} ({job.id})")
    lines: list[tuple[str, object]] = [("state", state_text(str(job.state))), ("type", str(job.type))]
    lines += [("started", moment(job.started) or "not yet")]
    if job.started:
        lines.append(("time", elapsed(job)))
    if not job.state.is_final and job.seconds_left is not None:
        lines.append(("left", f"about {spoken(job.seconds_left)}"))
    lines.append(("done", f"{job.share:.0%}"))
    planned = "{} of {} completed".format(*found.tasks_done)
    lines.append(("tasks", planned if found.tasks else "none was planned" if job.state.is_final else "not planned yet"))
    lines += [(name, value) for name, value in (("catalog", job.catalog), ("generator", job.generator)) if value]
    if job.catalog is not None or job.generator is not None:
        lines.append(("destination", "application storage" if job.destination == "storage" else job.destination))
    if found.dataset is not None:
        lines.append(("place", found.dataset.location))
        lines += [(f"report ({name})", path) for name, path in found.dataset.report.items()]
        if found.dataset.scores:
            lines.append(("scores", ", ".join(score_text(*score) for score in found.dataset.scores.items())))
        lines += [
            (name, Text("passed" if passed else "not passed", style="green" if passed else "yellow"))
            for name, passed in found.tests.items()
        ]
        lines += [("rows", f"{sum(found.dataset.rows.values()):,}")]
        lines += [("report", f"failed: {found.dataset.report_fault}; again: semblant jobs report {job.name}")] * bool(
            found.dataset.report_fault
        )
    if job.attempt > 1:
        lines.append(("attempts", str(job.attempt)))
    yield pairs(lines)
    if job.fault is not None:
        yield from _fault(job.fault)
    if found.tables:
        yield Text("")
        yield _tables(found)
    if job.state in {State.FAILED, State.CANCELLED}:
        yield Text("go on with it:")
        yield command_line("jobs", "resume", job.name)
    elif job.state is State.QUEUED:
        yield Text("it waits for a worker:")
        yield command_line("worker")


def _fault(fault: Mapping[str, Any]) -> Iterator[Any]:
    """Show why a job failed, as the command that ran it did."""
    from semblant.cli.pages import ask
    from semblant.jobs.faults import finding_of

    yield Text(f"error: {visible(str(fault['message']), keep_lines=True)}", style="red")
    if fault.get("findings"):
        yield findings_table([finding_of(entry) for entry in fault["findings"]])
    if fault.get("fix"):
        yield Text(f"fix: {visible(str(fault['fix']), keep_lines=True)}")
    yield Text(f"help: semblant help {fault.get('code', 'error')}", style="bright_black")
    yield Text(f"ask: {visible(ask())}", style="bright_black")


def _tables(found: Details) -> Table:
    titles = ("table", "task", "status", "time", "training rows", "rows made", "goal", "epochs", "size", "batch")
    rows = [
        (
            table.name,
            table.task,
            state_text(table.state),
            "" if table.seconds is None else spoken(table.seconds),
            _number(table.used.get("training_rows")),
            _number(table.rows),
            str(table.used.get("goal", "")),
            _number(table.used.get("epochs")),
            str(table.used.get("size", "")),
            _number(table.used.get("batch_size")),
        )
        for table in found.tables
    ]
    if not any("epsilon" in table.used for table in found.tables):
        return grid(titles, rows, right=(4, 5, 7, 9))
    spent = [(*row, _number(table.used.get("epsilon"))) for row, table in zip(rows, found.tables, strict=True)]
    return grid((*titles, "epsilon"), spent, right=(4, 5, 7, 9, 10))


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"


def task_lines(tasks: Sequence[TaskRecord], steps: Sequence[StepRecord]) -> Iterator[Any]:
    """Show tasks and, below each, its steps."""
    if not tasks:
        yield Text("there are no tasks yet: they stand when the job has planned what it will do")
        return
    rows: list[tuple[Any, ...]] = []
    for task in tasks:
        taken = spoken(task.ended - task.started) if task.started and task.ended else ""
        rows.append((f"{task.kind}", task.table_name, state_text(str(task.state)), taken, task.message))
        rows += [
            (f"  {step.step}", "", state_text(str(step.state)), _taken(step), step_so_far(step))
            for step in steps
            if step.task == task.number
        ]
    yield grid(("task", "table", "state", "time", ""), rows)


def _taken(step: StepRecord) -> str:
    return "" if step.seconds is None else spoken(step.seconds)


def step_so_far(step: StepRecord) -> str:
    """Say how far a running step is, in rows, epochs or whatever it counts, and how long it will take."""
    if step.state is not PartState.RUNNING or not step.total:
        return ""
    left = f", {spoken(step.seconds_left)} left" if step.seconds_left else ""
    return f"{step.done or 0:,.0f} of {step.total:,.0f} {step.unit}{left}"


def column_lines(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Any]:
    """Show the columns of each table."""
    for name, columns in tables.items():
        yield heading(f"{visible(name)}: {count(len(columns), 'column')}")
        yield grid(
            ("column", "type", "encoding", "why"),
            [(entry["column"], entry["type"], entry["encoding"], entry["reason"]) for entry in columns],
        )
