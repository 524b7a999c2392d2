"""An inequality by construction: the gap between two columns is learned instead of the larger one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from semblant.constraints.checking import as_frame, decimals_of
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from semblant.spec.constraints import Inequality
    from semblant.training import ColumnPlan

_TIGHT = 0.05
"""A gap is learned where half of the gaps are below this share of the larger column's spread.

Wider ones are left to drawing again: a sum of two drawn values loses the round values of the larger one, and leads
beyond all that it may reach where the smaller one is large (a last login in four years' time).
"""


@frozen(kw_only=True)
class Gap:
    """``high`` is learned as its distance from ``low``; where ``low`` is null, from a fixed ``anchor``."""

    low: str
    high: str
    strict: bool
    anchor: float | int
    """The median of ``low``, in units of the gap."""
    decimals: int
    nullable: bool
    """Whether ``low`` may be null: then a gap from the anchor may be drawn beside a ``low``, and the row again."""

    @classmethod
    def fit(cls, rule: Inequality, table: pa.Table) -> Gap | None:
        """Make one from training rows that keep the rule; None where the types or the gaps do not call for it."""
        low, high = table.column(rule.low), table.column(rule.high)
        if not _possible(low.type, high.type):
            return None
        ones, others = _numbers(low, high.type), _numbers(high, high.type)
        both = ~(_nulls(low) | _nulls(high))
        if both.sum() == 0:
            return None
        gaps, seen = (others - ones)[both], others[both]
        spread = float(np.quantile(seen, 0.95) - np.quantile(seen, 0.05))
        if float(np.median(gaps)) > _TIGHT * spread:
            return None
        anchor = np.median(ones[~_nulls(low)])
        floating = pa.types.is_floating(high.type)
        decimals = decimals_of(as_frame(table, rule.columns), rule.columns) if floating else 0
        return cls(
            low=rule.low,
            high=rule.high,
            strict=rule.strict,
            anchor=float(anchor) if floating else int(anchor),
            decimals=decimals,
            nullable=low.null_count > 0,
        )

    def plan(self, plan: ColumnPlan) -> ColumnPlan:
        """Give the plan of the gap in place of that of ``high``."""
        kind = self.kind(plan.type)
        encoding = EncodingType.DURATION if pa.types.is_duration(kind) else EncodingType.NUMBER
        return evolve(plan, type=kind, encoding=encoding, options={}, reason=f"learned as the gap from '{self.low}'")

    @staticmethod
    def kind(high: pa.DataType) -> pa.DataType:
        """Give the type of the gap."""
        if pa.types.is_timestamp(high):
            return pa.duration(high.unit)
        return pa.float64() if pa.types.is_floating(high) else pa.int64()

    def forward(self, low: pa.ChunkedArray, high: pa.ChunkedArray) -> pa.Array:
        """Give the gaps; null where ``high`` is."""
        kind = high.type
        ones = np.where(_nulls(low), self.anchor, _numbers(low, kind))
        gaps = _numbers(high, kind) - ones
        if pa.types.is_floating(kind):
            gaps = np.round(gaps, self.decimals)
        return pa.array(gaps, mask=_nulls(high)).cast(self.kind(kind))

    def backward(self, low: pa.Array, gap: pa.Array, kind: pa.DataType) -> pa.Array:
        """Give ``high`` from ``low`` and the gap."""
        return self._shifted(low, gap, kind, 1)

    def lowered(self, high: pa.Array, gap: pa.Array, kind: pa.DataType) -> pa.Array:
        """Give ``low`` from a ``high`` that was given."""
        return self._shifted(high, gap, kind, -1)

    def _shifted(self, start: pa.Array, gap: pa.Array, kind: pa.DataType, sign: int) -> pa.Array:
        numeric = kind if not pa.types.is_date(kind) or sign > 0 else _wider(start.type, kind)
        missing = _nulls(start)
        plain = gap.cast(pa.int64()) if pa.types.is_duration(gap.type) else gap
        steps = pc.fill_null(plain, 0).to_numpy(zero_copy_only=False)
        base = np.where(missing, self.anchor, _numbers(start, numeric))
        if not self.nullable:
            steps = np.maximum(steps, self._least(numeric))
        found = base + sign * steps
        if pa.types.is_floating(numeric):
            found = np.round(found, self.decimals)
        nulls = _nulls(gap) if sign > 0 else _nulls(gap) | missing
        return _restored(found, nulls, numeric).cast(kind, safe=False)

    def _least(self, kind: pa.DataType) -> float | int:
        if not self.strict:
            return 0
        return float(10.0**-self.decimals) if pa.types.is_floating(kind) else 1

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "low": self.low,
            "high": self.high,
            "strict": self.strict,
            "anchor": self.anchor,
            "decimals": self.decimals,
            "nullable": self.nullable,
        }


def _possible(low: pa.DataType, high: pa.DataType) -> bool:
    """Tell whether the difference of two types is one that can be learned and added again."""
    if pa.types.is_integer(high):
        return bool(pa.types.is_integer(low))
    if pa.types.is_floating(high):
        return bool(pa.types.is_floating(low) or pa.types.is_integer(low))
    if pa.types.is_timestamp(high):
        return bool(pa.types.is_date(low) or (pa.types.is_timestamp(low) and (low.tz is None) == (high.tz is None)))
    return bool(pa.types.is_date(high) and pa.types.is_date(low))


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    return one if pa.types.is_timestamp(one) else other


def _numbers(values: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> np.ndarray:
    """Give values as numbers in the units of ``kind``; nulls as zero."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_floating(kind):
        return np.asarray(pc.fill_null(values.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False))
    if pa.types.is_date(kind):
        values = values.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(kind):
        if pa.types.is_date(values.type):
            values = values.cast(pa.timestamp("s"))
            if kind.tz is not None:
                values = pc.assume_timezone(values, kind.tz, ambiguous="earliest", nonexistent="earliest")
        values = values.cast(pa.timestamp(kind.unit, values.type.tz), safe=False)
    return np.asarray(pc.fill_null(values.cast(pa.int64()), 0).to_numpy(zero_copy_only=False))


def _restored(numbers: np.ndarray, nulls: np.ndarray, kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(kind):
        return pa.array(numbers, pa.float64(), mask=nulls).cast(kind)
    whole = pa.array(np.where(nulls, 0, numbers).astype(np.int64), mask=nulls)
    if pa.types.is_date(kind):
        return whole.cast(pa.int32()).cast(pa.date32()).cast(kind)
    return whole.cast(kind)


def _nulls(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.is_null(values).to_numpy(zero_copy_only=False) if isinstance(values, pa.Array)
                      else pc.is_null(values).to_numpy())  # fmt: skip
