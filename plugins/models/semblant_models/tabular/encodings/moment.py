"""Dates and datetimes: the day, or the week and the weekday, and the time of day in local time."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text
from semblant_models.tabular.encodings.encoding import Draw, Field, Sample
from semblant_models.tabular.encodings.scale import Scale
from semblant_models.tabular.encodings.subjects import holders, too_few

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS = (1, 5, 15, 60, 300, 900, 1800, 3600)
_DAYS_AS_THEY_ARE = 0.98
_MONDAY = 3
"""1970-01-01 was a Thursday: adding 3 makes whole weeks begin on Mondays."""


@define(eq=False)
class Moment:
    """A column of type date or timestamp.

    Days that enough subjects share are single values; where most days are rarer, the week is
    learned and the weekday is a token of its own, so that weekday patterns survive. The time of
    day is left out where it never varies.

    >>> days = pa.array([0, 1, 2] * 20, pa.int32()).cast(pa.date32())
    >>> moment = Moment.fit(Sample(values=days))
    >>> moment.decode(moment.encode(days[:3]), Draw(rng=np.random.default_rng(0))).equals(days[:3])
    True
    """

    kind: ClassVar[str] = "moment"

    type: pa.DataType
    null: bool
    weekly: bool
    """Whether ``day`` counts weeks, with the weekday in a token of its own."""
    day: Scale | None
    """None when every value is null."""
    clock: Scale | None
    """Time of day in units of ``tick``; None when it never varies."""
    tick: int
    noon: int
    """The one time of day where ``clock`` is None, in units of the type."""

    @classmethod
    def fit(cls, sample: Sample, *, keep: bool = False) -> Moment:
        """Learn from a sample."""
        kind, real = sample.values.type, sample.values.drop_null()
        null = sample.values.null_count > 0
        least = 1 if keep else sample.min_subjects
        there = sample.values.is_valid().to_numpy(zero_copy_only=False)
        if not len(real) or (null and too_few(there, sample.subjects, least)):
            return cls(type=kind, null=null, weekly=False, day=None, clock=None, tick=1, noon=0)
        subjects = None if sample.subjects is None else sample.subjects[there]
        local = _local(real)
        days, clock = np.divmod(local, _day(kind))
        unique, members = np.unique(days, return_inverse=True)
        shared = holders(members, subjects, len(unique)) >= least
        weekly = float(shared[members].mean()) < _DAYS_AS_THEY_ARE and len(unique) > 2 * 7
        day = Scale.fit((days + _MONDAY) // 7 if weekly else days, subjects, least, keep=keep)
        if (clock == clock[0]).all():
            return cls(type=kind, null=null, weekly=weekly, day=day, clock=None, tick=1, noon=int(clock[0]))
        tick = max(int(np.gcd.reduce(clock)), 1)
        second = _PER_SECOND.get(getattr(kind, "unit", "ms"), 1000)
        fine = [10**k for k in range(0, 9, 3) if 10**k < second]
        steps = tuple(sorted({s // tick for s in (*fine, *(second * s for s in _SECONDS)) if s % tick == 0} | {1}))
        return cls(
            type=kind,
            null=null,
            weekly=weekly,
            day=day,
            tick=tick,
            noon=0,
            clock=Scale.fit(clock // tick, subjects, least, steps=steps, keep=keep),
        )

    def _parts(self) -> list[tuple[str, tuple[int, ...]]]:
        """Give the parts that have tokens, each with the cardinalities of its tokens."""
        if self.day is None:
            return []
        day = self.day.cardinalities
        parts = [("day", (day[0] + int(self.null), *day[1:]))]
        if self.weekly:
            parts.append(("weekday", (7,)))
        if self.clock is not None:
            parts.append(("clock", self.clock.cardinalities))
        return parts

    @property
    def fields(self) -> tuple[Field, ...]:
        """Day or week in one or two tokens, weekday, time of day in one or two tokens."""
        out: list[Field] = []
        for name, sizes in self._parts():
            at = len(out)
            parent = None if name == "day" or not self.null else 0
            out.append(Field(cardinality=sizes[0], phase=0, parent=parent, ordered=True))
            out.extend(Field(cardinality=s, phase=1, parent=at, ordered=True) for s in sizes[1:])
        if len(out) == 1 and out[0].cardinality == 1:
            return ()
        return tuple(out)

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens; a null has code 0 everywhere."""
        fields = self.fields
        tokens = np.zeros((len(values), len(fields)), np.int32)
        real = values.is_valid().to_numpy(zero_copy_only=False)
        if not fields or self.day is None or not real.any():
            return tokens
        days, clock = np.divmod(_local(values.drop_null()), _day(self.type))
        day = self.day.encode((days + _MONDAY) // 7 if self.weekly else days)
        day[:, 0] += int(self.null)
        columns = [day]
        if self.weekly:
            columns.append(((days + _MONDAY) % 7).astype(np.int32)[:, None])
        if self.clock is not None:
            columns.append(self.clock.encode(clock // self.tick))
        tokens[real] = np.concatenate(columns, axis=1)
        return tokens

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Make values; inside a cell days and times are drawn."""
        rows = len(tokens)
        if self.day is None:
            return pa.nulls(rows, self.type)
        if tokens.shape[1] == 0:
            tokens = np.zeros((rows, 1), np.int32)
        codes = tokens.astype(np.int64)
        missing = (codes[:, 0] == 0) if self.null else np.zeros(rows, bool)
        codes[:, 0] = np.maximum(codes[:, 0] - int(self.null), 0)
        at = len(self.day.cardinalities)
        days = self.day.decode(codes[:, :at], draw.rng)
        if self.weekly:
            days = days * 7 + codes[:, at] - _MONDAY
            at += 1
        clock = np.full(rows, self.noon, np.int64)
        if self.clock is not None:
            clock = self.clock.decode(codes[:, at:], draw.rng) * self.tick
        return _from_local(days * _day(self.type) + clock, missing, self.type)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "kind": self.kind,
            "type": type_to_text(self.type),
            "null": self.null,
            "weekly": self.weekly,
            "tick": self.tick,
            "noon": self.noon,
            "day": self.day.to_dict() if self.day else None,
            "clock": self.clock.to_dict() if self.clock else None,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Moment:
        """Take back what :meth:`to_dict` gave."""
        return cls(
            type=type_from_text(state["type"]),
            null=bool(state["null"]),
            weekly=bool(state["weekly"]),
            tick=int(state["tick"]),
            noon=int(state["noon"]),
            day=Scale.from_dict(state["day"]) if state["day"] else None,
            clock=Scale.from_dict(state["clock"]) if state["clock"] else None,
        )


def _day(kind: pa.DataType) -> int:
    """Give the length of a day in units of the type."""
    if pa.types.is_date32(kind):
        return 1
    return 86_400 * _PER_SECOND["ms" if pa.types.is_date64(kind) else kind.unit]


def _local(values: pa.Array) -> np.ndarray:
    """Give wall-clock units since 1970, int64, for values without nulls."""
    if pa.types.is_timestamp(values.type) and values.type.tz:
        values = pc.local_timestamp(values)
    if pa.types.is_date32(values.type):
        return np.asarray(values.view(pa.int32()).to_numpy(zero_copy_only=False).astype(np.int64))
    return np.asarray(values.view(pa.int64()).to_numpy(zero_copy_only=False))


def _from_local(units: np.ndarray, missing: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Turn wall-clock units into the column's type; an hour that a clock change skips moves to the next."""
    if pa.types.is_date32(kind):
        return pa.array(units, pa.int64(), mask=missing).cast(pa.int32()).view(kind)
    array = pa.array(units, pa.int64(), mask=missing)
    if pa.types.is_timestamp(kind) and kind.tz:
        wall = array.view(pa.timestamp(kind.unit))
        return pc.assume_timezone(wall, kind.tz, ambiguous="earliest", nonexistent="latest").cast(kind)
    return array.view(kind)
