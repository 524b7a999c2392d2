"""The tasks and steps of a job, made from its plan, moved by its events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from attrs import define, evolve, field

from semblant.events import EventKind, Step
from semblant.jobs.forecast import forecast, startup_of
from semblant.jobs.states import PartState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.events import Event

SYNTHESIZING: Final = "synthesizing table"
COPYING: Final = "copying table"
TEXT: Final = "generating text"
PACKAGING: Final = "packaging"
REPORT: Final = "quality report"

_TEXT_SUFFIX: Final = " (text)"
_NEVER_WHOLE: Final = 0.99
_ENOUGH: Final = 0.02
_BEYOND: Final = 1.15
"""Training that went on longer than was expected is taken to go on for a while."""
_BY_THE_CLOCK: Final = frozenset({Step.REPORT})
"""Steps that tell in unequal pieces how far they are: the time they were thought to take says it better."""
_MOST_BY_THE_CLOCK: Final = 0.9
_OWN: Final = 0.5
"""How much of the pace of training is its own, as a power: that it stalls sooner or later than was thought says nothing
of other steps. Of four jobs training took .4 to 1.2 of what was expected, the report .7 to 1.1."""


@define
class Part:
    """A step of a task as it stands."""

    task: int
    step: Step
    expected: float
    """Seconds that were thought of before it began; steps count by them."""
    epochs: float | None = None
    """After so many training is expected to stall."""
    startup: float = 0.0
    """Seconds of the expected ones that pass before it can say how far it is: a model is compiled."""
    began: float | None = None
    state: PartState = PartState.WAITING
    share: float = 0.0
    seconds_left: float | None = None

    def advance(self, event: Event) -> None:
        """Take how far the step says it is; that it was to end elsewhere than was thought changes what was expected."""
        seen = _sooner(event, self.epochs)
        until = seen.expected or seen.total
        self.seconds_left = seen.seconds_left
        if not until or seen.done is None:
            return
        if self.epochs and seen.expected and seen.unit == "epochs":
            self.expected = self.startup + (self.expected - self.startup) * seen.expected / self.epochs
            self.epochs, self.share = seen.expected, 0.0
        begun = self.startup / self.expected if self.expected else 0.0
        self.share = max(self.share, min(begun + (1 - begun) * seen.done / until, _NEVER_WHOLE))

    def seconds_since(self, now: float) -> float:
        """Give how long it runs."""
        return 0.0 if self.began is None else now - self.began

    def goes_by_the_clock(self) -> bool:
        """Tell whether it runs, and only time says how far it is."""
        return self.state is PartState.RUNNING and self.step in _BY_THE_CLOCK

    @property
    def told_left(self) -> float | None:
        """Seconds that it says itself it will be; None where it is not at work, or only the clock tells."""
        return None if self.state is not PartState.RUNNING or self.goes_by_the_clock() else self.seconds_left

    def done(self, now: float, pace: float = 1.0) -> float:
        """Give the expected seconds that are done; ``pace`` is how long one of them takes.

        As long as a running step has said nothing, time passes for its beginning alone.
        """
        if self.goes_by_the_clock():
            return min(self.seconds_since(now) / pace, _MOST_BY_THE_CLOCK * self.expected)
        if self.state is PartState.RUNNING and not self.share:
            return min(self.seconds_since(now), self.startup)
        return self.expected * self.share


@define
class Parts:
    """All tasks and steps of one attempt, and what of them was not written yet."""

    attempt: int
    tasks: list[tuple[str, str]] = field(factory=list)
    """Kind and table of each task, by its number."""
    parts: dict[tuple[int, Step], Part] = field(factory=dict)
    task_states: dict[int, PartState] = field(factory=dict)
    changed_tasks: dict[int, dict[str, Any]] = field(factory=dict)
    changed_steps: dict[tuple[int, str], dict[str, Any]] = field(factory=dict)
    metrics: dict[tuple[int, float], dict[str, float]] = field(factory=dict)
    delivered: bool = False
    _share: float = 0.0
    """Earlier attempts' as well: what is done of a job never falls."""
    _began: float = field(factory=time.monotonic)
    _taken_over: float = 0.0

    def plan(self, details: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Lay out what a plan says will be done; give the rows of tasks and steps."""
        self.tasks, self.parts = [], {}
        generates, packs = details["generates"], details["packs"]
        for table in details["tables"]:
            learned = packs and not table["copied"]
            training = learned and table["trains"]
            steps = [Step.ORGANIZE] if packs else []
            steps += [Step.ANALYZE] if learned and table.get("analyzed", True) else []
            steps += [Step.TRANSFORM, Step.TRAIN] if training else []
            steps += [Step.GENERATE] if generates else []
            self._add(COPYING if table["copied"] else SYNTHESIZING, table, steps, details["tables"])
            if table["text"]:
                steps = [Step.TRANSFORM, Step.TRAIN] if packs else []
                steps += [Step.GENERATE_TEXT] if generates else []
                self._add(TEXT, table, steps, details["tables"])
        last = [Step.PACKAGE] if packs else []
        last += [Step.DELIVER] if generates else []
        last += [Step.ARCHIVE] if details["archives"] else []
        self._add(PACKAGING, None, last, details["tables"])
        if details["reports"]:
            self._add(REPORT, None, [Step.REPORT], details["tables"])
        tasks = [
            {"number": number, "kind": kind, "table_name": table, "state": PartState.WAITING, "message": ""}
            for number, (kind, table) in enumerate(self.tasks)
        ]
        steps_ = [
            {"task": task, "step": str(step), "state": PartState.WAITING, "attempt": self.attempt, "unit": ""}
            for task, step in self.parts
        ]
        return tasks, steps_

    def _add(
        self, kind: str, table: Mapping[str, Any] | None, steps: list[Step], tables: Sequence[Mapping[str, Any]]
    ) -> None:
        number, text = len(self.tasks), kind == TEXT
        self.tasks.append((kind, "" if table is None else table["name"]))
        self.task_states[number] = PartState.WAITING
        epochs = None if table is None else table.get("text_epochs" if text else "epochs")
        for step in steps:
            expected = forecast(step, table, tables, text=text)
            startup = startup_of(table, expected) if step is Step.TRAIN and not text else 0.0
            self.parts[number, step] = Part(number, step, expected, epochs, startup)

    def take(self, event: Event) -> None:
        """Move what an event is about."""
        if event.kind is EventKind.TABLE_LEARNED:
            for number, (_, table) in enumerate(self.tasks):
                if table == event.table:
                    self.changed_tasks.setdefault(number, {})["used"] = dict(event.details)
                    self._spent(number, event.details)
        if event.step is None:
            return
        if event.kind is EventKind.STEP_FINISHED and event.step is Step.DELIVER:
            self.delivered = True
        for part in self._meant(event):
            self._move(part, event)

    def _spent(self, task: int, used: Mapping[str, Any]) -> None:
        """Let the history of a private training, whose losses are not told, say what it spent."""
        if self.tasks[task][0] == SYNTHESIZING and used.get("epsilon") is not None:
            figures = {name: float(used[name]) for name in ("epsilon", "delta") if used.get(name) is not None}
            self.metrics[task, float(used.get("epochs") or 0.0)] = figures

    def _meant(self, event: Event) -> list[Part]:
        table = event.table or ""
        names = {name for _, name in self.tasks}
        text = table not in names and table.endswith(_TEXT_SUFFIX)
        table = table.removesuffix(_TEXT_SUFFIX) if text else table
        return [
            part
            for (number, step), part in self.parts.items()
            if step is event.step
            and self.tasks[number][1] == table
            and (step is Step.GENERATE_TEXT or (self.tasks[number][0] == TEXT) == text)
        ]

    def _move(self, part: Part, event: Event) -> None:
        now, key = event.time.timestamp(), (part.task, str(part.step))
        change = self.changed_steps.setdefault(key, {})
        if event.kind is EventKind.STEP_STARTED:
            part.state, part.began = PartState.RUNNING, time.monotonic()
            change |= {"state": part.state, "started": now}
        elif event.kind is EventKind.STEP_PROGRESS:
            part.advance(event)
            change |= {
                "done": event.done,
                "total": event.total,
                "unit": event.unit,
                "seconds_left": part.seconds_left,
            }
            if event.metrics and part.step is Step.TRAIN and "validation_loss" in event.metrics:
                self.metrics[part.task, float(event.done or 0.0)] = dict(event.metrics)
        elif event.kind in {EventKind.STEP_FINISHED, EventKind.STEP_SKIPPED}:
            skipped = event.kind is EventKind.STEP_SKIPPED
            part.state = PartState.TAKEN_OVER if skipped else PartState.FINISHED
            part.share, part.seconds_left = 1.0, None
            change |= {"state": part.state, "ended": now, "seconds": event.seconds, "seconds_left": None}
            if skipped:
                self._taken_over += part.expected
        elif event.kind is EventKind.STEP_CANCELLED:  # of several at work it is not the one that failed
            part.state, part.seconds_left = PartState.CANCELLED, None
            change |= {"state": part.state, "ended": now, "seconds_left": None}
        self._task_of(part, now)

    def _task_of(self, part: Part, now: float) -> None:
        steps = [other for (number, _), other in self.parts.items() if number == part.task]
        before = self.task_states[part.task]
        if all(step.state in {PartState.FINISHED, PartState.TAKEN_OVER} for step in steps):
            taken = all(step.state is PartState.TAKEN_OVER for step in steps)
            after = PartState.TAKEN_OVER if taken else PartState.FINISHED
        elif any(step.state is not PartState.WAITING for step in steps):
            after = PartState.RUNNING
        else:
            after = before
        if after is before:
            return
        self.task_states[part.task] = after
        change = self.changed_tasks.setdefault(part.task, {})
        change["state"] = after
        if before is PartState.WAITING:
            change["started"] = now
        if after is not PartState.RUNNING:
            change["ended"] = now

    def is_running(self, step: Step) -> bool:
        """Tell whether a step is at work in any task."""
        return any(part.step is step and part.state is PartState.RUNNING for part in self.parts.values())

    def share(self) -> float:
        """Give what is done of the job, 0 to 0.99: it never falls, and is whole only when the job has finished."""
        total = sum(part.expected for part in self.parts.values())
        done = self._done(self._pace() or 1.0)
        self._share = max(self._share, min(done / total, _NEVER_WHOLE) if total else 0.0)
        return self._share

    def seconds_left(self) -> float | None:
        """Guess how long the rest takes: what the running step says, and the others at the pace of the first ones.

        Steps of several tables at work at once each reckon with what the others leave them of the machine: together
        they take as long as they say on average, because what one needs no more goes to the others.
        """
        pace, now, left = self._pace(), time.monotonic(), 0.0
        if pace is None:
            return None
        others = self._of_others(pace)
        told = [part.told_left for part in self.parts.values() if part.told_left is not None]
        for part in self.parts.values():
            if part.told_left is None and part.state in {PartState.WAITING, PartState.RUNNING}:
                own = pace if part.step is Step.TRAIN else others
                left += own * (part.expected - part.done(now, own))
        return left + (sum(told) / len(told) if told else 0.0)

    def _done(self, pace: float) -> float:
        others = self._of_others(pace)  # only those go by the clock
        return sum(part.done(time.monotonic(), others) for part in self.parts.values())

    def _of_others(self, pace: float) -> float:
        """Give the pace of steps other than training, by that of the job so far and how much of this was training."""
        done = [(part.expected * part.share, part.step is Step.TRAIN) for part in self.parts.values()]
        every, training = sum(seconds for seconds, _ in done), sum(seconds for seconds, trains in done if trains)
        return pace ** (1.0 - _OWN * training / every) if every else pace

    def _pace(self) -> float | None:
        """Give how long an expected second takes, by the steps that can say how far they are; None if none can yet."""
        now, parts = time.monotonic(), self.parts.values()
        clocked = [part for part in parts if part.goes_by_the_clock()]
        total = sum(part.expected for part in parts)
        done = sum(part.done(now) for part in parts if part not in clocked) - self._taken_over
        if total and done / total >= _ENOUGH:
            return (now - self._began - sum(part.seconds_since(now) for part in clocked)) / done
        if any(part.seconds_left is not None for part in parts):
            return 1.0  # what was thought of before is all there is for the steps that come
        return None


def _sooner(event: Event, epochs: float | None) -> Event:
    """Let training end when it probably stalls: it is rarely the largest number of epochs that ends it."""
    if event.step is not Step.TRAIN or event.unit != "epochs" or not epochs or not event.total or event.done is None:
        return event
    if event.expected is not None:  # what the backend sees while it trains is better
        return event
    end = min(event.total, max(epochs, _BEYOND * event.done))
    share = (end - event.done) / max(event.total - event.done, 1e-9)
    left = None if event.seconds_left is None else event.seconds_left * share
    return evolve(event, total=end, seconds_left=left)
