"""Training history: losses, learning rate and what ended the training, table by table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Heading, Table, Text
from semblant_reports.charts import history_chart, rate_chart
from semblant_reports.style import count, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.components import NoSettings
    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run

POINTS = 400
ENDS = ("stopped", "stopped_because", "stop_reason", "stopped_at_step")
"""Settings in which a backend may say why its training ended."""


class History:
    """The course of each table's training; of a private training nothing that was not paid for."""

    def __init__(self, settings: NoSettings) -> None:
        """Take no settings."""

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give per table the thinned history and its best and last entry."""
        run.check()
        private = bool(inputs.privacy is not None and inputs.privacy.private)
        return {
            "tables": [
                {"table": name, **_course(entries, private=private), **_end(inputs.settings_used.get(name, {}))}
                for name, entries in inputs.history.items()
            ],
            "private": private,
        }

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Draw losses and learning rate."""
        blocks: list[Block] = []
        if figures["private"]:
            blocks.append(
                Text(
                    text="Losses of a private training are computed from the data without noise, so they are not "
                    "published; the steps done and the budget they cost are."
                )
            )
        for table in figures["tables"]:
            if len(figures["tables"]) > 1:
                blocks.append(Heading(text=table["table"]))
            blocks += [chart for chart in (history_chart(table["entries"]), rate_chart(table["entries"])) if chart]
            rows = [(name.replace("_", " "), _told(name, value)) for name, value in table["last"].items()]
            rows += [(f"best {name.replace('_', ' ')}", f"{value:.4g}") for name, value in table["best"].items()]
            rows += [(name.replace("_", " "), str(value)) for name, value in table["end"].items()]
            if rows:
                blocks.append(Table(columns=("at the end of the training", "value"), rows=rows, align="lr"))
            elif not figures["private"]:
                blocks.append(Text(text=f"{table['table']}: its backend keeps no history."))
        return blocks


def _course(entries: list[Mapping[str, float]], *, private: bool) -> dict[str, Any]:
    """Thin the history; of a private one only steps and epsilon remain."""
    kept = [
        {name: float(value) for name, value in entry.items() if isinstance(value, int | float) and math.isfinite(value)}
        for entry in entries
    ]
    if private:
        public = {"step", "epoch", "epsilon", "seconds"}
        kept = [{name: value for name, value in entry.items() if name in public} for entry in kept]
    every = max(1, -(-len(kept) // POINTS))
    losses = {name: [entry[name] for entry in kept if name in entry] for name in ("loss", "validation_loss")}
    return {
        "entries": [entry for place, entry in enumerate(kept) if place % every == 0 or place == len(kept) - 1],
        "last": kept[-1] if kept else {},
        "best": {name: min(values) for name, values in losses.items() if values},
    }


def _end(used: Mapping[str, Any]) -> dict[str, Any]:
    """Say why the training ended, where the backend tells."""
    return {"end": {name: used[name] for name in ENDS if used.get(name) not in (None, "", False)}}


def _told(name: str, value: float) -> str:
    """Write a figure of the history."""
    if name == "seconds":
        return seconds(value)
    return count(value) if name in {"step", "rows"} else f"{value:.4g}"
