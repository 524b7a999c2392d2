"""Numeric Arrow types as int64 or float64 and back, exactly where the type is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from semblant_models.tabular.encodings.subjects import holders

_SHIFT = np.int64(-(2**63))
_MOST_DECIMALS = 9


@frozen(kw_only=True)
class Domain:
    """How a column's values become numbers.

    ``form`` is ``int`` (signed), ``uint64`` (shifted by 2**63), ``decimal`` (unscaled, divided by
    10**drop), ``fixed`` (floats with ``decimals`` digits after the point, as whole units) or ``float``.
    Values of all forms but ``float`` are multiples of ``unit``.
    """

    form: str
    decimals: int = 0
    unit: int = 1
    drop: int = 0

    @property
    def integer(self) -> bool:
        """Whether numbers are int64."""
        return self.form != "float"

    @classmethod
    def fit(
        cls,
        values: pa.Array,
        decimals: int | None = None,
        *,
        subjects: np.ndarray | None = None,
        least: int = 1,
    ) -> Domain:
        """Choose the form for non-null finite ``values``; ``decimals`` overrides what is seen.

        Digits after the point that fewer than ``least`` subjects need are not taken for the column's.

        >>> Domain.fit(pa.array([1.5, 2.5, 0.123456789] * 3), least=4).decimals
        1
        """
        kind = values.type
        if pa.types.is_uint64(kind):
            return cls(form="uint64")
        if pa.types.is_decimal(kind):
            return cls(form="decimal", drop=_drop(values), decimals=kind.scale)
        if pa.types.is_integer(kind) or pa.types.is_temporal(kind):
            numbers = _int64(values)
            return cls(form="int", unit=_unit(numbers))
        digits = decimals if decimals is not None else _decimals(values, subjects, least)
        if digits is None:
            return cls(form="float")
        units = np.rint(values.to_numpy(zero_copy_only=False).astype(np.float64) * 10.0**digits).astype(np.int64)
        return cls(form="fixed", decimals=digits, unit=_unit(units))

    def numbers(self, values: pa.Array) -> np.ndarray:
        """Give int64 or float64 numbers, shape (n,), for non-null finite values."""
        if self.form == "uint64":
            return np.asarray(
                (values.to_numpy(zero_copy_only=False).astype(np.uint64) ^ np.uint64(2**63)).view(np.int64)
            )
        if self.form == "decimal":
            return _unscaled(values, self.drop)
        if self.form == "int":
            return np.asarray(_int64(values) // self.unit)
        floats = values.to_numpy(zero_copy_only=False).astype(np.float64)
        if self.form == "float":
            return np.asarray(floats)
        limit = 2.0**62
        return np.asarray(np.rint(np.clip(floats * 10.0**self.decimals, -limit, limit) / self.unit).astype(np.int64))

    def values(self, numbers: np.ndarray, kind: pa.DataType) -> pa.Array:
        """Turn numbers back into an array of type ``kind``."""
        if self.form == "uint64":
            return pa.array(numbers.view(np.uint64) ^ np.uint64(2**63), kind)
        if self.form == "decimal":
            return _decimal(numbers, self.drop, kind)
        if self.form == "int":
            return _from_int64(numbers * self.unit, kind)
        floats = numbers if self.form == "float" else (numbers * self.unit) / 10.0**self.decimals
        if pa.types.is_float16(kind):
            return pa.array(floats.astype(np.float16), kind)
        return pa.array(floats.astype(np.float32) if pa.types.is_float32(kind) else floats, kind)

    def limits(self, kind: pa.DataType) -> tuple[float, float] | None:
        """Give the least and greatest number that a value of type ``kind`` can have; None where the type knows better.

        >>> Domain(form="int").limits(pa.int8()), Domain(form="decimal", decimals=2).limits(pa.decimal128(4, 2))
        ((-128, 127), (-9999, 9999))
        """
        if self.form == "uint64" or pa.types.is_temporal(kind):
            return None
        if self.form == "decimal":
            most = min((10**kind.precision - 1) // 10**self.drop, 2**62)
            return -most, most
        if self.form == "int":
            info = np.iinfo(kind.to_pandas_dtype())
            return -(-int(info.min) // self.unit), int(info.max) // self.unit
        most = float(np.finfo(kind.to_pandas_dtype()).max) / 2
        return (-most, most) if self.form == "float" else (-min(most, 2.0**52), min(most, 2.0**52))

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"form": self.form, "decimals": self.decimals, "unit": self.unit, "drop": self.drop}


def _unit(numbers: np.ndarray) -> int:
    """Give the greatest common divisor, at least 1."""
    return max(int(np.gcd.reduce(np.abs(numbers))), 1) if len(numbers) else 1


def _int64(values: pa.Array) -> np.ndarray:
    if pa.types.is_temporal(values.type):
        wide = pa.int32() if values.type.bit_width == 32 else pa.int64()
        values = values.view(wide)
    return np.asarray(pc.cast(values, pa.int64()).to_numpy(zero_copy_only=False))


def _from_int64(numbers: np.ndarray, kind: pa.DataType) -> pa.Array:
    if pa.types.is_temporal(kind):
        wide = pa.int32() if kind.bit_width == 32 else pa.int64()
        return pa.array(numbers, pa.int64()).cast(wide).view(kind)
    info = np.iinfo(kind.to_pandas_dtype())
    return pa.array(np.clip(numbers, info.min, info.max), pa.int64()).cast(kind)


def _decimals(values: pa.Array, subjects: np.ndarray | None, least: int) -> int | None:
    """Give the digits after the point that write all values but those of few subjects, None above nine digits."""
    kind = {pa.float16(): np.float16, pa.float32(): np.float32}.get(values.type, np.float64)
    floats = values.to_numpy(zero_copy_only=False).astype(np.float64)
    largest = float(np.abs(floats).max()) if len(floats) else 0.0
    most = max(min(least, len(floats) // 2), 1)
    for digits in range(_MOST_DECIMALS + 1):
        if largest * 10.0**digits >= 2.0**52:
            return None
        back = np.rint(floats * 10.0**digits) / 10.0**digits
        finer = back.astype(kind) != floats.astype(kind)
        who = None if subjects is None else subjects[finer]
        if holders(np.zeros(int(finer.sum()), np.int64), who, 1)[0] < most:
            return digits
    return None


def _words(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Give low (uint64) and high (int64) words of a decimal128 array."""
    if not pa.types.is_decimal128(values.type):
        values = values.cast(pa.decimal128(min(values.type.precision, 38), values.type.scale))
    raw = np.frombuffer(values.buffers()[1], np.int64)[2 * values.offset : 2 * (values.offset + len(values))].reshape(
        -1, 2
    )
    return raw[:, 0].view(np.uint64), raw[:, 1]


