"""Small pieces of output: pairs of label and value, headings, rows of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable


def heading(text: str) -> Text:
    """Give a heading; its text is made safe."""
    return Text(visible(text), style="bold")


def pairs(items: Iterable[tuple[str, object]]) -> Table:
    """Give labels and values in two columns; a value may be ``Text`` already, everything else is made safe."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column(no_wrap=True, style="bright_black")
    table.add_column(overflow="fold", ratio=1)
    for label, value in items:
        shown = value if isinstance(value, Text) else Text(visible(value))
        table.add_row(Text(visible(label)), shown)
    return table


def count(number: int | None, word: str) -> str:
    """Say how many.

    >>> count(1, "row"), count(24421, "row"), count(None, "row")
    ('1 row', '24,421 rows', 'an unknown number of rows')
    """
    if number is None:
        return f"an unknown number of {word}s"
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def sized(number: float) -> str:
    """Give a number of bytes as people read it.

    >>> sized(0), sized(36_911), sized(20_000_000_000)
    ('0 B', '36.9 kB', '20.0 GB')
    """
    for power, unit in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "kB")):
        if number >= 1000**power:
            return f"{number / 1000**power:,.1f} {unit}"
    return f"{number:,.0f} B"


def listed(names: Iterable[object], *, limit: int = 12) -> str:
    """Name things in a row, at most ``limit`` of them.

    >>> listed(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    found = [visible(name) for name in names]
    if len(found) <= limit:
        return ", ".join(found)
    return f"{', '.join(found[:limit])} and {len(found) - limit:,} more"


def command_line(*words: str) -> Text:
    """Show a command that can be copied.

    >>> str(command_line("run", "my data.csv"))
    "  semblant run 'my data.csv'"
    """
    import shlex

    # a line that is broken cannot be copied
    return Text(f"  {visible(shlex.join(['semblant', *words]))}", style="cyan", no_wrap=True, overflow="ignore")
