"""Columns as codes: 0 is the missing value, every other code is a group of at least ``min_subjects`` subjects."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen
from semblant.training import ColumnPlan
from semblant.vocabulary import ColumnTreatment, EncodingType

_NOMINAL = {EncodingType.CATEGORICAL, EncodingType.BOOLEAN}
_OTHER = "(other)"
_DECIMALS = 8


class Coded(Protocol):
    """A column that can be turned into codes and back."""

    @property
    def name(self) -> str:
        """The column's name."""

    @property
    def size(self) -> int:
        """Number of codes."""

    @property
    def ordered(self) -> bool:
        """Whether a higher code is a higher value."""

    @property
    def hidden(self) -> int:
        """The code of all rare categories, which is drawn only where there is no other; -1: none."""

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give codes, int32, shape (n,)."""

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> pa.Array:
        """Give values of the column's own type for codes, shape (n,)."""

    def as_dict(self) -> dict[str, Any]:
        """Give the column as plain data."""


def learn_column(
    plan: ColumnPlan, values: pa.Array, subjects: np.ndarray | None, min_subjects: int, bins: int
) -> Coded:
    """Choose the groups of a column.

    :param values: the training rows' values, shape (n,).
    :param subjects: whom each row belongs to, uint64, shape (n,); None: every row is a subject.
    """
    least = 1 if plan.treatment is ColumnTreatment.KEEP else min_subjects
    if plan.encoding in _NOMINAL or pa.types.is_nested(values.type):
        return Categories.learn(plan, values, subjects, least)
    return Ordered.learn(plan, values, subjects, least, bins)


def column_from(data: dict[str, Any], kind: pa.DataType) -> Coded:
    """Read what ``as_dict`` gave."""
    return (Ordered if data["ordered"] else Categories).from_dict(data, kind)


def _plain(values: pa.Array) -> pa.Array:
    """Give an array without dictionary and chunks."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values


def _back(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Give values of a plain type the type of their column."""
    if pa.types.is_dictionary(kind):
        return values.cast(kind.value_type).dictionary_encode().cast(kind)
    return values.cast(kind, safe=False)


def _held(codes: np.ndarray, subjects: np.ndarray | None, size: int) -> np.ndarray:
    """Count the subjects that hold each code, int64, shape (size,)."""
    if subjects is None:
        return np.bincount(codes, minlength=size)
    pairs = np.unique(np.stack([codes.astype(np.uint64), subjects.astype(np.uint64)], axis=1), axis=0)
    return np.bincount(pairs[:, 0].astype(np.int64), minlength=size)


