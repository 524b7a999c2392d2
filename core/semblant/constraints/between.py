"""An inequality with a row of another table: values on the wrong side move to where others of their kind lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from semblant.constraints.checking import as_frame, decimals_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.spec.constraints import Inequality

_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}
_DAY = 86_400_000_000


@frozen(kw_only=True)
class Between:
    """Keeps one own column on its side of a column that stands beside the rows."""

    rule: Inequality
    own: str
    """Which side of the rule is a column of the table itself."""

    @property
    def other(self) -> str:
        """The column of the other table."""
        return self.rule.high if self.own == self.rule.low else self.rule.low

    def mended(self, table: pa.Table, given: Mapping[str, np.ndarray]) -> pa.Table:
        """Move values that break the rule as far beyond the other one as a row that keeps it, drawn at random.

        The rows of ``table`` decide who is drawn, so that the same rows are always mended alike.
        """
        own, other = table.column(self.own), table.column(self.other)
        sign = 1 if self.own == self.rule.high else -1
        step = self._step(table)
        at, limit = _positions(own), _positions(other)
        there = ~(np.isnan(at) | np.isnan(limit))
        gap = np.where(there, sign * (at - limit), 0.0)
        short = gap <= 0 if self.rule.strict else gap < 0
        bad = there & short & ~given.get(self.own, np.zeros(len(at), bool))
        if not bad.any():
            return table
        kept = gap[there & ~short]
        rng = np.random.default_rng([len(at), int(bad.sum()), 17])
        moved = rng.choice(kept, int(bad.sum())) if len(kept) else np.zeros(int(bad.sum()))
        steps = (limit[bad] + sign * moved) / step
        made = (np.ceil(steps - 1e-9) if sign > 0 else np.floor(steps + 1e-9)) * step
        over = sign * (made - limit[bad])
        wrong = over <= 0 if self.rule.strict else over < 0
        made = np.where(wrong, made + sign * step, made)
        values = _values(made, own.type)
        order = np.zeros(len(at), np.int64)
        order[bad] = np.arange(int(bad.sum()))
        new = pc.if_else(pa.array(bad), values.take(pa.array(order)), own)
        return table.set_column(table.schema.get_field_index(self.own), table.schema.field(self.own), new)

    def _step(self, table: pa.Table) -> float:
        """Give the smallest difference between two values of the own column, in the units of positions."""
        kind = table.schema.field(self.own).type
        if pa.types.is_date(kind):
            return float(_DAY)
        if pa.types.is_timestamp(kind):
            return float(_UNITS[kind.unit])
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return float(10.0 ** -decimals_of(as_frame(table, (self.own,)), (self.own,)))
        return 1.0


def _positions(values: pa.ChunkedArray) -> np.ndarray:
    """Give numbers as they are and moments as microseconds, float64, NaN where there is none.

    Microseconds of this century are whole numbers below 2^53.
    """
    kind = values.type
    if pa.types.is_date(kind):
        whole = pc.cast(pc.cast(values, pa.date32()), pa.int32())
        return np.asarray(pc.cast(whole, pa.float64()).to_numpy(), np.float64) * _DAY
    if pa.types.is_timestamp(kind):
        whole = values.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64())
        return np.asarray(whole.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        width = pa.int32() if pa.types.is_time32(kind) else pa.int64()
        return np.asarray(values.cast(width).cast(pa.float64(), safe=False).to_numpy(), np.float64)
    return np.asarray(pc.cast(values, pa.float64(), safe=False).to_numpy(), np.float64)


def _values(positions: np.ndarray, kind: pa.DataType) -> pa.Array:
    if pa.types.is_date(kind):
        days = np.rint(positions / _DAY).astype(np.int32)
        return pa.array(days).cast(pa.date32()).cast(kind)
    if pa.types.is_timestamp(kind):
        return pa.array(np.rint(positions).astype(np.int64)).cast(pa.timestamp("us", kind.tz)).cast(kind, safe=False)
    if pa.types.is_decimal(kind):
        return pc.round(pa.array(positions), kind.scale).cast(kind)
    if pa.types.is_floating(kind):
        return pa.array(np.round(positions, 9)).cast(kind)
    width = pa.int32() if pa.types.is_time32(kind) else pa.int64()
    return pa.array(np.rint(positions).astype(np.int64)).cast(width).cast(kind)
