"""Vega-Lite charts from figures: the same look everywhere, nothing in them but aggregated data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semblant.report.blocks import Chart
from semblant_reports.style import INK, MUTED, ORIGINAL, RULE, STEPS, SYNTHETIC, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
FONT = "DejaVu Sans"
PAGE = 660
"""Pixels of a chart as wide as the page."""
CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": None,
    "aria": False,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 10,
        "titleFontSize": 10,
        "titleFontWeight": "normal",
        "domainColor": RULE,
        "tickColor": RULE,
        "gridColor": RULE,
        "gridOpacity": 0.6,
        "labelFont": FONT,
        "titleFont": FONT,
        "labelLimit": 130,
        "titleLimit": 300,
    },
    "title": {"color": INK, "fontSize": 11, "anchor": "start", "font": FONT, "fontWeight": "bold", "offset": 6},
    "legend": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 10,
        "titleFontSize": 10,
        "titleFontWeight": "normal",
        "labelFont": FONT,
        "titleFont": FONT,
    },
}
SHARE_AXIS: dict[str, Any] = {"format": ".0%", "tickCount": 4, "title": None}


def chart(spec: Mapping[str, Any], alt: str, width: float, caption: str = "") -> Chart:
    """Finish a chart: one look, and words for those who cannot see it."""
    return Chart(
        spec={"$schema": SCHEMA, "config": CONFIG, "padding": 2, **spec}, alt=alt, width=width, caption=caption
    )


def shorten(text: str, longest: int = 24) -> str:
    """Cut a label in its middle, so that it fits and still ends as it does."""
    text = " ".join(
        "".join(
            character if character.isprintable() or character in "\u200c\u200d" else " " for character in text
        ).split()
    )
    if len(text) <= longest:
        return text
    tail = longest // 3
    return text[: longest - tail - 1] + "…" + text[-tail:]


def column_chart(figures: Mapping[str, Any], title: str, width: float = 1 / 3) -> Chart | None:
    """Show one column: bars per value, or a histogram; the original wide, the synthetic on top of it."""
    bins = figures["bins"]
    if not bins:
        return None
    if figures["kind"] == "bars":
        return _bars(bins, title, width)
    return _histogram(figures, title, width)


def _bars(bins: Sequence[Mapping[str, Any]], title: str, width: float) -> Chart:
    """Show a wide bar for the original and a narrow one upon it for the synthetic data."""
    rows = [{"place": place, "o": item["original"], "s": item["synthetic"]} for place, item in enumerate(bins)]
    names = {place: shorten(str(item["label"]), 22) for place, item in enumerate(bins)}
    step = 15
    y = {
        "field": "place",
        "type": "ordinal",
        "sort": None,
        "title": None,
        "axis": {"labelExpr": labelled(names), "ticks": False, "domain": False, "labelPadding": 5, "labelLimit": 150},
    }
    spec = {
        "data": {"values": rows},
        "width": _inner(width),
        "height": {"step": step},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "title": {"text": shorten(title, 30), "frame": "bounds", "limit": _inner(width)},
        "layer": [
            {
                "mark": {"type": "bar", "color": ORIGINAL, "height": 11},
                "encoding": {"x": {"field": "o", "type": "quantitative", "axis": SHARE_AXIS}, "y": y},
            },
            {
                "mark": {"type": "bar", "color": SYNTHETIC, "height": 4},
                "encoding": {"x": {"field": "s", "type": "quantitative", "axis": SHARE_AXIS}, "y": y},
            },
        ],
    }
    told = "; ".join(
        f"{item['label']} {percent(item['original'])} original, {percent(item['synthetic'])} synthetic"
        for item in bins[:6]
    )
    return chart(spec, f"Shares of the values of {title}: {told}.", width)


def _histogram(figures: Mapping[str, Any], title: str, width: float) -> Chart:
    """Show the original's bars in grey blue and the synthetic data's outline in orange."""
    bins = figures["bins"]
    moment = figures["measured_as"] == "moment"
    factor, unit = (1000.0, "") if moment else _unit(figures["unit"], float(bins[-1]["to"]) - float(bins[0]["from"]))
    rows = [{"a": item["from"] * factor, "b": item["to"] * factor, "o": item["original"]} for item in bins]
    outline = [{"x": bins[0]["from"] * factor, "s": 0}]
    for item in bins:
        outline += [
            {"x": item["from"] * factor, "s": item["synthetic"]},
            {"x": item["to"] * factor, "s": item["synthetic"]},
        ]
    outline.append({"x": bins[-1]["to"] * factor, "s": 0})
    for order, point in enumerate(outline):
        point["i"] = order
    axis: dict[str, Any] = {
        "title": unit or None,
        "grid": False,
        "tickCount": 5,
        "labelOverlap": "greedy",
        "labelSeparation": 5,
        "labelFlush": False,
    }
    scale: dict[str, Any] = {"zero": False, "nice": False}
    kind = "quantitative"
    if moment or figures["unit"] == "clock":
        kind = "temporal"
        scale = {"type": "utc"}
        span = float(bins[-1]["to"]) - float(bins[0]["from"])
        axis["format"] = (
            "%H:%M"
            if figures["unit"] == "clock"
            else "%Y"
            if span > 4 * 366 * 86400
            else "%b %Y"
            if span > 120 * 86400
            else "%d %b"
        )
    else:
        largest = max(abs(bins[0]["from"]), abs(bins[-1]["to"])) * factor
        if largest >= 1e4:
            axis["format"] = "~s" if largest < 1e15 else ".1~e"
            axis["tickCount"] = 5 if largest < 1e15 else 2
    x = {"type": kind, "scale": scale, "axis": axis}
    share = {
        "type": "quantitative",
        "axis": SHARE_AXIS
        | ({"format": ".1%"} if max(max(i["original"], i["synthetic"]) for i in bins) < 0.04 else {}),
    }
    spec = {
        "width": _inner(width),
        "height": 130,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "title": {"text": shorten(title, 30), "frame": "bounds", "limit": _inner(width)},
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "rect", "color": ORIGINAL, "stroke": "#FFFFFF", "strokeWidth": 0.4},
                "encoding": {
                    "x": {"field": "a", **x},
                    "x2": {"field": "b"},
                    "y": {"field": "o", **share},
                    "y2": {"datum": 0},
                },
            },
            {
                "data": {"values": outline},
                "mark": {"type": "line", "color": SYNTHETIC, "strokeWidth": 1.6, "strokeJoin": "miter"},
                "encoding": {
                    "x": {"field": "x", **x},
                    "y": {"field": "s", **share},
                    "order": {"field": "i", "type": "quantitative"},
                },
            },
        ],
    }
    return chart(
        spec,
        f"Histogram of {title}, original as bars and synthetic as a line; their figures are in the JSON report.",
        width,
    )


def _unit(unit: str, span: float) -> tuple[float, str]:
    """Choose the unit in which a span is told."""
    if unit == "clock":
        return 1000.0, ""
    if unit != "seconds":
        return 1.0, unit
    return next(
        (
            (1 / size, name)
            for size, name in ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes"))
            if span > 5 * size
        ),
        (1.0, "seconds"),
    )


def pair_heatmap(
    labels: tuple[Sequence[str], Sequence[str]],
    shares: Sequence[Sequence[float | None]],
    names: tuple[str, str],
    title: str,
    most: float,
) -> Chart:
    """Show the shares of all pairs of classes of two columns."""
    rows = [
        {"r": row, "c": cell, "v": share}
        for row, line in enumerate(shares)
        for cell, share in enumerate(line)
        if share is not None
    ]
    thresholds = [round(most * part, 6) for part in (0.02, 0.1, 0.25, 0.5, 0.75)]
    spec = {
        "data": {"values": rows},
        "width": 190,
        "height": {"step": 15},
        "title": {"text": title},
        "mark": {"type": "rect", "stroke": "#FFFFFF", "strokeWidth": 0.5},
        "encoding": {
            "x": {
                "field": "c",
                "type": "ordinal",
                "sort": None,
                "scale": {"domain": list(range(len(labels[1])))},
                "axis": {
                    "title": shorten(names[1], 34),
                    "labelExpr": labelled({i: shorten(n, 23) for i, n in enumerate(labels[1])}),
                    "labelAngle": -60,
                    "ticks": False,
                    "domain": False,
                    "labelLimit": 140,
                    "labelOverlap": False,
                },
            },
            "y": {
                "field": "r",
                "type": "ordinal",
                "sort": None,
                "scale": {"domain": list(range(len(labels[0])))},
                "axis": {
                    "title": shorten(names[0], 26),
                    "labelExpr": labelled({i: shorten(n, 23) for i, n in enumerate(labels[0])}),
                    "ticks": False,
                    "domain": False,
                    "labelLimit": 140,
                    "labelOverlap": False,
                },
            },
            "color": {
                "field": "v",
                "type": "quantitative",
                "scale": {"type": "threshold", "domain": thresholds, "range": list(STEPS)},
                "legend": None,
            },
        },
    }
    return chart(spec, f"{title}: shares of rows for each pair of classes of {names[0]} and {names[1]}.", 0.5)


def colour_key() -> Chart:
    """Say which colour is whose."""
    rows = [{"x": 0, "t": "original", "c": ORIGINAL}, {"x": 90, "t": "synthetic", "c": SYNTHETIC}]
    place = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, PAGE], "nice": False}}
    spec = {
        "data": {"values": rows},
        "width": PAGE - 20,
        "height": 12,
        "layer": [
            {
                "mark": {"type": "square", "size": 120, "opacity": 1},
                "encoding": {"x": place, "color": {"field": "c", "type": "nominal", "scale": None}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 10, "fontSize": 10, "color": MUTED, "font": FONT},
                "encoding": {"x": place, "text": {"field": "t"}},
            },
        ],
    }
    return chart(spec, "Grey blue is original, orange is synthetic.", 1.0)


def history_chart(history: Sequence[Mapping[str, float]]) -> Chart | None:
    """Show training and validation loss by epoch (or step)."""
    across = "epoch" if any("epoch" in entry for entry in history) else "step"
    rows = [
        {"x": entry[across], "y": entry[field], "what": name}
        for field, name in (("loss", "training"), ("validation_loss", "validation"))
        for entry in history
        if field in entry and across in entry and entry[field] == entry[field]
    ]
    if len(rows) < 2:
        return None
    spec = {
        "data": {"values": rows},
        "width": PAGE - 150,
        "height": 150,
        "mark": {"type": "line", "strokeWidth": 1.8, "point": {"size": 16, "filled": True}},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": _whole(across)},
            "y": {
                "field": "y",
                "type": "quantitative",
                "scale": {"zero": False},
                "axis": {"title": "loss", "tickCount": 5},
            },
            "color": {
                "field": "what",
                "type": "nominal",
                "scale": {"domain": ["training", "validation"], "range": [ORIGINAL, "#00735C"]},
                "legend": {"title": None, "symbolType": "stroke"},
            },
        },
    }
    return chart(spec, f"Training and validation loss over {len(history)} validations.", 1.0)


def rate_chart(history: Sequence[Mapping[str, float]]) -> Chart | None:
    """Show the learning rate where it changes."""
    across = "epoch" if any("epoch" in entry for entry in history) else "step"
    rows = [
        {"x": entry[across], "y": entry["learning_rate"]}
        for entry in history
        if across in entry and "learning_rate" in entry
    ]
    if len({row["y"] for row in rows}) < 2:
        return None
    spec = {
        "data": {"values": rows},
        "width": PAGE - 150,
        "height": 70,
        "mark": {"type": "line", "strokeWidth": 1.4, "color": MUTED},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": _whole(across)},
            "y": {
                "field": "y",
                "type": "quantitative",
                "axis": {"title": "learning rate", "tickCount": 3, "format": "~g"},
            },
        },
    }
    return chart(spec, f"Learning rate over {len(rows)} validations.", 1.0)


def _whole(title: str) -> dict[str, Any]:
    """Give an axis of whole numbers."""
    return {"title": title, "grid": False, "format": "d", "tickMinStep": 1}


def labelled(names: Mapping[int, str]) -> str:
    """Give a Vega expression that writes a label for each place: labels are data, so they are quoted."""
    import json

    quoted = {str(place): name for place, name in names.items()}
    return f"({json.dumps(quoted, ensure_ascii=False)})[datum.value] || ''"


def _inner(width: float) -> float:
    """Give the pixels of a chart that takes a share of the page's width."""
    return PAGE * width - 12
