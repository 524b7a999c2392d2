"""Two columns together: shares of rows per pair of classes, original beside synthetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from semblant_reports.measure.binning import EMPTY, MISSING, OTHER, Classes, first_words
from semblant_reports.measure.forms import Form
from semblant_reports.measure.rounding import DAY, moment_text, number_text
from semblant_reports.measure.shapes import labels_of
from semblant_reports.measure.subjects import holders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from semblant_reports.measure.measured import MeasuredTable


def pair_figures(table: MeasuredTable, first: int, second: int) -> dict[str, Any]:
    """Give the shares of all cells; a cell that too few subjects stand behind is None.

    :returns: ``columns``, ``accuracy``, ``ceiling``, ``rows`` and ``cells`` (labels), and
        ``original`` and ``synthetic``: shares, shape (rows, cells).
    """
    place = (min(first, second), max(first, second))
    accuracy, ceiling = table.accuracy, table.ceiling
    row_labels, row_map = _labels(table, place[0])
    cell_labels, cell_map = _labels(table, place[1])
    shape = (len(row_labels), len(cell_labels))
    cells = {
        side: row_map[codes[place[0]]] * shape[1] + cell_map[codes[place[1]]] for side, codes in table.codes.items()
    }
    subjects = table.sample.subjects if table.sample.subjects is not None else np.arange(len(cells["original"]))
    held = pl.DataFrame({"cell": cells["original"], "subject": subjects}).unique().group_by("cell").len()
    enough = np.zeros(shape[0] * shape[1], dtype=np.bool_)
    enough[held.filter(pl.col("len") >= table.min_subjects)["cell"].to_numpy()] = True
    shares = {
        side: np.bincount(found, minlength=shape[0] * shape[1]) / max(1, len(found)) for side, found in cells.items()
    }
    nobody = shares["original"] == 0

    def told(side: str, visible: NDArray[np.bool_]) -> list[list[float | None]]:
        flat = [round(float(share), 5) if seen else None for share, seen in zip(shares[side], visible, strict=True)]
        return [flat[row * shape[1] : (row + 1) * shape[1]] for row in range(shape[0])]

    return {
        "columns": [table.sample.columns[index].name for index in place],
        "accuracy": None if accuracy is None else accuracy.pairs.get(place),
        "ceiling": None if ceiling is None else ceiling.pairs.get(place),
        "rows": row_labels,
        "cells": cell_labels,
        # a cell without any original row tells of nobody; one with a few would
        "original": told("original", enough | nobody),
        "synthetic": told("synthetic", enough | nobody),
    }


def _labels(table: MeasuredTable, place: int) -> tuple[list[str], NDArray[np.intp]]:
    """Name the classes of a column, and say which label each code gets; rare values share one."""
    classes = table.classes[place]
    original = table.sample.original[classes.column.key]
    if classes.edges is None:
        words = first_words(original) if classes.textual else original
        held = holders(words, table.sample.subjects)
        named = [value if held.get(value, 0) >= table.min_subjects else OTHER for value in classes.values] + [
            EMPTY,
            OTHER,
            MISSING,
        ]
    elif classes.distinct <= len(classes.edges) - 1:
        held = holders(original, table.sample.subjects)
        named = [
            _value(classes, value) if held.get(value, 0) >= table.min_subjects else OTHER
            for value in classes.edges[:-1].tolist()
        ] + [MISSING]
    else:
        named = [*labels_of(classes.edges.tolist(), column=classes.column), MISSING]
    used = set(np.unique(np.concatenate([codes[place] for codes in table.codes.values()])).tolist())
    # OTHER stands behind all named classes, before MISSING
    kept = [name for code, name in enumerate(named) if code in used and name != OTHER]
    if any(name == OTHER and code in used for code, name in enumerate(named)):
        kept.insert(len(kept) - (kept[-1:] == [MISSING]), OTHER)
    order = {name: index for index, name in enumerate(dict.fromkeys(kept))}
    return list(order), np.array([order.get(name, 0) for name in named], dtype=np.intp)


def _value(classes: Classes, value: float) -> str:
    """Write one value of a number or moment that has few."""
    if classes.column.form is Form.MOMENT:
        return moment_text(value, 30 * DAY if classes.column.whole else 0)
    return number_text(value, 0.0, classes.column.unit)
