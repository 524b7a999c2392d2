"""The listing of plugins."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from semblant.plugins.listing import Status
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant.plugins.checking import Conformance
    from semblant.plugins.listing import PluginRow

_STYLES = {
    Status.OK: "green",
    Status.UNAVAILABLE: "yellow",
    Status.DUPLICATE: "bold red",
    Status.FAILED: "bold red",
    Status.DISABLED: "bright_black",
}
_TITLES = {
    "source": "Sources",
    "destination": "Destinations",
    "model": "Models",
    "section": "Report sections",
    "renderer": "Report formats",
    "validator": "Checks of a spec",
    "executor": "Where work runs",
    "observer": "Observers of jobs",
    "plugin": "Plugins that bring nothing",
}


def plugin_tables(rows: Sequence[PluginRow], *, width: int, verbose: bool) -> Iterator[Any]:
    """Give a table per kind, and what to install for all that is missing.

    ``width`` decides whether the distribution has a column; ``verbose`` adds the capabilities.
    """
    if not rows:
        yield Text("no plugin offers anything; is Semblant installed? pip install semblant")
    for kind, members in groupby(rows, key=lambda row: row.kind):
        yield Text(_TITLES.get(kind, kind), style="bold")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), show_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, max_width=22, overflow="fold")
        table.add_column(ratio=1, overflow="fold")
        for row in members:
            table.add_row(
                Text(str(row.status), style=_STYLES[row.status]), Text(visible(row.name)), _said(row, width, verbose)
            )
        yield table
        yield Text("")
    installs = list(dict.fromkeys(row.install for row in rows if row.install))
    if installs:
        yield Text("To install what is missing", style="bold")
        for line in installs:
            yield Text(f"  {visible(line)}")


def conformance_lines(found: Conformance) -> Iterator[Any]:
    """Give what passed, what was skipped and why, and what is to be done."""
    for group, number in found.passed.items():
        yield Text.assemble(("passed  ", "green"), f"{number:>4}  {visible(group)}")
    for reason, number in found.skipped.items():
        yield Text.assemble(("skipped ", "yellow"), f"{number:>4}  {visible(reason)}")
    for one in found.failed:
        yield Text.assemble(("failed  ", "bold red"), f"{visible(one.group)}: {visible(one.check)}")
        yield Text(f"        {visible(one.reason)}")
    if not found.passed and not found.failed:
        yield Text("there was nothing to check")
    whole = sum(found.passed.values())
    verdict = "conforms" if found.conforms else f"does not conform: {len(found.failed)} of {whole + len(found.failed)}"
    yield Text(f"{visible(found.distribution)} {verdict} ({whole} checks passed)", style="bold")


def _said(row: PluginRow, width: int, verbose: bool) -> Text:
    said = Text(visible(row.summary))
    if row.reason:
        said.append(("\n" if row.summary else "") + visible(row.reason, keep_lines=True), style=_STYLES[row.status])
    if row.distribution != "semblant" or verbose:
        wide = width >= 70
        version = f" {row.version}" if row.version else ""
        gap = "  " if wide and said.plain and not row.reason else "\n"
        said.append(f"{gap}from {visible(row.distribution)}{visible(version)}", style="bright_black")
    if verbose and row.capabilities:
        listed = "; ".join(f"{name}: {_value(value)}" for name, value in row.capabilities.items())
        said.append(f"\n{visible(listed)}", style="bright_black")
    return said


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, value))
    return str(value)
