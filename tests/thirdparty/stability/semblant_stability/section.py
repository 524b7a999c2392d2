"""Figures: the index per column. Blocks: the worst columns first, in a chart and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from semblant.report.blocks import Chart, Score, Scores, Table, Text, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.report.blocks import Block
    from semblant.report.inputs import ReportInputs
    from semblant.run import Run
    from semblant_stability import StabilitySettings

_MOVED, _MUCH = 0.1, 0.25
"""Siddiqi, "Credit Risk Scorecards" (2006): below the first nothing has moved, above the second much has."""
_LISTED = 15


class StabilitySection:
    """See :class:`semblant.protocols.ReportSection`."""

    def __init__(self, settings: StabilitySettings) -> None:
        """Keep the settings."""
        self._settings = settings

    def measure(self, inputs: ReportInputs, run: Run) -> dict[str, Any]:
        """Give the index of every column, the worst first; no value and no edge of a group is told."""
        found = []
        for name, original in inputs.original.tables.items():
            run.check()
            if name in inputs.copied or name not in inputs.synthetic.tables:
                continue
            one = original.load(None, self._settings.rows)
            other = inputs.synthetic.tables[name].load(None, self._settings.rows)
            for column in one.column_names[: inputs.limits.univariate]:
                if column not in other.column_names or min(len(one), len(other)) < inputs.min_subjects:
                    continue
                shares = self._shares(one.column(column), other.column(column), inputs.min_subjects)
                if shares is not None:
                    found.append({"table": name, "column": column, "psi": stability_index(*shares)})
        found.sort(key=lambda entry: (-entry["psi"], entry["table"], entry["column"]))
        return {"columns": found}

    def _shares(
        self, original: pa.ChunkedArray, synthetic: pa.ChunkedArray, least: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Give the shares of the same groups in both, each of shape (groups,); None for what has no groups."""
        kind = original.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            groups = [self._numbers(values, original) for values in (original, synthetic)]
        elif pa.types.is_temporal(kind) and not pa.types.is_duration(kind) and synthetic.type == kind:
            whole = pa.int32() if kind.bit_width == 32 else pa.int64()
            numbers = [pa.chunked_array([c.view(whole) for c in v.chunks], whole) for v in (original, synthetic)]
            groups = [self._numbers(values, numbers[0]) for values in numbers]
        elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_duration(kind):
            return None
        else:
            texts = [values.cast(pa.string()) for values in (original, synthetic)]
            counted = pc.value_counts(texts[0].drop_null())
            often = counted.field("values").filter(pc.greater_equal(counted.field("counts"), least))
            groups = [_categories(values, often) for values in texts]
        size = int(max(found.max(initial=0) for found in groups)) + 1
        one, other = (np.bincount(found, minlength=size) / len(found) for found in groups)
        return one, other

    def _numbers(self, values: pa.ChunkedArray, original: pa.ChunkedArray) -> np.ndarray:
        """Give the group of each number, by quantiles of the original; 0 is what is missing."""
        known, mine = (np.asarray(v.cast(pa.float64(), safe=False), np.float64) for v in (original, values))
        known = known[np.isfinite(known)]
        wanted = np.linspace(0, 1, self._settings.groups + 1)[1:-1]
        cuts = np.unique(np.quantile(known, wanted)) if len(known) else np.zeros(0)
        return np.where(np.isnan(mine), 0, np.searchsorted(cuts, mine, side="left") + 1)

    def render(self, figures: Mapping[str, Any]) -> list[Block]:
        """Show the worst columns."""
        columns = figures["columns"]
        if not columns:
            return [Text(text="There is no column that could be compared.")]
        worst = columns[:_LISTED]
        moved = sum(entry["psi"] >= _MOVED for entry in columns)
        rows = [[_label(entry), f"{entry['psi']:.3f}", _word(entry["psi"])] for entry in worst]
        data = [{"column": _label(entry), "index": entry["psi"]} for entry in worst]
        spec = {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "data": {"values": data},
            "mark": "bar",
            "encoding": {
                "y": {"field": "column", "type": "nominal", "sort": None, "title": None},
                "x": {"field": "index", "type": "quantitative", "title": "population stability index"},
            },
        }
        stable = f"{len(columns) - moved} of {len(columns)}"
        said = f"{stable} columns are stable; the worst is {rows[0][0]} with {rows[0][1]}."
        return [
            Scores(
                scores=[
                    Score(
                        label="stable columns",
                        value=stable,
                        tone=Tone.GOOD if not moved else Tone.FAIR,
                        note=f"index below {_MOVED}",
                    )
                ]
            ),
            Chart(spec=spec, alt=said, caption="The columns that moved most"),
            Table(
                columns=["column", "index", ""],
                rows=rows,
                align="lrl",
                tones=[_tone(entry["psi"]) for entry in worst],
            ),
        ]


def stability_index(expected: np.ndarray, actual: np.ndarray) -> float:
    """Give the sum of (a - e) ln(a / e) over groups, shares below 0.0001 taken as that.

    >>> stability_index(np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    0.0
    """
    one, other = np.maximum(expected, 1e-4), np.maximum(actual, 1e-4)
    return round(float(((other - one) * np.log(other / one)).sum()), 4)


def _categories(values: pa.ChunkedArray, often: pa.Array) -> np.ndarray:
    """Give the group of each text: 0 missing, 1 rare, and one for every frequent category."""
    places = pc.index_in(values, value_set=often).fill_null(-1)
    groups = np.asarray(places, np.int64) + 2
    return np.where(np.asarray(values.is_null()), 0, groups)


def _label(entry: Mapping[str, Any]) -> str:
    return f"{entry['table']}.{entry['column']}"


def _word(index: float) -> str:
    return "stable" if index < _MOVED else "moved" if index < _MUCH else "moved much"


def _tone(index: float) -> Tone:
    return Tone.GOOD if index < _MOVED else Tone.FAIR if index < _MUCH else Tone.BAD
