"""What is gathered per column while its batches pass by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from semblant.detection.hashing import Hashes, decimals_as_floats, hash_array
from semblant.detection.nested import NestedSample
from semblant.detection.shapes import kinds_of, shapes_of
from semblant.detection.sketch import DistinctSketch, TopValues, ValueSample
from semblant.detection.temporal import TimeAccumulator

MAX_DECIMALS = 12
FREQUENT = 10
"""A value that occurs this often is frequent: the default of ``min_subjects``."""
_TOP = 256


class ColumnAccumulator:
    """Everything about one column; fed batch by batch."""

    def __init__(self, kind: pa.DataType, *, hashes: int, values: int) -> None:
        """Start empty, with room for that many hashes and sampled values."""
        self._sketch = DistinctSketch(hashes)
        self._top = TopValues(min(values, _TOP))
        self._sample = ValueSample(values)
        self._nulls = 0
        self._nans = 0
        self._present = 0
        storage = _plain_type(kind)
        self._numbers = NumberAccumulator() if _is_number(storage) else None
        self._strings = StringAccumulator() if _is_string(storage) else None
        self._lists = ListAccumulator() if _is_list(storage) else None
        self._times = TimeAccumulator(storage) if _is_time(storage) else None
        self._order = OrderAccumulator()
        inside = pa.types.is_nested(storage) or self._strings is not None
        self._inside = NestedSample() if inside else None
        self._nested = pa.types.is_nested(storage) or pa.types.is_binary(storage) or pa.types.is_large_binary(storage)

    def add(self, array: pa.Array) -> Hashes:
        """Take a batch; gives the hashes of its rows."""
        array = _plain(array)
        row_hashes = hash_array(array)
        self._nulls += array.null_count
        present = array.drop_null() if array.null_count else array
        hashes = row_hashes
        if array.null_count:
            hashes = row_hashes[np.asarray(pc.is_valid(array).to_numpy(zero_copy_only=False), dtype=np.bool_)]
        if pa.types.is_floating(present.type):
            nan = np.asarray(pc.is_nan(present).to_numpy(zero_copy_only=False), dtype=np.bool_)
            if nan.any():
                self._nans += int(nan.sum())
                present, hashes = present.filter(pa.array(~nan)), hashes[~nan]
        if len(present):
            self._gather(present, hashes)
        return row_hashes

    def _gather(self, present: pa.Array, hashes: Hashes) -> None:
        unique, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        self._sketch.add(unique, counts)
        self._present += len(present)
        if not self._nested:
            self._top.add(unique, counts, first, present)
            self._sample.add(unique, first, present)
        if self._numbers is not None:
            numbers = _floats(present)
            self._numbers.add(numbers)
            exact = pa.types.is_integer(present.type)
            self._order.add(present.to_numpy(zero_copy_only=False) if exact else numbers)
        if self._strings is not None:
            self._strings.add(present)
        if self._lists is not None:
            self._lists.add(present)
        if self._inside is not None:
            self._inside.add(present)
        if self._times is not None:
            self._order.add(self._times.add(present))

    def result(self) -> dict[str, Any]:
        """Give the fields of a ``ColumnProfile`` apart from name, type and rows."""
        values, counts = self._top.most_common(_TOP)
        sample = self._sample.values
        text = self._strings is not None and sample is not None
        ordered = self._numbers is not None or self._times is not None
        # beyond the sketch's capacity the estimate may exceed the rows, or differ although nothing repeats
        distinct = min(self._sketch.distinct, self._present) if self._sketch.repeated else self._present
        return {
            "nulls": self._nulls,
            "nans": self._nans,
            "distinct": distinct,
            "distinct_exact": self._sketch.exact,
            "repeated": self._sketch.repeated,
            "reused_share": self._sketch.reused_share(),
            "frequent_share": self._sketch.mass_held_at_least(FREQUENT),
            "numbers": self._numbers.result() if self._numbers else {},
            "ascending": ordered and self._order.ascending,
            "strictly_ascending": ordered and self._order.strictly_ascending,
            "strings": self._strings.result() if self._strings else {},
            "times": self._times.result() if self._times else {},
            "inside": self._inside.result() if self._inside else None,
            "lists": self._lists.result() if self._lists else {},
            "shapes": shapes_of(sample) if text else (),
            "kinds": kinds_of(sample) if text else {},
            "top": tuple(zip(_ready(values), counts.tolist(), strict=True)),
            "top_exact": self._top.exact,
            "sample": tuple(_ready(sample)),
            "sketch": self._sketch,
        }


class NumberAccumulator:
    """Range, moments and decimals of numbers."""

    def __init__(self) -> None:
        """Start empty."""
        self._count, self._mean, self._squares = 0, 0.0, 0.0
        self._minimum, self._maximum = np.inf, -np.inf
        self._zeros = self._negatives = self._infinities = 0
        self._decimals: int | None = 0

    def add(self, values: npt.NDArray[np.float64]) -> None:
        """Take float64 values without NaN; float32 ones have been widened by their shortest decimal form."""
        finite = np.isfinite(values)
        self._infinities += int(len(values) - finite.sum())
        if not finite.all():
            values = values[finite]
        if not len(values):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            count, mean = len(values), float(values.mean())
            squares = float(((values - mean) ** 2).sum())
            total, shift = self._count + count, mean - self._mean
            self._squares += squares + shift * shift * self._count * count / total
            self._mean += shift * count / total
        self._count = total
        self._minimum, self._maximum = min(self._minimum, float(values.min())), max(self._maximum, float(values.max()))
        self._zeros += int((values == 0).sum())
        self._negatives += int((values < 0).sum())
        self._count_decimals(values)

    def _count_decimals(self, values: npt.NDArray[np.float64]) -> None:
        """A double written with d decimals equals rint(x * 10**d) / 10**d, for |x| * 10**d < 2**53."""
        while self._decimals is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                scale = 10.0**self._decimals
                fits = (np.rint(values * scale) / scale == values) | (np.abs(values) >= 2.0**53)
            if fits.all():
                return
            values = values[~fits]
            self._decimals = self._decimals + 1 if self._decimals < MAX_DECIMALS else None

    def result(self) -> dict[str, Any]:
        """Plain figures; ``minimum`` and so on are None without finite values."""
        if not self._count:
            return {"minimum": None, "maximum": None, "infinities": self._infinities, "decimals": None}
        return {
            "minimum": self._minimum,
            "maximum": self._maximum,
            "mean": self._mean,
            "deviation": float(np.sqrt(self._squares / self._count)),
            "zeros": self._zeros,
            "negatives": self._negatives,
            "infinities": self._infinities,
            "decimals": self._decimals,
        }


class OrderAccumulator:
    """Whether values rise from row to row, over batch borders too."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.ascending = True
        self.strictly_ascending = True
        self._last: Any = None

    def add(self, values: npt.NDArray[Any]) -> None:
        """Take the values of a batch in the order of rows."""
        if not self.ascending:
            return
        if self._last is not None:
            values = np.concatenate([self._last, values])
        self.strictly_ascending = self.strictly_ascending and bool((values[1:] > values[:-1]).all())
        self.ascending = self.strictly_ascending or bool((values[1:] >= values[:-1]).all())
        self._last = values[-1:]


