"""Charts of figures per pair of columns, or of one figure per name with two sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant_reports.charts import PAGE, chart, labelled, shorten
from semblant_reports.style import DIVERGING, MUTED, ORIGINAL, RULE, STEPS, SYNTHETIC, decimals, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.report.blocks import Chart

_ACCURACIES = (0.98, 0.97, 0.95, 0.9, 0.8)
_OVERLAP = ["98% and more", "97 – 98%", "95 – 97%", "90 – 95%", "80 – 90%", "below 80%"]
_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75)
_DEPENDENCE = ["below 0.05", "0.05 – 0.1", "0.1 – 0.25", "0.25 – 0.5", "0.5 – 0.75", "above 0.75"]
_GAPS = (-0.1, -0.03, 0.03, 0.1)
_DIFFERENCE = ["weaker by over 0.1", "weaker", "the same (± 0.03)", "stronger", "stronger by over 0.1"]
BESIDE = 16
"""Columns of a matrix that can be read in half a page's width."""
NARROW = 7
"""Columns of a matrix that can be read in a third of it."""


def dependence_matrix(names: Sequence[str], cells: Sequence[tuple[int, int, float]], title: str) -> Chart:
    """Show PhiK of all pairs of columns."""
    return _matrix(names, cells, title, _LEVELS, (_DEPENDENCE, STEPS), "PhiK")


def difference_matrix(names: Sequence[str], cells: Sequence[tuple[int, int, float]], title: str) -> Chart:
    """Show how much stronger the synthetic pairs hang together than the original ones."""
    return _matrix(names, cells, title, _GAPS, (_DIFFERENCE, DIVERGING), "synthetic is")


def accuracy_matrix(names: Sequence[str], cells: Sequence[tuple[int, int, float]]) -> Chart:
    """Show the accuracy of all pairs of columns; the diagonal is the column alone."""
    both = [*cells, *((b, a, value) for a, b, value in cells if a != b)]
    rows = [{"a": a, "b": b, "v": _OVERLAP[sum(value < limit for limit in _ACCURACIES)]} for a, b, value in both]
    step = max(8, min(26, 430 // max(1, len(names))))
    # letters at an angle need room above and below, those of some scripts more than Latin ones
    labels = labelled({place: shorten(name, 22) for place, name in enumerate(names)})
    size = min(10, max(6, step - 4))
    axis = {
        "title": None,
        "labelExpr": labels,
        "ticks": False,
        "domain": False,
        "labelFontSize": size,
        "labelLimit": 150,
        "labelOverlap": False,
    }
    domain = list(range(len(names)))
    spec = {
        "data": {"values": rows},
        "width": {"step": step},
        "height": {"step": step},
        "mark": {"type": "rect", "stroke": "#FFFFFF", "strokeWidth": 0.5},
        "encoding": {
            "x": {"field": "a", "type": "ordinal", "scale": {"domain": domain}, "axis": {**axis, "labelAngle": -60}},
            "y": {"field": "b", "type": "ordinal", "scale": {"domain": domain}, "axis": axis},
            "color": {
                "field": "v",
                "type": "ordinal",
                "scale": {"domain": _OVERLAP, "range": list(STEPS)},
                "legend": {"title": "accuracy", "symbolType": "square", "symbolSize": 140, "symbolStrokeColor": RULE},
            },
        },
    }
    worst = min((value for _, _, value in cells), default=None)
    return chart(spec, f"Accuracy of all pairs of {len(names)} columns; the lowest is {percent(worst)}.", 1.0)


def _matrix(
    names: Sequence[str],
    cells: Sequence[tuple[int, int, float]],
    title: str,
    limits: Sequence[float],
    classes: tuple[Sequence[str], Sequence[str]],
    legend: str,
) -> Chart:
    """Show a symmetric matrix in classes; what is not known stays empty."""
    both = [*cells, *((b, a, value) for a, b, value in cells if a != b)]
    rows = [{"a": a, "b": b, "v": classes[0][sum(value >= limit for limit in limits)]} for a, b, value in both]
    wide = len(names) > BESIDE
    step = min(17, (430 if wide else 200) // max(1, len(names)))
    axis = {
        "title": None,
        "labelExpr": labelled({place: shorten(name, 22 if wide else 18) for place, name in enumerate(names)}),
        "ticks": False,
        "domain": False,
        "labelFontSize": min(9, max(7, step - 3)),
        "labelLimit": 130 if wide else 110,
        "labelOverlap": False,
    }
    domain = list(range(len(names)))
    spec = {
        "data": {"values": rows},
        "width": {"step": step},
        "height": {"step": step},
        "title": {"text": title},
        "mark": {"type": "rect", "stroke": "#FFFFFF", "strokeWidth": 0.4},
        "encoding": {
            "x": {"field": "a", "type": "ordinal", "scale": {"domain": domain}, "axis": {**axis, "labelAngle": -60}},
            "y": {"field": "b", "type": "ordinal", "scale": {"domain": domain}, "axis": axis},
            "color": {
                "field": "v",
                "type": "ordinal",
                "scale": {"domain": list(classes[0]), "range": list(classes[1])},
                "legend": {
                    "title": legend,
                    "symbolType": "square",
                    "symbolSize": 90,
                    "symbolStrokeColor": RULE,
                    "orient": "right" if wide else "bottom",
                    "columns": 1 if wide or len(names) <= NARROW else 2,
                    "labelFontSize": 9,
                },
            },
        },
    }
    most = max((abs(value) for a, b, value in cells if a != b), default=None)
    told = f"{title}: all pairs of {len(names)} columns; the largest figure is {decimals(most)}."
    return chart(spec, told, 1.0 if wide else 1 / 3 if len(names) <= NARROW else 0.5)


def dot_chart(rows: Sequence[Mapping[str, Any]], title: str, sides: tuple[str, str], alt: str) -> Chart:
    """Show two figures per name on one line: what is usual in grey blue, the synthetic one in orange.

    :param rows: ``label``, ``usual`` (or None) and ``synthetic``, shares or scores.
    """
    points = [
        {"place": place, "v": row[field], "what": name}
        for place, row in enumerate(rows)
        for field, name in (("usual", sides[0]), ("synthetic", sides[1]))
        if row[field] is not None
    ]
    values = [point["v"] for point in points]
    low, high = min(values, default=0.0), max(values, default=1.0)
    pad = max(0.01, 0.08 * (high - low))
    y = {
        "field": "place",
        "type": "ordinal",
        "sort": None,
        "title": None,
        "axis": {
            "labelExpr": labelled({place: shorten(str(row["label"]), 30) for place, row in enumerate(rows)}),
            "ticks": False,
            "domain": False,
            "grid": True,
            "labelPadding": 6,
            "labelLimit": 190,
            "labelOverlap": False,
        },
    }
    x = {
        "field": "v",
        "type": "quantitative",
        "scale": {"domain": [low - pad, high + pad], "nice": False},
        "axis": {"title": title, "format": ".3f" if high - low < 0.05 else ".2f", "tickCount": 5},
    }
    colour = {
        "field": "what",
        "type": "nominal",
        "scale": {"domain": list(sides), "range": [ORIGINAL, SYNTHETIC]},
        "legend": {"title": None, "orient": "top", "symbolType": "circle", "labelColor": MUTED},
    }
    shape = {**colour, "scale": {"domain": list(sides), "range": ["square", "circle"]}}
    spec = {
        "data": {"values": points},
        "width": PAGE - 220,
        "height": {"step": 15},
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
        "encoding": {"x": x, "y": y, "color": colour, "shape": shape},
    }
    return chart(spec, alt, 1.0)
