"""What one call of the command line knows: how to show things, and how to reach the engine."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console

    from semblant.cli.progress import Progress
    from semblant.engine import Engine
    from semblant.events import Event

WIDTH_OF_A_PIPE = 100
"""Columns where nobody says how wide the reader is."""


class OutputClosedError(Exception):
    """The reader of standard output went away (``semblant plugins | head -1``)."""


def _real_engine(**arguments: Any) -> Engine:
    from semblant.engine import Engine

    return Engine(**arguments)


def _console(stream: Any, *, closed: Callable[[], None], margin: int = 0) -> Console:
    """Make a console; ``margin`` columns at the right of a terminal stay free."""
    import os

    from rich.console import Console, ConsoleDimensions

    class _Console(Console):
        """Leaves it to us what a reader that went away means; rich would end the process."""

        @property
        def size(self) -> ConsoleDimensions:
            width, height = super().size
            return ConsoleDimensions(max(1, width - margin) if self.is_terminal else width, height)

        @size.setter
        def size(self, new_size: tuple[int, int]) -> None:
            Console.size.fset(self, new_size)  # type: ignore[attr-defined]

        def on_broken_pipe(self) -> None:
            self.quiet = True
            closed()

    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    interactive = bool(getattr(stream, "isatty", lambda: False)())
    columns = os.environ.get("COLUMNS", "")
    return _Console(
        file=stream,
        width=None if interactive or columns.isdigit() else WIDTH_OF_A_PIPE,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=interactive,
        color_system="auto" if interactive else None,
    )


def _real(stream: Any) -> Any:
    """Give the stream behind the one that a display of rich puts in its place."""
    return getattr(stream, "rich_proxied_file", stream)


def _output_closed() -> None:
    raise OutputClosedError


def _write(console: Console, parts: Iterable[Any]) -> None:
    from rich.text import Text

    if console.is_terminal:
        for part in parts:
            console.print(part)
    else:
        with console.capture() as captured:
            for part in parts:
                # whoever reads a log wraps lines for himself; tables keep their columns
                console.print(part, soft_wrap=isinstance(part, str | Text))
        # cells are padded to their column; in a file that is noise
        console.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    console.file.flush()


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
    resume_command: str = ""
    """How to go on after an interruption."""
    warnings: list[str] = field(factory=list)
    """What the engine warned of while it worked, for ``--json``."""
    _out: Console | None = None
    _err: Console | None = None

    @property
    def out(self) -> Console:
        """Where results go: standard output."""
        stream = _real(sys.stdout)
        if self._out is None or self._out.file is not stream:
            self._out = _console(stream, closed=_output_closed)
        return self._out

    @property
    def err(self) -> Console:
        """Where progress and messages go: standard error."""
        stream = _real(sys.stderr)
        if self._err is None or self._err.file is not stream:
            # the terminal writes '^C' behind the last bar, and must not begin a new line for it
            self._err = _console(stream, closed=lambda: None, margin=len("^C") + 1)
        return self._err

    def say(self, *parts: Any) -> None:
        """Show parts of a result to a person; nothing with ``--json``."""
        if self.as_json:
            return
        try:
            _write(self.out, parts)
        except BrokenPipeError as exc:
            raise OutputClosedError from exc

    def tell(self, *parts: Any, style: str = "") -> None:
        """Write a message to standard error; a reader that went away does not matter."""
        from rich.text import Text

        try:
            _write(self.err, [Text(part, style=style) if isinstance(part, str) else part for part in parts])
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
    def working(self, *, resumable: bool) -> Iterator[Engine]:
        """Make an engine for a job: its progress is shown, Ctrl-C cancels it cooperatively.

        ``resumable`` commands know ``--resume NAME``.
        """
        from semblant.cli.interrupts import cancelling, resume_command
        from semblant.cli.progress import progress_for

        progress: Progress = progress_for(self)

        def listen(event: Event) -> None:
            self.note(event)
            progress.take(event)

        engine = self.engine_factory(home=self.home, on_event=listen)
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
