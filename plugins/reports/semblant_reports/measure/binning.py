"""Columns cut into at most ten classes, so that distributions of one, two and three columns can be compared.

The definition is the published one of MOSTLY AI's quality report: numbers and moments by deciles of
the reference, categories by their ten most frequent values, texts by their first word. An
extra class holds what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from semblant_reports.measure.forms import ColumnForm, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MISSING = "(missing)"
EMPTY = "(empty)"
OTHER = "(other)"
CLASSES = 10
RARE_IN_CLASSES = 5
TEXT_SHARE = 0.05
"""A column is text-like when more than this share of its rows holds a value that occurs once."""


@frozen(kw_only=True, eq=False)
class Classes:
    """How one column is cut: ``edges`` (float64, shape (k + 1,)) or ``values``, and the number of codes."""

    column: ColumnForm
    textual: bool = False
    edges: NDArray[np.float64] | None = None
    values: tuple[str, ...] = ()
    distinct: int = 0
    """Distinct values of the reference."""

    @property
    def size(self) -> int:
        """Codes that occur, the one for missing included."""
        return len(self.edges) if self.edges is not None else len(self.values) + 3

    def codes(self, series: pl.Series) -> NDArray[np.int16]:
        """Give the class of each row, int16, shape (n,); the last class is missing."""
        if self.edges is not None:
            numbers = series.to_numpy().astype(np.float64)
            edges = self.edges
            found = np.searchsorted(edges, np.clip(np.nan_to_num(numbers), edges[0], edges[-1]), side="right") - 1
            found = np.clip(found, 0, max(len(edges) - 2, 0))
            return np.where(np.isnan(numbers), len(edges) - 1, found).astype(np.int16)
        words = pl.DataFrame({"w": first_words(series) if self.textual else series})
        known = {value: code for code, value in enumerate(self.values)} | {"": len(self.values)}
        column = pl.col("w")
        coded = words.select(
            pl.when(column.is_null())
            .then(pl.lit(len(self.values) + 2))
            .otherwise(column.replace_strict(list(known), list(known.values()), default=len(self.values) + 1))
        )
        return coded.to_series().to_numpy().astype(np.int16)


def first_words(series: pl.Series) -> pl.Series:
    """Give the first word of each text."""
    return series.str.strip_chars().str.replace(r"(?s)\s.*$", "")


def is_textual(series: pl.Series) -> bool:
    """Tell whether more than a twentieth of the values occur only once."""
    present = series.drop_nulls()
    return len(present) > 0 and int(present.is_unique().sum()) / len(present) > TEXT_SHARE


def breaks_of(numbers: NDArray[np.float64], classes: int = CLASSES) -> NDArray[np.float64]:
    """Give the edges of about ``classes`` classes of equal share; every value its own class when there are few.

    >>> breaks_of(np.array([1.0, 2.0, 2.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    numbers = np.sort(numbers[~np.isnan(numbers)])
    if len(numbers) == 0:
        return np.array([-1e10, 1e10])
    unique = np.unique(numbers)
    if len(unique) <= classes:
        return np.append(unique, max(unique[-1] + 1, np.nextafter(unique[-1], np.inf)))
    edges = unique
    for count in range(classes, max(classes + 1, min(1000, len(numbers) + 1))):
        edges = np.unique(numbers[np.linspace(0, len(numbers) - 1, count).astype(np.int64)])
        if len(edges) >= classes + 1:
            break
    return edges


def classes_of(column: ColumnForm, reference: pl.Series) -> Classes:
    """Learn from the reference (training and holdout rows) how a column is cut."""
    if column.form is not Form.CATEGORY:
        numbers = reference.to_numpy().astype(np.float64)
        return Classes(column=column, edges=breaks_of(numbers), distinct=reference.drop_nulls().n_unique())
    textual = is_textual(reference)
    words = (first_words(reference) if textual else reference).fill_null(MISSING).rename("value")
    counted = words.value_counts().sort(["count", "value"], descending=[True, False]).head(CLASSES)
    frequent = counted.filter((pl.col("count") >= RARE_IN_CLASSES) & ~pl.col("value").is_in([MISSING, ""]))
    values = tuple(frequent["value"].to_list())
    return Classes(column=column, textual=textual, values=values, distinct=reference.drop_nulls().n_unique())


def code_matrix(classes: Sequence[Classes], frame: pl.DataFrame) -> NDArray[np.int16]:
    """Give the codes of all columns, int16, shape (columns, n)."""
    matrix = np.empty((len(classes), frame.height), dtype=np.int16)
    for row, item in enumerate(classes):
        matrix[row] = item.codes(frame[item.column.key])
    return matrix
