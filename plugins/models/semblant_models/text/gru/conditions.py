"""What a text is given of its row: few codes per column, held by enough subjects each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import frozen

from semblant.vocabulary import EncodingType
from semblant_models.text.ngram.context import as_text, information

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from semblant.training import ColumnPlan

MOST_VALUES = 200
MOST_COLUMNS = 16
"""Columns that a text is given at most: those that tell most about its words."""
_CELLS = 12
_WORDS = 1000
_LEAST_GAIN = 0.003
_NUMBERS = frozenset(
    {
        EncodingType.INTEGER,
        EncodingType.NUMBER,
        EncodingType.DATE,
        EncodingType.DATETIME,
        EncodingType.TIME,
        EncodingType.DURATION,
        EncodingType.LATITUDE,
        EncodingType.LONGITUDE,
    }
)
_VALUES = frozenset({EncodingType.CATEGORICAL, EncodingType.BOOLEAN})


def candidates(plans: Sequence[ColumnPlan]) -> list[ColumnPlan]:
    """Give the columns that may be a condition."""
    return [plan for plan in plans if plan.encoding in _NUMBERS | _VALUES]


@frozen(eq=False)
class Condition:
    """One column as codes: 0 for what is rare or unknown, 1 for null, then values, or cells of a number's range."""

    column: str
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] | None = None
    """Between the cells of a number."""

    @property
    def size(self) -> int:
        """Number of codes."""
        return 2 + (len(self.values) if self.edges is None else len(self.edges) + 1)

    @classmethod
    def learn(cls, plan: ColumnPlan, values: pl.Series, subjects: NDArray[np.uint64], least: int) -> Condition | None:
        """Find the values that ``least`` subjects hold, or cells of equal mass; None where that tells nothing."""
        if plan.encoding in _NUMBERS:
            numbers = as_numbers(values)
            known = numbers[np.isfinite(numbers)]
            cells = min(_CELLS, len(known) // max(2 * least, 20))
            if cells >= 2 and len(np.unique(known)) > _CELLS:
                edges = np.unique(np.quantile(known, np.arange(1, cells) / cells))
                return cls(plan.name, edges=tuple(float(f"{edge:.4g}") for edge in edges))
        frame = pl.DataFrame({"value": as_text(values), "subject": subjects}).drop_nulls("value")
        counts = frame.group_by("value").agg(pl.len(), pl.col("subject").n_unique().alias("held"))
        kept = counts.filter(pl.col("held") >= max(least, 2)).sort(["len", "value"], descending=[True, False])
        found = tuple(kept.head(MOST_VALUES)["value"].to_list())
        return cls(plan.name, values=found) if found else None

    def codes(self, values: pl.Series) -> NDArray[np.int32]:
        """Give the code of each value."""
        if self.edges is not None:
            numbers = as_numbers(values)
            cells = np.searchsorted(np.array(self.edges), np.nan_to_num(numbers), side="right")
            return np.where(np.isfinite(numbers), cells + 2, 1).astype(np.int32)
        table = pl.DataFrame(
            {
                "value": pl.Series(self.values, dtype=pl.String),
                "code": np.arange(2, 2 + len(self.values), dtype=np.int32),
            }
        )
        text = as_text(values)
        found = text.to_frame("value").join(table, on="value", how="left", maintain_order="left")["code"].fill_null(0)
        return np.where(text.is_null().to_numpy(), 1, found.to_numpy()).astype(np.int32)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "column": self.column,
            "values": list(self.values),
            "edges": None if self.edges is None else list(self.edges),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Condition:
        """Read what :meth:`to_json` gave."""
        edges = data["edges"]
        return cls(
            str(data["column"]), tuple(map(str, data["values"])), None if edges is None else tuple(map(float, edges))
        )


def as_numbers(values: pl.Series) -> NDArray[np.float64]:
    """Give numbers, dates and times as float64; nan where there is none."""
    plain = values.to_physical() if values.dtype.is_temporal() else values
    return plain.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().astype(np.float64)


def series(column: pa.Array | pa.ChunkedArray) -> pl.Series:
    """Give an Arrow column as polars has it; dictionaries are decoded."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    found = pl.from_arrow(column)
    assert isinstance(found, pl.Series)
    return found


def chosen(
    plans: Sequence[ColumnPlan],
    columns: pl.DataFrame,
    tokens: NDArray[np.int32],
    rows: NDArray[np.int64],
    subjects: NDArray[np.uint64],
    least: int,
) -> list[Condition]:
    """Learn the conditions that tell most about the words, the best first.

    :param columns: candidates, one row per text.
    :param tokens: tokens of all texts, ``rows`` their text.
    """
    common = np.argsort(-np.bincount(tokens), kind="stable")[:_WORDS]
    place = np.full(int(tokens.max(initial=0)) + 1, -1, dtype=np.int64)
    place[common] = np.arange(len(common))
    inside = place[tokens] >= 0
    held = np.unique(rows[inside] * len(common) + place[tokens[inside]])
    found = []
    for plan in plans:
        condition = Condition.learn(plan, columns[plan.name], subjects, least)
        if condition is None:
            continue
        codes = condition.codes(columns[plan.name]).astype(np.int64)
        gain = information(codes, held, len(common), condition.size)
        if gain > _LEAST_GAIN:
            found.append((gain, condition))
    found.sort(key=lambda pair: -pair[0])
    return [condition for _, condition in found[:MOST_COLUMNS]]
