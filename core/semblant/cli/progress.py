"""What a job is doing, on standard error: bars on a terminal, sparse plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, Self

from semblant.events import EventKind, Step
from semblant.visible import visible

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import TaskID

    from semblant.cli.session import Session
    from semblant.events import Event

SECONDS_BETWEEN_LINES = 10.0
"""At most one plain line per step in this time."""
SECONDS_OF_SILENCE = 30.0
"""A step that tells nothing for this long gets a line, so that nobody thinks it is dead."""

_ENOUGH = 0.03
"""Share of a step that must be done before its time left is told."""
_NAMES = 28
"""Cells of a screen that a table's name takes at most."""


class Progress(Protocol):
    """Takes the events of a job and shows them."""

    def take(self, event: Event) -> None:
        """Show one event; called from any thread."""

    def __enter__(self) -> object:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""


def progress_for(session: Session) -> Progress:
    """Choose by where standard error goes."""
    return (
        BarProgress(session) if session.err.is_terminal and not session.err.is_dumb_terminal else LineProgress(session)
    )


def spoken(seconds: float) -> str:
    """Give a time as people say it.

    >>> [spoken(0.32), spoken(3.2), spoken(75), spoken(7260)]
    ['0.3 s', '3 s', '1 min 15 s', '2 h 1 min']
    """
    if 0 < seconds < 0.95:
        return f"{max(seconds, 0.1):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _place(event: Event, cells: int = _NAMES) -> str:
    name = _cut(visible(event.table), cells) if event.table else ""
    return f"{name}: {event.step}" if name and event.step else str(event.step or name)


def _cut(text: str, cells: int) -> str:
    """Cut a text to its width on a screen, where some letters take two cells."""
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + "…"


def _amount(event: Event) -> str:
    if event.done is None:
        return ""
    done = f"{event.done:,.0f}"
    return f"{done} of {event.total:,.0f} {event.unit}" if event.total else f"{done} {event.unit}"


def _left(event: Event) -> str:
    """Say how much time is left, once enough was done to know."""
    until = event.expected or event.total
    if event.seconds_left is None or not until or (event.done or 0.0) / until < _ENOUGH:
        return ""
    # training ends when it gains nothing any more, mostly long before the last epoch; not every backend foresees when
    unforeseen = event.step is Step.TRAIN and event.expected is None
    return f"{'at most' if unforeseen else 'about'} {spoken(event.seconds_left)} left"


def _share(event: Event) -> int:
    # a step that still runs is never at 100 %
    return min(99, int(100 * (event.done or 0) / event.total)) if event.total else 0


