"""Bars on a screen that has fewer lines than there are bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import Progress, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

_BELOW = 2
"""Lines that a screen keeps free below the bars."""


class Bars(Progress):
    """As rich's own, which shows the first bars where not all fit: here those that move are always seen."""

    _whole = True

    def start(self) -> None:
        """Begin to draw."""
        self._whole = False
        super().start()

    def stop(self) -> None:
        """Draw for the last time: all bars."""
        self._whole = True
        super().stop()

    def get_renderables(self) -> Iterable[RenderableType]:
        """Give the bars that fit while it is live, and all of them in the end."""
        tasks = self.tasks if self._whole else fitting(self.tasks, self.console.height - _BELOW)
        yield self.make_tasks_table(tasks)


def fitting(tasks: Sequence[Task], lines: int) -> Sequence[Task]:
    """Leave out the oldest bars that are full until the others fit."""
    over = len(tasks) - max(lines, 1)
    full = [task.id for task in tasks if task.finished][: max(over, 0)]
    return [task for task in tasks if task.id not in set(full)]
