"""The first rows of a table, standing or lying, whichever fits the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from semblant.cli.show.text import count, heading
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

_VALUE = 30
"""Characters of a value that are shown."""
_NAME = 40
_LEAST = 18
"""Cells of the screen for a value, the gap after it included."""
_COLUMNS = 200
"""Columns that are shown at most."""


def preview_lines(name: str, part: pa.Table, *, width: int) -> Iterator[Any]:
    """Give the heading and the rows; columns become lines where the rows would be too wide."""
    yield heading(f"{visible(name)}: {count(part.num_columns, 'column')}")
    names = [visible(column, limit=_NAME) or "(no name)" for column in part.column_names[:_COLUMNS]]
    types = [str(column.type) for column in part.schema][:_COLUMNS]
    values = [[_cell(value) for value in column.to_pylist()] for column in part.columns[:_COLUMNS]]
    wanted = [
        max(map(cell_len, (label, kind, *map(str, cells)))) + 2
        for label, kind, cells in zip(names, types, values, strict=True)
    ]
    if not part.num_rows:
        yield Text("no rows", style="yellow")
    yield _upright(names, types, values) if sum(wanted) <= width else _lying(names, types, values, width)
    if part.num_columns > _COLUMNS:
        yield Text(f"and {part.num_columns - _COLUMNS:,} more columns; --json shows all", style="bright_black")
    yield Text("")


def _cell(value: Any) -> Text:
    if value is None:
        return Text("null", style="bright_black")
    return Text(visible(value, limit=_VALUE))


def _upright(names: Sequence[str], types: Sequence[str], values: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for label, kind in zip(names, types, strict=True):
        table.add_column(Text.assemble((label, "bold"), "\n", (kind, "bright_black")), no_wrap=True)
    for row in zip(*values, strict=True):
        table.add_row(*row)
    return table


def _lying(names: Sequence[str], types: Sequence[str], values: Sequence[Sequence[Text]], width: int) -> Table:
    """Show a line per column, with as many of the rows as fit."""
    label_width = min(24, max(map(cell_len, names)))
    kind_width = min(12, max(map(cell_len, types)))
    rows = max(map(len, values), default=0)
    left = width - label_width - kind_width - 4
    fitting = max(1, min(rows, left // _LEAST))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column(overflow="fold", width=label_width, style="bold")
    table.add_column(no_wrap=True, width=kind_width, overflow="ellipsis", style="bright_black")
    for _ in range(fitting if rows else 0):
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(_LEAST, left // fitting) - 2)
    for label, kind, cells in zip(names, types, values, strict=True):
        table.add_row(Text(label), Text(kind), *cells[:fitting])
    return table
