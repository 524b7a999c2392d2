"""What is gathered about dates, times and durations."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_RESOLUTIONS = (
    ("day", 86_400.0),
    ("hour", 3_600.0),
    ("minute", 60.0),
    ("second", 1.0),
    ("millisecond", 1e-3),
    ("microsecond", 1e-6),
)


class TimeAccumulator:
    """Range, resolution, weekdays and midnights; wall-clock time where there is a time zone."""

    def __init__(self, kind: pa.DataType) -> None:
        """Start empty for a date, timestamp, time or duration type."""
        self._type = kind
        self._date = bool(pa.types.is_date(kind))
        self._calendar = self._date or bool(pa.types.is_timestamp(kind))
        self._ticks = 1000 if kind == pa.date64() else 1 if self._date else _TICKS[kind.unit]
        self._minimum: int | None = None
        self._maximum: int | None = None
        self._count = self._midnights = 0
        self._weekdays = np.zeros(7, np.int64)
        self._finest = 0

    def add(self, array: pa.Array) -> npt.NDArray[np.int64]:
        """Take values without nulls; gives them as integers in their own unit."""
        local = array
        if pa.types.is_timestamp(self._type) and self._type.tz is not None:
            try:
                local = pc.local_timestamp(array)
            except pa.ArrowInvalid:  # no time zone database here: weekdays are then those of UTC
                local = array.cast(pa.timestamp(self._type.unit))
        integer = pa.int32() if array.type.bit_width == 32 else pa.int64()
        absolute = np.asarray(array.view(integer).to_numpy(zero_copy_only=False), dtype=np.int64)
        values = np.asarray(local.view(integer).to_numpy(zero_copy_only=False), dtype=np.int64)
        low, high = int(absolute.min()), int(absolute.max())
        self._minimum = low if self._minimum is None else min(self._minimum, low)
        self._maximum = high if self._maximum is None else max(self._maximum, high)
        self._count += len(values)
        day = 1 if self._type == pa.date32() else 86_400 * self._ticks
        if self._calendar:
            days = np.floor_divide(values, day)
            self._weekdays += np.bincount((days + 3) % 7, minlength=7)
            self._midnights += int((values == days * day).sum())
        self._refine(values)
        return absolute

    def _refine(self, values: npt.NDArray[np.int64]) -> None:
        if self._type == pa.date32():
            return
        while self._finest < len(_RESOLUTIONS):
            unit = round(_RESOLUTIONS[self._finest][1] * self._ticks)
            if unit <= 1 or not (values % unit).any():
                return
            self._finest += 1

    def result(self) -> dict[str, Any]:
        """Plain figures; ``midnight_share`` and ``weekdays`` only for dates and timestamps."""
        if self._minimum is None or self._maximum is None:
            return {}
        ends = pa.array([self._minimum, self._maximum], pa.int64())
        if pa.types.is_duration(self._type):
            bounds: list[Any] = [value / self._ticks for value in ends.to_pylist()]
        else:
            integer = pa.int32() if self._type.bit_width == 32 else pa.int64()
            bounds = pc.cast(ends.cast(integer).view(self._type), pa.string()).to_pylist()
        name = _RESOLUTIONS[self._finest][0] if self._finest < len(_RESOLUTIONS) else "nanosecond"
        figures: dict[str, Any] = {"minimum": bounds[0], "maximum": bounds[1], "resolution": name}
        if self._calendar:
            figures["midnight_share"] = self._midnights / self._count
            figures["weekdays"] = self._weekdays.tolist()
        return figures
