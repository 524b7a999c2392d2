"""A job in detail: its tables, what was used for each, its tasks, its report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from semblant.errors import ConfigError
from semblant.events import Step
from semblant.home import Kind
from semblant.jobs.parts import TEXT
from semblant.jobs.states import PartState, State
from semblant.unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.home import Home
    from semblant.store.database import Store
    from semblant.store.products import DatasetRecord
    from semblant.store.records import JobRecord, StepRecord, TaskRecord

USED: Final = ("training_rows", "goal", "epochs", "size", "batch_size", "epsilon", "delta")
"""What is told of each table's training, beside the rows that were made; the last two of private jobs only."""
IDENTICAL: Final = "identical_rows"
DISSIMILAR: Final = "dcr_share"
_MOST_IDENTICAL: Final = 0.001
_FEW_IDENTICAL: Final = 2
"""Rows that may be the same as a real one by chance, however few there are."""
_MOST_NEAR: Final = 0.55
_ENDED: Final = {State.FAILED: "failed", State.CANCELLED: "was cancelled"}


def iso(seconds: float | None) -> str | None:
    """Give a time as ISO 8601 in UTC.

    >>> iso(0)
    '1970-01-01T00:00:00+00:00'
    """
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def job_document(job: JobRecord, tasks: tuple[int, int]) -> dict[str, Any]:
    """Give a job as plain data: what ``jobs list --json`` lists."""
    return {
        "id": job.id,
        "name": job.name,
        "type": str(job.type),
        "state": str(job.state),
        "started": iso(job.started),
        "tasks_done": tasks[0],
        "tasks": tasks[1],
        "created": iso(job.created),
        "ended": iso(job.ended),
        "share": round(job.share, 4),
        "seconds_left": job.seconds_left,
        "catalog": job.catalog,
        "generator": job.generator,
        "destination": job.destination,
        "owner": job.owner,
        "attempt": job.attempt,
        "follows": job.follows,
        "rows": job.rows_made,
        "bytes": job.bytes,
        "processor_seconds": round(job.processor_seconds, 2),
        "delivered": job.delivered,
        "error": None if job.fault is None else {key: job.fault.get(key) for key in ("code", "message", "fix")},
    }


@frozen(kw_only=True)
class TableDetails:
    """One table of a job."""

    name: str
    state: str
    task: str
    """The task that runs, or the last one."""
    seconds: float | None
    used: Mapping[str, Any]
    rows: int | None


@frozen(kw_only=True)
class Details:
    """A job with all that is told about it."""

    job: JobRecord
    tables: Sequence[TableDetails]
    tasks: Sequence[TaskRecord]
    steps: Sequence[StepRecord]
    dataset: DatasetRecord | None
    tests: Mapping[str, bool]
    """Privacy tests of the report, passed or not."""

    @property
    def tasks_done(self) -> tuple[int, int]:
        """How many tasks are done, of how many."""
        done = sum(task.state in {PartState.FINISHED, PartState.TAKEN_OVER} for task in self.tasks)
        return done, len(self.tasks)

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        found = job_document(self.job, self.tasks_done)
        found["tables"] = [
            {
                "name": table.name,
                "state": table.state,
                "task": table.task,
                "seconds": table.seconds,
                "rows": table.rows,
                "used": dict(table.used),
            }
            for table in self.tables
        ]
        if self.job.fault is not None:
            found["error"]["findings"] = list(self.job.fault.get("findings") or ())
        found["task_list"] = [task_document(task, self.steps) for task in self.tasks]
        if self.dataset is not None:
            found |= {
                "location": self.dataset.location,
                "files": dict(self.dataset.files),
                "report": dict(self.dataset.report),
                "scores": dict(self.dataset.scores),
                "privacy_tests": dict(self.tests),
                "report_fault": self.dataset.report_fault,
            }
        return found


def details_of(store: Store, job: JobRecord) -> Details:
    """Gather what the store says about a job."""
    tasks, steps = store.lookup.tasks(job.id), store.lookup.steps(job.id)
    dataset = store.datasets.of(job.id)
    names = list(dict.fromkeys(task.table_name for task in tasks if task.table_name))
    tables = [_table(name, [task for task in tasks if task.table_name == name], steps, dataset) for name in names]
    tests = {} if dataset is None else privacy_tests(dataset.scores, sum(dataset.rows.values()))
    return Details(job=job, tables=tables, tasks=tasks, steps=steps, dataset=dataset, tests=tests)


def privacy_tests(scores: Mapping[str, float], rows: int) -> dict[str, bool]:
    """Judge the privacy figures of a report: copies of real rows, and rows nearer to training rows than to unseen ones.

    The share of the latter is a half where nothing was learned by heart; of ``rows`` synthetic rows, three standard
    errors above it are no sign, nor is what is below 0.55.

    >>> privacy_tests({"identical_rows": 0.0, "dcr_share": 0.61}, rows=10_000)
    {'identical matches': True, 'dissimilarity': False}
    """
    found = {}
    if IDENTICAL in scores:
        found["identical matches"] = scores[IDENTICAL] <= max(_MOST_IDENTICAL, _FEW_IDENTICAL / max(rows, 1))
    if DISSIMILAR in scores:
        found["dissimilarity"] = scores[DISSIMILAR] <= max(_MOST_NEAR, 0.5 + 1.5 / max(rows, 1) ** 0.5)
    return found


