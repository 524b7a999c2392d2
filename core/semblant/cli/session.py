"""What one call of the command line knows: how to show things, and how to reach the engine."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from semblant.cli.progress import Progress
    from semblant.engine import Engine
    from semblant.events import Event


class OutputClosedError(Exception):
    """The reader of standard output went away (``semblant plugins | head -1``)."""


def _output_closed() -> None:
    raise OutputClosedError


def _real_engine(**arguments: Any) -> Engine:
    from semblant.engine import Engine

    return Engine(own_process=True, **arguments)


def _supervised_engine(**arguments: Any) -> Engine:
    from semblant.jobs.process import Child

    child = Child.start()  # it imports the engine while this process does
    from semblant.jobs.foreground import SupervisedEngine

    return SupervisedEngine(child=child, **arguments)


@define(kw_only=True)
class Session:
    """One call of the command line.

    ``engine_factory`` is called with ``home`` and ``on_event``; tests put their own here.

    >>> Session(as_json=True).verbosity
    0
    """

    as_json: bool = False
    verbosity: int = 0
    home: Path | None = None
    engine_factory: Callable[..., Engine] = _real_engine
    command: str = ""
    """The command that was called, for messages: ``semblant run``."""
    arguments: list[str] = field(factory=list)
    """All words of the command line."""
    job: str = ""
    """Name of the job that runs, once the engine has told it."""
    job_folder: Path | None = None
    delivered: bool = False
    """Whether the data had reached their destination when something went wrong."""
    hurried: bool = False
    """Whether the user pressed Ctrl-C again: other threads may be anywhere, so the process must not wait for them."""
    resume_command: str = ""
    """How to go on after an interruption."""
    warnings: list[str] = field(factory=list)
    """What the engine warned of while it worked, for ``--json``."""
    _out: Console | None = None
    _err: Console | None = None

    @property
    def out(self) -> Console:
        """Where results go: standard output."""
        from semblant.cli.console import console_on, real

        stream = real(sys.stdout)
        if self._out is None or self._out.file is not stream:
            self._out = console_on(stream, closed=_output_closed)
        return self._out

    @property
    def err(self) -> Console:
        """Where progress and messages go: standard error."""
        from semblant.cli.console import console_on, real

        stream = real(sys.stderr)
        if self._err is None or self._err.file is not stream:
            # the terminal writes '^C' behind the last bar, and must not begin a new line for it
            self._err = console_on(stream, closed=lambda: None, margin=len("^C") + 1)
        return self._err

    def say(self, *parts: Any) -> None:
        """Show parts of a result to a person; nothing with ``--json``."""
        if self.as_json:
            return
        from semblant.cli.console import write

        try:
            write(self.out, parts)
        except BrokenPipeError as exc:
            raise OutputClosedError from exc

    def tell(self, *parts: Any, style: str = "") -> None:
        """Write a message to standard error; a reader that went away does not matter."""
        from rich.text import Text

        from semblant.cli.console import write

        try:
            write(self.err, [Text(part, style=style) if isinstance(part, str) else part for part in parts])
        except BrokenPipeError:
            return

    @contextmanager
    def showing_log(self) -> Iterator[None]:
        """Show the log on standard error: with ``-v`` what is of note, with ``-vv`` everything."""
        if not self.verbosity:
            yield
            return
        import logging

        from semblant.logs import shown_log

        level = logging.DEBUG if self.verbosity > 1 else logging.INFO
        with shown_log(lambda line: self.tell(line, style="bright_black"), level):
            yield

    def document(self, content: Any) -> None:
        """Write the one JSON document of ``--json`` to standard output."""
        from semblant.cli.documents import json_text

        try:
            sys.stdout.write(json_text(content, encoding=sys.stdout.encoding) + "\n")
            sys.stdout.flush()
        except BrokenPipeError as exc:
            raise OutputClosedError from exc

    def remarks(self, findings: Any = ()) -> dict[str, Any]:
        """Give what every document of a job holds beside its result: findings and warnings."""
        from semblant.cli.show.findings import finding_document

        return {"findings": [finding_document(finding) for finding in findings], "warnings": list(self.warnings)}

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Make an engine for questions that are answered at once; it is closed at the end."""
        engine = self.engine_factory(home=self.home, on_event=self.note)
        try:
            yield engine
        finally:
            engine.close()

    @contextmanager
    def working(self, *, resumable: bool, supervised: bool = True, **options: Any) -> Iterator[Engine]:
        """Make an engine for a job: its progress is shown, Ctrl-C cancels it cooperatively.

        ``resumable`` commands know ``--resume NAME``; ``supervised`` jobs are in the store and done by a child;
        ``options`` are further arguments of the engine.
        """
        from semblant.cli.interrupts import cancelling, resume_command
        from semblant.cli.progress import progress_for

        progress: Progress = progress_for(self)

        def listen(event: Event) -> None:
            self.note(event)
            progress.take(event)

        factory = _supervised_engine if supervised and self.engine_factory is _real_engine else self.engine_factory
        engine = factory(home=self.home, on_event=listen, **options)
        try:
            with progress, cancelling(engine, self):
                yield engine
        except BaseException:
            if resumable and self.job:
                self.resume_command = resume_command(self.arguments, self.job)
            raise
        finally:
            engine.close()

    def note(self, event: Event) -> None:
        """Remember what later messages need: the job, what it delivered, its warnings."""
        from semblant.events import EventKind, Step

        if event.kind is EventKind.JOB_STARTED:
            self.job = event.job
            self.job_folder = Path(event.message) if event.message else None
        elif event.kind is EventKind.WARNING:
            self.warnings.append(event.message)
        elif event.kind is EventKind.STEP_FINISHED and event.step is Step.DELIVER:
            self.delivered = True
