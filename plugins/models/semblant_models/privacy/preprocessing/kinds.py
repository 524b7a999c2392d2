"""What a column's fine cells are: values of their own, or ranges of numbers with some single numbers among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from semblant_models.privacy.preprocessing.grid import Grid
from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text, values_from_json, values_to_json


@frozen(eq=False)
class Values:
    """Cells of a column of categories: one per known value, then null, then all other values.

    >>> cells = Values(pa.array(["a", "b"], pa.large_string()), null=True, rest=False)
    >>> cells.places(pa.array(["b", None, "z"], pa.large_string())).tolist()
    [1, 2, 0]
    """

    values: pa.Array
    null: bool
    rest: bool
    """Whether other values are a cell; else they count as the first value."""

    def __len__(self) -> int:
        """Give the number of cells."""
        return len(self.values) + int(self.null) + int(self.rest)

    def places(self, column: pa.Array) -> np.ndarray:
        """Give the cell of each value of a plain array, int64."""
        other = len(self) - 1 if self.rest else 0
        if not len(self.values):
            found = np.full(len(column), other, np.int64)
        else:
            index = pc.index_in(column, value_set=self.values)
            found = pc.fill_null(index, other).to_numpy(zero_copy_only=False).astype(np.int64)
        missing = column.is_null().to_numpy(zero_copy_only=False)
        found[missing] = len(self.values) if self.null else other
        return found

    def made(self, places: np.ndarray, counts: np.ndarray, rng: np.random.Generator) -> pa.Array:
        """Make values: another value becomes a known one, by the counts of these; null where none is known."""
        places = places.astype(np.int64)
        known = len(self.values)
        if self.rest and known:
            other = places == len(self) - 1
            shares = np.cumsum(np.maximum(counts[:known], 1e-9))
            places[other] = np.searchsorted(shares / shares[-1], rng.random(int(other.sum())), side="right")
        if not known:
            return pa.nulls(len(places), self.values.type)
        absent = places >= known
        return self.values.take(pa.array(np.where(absent, 0, places), pa.int64(), mask=absent))

    def to_dict(self) -> dict[str, Any]:
        """Give JSON."""
        return {
            "kind": "values",
            "type": type_to_text(self.values.type),
            "values": values_to_json(self.values),
            "null": self.null,
            "rest": self.rest,
        }


@frozen(eq=False)
class Ranges:
    """Cells of a column of numbers, rising: from ``low`` up to, not including, ``high``; equal ones are one number.

    Null is the last cell, where there is one.
    """

    grid: Grid
    low: np.ndarray
    high: np.ndarray
    null: bool
    grains: tuple[tuple[float, float], ...] = ()
    """How often numbers within a cell are multiples of what: step in units of the grid, and share."""

    def __len__(self) -> int:
        """Give the number of cells."""
        return len(self.low) + int(self.null)

    def places(self, column: pa.Array) -> np.ndarray:
        """Give the cell of each value of a plain array, int64; what lies outside belongs to the nearest cell."""
        numbers = self.grid.numbers(column)
        missing = np.isnan(numbers)
        at = np.where(missing, 0.0, numbers)
        wide = np.flatnonzero(self.high > self.low)
        single = np.flatnonzero(self.high == self.low)
        found = np.zeros(len(at), np.int64)
        if len(wide):
            found = wide[np.clip(np.searchsorted(self.low[wide], at, side="right") - 1, 0, len(wide) - 1)]
        if len(single):
            near = np.clip(np.searchsorted(self.low[single], at), 0, len(single) - 1)
            hit = self.low[single[near]] == at
            found = np.where(hit | (len(wide) == 0), single[near], found)
        found[missing] = len(self.low) if self.null else 0
        return found

    def made(self, places: np.ndarray, counts: np.ndarray, rng: np.random.Generator) -> pa.Array:
        """Make values: within a cell every number, or every multiple of a grain, is equally probable."""
        if not len(self.low):
            return self.grid.values(np.full(len(places), np.nan))
        absent = places >= len(self.low)
        at = np.where(absent, 0, places)
        low, high = self.low[at], self.high[at]
        numbers = low + rng.random(len(at)) * (high - low)
        if self.grid.step is not None:
            numbers = np.floor(numbers)
            if self.grains:
                numbers = self._heaped(numbers, low, high, rng)
        return self.grid.values(np.where(absent, np.nan, numbers))

    def _heaped(self, numbers: np.ndarray, low: np.ndarray, high: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Move numbers to multiples of the grains that are drawn, within their cells; the next finer one that fits."""
        chance = rng.random(len(numbers))
        before = 0.0
        waiting = np.zeros(len(numbers), bool)
        out = numbers.copy()
        for step, share in self.grains:
            waiting |= (chance >= before) & (chance < before + share)
            before += share
            first = np.ceil(low / step) * step
            many = np.floor((high - 1 - first) / step) + 1
            fits = waiting & (many > 0)
            place = np.floor(rng.random(int(fits.sum())) * many[fits])
            out[fits] = first[fits] + step * place
            waiting &= ~fits
        return out

    def to_dict(self) -> dict[str, Any]:
        """Give JSON."""
        low, high = self.low.tolist(), self.high.tolist()
        made = {"kind": "ranges", "grid": self.grid.to_dict(), "low": low, "high": high, "null": self.null}
        return {**made, "grains": [list(grain) for grain in self.grains]}


def cells_from_dict(data: dict[str, Any]) -> Values | Ranges:
    """Undo ``to_dict`` of either."""
    if data["kind"] == "values":
        kind = type_from_text(data["type"])
        return Values(values_from_json(data["values"], kind), bool(data["null"]), bool(data["rest"]))
    low, high = np.array(data["low"], np.float64), np.array(data["high"], np.float64)
    if low.shape != high.shape:
        msg = "ranges without an end"
        raise ValueError(msg)
    grains = tuple((float(step), float(share)) for step, share in data.get("grains", []))
    if any(step <= 0 or share < 0 for step, share in grains):
        msg = "grains that are none"
        raise ValueError(msg)
    return Ranges(Grid.from_dict(data["grid"]), low, high, bool(data["null"]), grains)
