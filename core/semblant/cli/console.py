"""Consoles of rich as we need them: safe for any name, any width, and for readers that go away."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleDimensions
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WIDTH_OF_A_PIPE = 100
"""Columns where nobody says how wide the reader is."""


class _Console(Console):
    """Leaves it to us what a reader that went away means, where rich would end the process."""

    margin = 0
    closed: Callable[[], None]

    @property
    def size(self) -> ConsoleDimensions:
        """Give the dimensions without the margin."""
        width, height = super().size
        return ConsoleDimensions(max(1, width - self.margin) if self.is_terminal else width, height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        Console.size.fset(self, new_size)  # type: ignore[attr-defined]

    def on_broken_pipe(self) -> None:
        """Write no more, and tell whoever made the console."""
        self.quiet = True
        self.closed()


def console_on(stream: Any, *, closed: Callable[[], None], margin: int = 0) -> Console:
    """Make a console; ``margin`` columns at the right of a terminal stay free."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    interactive = bool(getattr(stream, "isatty", lambda: False)())
    columns = os.environ.get("COLUMNS", "")
    console = _Console(
        file=stream,
        width=None if interactive or columns.isdigit() else WIDTH_OF_A_PIPE,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=interactive,
        color_system="auto" if interactive else None,
    )
    console.margin = margin
    console.closed = closed
    return console


def real(stream: Any) -> Any:
    """Give the stream behind the one that a display of rich puts in its place."""
    return getattr(stream, "rich_proxied_file", stream)


def write(console: Console, parts: Iterable[Any]) -> None:
    """Print parts one below the other, and see to it that they are out."""
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