class LineProgress:
    """Plain lines, for logs and pipes: begin and end of each step, and one line in ten seconds between."""

    def __init__(self, session: Session) -> None:
        """Keep where to write."""
        self.session = session
        self._spoken: dict[tuple[Any, Any], float] = {}
        self._began: dict[tuple[Any, Any], tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._pulse = threading.Thread(target=self._beat, name="semblant-progress", daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen for silence."""
        self._pulse.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._end.set()
        self._pulse.join(timeout=1.0)

    def _beat(self) -> None:
        while not self._end.wait(1.0):
            self.breathe()

    def breathe(self) -> None:
        """Say of each step that was silent for :data:`SECONDS_OF_SILENCE` that it is at work."""
        with self._lock:
            now = time.monotonic()
            due = [
                key
                for key, (_, began) in self._began.items()
                if now - self._spoken.get(key, began) >= SECONDS_OF_SILENCE
            ]
            lines = [f"{self._began[key][0]}: still at work after {spoken(now - self._began[key][1])}" for key in due]
            self._spoken.update(dict.fromkeys(due, now))
        for line in lines:
            self.session.tell(line)

    def take(self, event: Event) -> None:
        """Write a line where one is due."""
        with self._lock:
            line = self._line(event)
        if line:
            self.session.tell(line)

    def _line(self, event: Event) -> str:
        key = (event.table, event.step)
        now = time.monotonic()
        if event.kind is EventKind.STEP_STARTED:
            self._began[key] = (_place(event), now)
            return self._due(key, now, f"{_place(event)}")
        if event.kind is EventKind.STEP_CANCELLED:
            self._began.pop(key, None)
            return ""
        if event.kind is EventKind.STEP_FINISHED:
            self._began.pop(key, None)
            taken = event.seconds or 0.0
            # a short step has its first line already; its end needs none
            return f"{_place(event)}: done in {spoken(taken)}" if taken >= SECONDS_BETWEEN_LINES else ""
        if event.kind is EventKind.STEP_SKIPPED:
            return f"{_place(event)}: done before, taken up again"
        if event.kind is EventKind.STEP_PROGRESS:
            left = f", {_left(event)}" if _left(event) else ""
            share = f" ({_share(event)} %)" if event.total else ""
            return self._due(key, now, f"{_place(event)}: {_amount(event)}{share}{left}")
        return _message(event)

    def _due(self, key: tuple[Any, Any], now: float, line: str) -> str:
        if now - self._spoken.get(key, -SECONDS_BETWEEN_LINES) < SECONDS_BETWEEN_LINES:
            return ""
        self._spoken[key] = now
        return line


def _message(event: Event) -> str:
    if event.kind is EventKind.WARNING:
        return f"warning: {visible(event.message.removeprefix('warning '))}"
    return visible(event.message.removeprefix("info ")) if event.kind is EventKind.NOTICE else ""


class BarProgress:
    """One bar per step on a terminal, with the time left; the bars stay when the job is done."""

    def __init__(self, session: Session) -> None:
        """Make the display; it is drawn from the first event on."""
        from rich.progress import BarColumn, SpinnerColumn, TextColumn

        from semblant.cli.bars import Bars

        self.session = session
        self._narrow = session.err.width < 76
        self._names = max(8, min(_NAMES, session.err.width // 4))
        columns: list[Any] = [
            SpinnerColumn(finished_text="[green]✓[/green]" if session.err.encoding.startswith("utf") else "ok"),
            TextColumn("{task.description}", markup=False),
        ]
        if not self._narrow:
            columns.append(BarColumn(bar_width=18))
        columns.append(TextColumn("{task.fields[state]}", markup=False, justify="right"))
        self._display = Bars(*columns, console=session.err, transient=False, refresh_per_second=8)
        self._tasks: dict[tuple[Any, Any], TaskID] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Draw."""
        self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Draw for the last time and give the cursor back."""
        try:
            self._display.stop()
        except BrokenPipeError:
            return

    def take(self, event: Event) -> None:
        """Move the bar of the event's step."""
        with self._lock:
            message = _message(event)
            if message:
                style = "yellow" if event.kind is EventKind.WARNING else ""
                self.session.tell(message, style=style)
            elif event.kind is EventKind.JOB_FINISHED:
                self._finish()
            elif event.step is not None:
                self._move(event)

    def _finish(self) -> None:
        """Show as done what nobody said was done: the job is."""
        for task in self._display.tasks:
            if not task.finished:
                self._display.update(task.id, total=1.0, completed=1.0, state=spoken(task.elapsed or 0.0))

    def _move(self, event: Event) -> None:
        key = (event.table, event.step)
        if key not in self._tasks:
            self._tasks[key] = self._display.add_task(_place(event, self._names), total=None, state="")
        task = self._tasks[key]
        if event.kind is EventKind.STEP_PROGRESS:
            self._display.update(task, total=event.total, completed=_under(event), state=self._state(event))
        elif event.kind in {EventKind.STEP_FINISHED, EventKind.STEP_SKIPPED}:
            state = spoken(event.seconds or 0.0) if event.kind is EventKind.STEP_FINISHED else "done before"
            self._display.update(task, total=1.0, completed=1.0, state=state)
        elif event.kind is EventKind.STEP_CANCELLED:
            self._display.update(task, state="ended")
            self._display.stop_task(task)

    def _state(self, event: Event) -> str:
        parts = [f"{_share(event)} %"] if event.total else [_amount(event)]
        if _left(event):
            parts.append(_left(event))
        loss = event.metrics.get("validation_loss", event.metrics.get("loss"))
        if loss is not None and not self._narrow:
            parts.append(f"loss {loss:.4g}")
        return ", ".join(part for part in parts if part)


def _under(event: Event) -> float:
    done = event.done or 0.0
    return min(done, event.total * 0.99) if event.total else done
