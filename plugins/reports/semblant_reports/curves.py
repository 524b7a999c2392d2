"""Curves of distances: how near rows lie to training and to holdout rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from semblant_reports.charts import PAGE, chart
from semblant_reports.style import MUTED, ORIGINAL, SYNTHETIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.report.blocks import Chart

COLOURS = (SYNTHETIC, ORIGINAL, MUTED)
DASHES = ([1, 0], [1, 0], [4, 3])
WIDTHS = (3.4, 1.4, 1.2)


def distance_chart(shares: Sequence[float], curves: Mapping[str, Sequence[float]], alt: str) -> Chart | None:
    """Show the share of rows up to each distance, a line per name; None where all distances are the same.

    :param shares: of the rows, ascending, one per point of each curve.
    :param curves: distances by name, at most three.
    """
    known = {value for values in curves.values() for value in values}
    if len(known) < 2 or not all(math.isfinite(value) for value in known):
        return None
    rows: list[dict[str, Any]] = [
        {"d": round(value, 6), "s": share, "what": name, "i": place}
        for name, values in curves.items()
        for place, (share, value) in enumerate(zip(shares, values, strict=True))
    ]
    names = list(curves)
    colour = {
        "field": "what",
        "type": "nominal",
        "scale": {"domain": names, "range": list(COLOURS[: len(names)])},
        "legend": {"title": None, "orient": "top", "symbolType": "stroke", "labelLimit": 300},
    }
    across = {"title": "distance to the closest row", "grid": False}
    spec = {
        "data": {"values": rows},
        "width": PAGE - 220,
        "height": 130,
        "mark": "line",
        "encoding": {
            "x": {"field": "d", "type": "quantitative", "axis": across},
            "y": {
                "field": "s",
                "type": "quantitative",
                "scale": {"domain": [0, 1]},
                "axis": {"title": "share of the rows", "format": ".0%", "tickCount": 5},
            },
            "order": {"field": "i", "type": "quantitative"},
            "color": colour,
            # where two curves are the same, both are seen
            "strokeWidth": {**colour, "scale": {"domain": names, "range": list(WIDTHS[: len(names)])}, "legend": None},
            "strokeDash": {**colour, "scale": {"domain": names, "range": list(DASHES[: len(names)])}},
        },
    }
    return chart(spec, alt, 1.0)
