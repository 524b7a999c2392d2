"""How results look in a notebook: small HTML tables, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from semblant.visible import visible

if TYPE_CHECKING:
    from semblant.detection.model import Detection
    from semblant.findings import Finding

_ROWS: Final = 200
_TEXT: Final = 400
_DEPTH: Final = 3
_CELL: Final = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"


def _safe(value: object) -> str:
    return escape(visible(value, limit=_TEXT), quote=True)


def html_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, caption: str = "") -> str:
    """Make an HTML table; cells are escaped, control characters made visible, rows beyond 200 counted.

    >>> html_table(["a"], [["<b>"]]).count("&lt;b&gt;")
    1
    """
    head = "".join(f'<th style="{_CELL}">{_safe(column)}</th>' for column in columns)
    title = f'<caption style="{_CELL}">{_safe(caption)}</caption>' if caption else ""
    body = "".join(
        f"<tr>{''.join(f'<td style={chr(34)}{_CELL}{chr(34)}>{_cell(value)}</td>' for value in row)}</tr>"
        for row in rows[:_ROWS]
    )
    more = f"<p>and {len(rows) - _ROWS:,} more rows</p>" if len(rows) > _ROWS else ""
    headed = f"<thead><tr>{head}</tr></thead>" if any(columns) else ""
    return f"<table>{title}{headed}<tbody>{body}</tbody></table>{more}"


class _Html(str):
    """HTML of ours, already escaped."""

    __slots__ = ()


def _cell(value: object) -> str:
    return str(value) if isinstance(value, _Html) else _safe(value)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _value(value: Any, depth: int) -> object:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        if depth >= _DEPTH:
            return ", ".join(f"{name}: {item}" for name, item in value.items())
        return (
            _Html(html_table(["", ""], [[name, _value(item, depth + 1)] for name, item in value.items()]))
            if value
            else "-"
        )
    if isinstance(value, list | tuple):
        if value and all(isinstance(item, Mapping) for item in value) and depth < _DEPTH:
            names = list(dict.fromkeys(name for item in value for name in item))
            return _Html(html_table(names, [[_value(item.get(name, ""), _DEPTH) for name in names] for item in value]))
        return ", ".join(str(item) for item in value) or "-"
    return value


def html_summary(title: str, facts: Mapping[str, Any]) -> str:
    """Show an object as its title and a table of its facts; mappings and lists of mappings nest.

    >>> html_summary("JobResult", {"rows": {"customers": 1000}})[:28]
    '<div><strong>JobResult</stro'
    """
    rows = [[name.replace("_", " "), _value(value, 0)] for name, value in facts.items()]
    return f"<div><strong>{_safe(title)}</strong>{html_table(['', ''], rows)}</div>"


def html_findings(findings: Sequence[Finding]) -> str:
    """Show findings, the gravest first, severity in words."""
    from semblant.findings import Severity

    order = list(Severity)
    rows = [
        [
            finding.severity,
            finding.path + (f" (line {finding.line})" if finding.line else ""),
            finding.message,
            finding.fix,
        ]
        for finding in sorted(findings, key=lambda one: order.index(one.severity))
    ]
    return html_table(["severity", "where", "what", "fix"], rows) if rows else "<p>no findings</p>"


def html_detection(found: Detection) -> str:
    """Show what was detected: per table its columns with encoding, reason and sensitivity in words."""
    parts = []
    for table in found.schema:
        detected = found.tables.get(table.name)
        if detected is None:
            continue
        rows = [
            [
                name,
                column.encoding,
                "; ".join((column.reason, *column.notes)),
                f"sensitive: {column.sensitive_reason}" if column.sensitive else "",
            ]
            for name, column in detected.columns.items()
        ]
        size = f"{table.rows:,} rows" if table.rows is not None else f"{detected.rows_read:,} rows looked at"
        key = f"; key {', '.join(table.primary_key)} ({table.primary_key_reason})" if table.primary_key else ""
        parts.append(html_table(["column", "encoding", "why", "personal"], rows, caption=f"{table.name}: {size}{key}"))
    if found.findings:
        parts.append(html_findings(found.findings))
    return f"<div>{''.join(parts)}</div>"