def task_document(task: TaskRecord, steps: Sequence[StepRecord]) -> dict[str, Any]:
    """Give a task with its steps as plain data."""
    return {
        "number": task.number,
        "task": task.kind,
        "table": task.table_name or None,
        "state": str(task.state),
        "seconds": _duration(task),
        "message": task.message,
        "steps": [
            {
                "step": step.step,
                "state": str(step.state),
                "seconds": step.seconds,
                "done": step.done,
                "total": step.total,
                "unit": step.unit,
                "seconds_left": step.seconds_left,
            }
            for step in steps
            if step.task == task.number
        ],
    }


def _duration(task: TaskRecord) -> float | None:
    if task.started is None:
        return None
    import time

    return round((task.ended or time.time()) - task.started, 3)


def _table(
    name: str, tasks: Sequence[TaskRecord], steps: Sequence[StepRecord], dataset: DatasetRecord | None
) -> TableDetails:
    open_ = [task for task in tasks if task.state not in {PartState.FINISHED, PartState.TAKEN_OVER}]
    current = open_[0] if open_ else tasks[-1]
    starts = [task.started for task in tasks if task.started is not None]
    ends = [task.ended for task in tasks if task.ended is not None]
    used = next((task.used for task in tasks if task.used), {})
    known = {key: used[key] for key in USED if key in used}
    return TableDetails(
        name=name,
        state=str(current.state),
        task=current.kind,
        seconds=max(ends) - min(starts) if starts and ends and not open_ else _duration(current),
        used=known,
        rows=_made_so_far(tasks, steps) if dataset is None else dataset.rows.get(name),
    )


def _made_so_far(tasks: Sequence[TaskRecord], steps: Sequence[StepRecord]) -> int | None:
    """Give the rows that were generated in a job that has not delivered, or never did."""
    numbers = {task.number for task in tasks if task.kind != TEXT}
    made = [step.done for step in steps if step.task in numbers and step.step == Step.GENERATE and step.unit == "rows"]
    return None if not made or made[0] is None else int(made[0])


def timeline(steps: Sequence[StepRecord], tasks: Sequence[TaskRecord]) -> dict[str, dict[str, Any]]:
    """Give how a generator came to be: loading, preprocessing and training, of tables and texts apart."""
    texts = {task.number for task in tasks if task.kind == TEXT}
    stages = {
        "data loading": [step for step in steps if step.step == "organizing data"],
        "preprocessing, tabular": [
            step for step in steps if step.step in {"data analysis", "transforming data"} and step.task not in texts
        ],
        "preprocessing, text": [step for step in steps if step.step == "transforming data" and step.task in texts],
        "training, tabular": [step for step in steps if step.step == "AI training" and step.task not in texts],
        "training, text": [step for step in steps if step.step == "AI training" and step.task in texts],
    }
    return {
        name: {
            "state": _state_of(found),
            "seconds": round(sum(step.seconds or 0.0 for step in found), 3),
        }
        for name, found in stages.items()
        if found
    }


def _state_of(steps: Sequence[StepRecord]) -> str:
    states = {step.state for step in steps}
    if states <= {PartState.FINISHED, PartState.TAKEN_OVER}:
        return str(PartState.FINISHED)
    for state in (PartState.FAILED, PartState.CANCELLED, PartState.RUNNING):
        if state in states:
            return str(state)
    return str(PartState.RUNNING if len(states) > 1 else PartState.WAITING)


def columns_of(home: Home, job: JobRecord) -> dict[str, list[dict[str, Any]]]:
    """Give per table its columns with type, encoding and reason, as the job's generator has them.

    :raises ConfigError: the job has no generator yet.
    """
    from semblant.pipeline.dataset import load_generator

    path = generator_path(home, job)
    with unpacked(home) as folder:
        generator = load_generator(path, folder)
        return {
            entry.table.name: [
                {
                    "column": column.name,
                    "type": str(column.type),
                    "encoding": str(found[column.name].encoding) if column.name in found else _made(entry.copied),
                    "reason": found[column.name].reason if column.name in found else "",
                }
                for column in entry.table.columns
            ]
            for entry in generator.tables
            for found in [{plan.name: plan for plan in entry.plans}]
        }


def _made(copied: bool) -> str:
    return "copied unchanged" if copied else "made by the engine"


def generator_path(home: Home, job: JobRecord) -> Path:
    """Give the file of the generator that a job trained or used.

    :raises ConfigError: there is none.
    """
    if job.orders.get("generator"):
        return Path(job.orders["generator"])
    path = home.path(Kind.GENERATORS, job.name)
    if path.is_file():
        return path
    elsewhere = Path((job.result or {}).get("generator") or "-")
    if elsewhere.is_file():
        return elsewhere
    if job.state in {State.FAILED, State.CANCELLED}:
        msg, fix = f"job '{job.name}' trained no generator: it {_ENDED[job.state]}", f"semblant jobs resume {job.name}"
    elif job.state is State.FINISHED:
        msg = f"the generator of job '{job.name}' was deleted"
        fix = f"its settings train another one: semblant jobs download {job.name} --what settings"
    else:
        msg, fix = f"job '{job.name}' has no generator yet", f"wait for it: semblant jobs watch {job.name}"
    raise ConfigError(msg, fix=fix)
