"""What detection proposes, table by table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from semblant.cli.show.findings import counted, findings_table
from semblant.cli.show.text import count, heading, listed, pairs
from semblant.visible import visible
from semblant.vocabulary import TableTreatment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.detection.model import ColumnDetection, Detection, TableDetection
    from semblant.schema import Table as SourceTable

_COLUMNS = 300
"""Columns of a table that are shown at most."""
_WIDE = 100
"""Cells from which on types and sensitivity have columns of their own."""


def detection_lines(found: Detection, *, width: int) -> Iterator[Any]:
    """Show every table with its keys and columns, then all findings."""
    for table in found.schema:
        detected = found.tables.get(table.name)
        yield heading(_title(table, detected))
        facts = list(_facts(table, detected, alone=len(found.schema.tables) == 1))
        if facts:
            yield pairs(facts)
        if detected is not None:
            yield _columns(table, detected, width=width)
            if len(detected.columns) > _COLUMNS:
                yield Text(
                    f"and {len(detected.columns) - _COLUMNS:,} more columns; --json shows all", style="bright_black"
                )
            yield _personal(detected)
            if detected.constraints:
                yield pairs([("seems to hold", _constraints(detected))])
        yield Text("")
    if found.findings:
        yield heading(counted(found.findings))
        yield findings_table(found.findings)


def _constraints(detected: TableDetection) -> str:
    """Name the constraints that the rows seem to keep."""
    rules = [visible(str(proposed.constraint), limit=60) for proposed in detected.constraints]
    return f"{'; '.join(rules)} (written behind '#' by -o; 'constraints' of the table keeps them)"


def _title(table: SourceTable, detected: TableDetection | None) -> str:
    rows = table.rows
    if rows is None and detected is not None and detected.complete:
        rows = detected.rows_read
    size = f"{count(rows, 'row')}, " if rows is not None else ""
    return f"{table.name}: {size}{count(len(table.columns), 'column')}"


def _facts(table: SourceTable, detected: TableDetection | None, *, alone: bool) -> Iterator[tuple[str, object]]:
    if detected is not None:
        if detected.treatment is TableTreatment.ORIGINAL:
            yield "original data", f"copied unchanged: {detected.treatment_reason}"
        elif detected.root and not alone:
            yield "root table", detected.treatment_reason or "its rows are the subjects"
    if table.primary_key:
        yield "primary key", f"{listed(table.primary_key)} ({table.primary_key_reason})"
    for key in table.foreign_keys:
        yield (
            "foreign key",
            f"{listed(key.columns)} → {key.references} ({listed(key.referenced_columns)}): {key.reason}",
        )
    for note in table.notes:
        yield "note", note


def _columns(table: SourceTable, detected: TableDetection, *, width: int) -> Table:
    """Make the table of columns; on a narrow screen sensitivity stands below the reason."""
    narrow = width < _WIDE
    shown = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bright_black")
    shown.add_column("column", overflow="fold", ratio=3)
    if width >= _WIDE:
        shown.add_column("type", overflow="fold", style="bright_black")
    shown.add_column("encoding", overflow="fold", no_wrap=True)
    shown.add_column("why", overflow="fold", ratio=6)
    if not narrow:
        shown.add_column("personal", overflow="fold", ratio=4)
    types = {column.name: str(column.type) for column in table.columns}
    for name, column in list(detected.columns.items())[:_COLUMNS]:
        why = Text(visible(column.reason))
        for note in column.notes:
            why.append(f"\n{visible(note)}", style="bright_black")
        personal = _sensitive(column)
        if narrow and column.sensitive:
            why.append("\n")
            why.append_text(personal)
        label = Text(visible(name) or "(no name)", style="bold")
        kind = [Text(visible(types.get(name, ""), limit=40))] if width >= _WIDE else []
        cells = [label, *kind, Text(str(column.encoding)), why]
        shown.add_row(*cells, *([] if narrow else [personal]))
    return shown


def _sensitive(column: ColumnDetection) -> Text:
    if not column.sensitive:
        return Text("")
    return Text.assemble(
        ("sensitive", "yellow"), f": {visible(column.sensitive_reason)}" if column.sensitive_reason else ""
    )


def _personal(detected: TableDetection) -> Text:
    names = [name for name, column in detected.columns.items() if column.sensitive]
    if not names:
        return Text("No column looks personal.", style="bright_black")
    return Text(
        f"Sensitive and synthesized: {listed(names)}. "
        "Values held by few rows do not come out, frequent ones (a common first name) do; "
        "set 'treatment: keep' on a column only if all of them may."
    )
