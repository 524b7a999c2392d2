"""Findings as a table, the gravest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from semblant.findings import Severity
from semblant.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from semblant.findings import Finding

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "remarks"}
_MOST = 100
"""Findings that are shown at most."""
_SINGULARS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}


def finding_document(finding: Finding) -> dict[str, Any]:
    """Give a finding as plain data for ``--json``."""
    return {
        "severity": str(finding.severity),
        "path": finding.path,
        "line": finding.line,
        "code": finding.code,
        "message": finding.message,
        "fix": finding.fix,
        "step": None if finding.step is None else str(finding.step),
    }


def counted(findings: Iterable[Finding]) -> str:
    """Say how many there are of each severity.

    >>> counted([])
    'no findings'
    """
    found = list(findings)
    parts = []
    for severity in Severity:
        count = sum(finding.severity is severity for finding in found)
        if count:
            parts.append(f"{count} {(_SINGULARS if count == 1 else _PLURALS)[severity]}")
    return ", ".join(parts) or "no findings"


def findings_table(findings: Sequence[Finding]) -> Table:
    """Make a table: severity, and beside it the place (with line), what is wrong there, and how to mend it."""
    order = list(Severity)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    ordered = sorted(findings, key=lambda one: (order.index(one.severity), one.line or 0))
    for finding in ordered[:_MOST]:
        said = Text(visible(finding.path) or "spec", style="bold")
        if finding.line:
            said.append(f" (line {finding.line})", style="not bold")
        said.append(f"\n{visible(finding.message)}", style="not bold")
        if finding.fix:
            said.append("\nfix: ")
            said.append(visible(finding.fix, keep_lines=True), style="not bold")
        table.add_row(Text(_SINGULARS[finding.severity], style=_STYLES[finding.severity]), said)
    if len(ordered) > _MOST:
        table.add_row(Text("more"), Text(f"{counted(ordered[_MOST:])} besides; --json shows all"))
    return table
