"""The shape of one column, original beside synthetic, told in shares of rows and round bounds.

Nothing is told of fewer than ``min_subjects`` subjects: values that fewer hold go to *other*, a
histogram's bars that fewer stand behind are empty, and bounds are rounded quantiles.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from semblant_reports.measure.binning import is_textual
from semblant_reports.measure.forms import ColumnForm, Form
from semblant_reports.measure.rounding import DAY, grain, moment_text, number_text, round_span, round_step
from semblant_reports.measure.subjects import holders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Subjects = NDArray[np.int64] | None

BARS = 12
DISTINCT = 20
"""Numbers with no more values than this are shown value by value."""
HISTOGRAM = 30
HEAP = 0.4
"""A number that this share of the rows holds is told apart from the histogram."""
BEYOND = 0.01


def shape_of(
    column: ColumnForm, original: pl.Series, synthetic: pl.Series, subjects: Subjects, min_subjects: int
) -> dict[str, Any]:
    """Give ``kind`` (``bars``, ``histogram`` or ``nothing``), ``bins`` and ``missing``, all as shares of rows."""
    figures: dict[str, Any] = {
        "missing": {
            "original": _share(original.null_count(), len(original)),
            "synthetic": _share(synthetic.null_count(), len(synthetic)),
        },
        "unit": column.unit,
        "kind": "nothing",
        "bins": [],
        "heap": None,
        "beyond": None,
        "measured_as": column.form.value,
    }
    known = original.drop_nulls()
    if known.is_empty():
        return figures
    if column.form is Form.CATEGORY:
        if not is_textual(original):
            return figures | _bars(original, synthetic, subjects, min_subjects, BARS, str)
        lengths = ColumnForm(name=column.name, path=column.path, form=Form.NUMBER, unit="characters", whole=True)
        figures |= {"unit": "characters", "measured_as": "text"}
        return figures | _histogram(
            lengths,
            original.str.len_chars().cast(pl.Float64),
            synthetic.str.len_chars().cast(pl.Float64),
            subjects,
            min_subjects,
        )
    if known.n_unique() <= DISTINCT:
        span = float(known.max()) - float(known.min())  # type: ignore[arg-type]
        place = grain(span, whole=column.whole)

        def label(value: Any) -> str:
            return (
                moment_text(value, max(span, 30 * DAY if column.whole else 0))
                if column.form is Form.MOMENT
                else number_text(value, min(place, 1e-6), column.unit)
            )

        return figures | _bars(original, synthetic, subjects, min_subjects, DISTINCT, label, ordered=True)
    return figures | _histogram(column, original, synthetic, subjects, min_subjects)


def _bars(
    original: pl.Series,
    synthetic: pl.Series,
    subjects: Subjects,
    min_subjects: int,
    most: int,
    label: Any,
    *,
    ordered: bool = False,
) -> dict[str, Any]:
    """Count the values that enough subjects hold; all others together."""
    held: set[Any] = {value for value, count in holders(original, subjects).items() if count >= min_subjects}
    real, made = (_counts(series) for series in (original, synthetic))
    frequent = sorted((value for value in held), key=lambda value: (-real[value], str(value)))
    shown = sorted(frequent[:most]) if ordered else frequent[:most]
    bins = [
        {
            "label": label(value) or "(empty)",
            "original": _share(real[value], len(original)),
            "synthetic": _share(made.get(value, 0), len(synthetic)),
        }
        for value in shown
    ]
    others = [sum(counts.values()) - sum(counts.get(value, 0) for value in shown) for counts in (real, made)]
    if any(others):
        bins.append(
            {
                "label": "(other)",
                "original": _share(others[0], len(original)),
                "synthetic": _share(others[1], len(synthetic)),
            }
        )
    return {"kind": "bars", "bins": bins}


def _histogram(
    column: ColumnForm, original: pl.Series, synthetic: pl.Series, subjects: Subjects, min_subjects: int
) -> dict[str, Any]:
    """Cut the range between the outer quantiles into bars of a round width."""
    heap = _heap(original, synthetic, subjects, min_subjects, column)
    real, made = original.to_numpy().astype(np.float64), synthetic.to_numpy().astype(np.float64)
    if heap is not None:
        real, made = np.where(real == heap["value"], np.nan, real), np.where(made == heap["value"], np.nan, made)
    known = np.sort(real[~np.isnan(real)])
    held = len(known) if subjects is None else len(np.unique(subjects[~np.isnan(real)]))
    told = {} if heap is None else {"heap": {key: heap[key] for key in ("label", "original", "synthetic")}}
    if held < 4 * min_subjects:
        return told | ({"kind": "histogram"} if heap else {})
    edges = _edges(column, known, min(HISTOGRAM, max(3, held // (3 * min_subjects))), min_subjects)
    places = np.digitize(real, edges) - 1
    counted = pl.DataFrame(
        {"place": places, "subject": subjects if subjects is not None else np.arange(len(real))}
    ).filter(~np.isnan(real))
    enough = dict(counted.group_by("place").agg(pl.col("subject").n_unique()).iter_rows())
    shares = [_shares(side, edges) for side in (real, made)]
    bins = [
        {
            "from": float(edges[place]),
            "to": float(edges[place + 1]),
            "original": round(float(shares[0][place]), 6) if enough.get(place, 0) >= min_subjects else 0.0,
            "synthetic": round(float(shares[1][place]), 6),
        }
        for place in range(len(edges) - 1)
    ]
    beyond = {
        "original": round(float(((real < edges[0]) | (real >= edges[-1])).mean()), 6),
        "synthetic": round(float(((made < edges[0]) | (made >= edges[-1])).mean()), 6) if len(made) else 0.0,
    }
    return told | {"kind": "histogram", "bins": bins, "beyond": beyond}


def _shares(numbers: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the share of all rows in each bar; the lower edge belongs to it."""
    places = np.digitize(numbers[~np.isnan(numbers)], edges)
    return np.asarray(np.bincount(places, minlength=len(edges) + 1)[1 : len(edges)] / max(1, len(numbers)))


