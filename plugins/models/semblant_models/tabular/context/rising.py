"""Columns that rise along a sequence: a first value, then steps.

A date of a child row is learned as the days since the row before; the first one as the days since a
date of the parent, where that is closer than the bare date. Times of day stay as they are. So dates
rise in synthetic sequences as they do in the data, however long these are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define, frozen

from semblant_models.tabular.encodings import Sample, encoding_from_dict
from semblant_models.tabular.encodings.moment import _day as day_length
from semblant_models.tabular.encodings.moment import _from_local as from_wall_clock
from semblant_models.tabular.encodings.moment import _local as wall_clock
from semblant_models.tabular.encodings.number import Number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.training import ColumnPlan
    from semblant_models.tabular.encodings import Encoding

_RISING = 0.99
_MOVING = 0.2
"""Share of neighbouring rows that must differ for a column to count as rising."""
_CLOSER = 0.8
_YEARS = (1000, 2500)
NO_VALUE = np.iinfo(np.int64).min


@frozen(kw_only=True)
class Ticks:
    """A column as whole days or numbers, and the time of day beside them."""

    days: np.ndarray
    clock: np.ndarray | None

    @property
    def order(self) -> np.ndarray:
        """Numbers that sort as the column does; float64, NaN where it is null."""
        out = self.days.astype(np.float64)
        out[self.days == NO_VALUE] = np.nan
        return out if self.clock is None else out + self.clock / (float(self.clock.max(initial=0)) + 1.0)


def can_rise(kind: pa.DataType) -> bool:
    """Tell whether columns of a type are looked at: whole numbers, dates and timestamps."""
    return bool(pa.types.is_integer(kind) or pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def ticks_of(values: pa.Array) -> Ticks:
    """Split a column of a type that can rise; nulls become the least int64."""
    real = values.is_valid().to_numpy(zero_copy_only=False)
    days = np.full(len(values), NO_VALUE, np.int64)
    if pa.types.is_integer(values.type):
        days[real] = values.drop_null().cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False)
        return Ticks(days=days, clock=None)
    whole, part = np.divmod(wall_clock(values.drop_null()), day_length(values.type))
    days[real] = whole
    if pa.types.is_date(values.type):
        return Ticks(days=days, clock=None)
    clock = np.zeros(len(values), np.int64)
    clock[real] = part
    return Ticks(days=days, clock=clock)


def rises(ticks: Ticks, same: np.ndarray) -> bool:
    """Tell whether a column rises from row to row; ``same`` marks rows with the parent of the row before."""
    if not same.any() or (ticks.days == NO_VALUE).any():
        return False
    step = np.diff(ticks.order)[same[1:]]
    return bool((step >= 0).mean() >= _RISING and (step > 0).mean() >= _MOVING)


@define(eq=False)
class Rising:
    """One rising column: its parts are encodings of their own, null where they do not apply."""

    column: str
    type: pa.DataType
    absolute: Encoding
    """The column as it stands: what later tokens and rows see of it."""
    anchor: str | None
    """Column of the parent that the first value counts from."""
    parts: tuple[Encoding, ...]
    """From the anchor, bare first value, step, time of day (only for timestamps)."""
    least: int = np.iinfo(np.int64).min
    most: int = np.iinfo(np.int64).max
    """Days, or numbers, beyond which no value comes out: the data begin and end there."""

    @classmethod
    def fit(
        cls,
        plan: ColumnPlan,
        absolute: Encoding,
        ticks: Ticks,
        start: np.ndarray,
        anchors: Mapping[str, np.ndarray],
        subjects: np.ndarray | None,
        least: int,
    ) -> Rising:
        """Fit on rows in the order of their sequences.

        :param start: True at the first row of each sequence, shape (n,).
        :param anchors: per date column of the parent its days for every row (the least int64 where null).
        """
        usable = _usable(plan.type, ticks, anchors)
        anchor = _anchor(ticks, start, usable)
        base = usable[anchor] if anchor is not None else None
        parts = [
            Number.fit(
                Sample(values=values, subjects=subjects, min_subjects=least, column=plan.name),
            )
            for values in _split(ticks, start, base)
        ]
        least_seen, most_seen = _ends(ticks.days, subjects, least)
        return cls(
            column=plan.name,
            type=plan.type,
            absolute=absolute,
            anchor=anchor,
            parts=tuple(parts),
            least=least_seen,
            most=most_seen,
        )

    def encode(self, ticks: Ticks, start: np.ndarray, anchors: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Give the tokens of each part for rows in sequence order."""
        base = self.base(anchors)
        return [part.encode(values) for part, values in zip(self.parts, _split(ticks, start, base), strict=True)]

    def base(self, anchors: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """Give the anchor in the column's own units; None where first values count from none."""
        if self.anchor is None:
            return None
        return _yearly(anchors[self.anchor]) if pa.types.is_integer(self.type) else anchors[self.anchor]

    def first_tokens(self, days: np.ndarray, anchors: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Give the tokens of the first two parts for first days that are known."""
        ticks, start = Ticks(days=days, clock=None), np.ones(len(days), bool)
        parts = _split(ticks, start, self.base(anchors))
        return [part.encode(values) for part, values in zip(self.parts[:2], parts[:2], strict=True)]

    def decode(
        self, values: Sequence[pa.Array], before: np.ndarray | None, anchors: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Put drawn parts together: gives days, or numbers, int64; they may lie beyond the ends (see :meth:`within`).

        :param values: decoded parts, in order.
        :param before: days of the row before, None for first rows.
        """
        rows = len(values[0])
        if before is not None:
            days = before + _plain(values[2], 0)
        else:
            bare = values[1]
            days = _plain(bare, int(np.median(_plain(bare.drop_null(), 0))) if bare.null_count < rows else 0)
            base = self.base(anchors)
            if base is not None:
                from_anchor = values[0].is_valid().to_numpy(zero_copy_only=False)
                days = np.where(from_anchor & (base != NO_VALUE), base + _plain(values[0], 0), days)
        return np.asarray(days, np.int64)

    def beyond(self, days: np.ndarray, end: np.ndarray | None = None) -> np.ndarray:
        """Tell which days lie where the data have none, or beyond the ``end`` of their own sequence, bool."""
        return np.asarray((days < self.least) | (days > self._most(end)))

    def within(
        self, days: np.ndarray, before: np.ndarray | None, rng: np.random.Generator, end: np.ndarray | None = None
    ) -> np.ndarray:
        """Spread what lies beyond the ends evenly over what is left after the row before: no heap at the last day."""
        there = self.beyond(days, end)
        if not there.any():
            return days
        most = self._most(end)
        low = np.full(len(days), self.least) if before is None else np.clip(before, self.least, most)
        drawn = low + np.floor(rng.random(len(days)) * (most - low + 1)).astype(np.int64)
        return np.where(there, drawn, days)

    def _most(self, end: np.ndarray | None) -> np.ndarray:
        return np.asarray(self.most if end is None else np.minimum(end, self.most))

    def made(self, days: np.ndarray, clock: np.ndarray | None) -> pa.Array:
        """Give values of the column's type from days (or numbers) and times of day."""
        if pa.types.is_integer(self.type):
            limits = np.iinfo(self.type.to_pandas_dtype())
            return pa.array(np.clip(days, max(limits.min, -(2**63)), min(limits.max, 2**63 - 1)), self.type)
        units = days * day_length(self.type) + (0 if clock is None else clock)
        return from_wall_clock(units, np.zeros(len(days), bool), self.type)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "column": self.column,
            "anchor": self.anchor,
            "ends": [self.least, self.most],
            "absolute": self.absolute.to_dict(),
            "parts": [part.to_dict() for part in self.parts],
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any], kind: pa.DataType) -> Rising:
        """Take back what :meth:`to_dict` gave."""
        return cls(
            column=state["column"],
            type=kind,
            anchor=state["anchor"],
            absolute=encoding_from_dict(state["absolute"]),
            parts=tuple(encoding_from_dict(part) for part in state["parts"]),
            **dict(zip(("least", "most"), map(int, state.get("ends", ())), strict=False)),
        )