def _drop(values: pa.Array) -> int:
    """Give how many last digits must go for the unscaled values to fit 62 bits."""
    if not len(values):
        return 0
    bounds = pc.min_max(values).as_py()
    scale = values.type.scale
    largest = max(abs(int(bounds[side].scaleb(scale))) for side in ("min", "max"))
    return 0 if largest < 2**62 else len(str(largest)) - 18


def _unscaled(values: pa.Array, drop: int) -> np.ndarray:
    low, high = _words(values)
    if drop == 0:
        return np.where(high == (low.view(np.int64) >> 63), low.view(np.int64), np.where(high < 0, -(2**62), 2**62))
    kind = values.type
    small = pc.cast(values, pa.decimal256(76, kind.scale))
    shrunk = pc.round(small, kind.scale - drop)
    texts = pc.cast(shrunk, pa.decimal256(76, max(kind.scale, 0))).to_pylist()
    return np.array([int(v.scaleb(kind.scale)) // 10**drop for v in texts], np.int64)


def _decimal(numbers: np.ndarray, drop: int, kind: pa.DataType) -> pa.Array:
    if drop:
        from decimal import Context, Decimal

        context = Context(prec=76)
        most = 10**kind.precision - 1
        whole = (max(-most, min(most, int(n) * 10**drop)) for n in numbers)
        return pa.array([Decimal(n).scaleb(-kind.scale, context) for n in whole], kind)
    words = np.stack([numbers.astype(np.int64), numbers.astype(np.int64) >> 63], axis=1)
    return pa.Array.from_buffers(
        pa.decimal128(min(kind.precision, 38), kind.scale),
        len(numbers),
        [None, pa.py_buffer(np.ascontiguousarray(words))],
    ).cast(kind)