def _edges(column: ColumnForm, known: NDArray[np.float64], bars: int, min_subjects: int) -> NDArray[np.float64]:
    """Give round edges between the quantiles that leave out the outer rows of both ends."""
    outer = min(max(BEYOND, (min_subjects + 1) / len(known)), 0.25)
    low, high = (float(value) for value in np.quantile(known, [outer, 1 - outer]))
    if column.form is Form.MOMENT:
        step = round_span(high - low, bars, days=column.whole)
    elif column.unit == "clock":
        step = round_span(high - low, bars, days=False)
    else:
        step = round_step(high - low, bars, whole=column.whole)
    first = np.floor(low / step)
    count = int(np.floor(high / step) - first) + 1
    return np.asarray((first + np.arange(count + 1)) * step, dtype=np.float64)


def _heap(
    original: pl.Series, synthetic: pl.Series, subjects: Subjects, min_subjects: int, column: ColumnForm
) -> dict[str, Any] | None:
    """Find one value that very many rows hold, such as zero."""
    counted = original.drop_nulls().rename("value").value_counts().sort(["count", "value"], descending=[True, False])
    if counted.is_empty():
        return None
    value, count = counted.row(0)
    if (
        count < HEAP * len(original)
        or holders(
            original.filter(original == value),
            None if subjects is None else subjects[(original == value).fill_null(value=False).to_numpy()],
        ).get(value, 0)
        < min_subjects
    ):
        return None
    text = (
        moment_text(value, 30 * DAY if column.whole else 0)
        if column.form is Form.MOMENT
        else number_text(value, 0.0, column.unit)
    )
    return {
        "value": value,
        "label": text,
        "original": _share(count, len(original)),
        "synthetic": _share(int((synthetic == value).sum()), len(synthetic)),
    }


def _counts(series: pl.Series) -> dict[Any, int]:
    """Count the values."""
    counted = series.drop_nulls().rename("value").value_counts()
    return dict(zip(counted["value"].to_list(), counted["count"].to_list(), strict=True))


def _share(count: int, rows: int) -> float:
    """Give a share of the rows."""
    return round(count / rows, 6) if rows else 0.0


def labels_of(edges: Sequence[float], *, column: ColumnForm) -> list[str]:
    """Write the classes between edges, the outer ones open."""
    span = float(edges[-1] - edges[0])

    def text(value: float) -> str:
        if column.form is Form.MOMENT:
            return moment_text(value, span)
        return number_text(value, grain(span, whole=column.whole), column.unit)

    inner = [text(edge) for edge in edges[1:-1]]
    if not inner:
        return ["all"]
    between = [f"{low} – {high}" for low, high in itertools.pairwise(inner)]
    return [f"< {inner[0]}", *between, f"≥ {inner[-1]}"]
