"""The column of few values on which the words of a text depend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from attrs import frozen

from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from semblant.training import ColumnPlan

MOST_VALUES = 64
"""Columns with more common values are no candidates."""
MOST_COLUMNS = 50
"""Candidates looked at."""
_WORDS = 1000
_ROWS = 50_000
_KINDS = (EncodingType.CATEGORICAL, EncodingType.BOOLEAN, EncodingType.INTEGER, EncodingType.NUMBER)
_FRACTIONS = ("float", "double", "halffloat")


def candidates(plans: Sequence[ColumnPlan]) -> list[str]:
    """Name the columns that may be the context of a text column."""
    return [plan.name for plan in plans if plan.encoding in _KINDS and str(plan.type) not in _FRACTIONS][:MOST_COLUMNS]


@frozen(eq=False)
class Classes:
    """Values of a column as class numbers; every other value has none (-1)."""

    column: str
    values: tuple[str | None, ...]

    def of(self, values: pl.Series) -> NDArray[np.int64]:
        """Give the class of each value."""
        table = pl.DataFrame(
            {"value": pl.Series(self.values, dtype=pl.String), "class": np.arange(len(self.values), dtype=np.int64)}
        )
        found = (
            as_text(values)
            .to_frame("value")
            .join(table, on="value", how="left", nulls_equal=True, maintain_order="left")
        )
        return found["class"].fill_null(-1).to_numpy().astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {"column": self.column, "values": list(self.values)}


def as_text(values: pl.Series) -> pl.Series:
    """Give values as strings."""
    return values.cast(pl.String, strict=False)


def choose(
    columns: pl.DataFrame,
    tokens: NDArray[np.int32],
    rows: NDArray[np.int64],
    subjects: NDArray[np.uint64],
    least: int,
) -> Classes | None:
    """Pick the column that tells most about the words.

    Scored is the mutual information between the column and the presence of each of the commonest
    words, in nats, less what chance alone would give, (classes - 1) / (2 rows) per word (Miller, 1955).

    :param columns: candidates, one row per text.
    :param tokens: token numbers of all texts, ``rows`` their text.
    """
    count = min(columns.height, _ROWS)
    common = np.argsort(-np.bincount(tokens), kind="stable")[:_WORDS]
    place = np.full(int(tokens.max(initial=0)) + 1, -1, dtype=np.int64)
    place[common] = np.arange(len(common))
    inside = (rows < count) & (place[tokens] >= 0)
    held = np.unique(rows[inside] * len(common) + place[tokens[inside]])
    best, most = None, 0.01
    for name in columns.columns:
        classes = _classes(columns[name], name, subjects, least)
        if classes is None:
            continue
        gain = information(classes.of(columns[name].head(count)), held, len(common), len(classes.values))
        if gain > most:
            best, most = classes, gain
    return best


def _classes(values: pl.Series, name: str, subjects: NDArray[np.uint64], least: int) -> Classes | None:
    """Take the values that enough subjects hold, if they are few and cover most rows."""
    frame = pl.DataFrame({"value": as_text(values), "subject": subjects})
    counts = frame.group_by("value").agg(pl.len(), pl.col("subject").n_unique().alias("held"))
    common = counts.filter(pl.col("held") >= max(least, 2)).sort(["len", "value"], descending=[True, False])
    if not 2 <= common.height <= MOST_VALUES or common["len"].sum() < 0.8 * frame.height:
        return None
    return Classes(name, tuple(common["value"].to_list()))


def information(classes: NDArray[np.int64], held: NDArray[np.int64], words: int, number: int) -> float:
    """Add up the mutual information of all words with the class."""
    rows = np.bincount(classes + 1, minlength=number + 1).astype(np.float64)
    shape = (number + 1, words)
    present = np.bincount((classes[held // words] + 1) * words + held % words, minlength=shape[0] * words).reshape(
        shape
    )
    total = rows.sum()
    gain = np.zeros(words)
    for cell in (present, rows[:, None] - present):
        expected = rows[:, None] * cell.sum(axis=0) / total
        with np.errstate(divide="ignore", invalid="ignore"):
            gain += np.where(cell > 0, cell * np.log(cell / expected), 0.0).sum(axis=0)
    return float(np.maximum(gain / total - (number - 1) / (2.0 * total), 0.0).sum())
