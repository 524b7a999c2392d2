"""The table of ratios."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

_COLUMNS = ("fit s", "against", "rows/s", "against", "GB", "gap", "C2ST", "DCR", "short", "load")


def table(found: list[dict[str, Any]]) -> str:
    """Give Markdown: per data set and system the means over seeds; "against" is Semblant's advantage, as a factor."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        groups[row["data"], row["system"]].append(row)
    lines = [f"| data | system | {' | '.join(_COLUMNS)} |", "|" + "---|" * (len(_COLUMNS) + 2)]
    for (data, system), rows in groups.items():
        ours = groups.get((data, "semblant"), [])
        cells = [_number(rows, "fit_seconds", ".1f"), _ratio(rows, ours, "fit_seconds")]
        cells += [_number(rows, "rows_per_second", ",.0f"), _ratio(ours, rows, "rows_per_second")]
        cells += [_number(rows, "peak_bytes", ".2f", 1e-9)]
        cells += [_number(rows, name, ".4f") for name in ("gap", "c2st", "dcr_share", "short")]
        cells.append(_number(rows, "load", ".1f"))
        notes = {str(row["note"]) for row in rows if row.get("note")}
        if notes and cells[5] == "–":
            cells[5] = "; ".join(sorted(notes))
        label = f"{data} {rows[0]['rows']:,}"
        lines.append(f"| {label} | {system}{f' ({len(rows)} seeds)' if len(rows) > 1 else ''} | {' | '.join(cells)} |")
    return "\n".join(lines)


def mean(rows: list[dict[str, Any]], name: str) -> float | None:
    """Give the mean of a figure over the seeds that have it."""
    values = [row[name] for row in rows if isinstance(row.get(name), int | float)]
    return float(np.mean(values)) if values else None


def _number(rows: list[dict[str, Any]], name: str, form: str, factor: float = 1.0) -> str:
    value = mean(rows, name)
    return "–" if value is None else format(value * factor, form)


def _ratio(one: list[dict[str, Any]], other: list[dict[str, Any]], name: str) -> str:
    a, b = mean(one, name), mean(other, name)
    return "–" if not a or not b else f"{a / b:.1f} ×"
