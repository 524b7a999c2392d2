"""Atomic, resumable steps: a result is complete under its name, or it is not there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field

from semblant.atomic import sweep
from semblant.errors import Cancelled, JobError, SemblantError
from semblant.events import Event, EventKind, Step
from semblant.machine import LESS_MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from semblant.run import Run

MANIFEST = "step.json"
ACCOUNT = "account.json"
"""What a private run has released up to the end of a step; it counts from the moment that the step is complete."""
_T = TypeVar("_T")


def fingerprint(*parts: Any) -> str:
    """Give the SHA-256 of JSON-ready parts: equal exactly when the step would do the same.

    >>> fingerprint({"a": 1}) == fingerprint({"a": 1}), fingerprint(1) == fingerprint(2)
    (True, False)
    """
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@define
class Steps:
    """Runs the steps of a job in its workspace and keeps their times; several tables may be at theirs at once."""

    run: Run
    seconds: dict[str, float] = field(factory=dict)
    """Time per step during which any table was at it; one taken over from an earlier attempt counts 0."""
    _busy: dict[Step, tuple[int, float]] = field(factory=dict, init=False)
    """Per step how many tables are at it, and since when any is."""
    _lock: Any = field(factory=threading.Lock, init=False, repr=False, eq=False)

    def on(self, run: Run) -> Steps:
        """Give the same steps for another run of the same job; times are kept together."""
        other = Steps(run, self.seconds)
        other._busy, other._lock = self._busy, self._lock
        return other

    def perform(
        self, step: Step, table: str | None, mark: str, work: Callable[[Run], None], *, keep_partial: bool = False
    ) -> Path:
        """Do ``work`` in a fresh folder and give the folder once it is complete.

        ``mark`` is the step's :func:`fingerprint`. A complete folder with the same mark is used as
        it is. With ``keep_partial`` what an interrupted attempt left (checkpoints) is found again by
        ``work`` in ``run.workspace``.
        """
        final = self.run.workspace / _folder_name(step, table)
        if _is_complete(final, mark):
            self._take_over_account(final)
            self._emit(EventKind.STEP_SKIPPED, step, table)
            return final
        partial = final.with_name(final.name + ".part")
        _make_ready(partial, mark, keep=keep_partial)
        self._emit(EventKind.STEP_STARTED, step, table)
        started = time.monotonic()
        placed = self.run.at(step, table, workspace=partial)
        try:
            with self._counted(step):
                placed.check()
                work(placed)
        except Cancelled:
            self._emit(EventKind.STEP_CANCELLED, step, table)
            raise
        except SemblantError:
            raise
        except (MemoryError, OSError) as exc:
            raise _named(exc, step, table) from exc
        seconds = time.monotonic() - started
        if self.run.privacy.private:
            (partial / ACCOUNT).write_text(json.dumps(self.run.privacy.as_dict()), encoding="utf-8")
        _complete(partial, final, mark)
        self._emit(EventKind.STEP_FINISHED, step, table, seconds=seconds)
        return final

    @contextmanager
    def _counted(self, step: Step) -> Iterator[None]:
        """Keep the time of a step: from when a first table is at it until none is any more."""
        with self._lock:
            at_it, since = self._busy.get(step, (0, 0.0))
            self._busy[step] = (at_it + 1, since if at_it else time.monotonic())
        try:
            yield
        finally:
            with self._lock:
                at_it, since = self._busy[step]
                self._busy[step] = (at_it - 1, since)
                if at_it == 1:
                    self.seconds[str(step)] = self.seconds.get(str(step), 0.0) + time.monotonic() - since

    def _take_over_account(self, folder: Path) -> None:
        """Charge what a step of an earlier attempt released: its result is used, so it was paid for."""
        if self.run.privacy.private:
            self.run.privacy.restore(json.loads((folder / ACCOUNT).read_text(encoding="utf-8")))

    def timed(self, step: Step, work: Callable[[], _T]) -> _T:
        """Do a step that keeps nothing to be taken over, and keep its time."""
        self._emit(EventKind.STEP_STARTED, step, None)
        started = time.monotonic()
        found = work()
        self.seconds[str(step)] = seconds = time.monotonic() - started
        self._emit(EventKind.STEP_FINISHED, step, None, seconds=seconds)
        return found

    def _emit(self, kind: EventKind, step: Step, table: str | None, seconds: float | None = None) -> None:
        self.run.emit(Event(kind=kind, job=self.run.job, step=step, table=table, seconds=seconds))


def _named(exc: BaseException, step: Step, table: str | None) -> JobError:
    """Turn a fault of the machine into an error that says where it happened and what helps."""
    where = f"step '{step}'" + (f" of table '{table}'" if table else "")
    if isinstance(exc, MemoryError):
        return JobError(
            f"memory ran out in {where}",
            step=str(step),
            table=table,
            fix=LESS_MEMORY,
        )
    if isinstance(exc, OSError) and exc.errno == 28:
        return JobError(
            f"the disk is full ({exc.filename or 'workspace'}) in {where}",
            step=str(step),
            table=table,
            fix="free space or set SEMBLANT_HOME to a larger disk, then go on with --resume",
        )
    return JobError(
        f"{where} failed: {exc}", step=str(step), table=table, fix="look at the file named, then go on with --resume"
    )


def _folder_name(step: Step, table: str | None) -> str:
    """Name a step's folder; a table's name may be anything, so it is hashed beside a readable rest."""
    name = str(step).replace(" ", "-")
    if table is None:
        return name
    readable = "".join(c if c.isascii() and c.isalnum() else "_" for c in table)[:40]
    return f"{name}--{readable}-{hashlib.sha256(table.encode()).hexdigest()[:8]}"


def _is_complete(folder: Path, mark: str) -> bool:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("fingerprint") == mark


def _make_ready(folder: Path, mark: str, *, keep: bool) -> None:
    note = folder / "attempt.json"
    if keep and note.is_file() and json.loads(note.read_text(encoding="utf-8") or "{}").get("fingerprint") == mark:
        # a checkpoint that was moved aside when its writer was killed; nobody else writes here, whatever the clock says
        sweep(folder, older_than_seconds=float("-inf"))
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    note.write_text(json.dumps({"fingerprint": mark}), encoding="utf-8")


def _complete(partial: Path, final: Path, mark: str) -> None:
    (partial / "attempt.json").unlink(missing_ok=True)
    with (partial / MANIFEST).open("w", encoding="utf-8") as stream:
        json.dump({"fingerprint": mark}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    descriptor = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