class StringAccumulator:
    """Lengths, words and blanks of strings."""

    def __init__(self) -> None:
        """Start empty."""
        self._count = self._characters = self._words = self._most_words = 0
        self._shortest, self._longest = 2**62, 0
        self._empty = self._multiline = 0

    def add(self, array: pa.Array) -> None:
        """Take strings without nulls."""
        lengths = pc.utf8_length(array).to_numpy(zero_copy_only=False)
        words = pc.count_substring(pc.utf8_trim_whitespace(array), " ").to_numpy(zero_copy_only=False) + (lengths > 0)
        self._count += len(array)
        self._characters += int(lengths.sum())
        self._shortest, self._longest = min(self._shortest, int(lengths.min())), max(self._longest, int(lengths.max()))
        self._words += int(words.sum())
        self._most_words = max(self._most_words, int(words.max()))
        self._empty += int((lengths == 0).sum())
        self._multiline += int(pc.sum(pc.match_substring(array, "\n")).as_py() or 0)

    def result(self) -> dict[str, Any]:
        """Plain figures; none when there was no string."""
        if not self._count:
            return {}
        return {
            "shortest": self._shortest,
            "longest": self._longest,
            "mean_length": self._characters / self._count,
            "mean_words": self._words / self._count,
            "most_words": self._most_words,
            "empty": self._empty,
            "multiline": self._multiline,
        }


