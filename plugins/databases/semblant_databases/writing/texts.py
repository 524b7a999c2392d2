"""Arrow values as texts that a server reads exactly: plain decimals, ISO moments, hexadecimal bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from semblant_databases.writing.encode import json_texts

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES = pa.types


def decimals(values: pa.Array) -> pa.Array:
    """Write decimals without an exponent, whatever their scale.

    >>> from decimal import Decimal
    >>> decimals(pa.array([Decimal("-0.0000000001"), None], pa.decimal128(38, 10))).to_pylist()
    ['-0.0000000001', None]
    """
    kind = values.type
    if kind.scale < 0:
        values = values.cast(pa.decimal128(min(38, kind.precision - kind.scale), 0))
    return _from_polars(_to_polars(values).cast(pl.String))


def digits(values: pa.Array) -> pa.Array:
    """Write bytes as hexadecimal digits.

    >>> digits(pa.array([b"\\x00\\xff", b"", None])).to_pylist()
    ['00ff', '', None]
    """
    return _from_polars(_to_polars(values.cast(pa.large_binary())).bin.encode("hex"))


def _to_polars(values: pa.Array) -> pl.Series:
    made = pl.from_arrow(values)
    assert isinstance(made, pl.Series)
    return made


def _from_polars(values: pl.Series) -> pa.Array:
    return values.to_arrow().cast(pa.string())


def moments(values: pa.Array) -> pa.Array:
    """Write moments in microseconds, those with a zone in UTC; what is finer is refused.

    >>> moments(pa.array([1], pa.timestamp("ms", "Europe/Paris"))).to_pylist()
    ['1970-01-01 00:00:00.001000']
    """
    return values.cast(pa.timestamp("us", values.type.tz)).cast(pa.timestamp("us")).cast(pa.string())


def clock(values: pa.Array) -> pa.Array:
    """Write times of day in microseconds."""
    return values.cast(pa.time64("us")).cast(pa.string())


def whole_steps(values: pa.Array, microseconds: int) -> pa.Array:
    """Give moments or times of day as they are, and refuse those that a coarser column would round.

    >>> whole_steps(pa.array([1_500_000], pa.timestamp("us")), 1_000_000)
    Traceback (most recent call last):
    ValueError: a time is finer than the column keeps
    """
    if microseconds > 1 and not (pa.types.is_date(values.type) or pa.types.is_duration(values.type)):
        fine = pa.time64("us") if pa.types.is_time(values.type) else pa.timestamp("us", values.type.tz)
        numbers = values.cast(fine).cast(pa.int64())
        if pc.any(pc.not_equal(pc.multiply(pc.divide(numbers, microseconds), microseconds), numbers)).as_py():
            msg = "a time is finer than the column keeps"
            raise ValueError(msg)
    return values


def same_numbers(values: pa.Array, places: int) -> pa.Array:
    """Give numbers as they are, and refuse those that a column of so many decimal places would round.

    >>> same_numbers(pa.array([1.5, None, 1.1]), 1).to_pylist()
    [1.5, None, 1.1]
    >>> same_numbers(pa.array([1.53]), 1)
    Traceback (most recent call last):
    ValueError: a number has more decimal places than the column keeps

    :raises pyarrow.ArrowInvalid: for a decimal that has more.
    """
    if pa.types.is_decimal(values.type) and values.type.scale > places:
        values.cast(pa.decimal256(76, places))
    # a short float is no decimal fraction, whatever its places
    if pa.types.is_float64(values.type) or (pa.types.is_floating(values.type) and places == 0):
        numbers = values.cast(pa.float64())
        if pc.any(pc.not_equal(pc.round(numbers, ndigits=places), numbers)).as_py():
            msg = "a number has more decimal places than the column keeps"
            raise ValueError(msg)
    return values


def finite(smallest: float) -> Callable[[pa.Array], pa.Array]:
    """Give a function that writes numbers, and refuses those that are not finite or closer to zero than that."""

    def write(values: pa.Array) -> pa.Array:
        numbers = values.cast(pa.float64())
        if pc.any(pc.invert(pc.is_finite(numbers))).as_py():
            msg = "the server has no numbers that are not finite"
            raise ValueError(msg)
        size = pc.abs(numbers)
        if pc.any(pc.and_(pc.less(size, smallest), pc.not_equal(numbers, 0.0))).as_py():
            msg = f"the server has no number closer to zero than {smallest:g}"
            raise ValueError(msg)
        return numbers.cast(pa.string())

    return write


def plain_texts(values: pa.Array) -> pa.Array:
    """Give texts, and refuse those that hold a zero byte."""
    texts = values.cast(pa.string())
    if pc.any(pc.match_substring(texts, "\0")).as_py():
        msg = "a text holds a zero byte (\\0)"
        raise ValueError(msg)
    return texts


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a type is one of texts."""
    return bool(_TYPES.is_string(kind) or _TYPES.is_large_string(kind) or _TYPES.is_string_view(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Tell whether a type is one of bytes."""
    fits = (_TYPES.is_binary, _TYPES.is_large_binary, _TYPES.is_fixed_size_binary, _TYPES.is_binary_view)
    return any(check(kind) for check in fits)


def encoder(kind: pa.DataType, floats: Callable[[pa.Array], pa.Array]) -> Callable[[pa.Array], pa.Array]:
    """Give the function that writes values of a type as texts."""
    if _TYPES.is_boolean(kind):
        return lambda values: values.cast(pa.int8()).cast(pa.string())
    if _TYPES.is_floating(kind):
        return floats
    if _TYPES.is_decimal(kind):
        return decimals
    if _TYPES.is_timestamp(kind):
        return moments
    if _TYPES.is_time(kind):
        return clock
    if _TYPES.is_duration(kind):
        return lambda values: values.cast(pa.duration("us")).cast(pa.int64()).cast(pa.string())
    if is_bytes(kind):
        return digits
    if _TYPES.is_date64(kind):
        return lambda values: values.cast(pa.date32()).cast(pa.string())
    return json_texts if _TYPES.is_nested(kind) else plain_texts