def _ends(days: np.ndarray, subjects: np.ndarray | None, least: int) -> tuple[int, int]:
    """Give the least and the largest value, counted from where ``least`` subjects have one as extreme."""
    if not len(days):
        return 0, 0
    who = np.arange(len(days)) if subjects is None else subjects
    found = []
    for sign in (1, -1):
        order = np.argsort(sign * days, kind="stable")
        first = np.sort(np.unique(who[order], return_index=True)[1])
        found.append(int(days[order][first[min(least, len(first)) - 1]]))
    return found[0], found[1]


def _plain(values: pa.Array, missing: int) -> np.ndarray:
    return np.asarray(values.fill_null(missing).to_numpy(zero_copy_only=False).astype(np.int64))


def _split(ticks: Ticks, start: np.ndarray, base: np.ndarray | None) -> list[pa.Array]:
    """Give the parts as int64 arrays with nulls: from the anchor, bare first value, step, time of day."""
    anchored = start & (base != NO_VALUE) if base is not None else np.zeros(len(start), bool)
    step = np.diff(ticks.days, prepend=ticks.days[:1])
    from_anchor = np.where(anchored, ticks.days - (base if base is not None else 0), 0)
    parts = [
        pa.array(from_anchor, mask=~anchored),
        pa.array(np.where(start, ticks.days, 0), mask=~(start & ~anchored)),
        pa.array(np.where(start, 0, step), mask=start),
    ]
    return parts if ticks.clock is None else [*parts, pa.array(ticks.clock)]


def _usable(kind: pa.DataType, ticks: Ticks, anchors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give the anchors in the column's own units: days for dates, years for whole numbers that are years."""
    if not pa.types.is_integer(kind):
        return dict(anchors)
    if len(ticks.days) and (ticks.days >= _YEARS[0]).all() and (ticks.days <= _YEARS[1]).all():
        return {name: _yearly(days) for name, days in anchors.items()}
    return {}


def _yearly(days: np.ndarray) -> np.ndarray:
    """Turn days since 1970 into calendar years, the least int64 left as it is."""
    real = days != NO_VALUE
    years = np.where(real, days, 0).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return np.where(real, years, NO_VALUE)


def _anchor(ticks: Ticks, start: np.ndarray, anchors: Mapping[str, np.ndarray]) -> str | None:
    """Choose the parent's date that first values keep closest to; None when the bare value is as good."""
    bare = ticks.days[start]
    if not len(bare):
        return None
    best, spread = None, _CLOSER * float(np.std(bare))
    for name, days in anchors.items():
        base = days[start]
        real = base != NO_VALUE
        if real.mean() < 0.5:
            continue
        if real.any() and (width := float(np.std(bare[real] - base[real]))) < spread:
            best, spread = name, width
    return best