class ListAccumulator:
    """Lengths of lists."""

    def __init__(self) -> None:
        """Start empty."""
        self._count = self._items = self._longest = 0
        self._shortest = 2**62

    def add(self, array: pa.Array) -> None:
        """Take lists without nulls."""
        if pa.types.is_map(array.type):
            lengths = np.diff(np.asarray(array.offsets.to_numpy(zero_copy_only=False)))
        else:
            lengths = pc.list_value_length(array).to_numpy(zero_copy_only=False)
        self._count += len(lengths)
        self._items += int(lengths.sum())
        self._shortest, self._longest = min(self._shortest, int(lengths.min())), max(self._longest, int(lengths.max()))

    def result(self) -> dict[str, Any]:
        """Plain figures; none when there was no list."""
        if not self._count:
            return {}
        return {"shortest": self._shortest, "longest": self._longest, "mean_length": self._items / self._count}


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    return pa.large_string() if kind == pa.string_view() else pa.large_binary() if kind == pa.binary_view() else kind


def _plain(array: pa.Array) -> pa.Array:
    if isinstance(array.type, pa.BaseExtensionType):
        return _plain(array.storage)
    if pa.types.is_dictionary(array.type):
        return _plain(array.dictionary_decode())
    return array.cast(_plain_type(array.type)) if array.type in (pa.string_view(), pa.binary_view()) else array


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or pa.types.is_map(kind)
    )


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_temporal(kind) and kind.bit_width in (32, 64))


def _floats(array: pa.Array) -> npt.NDArray[np.float64]:
    """Give float64; a narrow float by way of its shortest decimal form, so that decimals can be counted."""
    values = array.to_numpy(zero_copy_only=False)
    if values.dtype in (np.dtype(np.float16), np.dtype(np.float32)):
        narrow = values.astype(np.float32)
        wide = narrow.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            for decimals in range(7):
                rounded = np.round(wide, decimals)
                if (rounded.astype(values.dtype) == values).all():
                    return np.asarray(rounded)
        return np.asarray(wide)
    if pa.types.is_decimal(array.type):
        return decimals_as_floats(array)
    return np.asarray(values, dtype=np.float64)


def _ready(values: pa.Array | None) -> list[Any]:
    """Python values for JSON: numbers, strings and booleans as they are, times as ISO strings."""
    if values is None:
        return []
    kind = values.type
    if pa.types.is_duration(kind):
        return list(values.view(pa.int64()).to_pylist())
    if pa.types.is_decimal(kind) or (pa.types.is_temporal(kind) and not pa.types.is_interval(kind)):
        return list(pc.cast(values, pa.string()).to_pylist())
    items = values.to_pylist()
    if pa.types.is_fixed_size_binary(kind):
        return [value.hex() for value in items]
    if pa.types.is_floating(kind):
        return [value if math.isfinite(value) else str(value) for value in items]
    return items if _is_number(kind) or _is_string(kind) or pa.types.is_boolean(kind) else [str(v) for v in items]
