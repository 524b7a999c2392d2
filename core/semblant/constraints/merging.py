"""Fixed combinations by construction: several columns are learned as one category."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import evolve, frozen

from semblant.constraints.checking import as_frame
from semblant.vocabulary import ColumnTreatment, EncodingType, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.training import ColumnPlan

_PLACE = "\0place"
_RARE = "r"


@frozen(kw_only=True)
class Merge:
    """The combinations that may come out, in sorting order, and how often the data hold each.

    The first column stands for all of them: it holds the place of the combination as text. Combinations that too
    few subjects hold are not stored; in training each keeps a code of its own, so that the encoding protects it
    as it protects any rare category.
    """

    columns: tuple[str, ...]
    known: pa.Table
    """The columns, and last how many rows of the data hold each combination."""

    @classmethod
    def fit(cls, columns: Sequence[str], table: pa.Table, least: int) -> Merge:
        """Count the combinations of training rows; those in fewer than ``least`` rows are left out."""
        frame, count = as_frame(table, tuple(columns)), _count(columns)
        counted = frame.group_by(list(columns)).agg(pl.len().alias(count)).filter(pl.col(count) >= least)
        known = counted.sort(list(columns), nulls_last=True).to_arrow()
        return cls(columns=tuple(columns), known=known)

    @property
    def codes(self) -> list[str]:
        """The code of each combination: of one length, so that sorting keeps neighbours together."""
        width = len(str(max(self.known.num_rows - 1, 0)))
        return [f"{place:0{width}}" for place in range(self.known.num_rows)]

    def plan(self, plan: ColumnPlan) -> ColumnPlan:
        """Give the plan of the category in place of that of the first column."""
        return evolve(
            plan,
            type=pa.string(),
            encoding=EncodingType.CATEGORICAL,
            role=Role.FEATURE,
            options={},
            treatment=ColumnTreatment.SYNTHESIZE,
            reason=f"learned as one with {', '.join(self.columns[1:])}",
        )

    def forward(self, table: pa.Table) -> pa.Array:
        """Give the code of each row's combination; one that is not known has a code that is never drawn."""
        place = self._places(as_frame(table, self.columns), self.columns)
        codes = np.array([*self.codes, ""], object)
        found = codes[np.where(place < 0, len(codes) - 1, place)]
        if (place < 0).any():
            rare = as_frame(table, self.columns).hash_rows(seed=0).to_numpy()
            found = np.where(place < 0, np.char.add(_RARE, rare.astype(str)).astype(object), found)
        return pa.array(found, pa.string())

    def chosen(self, given: pa.Table, rng: np.random.Generator) -> pa.Array:
        """Give the code of rows of which some cells are known (null: not known): drawn in proportion to its share.

        Null where nothing is known, or no combination fits.
        """
        names = [name for name in self.columns if name in given.column_names]
        frame = as_frame(given, tuple(names))
        there = frame.select(pl.all().is_not_null()).to_numpy()
        pattern = there @ (1 << np.arange(len(names)))
        out = np.full(frame.height, -1, np.int64)
        for number in np.unique(pattern[pattern > 0]):
            rows = np.flatnonzero(pattern == number)
            some = tuple(name for place, name in enumerate(names) if number >> place & 1)
            out[rows] = self._drawn(frame[rows], some, rng)
        return pa.array([None if place < 0 else code for place, code in _coded(out, self.codes)], pa.string())

    def backward(self, codes: pa.Array, kinds: Sequence[pa.DataType]) -> list[pa.Array]:
        """Give the columns of drawn codes."""
        place = pl.Series(codes).cast(pl.Int64, strict=False).to_numpy()
        missing = np.isnan(place) if place.dtype.kind == "f" else np.zeros(len(place), bool)
        take = pa.array(np.where(missing, 0, place).astype(np.int64), mask=missing)
        found = self.known.select(list(self.columns)).combine_chunks().take(take)
        return [
            found.column(name).combine_chunks().cast(_value_type(kind)).cast(kind) if not pa.types.is_dictionary(kind)
            else found.column(name).combine_chunks().cast(kind.value_type).dictionary_encode().cast(kind)
            for name, kind in zip(self.columns, kinds, strict=True)
        ]  # fmt: skip

    def holds(self, table: pa.Table) -> np.ndarray:
        """Tell which rows hold a known combination; bool, shape (rows,)."""
        return np.asarray(self._places(as_frame(table, self.columns), self.columns) >= 0)

    def _places(self, frame: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
        known = as_frame(self.known, tuple(columns)).with_row_index(_PLACE)
        known = known.with_columns([pl.col(name).cast(frame.schema[name]) for name in columns])
        found = frame.join(known, on=list(columns), how="left", nulls_equal=True, maintain_order="left")
        return found[_PLACE].cast(pl.Int64).fill_null(-1).to_numpy()

    def _drawn(self, frame: pl.DataFrame, columns: Sequence[str], rng: np.random.Generator) -> np.ndarray:
        """Draw a known combination for each row among those that agree in ``columns``; -1 where none does."""
        known = as_frame(self.known, (*columns, count := _count(self.columns)))
        known = known.with_columns([pl.col(name).cast(frame.schema[name]) for name in columns])
        group = known.select(pl.struct(list(columns)).rank("dense")).to_series().to_numpy().astype(np.int64)
        order = np.argsort(group, kind="stable")
        edges = np.concatenate([[0.0], np.cumsum(known[count].to_numpy()[order].astype(np.float64))])
        groups = known.select(list(columns)).with_columns(pl.Series(_PLACE, group)).unique()
        mine = frame.select(list(columns)).join(groups, on=list(columns), how="left", maintain_order="left")
        number = mine[_PLACE].fill_null(0).to_numpy().astype(np.int64)
        first, last = (np.searchsorted(group[order], number, side=side) for side in ("left", "right"))
        u = edges[first] + rng.random(len(number)) * (edges[last] - edges[first])
        at = np.minimum(np.searchsorted(edges, u, side="right") - 1, len(order) - 1)
        return np.where(last > first, order[np.maximum(at, 0)], -1) if len(order) else np.full(len(number), -1)


def _count(columns: Sequence[str]) -> str:
    """Name the counts: longer than any of the columns, so never one of them."""
    return f"{'#'.join(columns)}#"


def _coded(places: np.ndarray, codes: list[str]) -> list[tuple[int, str]]:
    return [(int(place), codes[place] if place >= 0 else "") for place in places]


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
