"""Columns as numbers on a grid: integers, decimals, dates, moments and durations all become multiples of a step."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LARGEST = 2.0**62
_DAY = 86_400
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - date(1970, 1, 1).toordinal(), (date.max - date(1970, 1, 1)).days
_LONGEST = timedelta.max.days - 1


@frozen
class Grid:
    """How a column's values are written as numbers: ``value = step * number``.

    >>> grid = Grid(pa.float64(), 0.5)
    >>> grid.numbers(pa.array([1.0, None, 2.5]))
    array([ 2., nan,  5.])
    >>> grid.values(np.array([2.0, np.nan])).to_pylist()
    [1.0, None]
    """

    type: pa.DataType
    step: float | None = None
    """None: any number, not only multiples."""

    def numbers(self, values: pa.Array) -> np.ndarray:
        """Give float64, shape (n,); missing values, NaN among them, are NaN."""
        raw = raw_numbers(values)
        return raw if self.step is None else np.round(raw / self.step)

    def values(self, numbers: np.ndarray) -> pa.Array:
        """Undo :meth:`numbers`; NaN becomes null, what the type cannot hold its end."""
        missing = np.isnan(numbers)
        there = np.where(missing, 0.0, numbers)
        kind = self.type
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            if self.step is None:
                real = there
            elif self.step < 1:  # 3 / 10 is the decimal number 0.3, 3 * 0.1 is not
                real = there / round(1 / self.step)
            else:
                real = there * self.step
            made = pa.array(real, pa.float64(), mask=missing)
            if pa.types.is_decimal(kind):
                most = 10.0 ** (kind.precision - kind.scale) - 1
                made = pa.array(np.clip(real, -most, most), pa.float64(), mask=missing)
            return made.cast(kind, safe=False)
        whole = np.clip(np.round(there) * (self.step or 1), *limits(kind)).astype(np.int64)
        if kind.bit_width == 32 and not pa.types.is_integer(kind):
            return pa.array(whole.astype(np.int32), pa.int32(), mask=missing).cast(kind)
        return pa.array(whole, pa.int64(), mask=missing).cast(kind)

    def limits(self) -> tuple[float, float]:
        """Give the lowest and the highest number whose value the type can hold: public, whatever the data."""
        low, high = limits(self.type)
        if self.step is None:
            return low, high
        return float(np.ceil(low / self.step)), float(np.floor(high / self.step))

    def to_dict(self) -> dict[str, Any]:
        """Give JSON."""
        return {"type": type_to_text(self.type), "step": self.step}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Grid:
        """Undo :meth:`to_dict`."""
        return cls(type_from_text(data["type"]), None if data["step"] is None else float(data["step"]))


def is_numeric(kind: pa.DataType) -> bool:
    """Tell whether a column of this (plain) type can lie on a grid."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or (pa.types.is_temporal(kind) and not pa.types.is_interval(kind))
    )


def raw_numbers(values: pa.Array) -> np.ndarray:
    """Give a column as float64 in the units of its type, NaN where missing; infinities become the largest numbers."""
    kind = values.type
    if pa.types.is_temporal(kind):
        values = values.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    elif pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        values = values.cast(pa.float64())
    raw = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
    return np.asarray(np.nan_to_num(raw, nan=np.nan, posinf=1e300, neginf=-1e300))


def limits(kind: pa.DataType) -> tuple[float, float]:
    """Give the lowest and the highest value of a (plain) type, in its units.

    Dates and moments end with the calendar of most programs, the years 1 and 9999 (moments a day inside, so that
    every time zone can tell them), and within 64 bits.

    >>> limits(pa.int8()), limits(pa.date32()), limits(pa.time32("s"))
    ((-128.0, 127.0), (-719162.0, 2932896.0), (0.0, 86399.0))
    """
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return -np.inf, np.inf
    if pa.types.is_integer(kind):
        info = np.iinfo(kind.to_pandas_dtype())
        return max(float(info.min), -_LARGEST), min(float(info.max), _LARGEST)
    if pa.types.is_date32(kind):
        return float(_FIRST_DAY), float(_LAST_DAY)
    second = 1000 if pa.types.is_date64(kind) else _PER_SECOND[kind.unit]
    day = _DAY * second
    if pa.types.is_time(kind):
        return 0.0, float(day - 1)
    first, last = (-_LONGEST, _LONGEST) if pa.types.is_duration(kind) else (_FIRST_DAY + 1, _LAST_DAY)
    return max(float(first * day), -_LARGEST), min(float(last * day), _LARGEST)


def steps_of(kind: pa.DataType) -> tuple[float, ...]:
    """Give the public candidates for a column's step, falling: a value votes for the first that divides it.

    >>> steps_of(pa.date32())
    (1.0,)
    """
    if pa.types.is_date32(kind):
        return (1.0,)
    if pa.types.is_date64(kind):
        return (86_400_000.0,)
    if pa.types.is_temporal(kind):
        second = _PER_SECOND[kind.unit]
        spans = [second * s for s in (86_400, 3600, 60, 1)] + [second // d for d in (10**3, 10**6, 10**9)]
        return tuple(float(s) for s in spans if s >= 1)
    if pa.types.is_integer(kind):
        return (100_000.0, 10_000.0, 1000.0, 100.0, 10.0, 1.0)
    lowest = kind.scale if pa.types.is_decimal(kind) else 6
    return tuple(float(10.0**k) for k in range(5, -max(lowest, 0) - 1, -1))


def votes(raw: np.ndarray, steps: tuple[float, ...]) -> np.ndarray:
    """Count the values per step that they vote for, int64, shape (len(steps) + 1,); the last: for none of them."""
    raw = raw[~np.isnan(raw)]
    counts, left = np.zeros(len(steps) + 1, np.int64), raw
    for place, step in enumerate(steps):
        scaled = left / step
        fits = np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(np.abs(scaled), 1.0)
        counts[place] = fits.sum()
        left = left[~fits]
    counts[-1] = len(left)
    return counts
