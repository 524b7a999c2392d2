"""The live view of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from semblant.cli.progress import spoken
from semblant.cli.show.jobs import state_text, step_so_far
from semblant.cli.show.text import heading, listed
from semblant.cli.storing import elapsed
from semblant.jobs.states import PartState
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.jobs.details import Details

_CURVE = " ▁▂▃▄▅▆▇█"
_POINTS = 24


def line(found: Details) -> str:
    """Say in one line how far a job is."""
    job = found.job
    running = [step for step in found.steps if step.state is PartState.RUNNING]
    what = ""
    for name in dict.fromkeys(step.step for step in running):  # several tables may be at the same step
        tables = [found.tasks[step.task].table_name for step in running if step.step == name]
        what += f"{'; ' if what else ': '}{f'{listed(tables)}: ' if any(tables) else ''}{name}"
    left = f", about {spoken(job.seconds_left)} left" if job.seconds_left is not None else ""
    return f"{job.name} {job.state}{what}, {job.share:.0%} done{left}"


def view(found: Details, history: Mapping[str, Sequence[Mapping[str, float]]]) -> Group:
    """Give tables, tasks, bars and losses."""
    job = found.job
    left = f", about {spoken(job.seconds_left)} left" if job.seconds_left is not None else ""
    head = Text.assemble(heading(f"{job.name} ({job.id})"), "  ", state_text(str(job.state)), f"  {elapsed(job)}{left}")
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), show_edge=False)
    for task in found.tasks:
        name = f"{task.table_name}: {task.kind}" if task.table_name else task.kind
        grid.add_row(
            Text(visible(name)), state_text(str(task.state)), _bar(found, task.number), _now(found, task.number)
        )
    whole = Table.grid()  # a bar ends no line by itself
    whole.add_row(ProgressBar(total=1.0, completed=job.share, width=60))
    parts: list[Any] = [head, whole, grid]
    for name, entries in history.items():
        losses = [entry["validation_loss"] for entry in entries if "validation_loss" in entry]
        if losses:
            parts.append(Text(f"{visible(name)}: validation loss {curve(losses)} {losses[-1]:.4g}"))
        spent = [entry["epsilon"] for entry in entries if "epsilon" in entry]
        if spent:
            parts.append(Text(f"{visible(name)}: epsilon {spent[-1]:.4g} spent"))
    return Group(*parts)


def _bar(found: Details, task: int) -> Any:
    steps = [step for step in found.steps if step.task == task]
    done = sum(step.state in {PartState.FINISHED, PartState.TAKEN_OVER} for step in steps)
    part = sum(
        min((step.done or 0) / step.total, 1.0) for step in steps if step.total and step.state is PartState.RUNNING
    )
    return ProgressBar(total=max(1, len(steps)), completed=done + part, width=24)


def _now(found: Details, task: int) -> Text:
    step = next((step for step in found.steps if step.task == task and step.state is PartState.RUNNING), None)
    if step is None:
        return Text("")
    far = step_so_far(step)
    return Text(f"{step.step}{f': {far}' if far else ''}")


def curve(values: Sequence[float]) -> str:
    """Draw numbers as a line of blocks, the last ones at most.

    >>> curve([1.0, 0.5, 0.0])
    '█▅▁'
    """
    shown = values[-_POINTS:]
    low, high = min(shown), max(shown)
    span = high - low or 1.0
    return "".join(_CURVE[1 + round((value - low) / span * (len(_CURVE) - 2))] for value in shown)
