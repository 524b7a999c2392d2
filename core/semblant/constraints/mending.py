"""What follows from other columns is computed after drawing: sums, dependent values, bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

from semblant.constraints.checking import as_frame, bound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.spec.constraints import Dependency, Range, Sum

_PLACE = "\0place"
Given = "Mapping[str, np.ndarray]"
"""Per given column which cells were given; bool, shape (rows,)."""


@frozen(kw_only=True)
class Adding:
    """The total is computed from its parts; where the total is given, the largest free part gives way."""

    rule: Sum
    decimals: int

    def mended(self, table: pa.Table, given: Mapping[str, np.ndarray]) -> pa.Table:
        """Give the table with sums that hold wherever no part and no total is null."""
        rule, rows = self.rule, table.num_rows
        parts = np.stack([_numbers(table.column(name)) for name in rule.parts])
        total = _numbers(table.column(rule.total))
        there = ~(np.isnan(parts).any(axis=0) | np.isnan(total))
        fixed = given.get(rule.total, np.zeros(rows, bool)) & there
        free = np.stack([~given.get(name, np.zeros(rows, bool)) for name in rule.parts])
        off = self._rounded(total - parts.sum(axis=0))
        gives = fixed & free.any(axis=0) & (off != 0)
        if gives.any():
            chosen = np.where(free, np.abs(np.nan_to_num(parts)), -1.0).argmax(axis=0)
            for place, name in enumerate(rule.parts):
                here = gives & (chosen == place)
                if here.any():
                    table = _put(table, name, self._rounded(parts[place] + off), here)
                    parts[place] = np.where(here, self._rounded(parts[place] + off), parts[place])
        return _put(table, rule.total, self._rounded(parts.sum(axis=0)), there & ~fixed)

    def _rounded(self, numbers: np.ndarray) -> np.ndarray:
        return np.round(numbers, self.decimals)


@frozen(kw_only=True)
class Bounding:
    """Values beyond a bound that may itself be taken become the bound."""

    rule: Range

    def mended(self, table: pa.Table, given: Mapping[str, np.ndarray]) -> pa.Table:
        """Give the table with the column's free cells within the bounds; strict bounds are left to drawing again."""
        rule = self.rule
        if rule.strict:
            return table
        frame = as_frame(table, rule.columns)
        column, kind = pl.col(rule.column), frame.schema[rule.column]
        low = bound(rule.min, kind).cast(kind) if rule.min is not None else None
        high = bound(rule.max, kind).cast(kind) if rule.max is not None else None
        made = column
        if low is not None:
            made = pl.when(made < low).then(low).otherwise(made)
        if high is not None:
            made = pl.when(made > high).then(high).otherwise(made)
        found = frame.select(pl.when(pl.col(rule.column).is_null()).then(None).otherwise(made).alias(rule.column))
        values = found.to_arrow().column(0).combine_chunks()
        return _replace(table, rule.column, values, given)


@define(kw_only=True, eq=False)
class Following:
    """What some columns decide is looked up; what was never seen keeps its first value from then on."""

    rule: Dependency
    known: pa.Table
    """Deciding and dependent columns: pairs held by enough subjects."""
    _seen: pl.DataFrame | None = field(default=None, init=False)

    @classmethod
    def fit(cls, rule: Dependency, table: pa.Table, least: int) -> Following:
        """Take the most frequent dependent values of each deciding value among training rows."""
        keys, values = list(rule.columns), _values(rule)
        frame = as_frame(table, (*keys, *values))
        counted = frame.group_by([*keys, *values], maintain_order=True).agg(pl.len().alias(_PLACE))
        best = counted.filter(pl.col(_PLACE) >= least).sort(_PLACE, descending=True, maintain_order=True)
        known = best.unique(keys, keep="first", maintain_order=True).select([*keys, *values])
        return cls(rule=rule, known=known.to_arrow())

    def started(self) -> Following:
        """Give one that has seen nothing but what is known, for a new generation."""
        return Following(rule=self.rule, known=self.known)

    def mended(self, table: pa.Table, given: Mapping[str, np.ndarray]) -> pa.Table:
        """Give the table with dependent cells looked up where they are free."""
        keys, values = list(self.rule.columns), _values(self.rule)
        frame = as_frame(table, (*keys, *values))
        if self._seen is None:
            known = as_frame(self.known, (*keys, *values))
            self._seen = known.with_columns([pl.col(name).cast(frame.schema[name]) for name in known.columns])
        told = np.zeros(table.num_rows, bool)
        for name in values:
            told |= given.get(name, np.zeros(table.num_rows, bool))
        first = pl.concat([frame.filter(pl.Series(told)), frame.filter(pl.Series(~told))])
        fresh = first.unique(keys, keep="first", maintain_order=True)
        fresh = fresh.join(self._seen, on=keys, how="anti", nulls_equal=True)
        self._seen = pl.concat([self._seen, fresh.select(self._seen.columns)])
        found = frame.select(keys).join(self._seen, on=keys, how="left", nulls_equal=True, maintain_order="left")
        for name in values:
            table = _replace(table, name, found.select(name).to_arrow().column(0).combine_chunks(), given)
        return table

    def holds(self, table: pa.Table) -> np.ndarray:
        """Tell which rows hold the dependent values of their deciding ones; bool, shape (rows,)."""
        names = [*self.rule.columns, *_values(self.rule)]
        frame = as_frame(table, tuple(names)).with_row_index(_PLACE)
        mask = np.zeros(table.num_rows, bool)
        if self._seen is not None:
            found = frame.join(self._seen.select(names), on=names, how="semi", nulls_equal=True)
            mask[found[_PLACE].to_numpy()] = True
        return mask


def _values(rule: Dependency) -> list[str]:
    return [name for name in dict.fromkeys(rule.determines) if name not in rule.columns]


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.cast(values, pa.float64()).to_numpy(), np.float64)


def _put(table: pa.Table, name: str, numbers: np.ndarray, here: np.ndarray) -> pa.Table:
    """Put numbers into some rows of a column."""
    kind = table.schema.field(name).type
    safe = np.where(here, numbers, 0.0)
    new = pa.array(safe if not pa.types.is_integer(kind) else np.rint(safe).astype(np.int64))
    if pa.types.is_decimal(kind):
        new = pc.round(new, kind.scale)
    made = pc.if_else(pa.array(here), new.cast(kind), table.column(name))
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), made)


def _replace(table: pa.Table, name: str, values: pa.Array, given: Mapping[str, np.ndarray]) -> pa.Table:
    """Put values into the free cells of a column."""
    place = table.schema.get_field_index(name)
    kind = table.schema.field(place).type
    new: Any = values.dictionary_encode() if pa.types.is_dictionary(kind) else values
    if name in given and given[name].any():
        old = as_frame(table, (name,)).to_arrow().column(0).combine_chunks()
        mixed = pc.if_else(pa.array(given[name]), old, values.cast(old.type))
        new = mixed.dictionary_encode() if pa.types.is_dictionary(kind) else mixed
    return table.set_column(place, table.schema.field(place), new.cast(kind))
