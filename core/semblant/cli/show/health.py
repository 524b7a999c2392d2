"""What the doctor found."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from semblant.doctor import Health
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant.doctor import CheckResult

_STYLES = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "bold red"}
_ENDS = {
    Health.OK: "All is well.",
    Health.WARN: "Work is possible; the warnings say what will not work, or not well.",
    Health.FAIL: "Mend what is marked 'fail' first.",
}


def health_lines(results: Sequence[CheckResult], *, verbose: bool) -> Iterator[Any]:
    """Show results by area; advice on what is well already only when ``verbose``."""
    from semblant.doctor import worst

    for area, members in groupby(results, key=lambda result: result.area):
        yield Text(area.capitalize(), style="bold")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), show_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold", max_width=26)
        table.add_column(overflow="fold", ratio=1)
        for result in members:
            said = Text(visible(result.message))
            if result.fix and (verbose or result.health is not Health.OK):
                said.append("\nfix: " if result.health is not Health.OK else "\n", style="bold")
                said.append(visible(result.fix))
            table.add_row(Text(str(result.health), style=_STYLES[result.health]), Text(visible(result.name)), said)
        yield table
        yield Text("")
    end = worst(results)
    yield Text(_ENDS[end], style=_STYLES[end])