@frozen(kw_only=True, eq=False)
class Categories:
    """A column of categories; those of too few subjects share the last code."""

    name: str
    type: pa.DataType
    values: pa.Array
    """The frequent categories, as texts."""
    ordered: bool = False

    @classmethod
    def learn(cls, plan: ColumnPlan, values: pa.Array, subjects: np.ndarray | None, least: int) -> Categories:
        """Keep the categories of at least ``least`` subjects, most frequent first."""
        texts = _plain(values).cast(pa.string())
        found = texts.dictionary_encode()
        codes = np.asarray(found.indices.fill_null(len(found.dictionary)), np.int64)
        held = _held(codes, subjects, len(found.dictionary) + 1)[:-1]
        order = np.argsort(-held, kind="stable")
        frequent = found.dictionary.take(pa.array(order[held[order] >= least]))
        return cls(name=plan.name, type=values.type, values=frequent)

    @property
    def size(self) -> int:
        """Number of codes: missing, the categories, all others."""
        return len(self.values) + 2

    @property
    def hidden(self) -> int:
        """The code of the rare categories."""
        return self.size - 1

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give codes, int32, shape (n,)."""
        texts = _plain(values).cast(pa.string())
        found = pc.index_in(texts, value_set=self.values).fill_null(len(self.values))
        codes = np.asarray(found, np.int32) + 1
        return np.where(np.asarray(texts.is_null()), 0, codes).astype(np.int32)

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> pa.Array:
        """Give values; the rare ones have no name of their own."""
        named = pa.types.is_string(self.type) or pa.types.is_large_string(self.type)
        texts = pa.concat_arrays([self.values.cast(pa.string()), pa.array([_OTHER if named else None], pa.string())])
        return _back(texts.take(pa.array(codes - 1, mask=codes == 0)), self.type)

    def as_dict(self) -> dict[str, Any]:
        """Give the column as plain data."""
        return {"name": self.name, "ordered": False, "values": self.values.to_pylist()}

    @classmethod
    def from_dict(cls, data: dict[str, Any], kind: pa.DataType) -> Categories:
        """Read what :meth:`as_dict` gave."""
        return cls(name=data["name"], type=kind, values=pa.array(data["values"], pa.string()))


@frozen(kw_only=True, eq=False)
class Ordered:
    """A column of numbers or moments, cut into ranges; frequent single values are ranges of their own."""

    name: str
    type: pa.DataType
    low: np.ndarray
    """First value of each range, int64 or float64, shape (size - 1,), rising."""
    high: np.ndarray
    """Last value of each range; equal to ``low`` for a single value."""
    step: int
    """Distance of neighbouring values (whole numbers), or decimals (others)."""
    ordered: bool = True
    hidden: int = -1

    @classmethod
    def learn(cls, plan: ColumnPlan, values: pa.Array, subjects: np.ndarray | None, least: int, bins: int) -> Ordered:
        """Cut the range that enough subjects hold; no edge is the value of a single row."""
        numbers, there = _numbers(values)
        owners = None if subjects is None else subjects[there]
        known = numbers[there]
        step = _step(known)
        distinct, places = np.unique(known, return_inverse=True)
        held = _held(places, owners, len(distinct))
        rank = np.cumsum(held)
        inner = (rank >= least) & (rank[-1:] - rank + held >= least) if len(distinct) else np.zeros(0, bool)
        often = inner & (held >= (least if len(distinct) <= bins else max(least, len(known) / 50)))
        rest = np.sort(known[(inner & ~often)[places]])
        edges = _edges(rest, least, min(bins, len(rest) // max(least, 1)), step)
        low, high = np.concatenate([distinct[often], edges[:-1]]), np.concatenate([distinct[often], edges[1:]])
        order = np.lexsort((high, low))
        return cls(name=plan.name, type=values.type, low=low[order], high=high[order], step=step)

    @property
    def size(self) -> int:
        """Number of codes: missing, and the ranges."""
        return len(self.low) + 1

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give codes, int32, shape (n,); what lies outside belongs to the range at the edge."""
        numbers, there = _numbers(values)
        codes = np.zeros(len(numbers), np.int32)
        if not len(self.low):
            return codes
        single = self.low == self.high
        for chosen in (np.flatnonzero(~single), np.flatnonzero(single)):
            if not len(chosen):
                continue
            at = np.clip(np.searchsorted(self.low[chosen], numbers, side="right") - 1, 0, len(chosen) - 1)
            exact = self.low[chosen][at] == numbers
            wanted = exact if single[chosen[0]] else np.ones(len(numbers), bool)
            codes = np.where(wanted, chosen[at] + 1, codes).astype(np.int32)
        nearest = np.abs((self.low / 2 + self.high / 2)[None, :] - numbers[codes == 0][:, None])
        codes[codes == 0] = (nearest.argmin(axis=1) + 1) if nearest.size else 0
        return np.where(there, codes, 0).astype(np.int32)

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> pa.Array:
        """Draw evenly within each range, on the grid of the data."""
        chance = rng.random(len(codes))
        if not len(self.low):
            return pa.nulls(len(codes), self.type)
        at = np.maximum(codes - 1, 0)
        low, high = self.low[at], self.high[at]
        if self.low.dtype == np.int64:
            made = low + (chance * ((high - low) // self.step + 1)).astype(np.int64) * self.step
        else:
            made = low + chance * (high - low)
            made = np.where(low == high, low, np.round(made, self.step) if self.step < _DECIMALS else made)
        array = pa.array(made, mask=codes == 0)
        kind = self.type.value_type if pa.types.is_dictionary(self.type) else self.type
        if pa.types.is_temporal(kind):
            array = array.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).view(kind)
        return _back(array, self.type)

    def as_dict(self) -> dict[str, Any]:
        """Give the column as plain data."""
        whole = self.low.dtype == np.int64
        ranges = {"low": self.low.tolist(), "high": self.high.tolist()}
        return {"name": self.name, "ordered": True, "whole": bool(whole), "step": self.step, **ranges}

    @classmethod
    def from_dict(cls, data: dict[str, Any], kind: pa.DataType) -> Ordered:
        """Read what :meth:`as_dict` gave."""
        number = np.int64 if data["whole"] else np.float64
        low, high = (np.asarray(data[end], number) for end in ("low", "high"))
        return cls(name=data["name"], type=kind, low=low, high=high, step=int(data["step"]))


def _numbers(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Give values as int64 or float64 and where there is one, each of shape (n,)."""
    plain = _plain(values)
    if pa.types.is_temporal(plain.type):
        plain = plain.view(pa.int32() if plain.type.bit_width == 32 else pa.int64())
    if pa.types.is_integer(plain.type) and plain.type != pa.uint64():
        return np.asarray(plain.cast(pa.int64()).fill_null(0), np.int64), ~np.asarray(plain.is_null())
    numbers = np.asarray(plain.cast(pa.float64()).fill_null(np.nan), np.float64)
    there = np.isfinite(numbers)
    return np.where(there, numbers, 0.0), there


def _step(known: np.ndarray) -> int:
    """Find the grid of the values: their greatest common distance, or their decimals."""
    if known.dtype == np.int64:
        return max(int(np.gcd.reduce(np.abs(known - known[0]))), 1) if len(known) else 1
    exact = (places for places in range(_DECIMALS) if np.array_equal(np.round(known, places), known))
    return next(exact, _DECIMALS)


def _edges(rest: np.ndarray, least: int, bins: int, step: int) -> np.ndarray:
    """Cut sorted values into ``bins`` ranges; each edge is the mean of ``least`` neighbours, on the grid."""
    if bins < 1:
        return rest[:0]
    means = np.convolve(rest.astype(np.float64) - float(rest[0]), np.ones(least) / least, "valid")
    at = np.unique(np.linspace(0, len(means) - 1, bins + 1).astype(int))
    edges = means[at]
    if rest.dtype == np.int64:
        return np.unique(np.round(edges / step).astype(np.int64) * step + rest[0])
    made = edges + rest[0]
    return np.unique(np.round(made, step) if step < _DECIMALS else made)
