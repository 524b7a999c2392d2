"""A moment near another column's: the time since that one is learned, so that the two keep their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, evolve

from semblant.detection.together import microseconds
from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text
from semblant_models.tabular.encodings.moment import Moment
from semblant_models.tabular.encodings.number import Number

if TYPE_CHECKING:
    from semblant_models.tabular.encodings.encoding import Draw, Field, Sample

_DAY = 86_400_000_000
_CLOCK = pa.timestamp("us")


@define(eq=False)
class Gap:
    """A date or timestamp column, given the anchor column of the same rows.

    A short gap is a duration. A gap of days is the number of days, with the time of day in tokens of
    its own (on the column's own clock). Where the anchor is missing, so is the value.

    >>> from semblant_models.tabular.encodings import Draw, Sample
    >>> begin = pa.array(np.arange(60) * 86_400, pa.int64()).cast(pa.timestamp("s"))
    >>> end = pc.add(begin, pa.array([60, 120, 180] * 20, pa.duration("s")))
    >>> gap = Gap.fit(Sample(values=end), begin, anchor="begin", daily=False)
    >>> gap.decode(gap.encode(end, begin), Draw(rng=np.random.default_rng(0)), begin).equals(end)
    True
    """

    kind: ClassVar[str] = "gap"

    type: pa.DataType
    anchor: str
    daily: bool
    inner: Number | Moment

    @classmethod
    def fit(cls, sample: Sample, anchors: pa.Array, *, anchor: str, daily: bool, keep: bool = False) -> Gap:
        """Learn from a sample and the anchor's values in the same rows."""
        values = evolve(sample, values=_difference(sample.values, anchors, daily=daily))
        inner = Moment.fit(values, keep=keep) if daily else Number.fit(values, keep=keep)
        return cls(type=sample.values.type, anchor=anchor, daily=daily, inner=inner)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The tokens of the difference."""
        return self.inner.fields

    def encode(self, values: pa.Array, anchors: pa.Array) -> np.ndarray:
        """Give int32 tokens of the differences."""
        return self.inner.encode(_difference(values, anchors, daily=self.daily))

    def decode(self, tokens: np.ndarray, draw: Draw, anchors: pa.Array) -> pa.Array:
        """Make values from the anchor's and the differences."""
        made = self.inner.decode(tokens, draw)
        start = microseconds(anchors, local=self.daily)
        if self.daily:
            start = start // _DAY * _DAY
        whole = pc.fill_null(made.cast(pa.int64()), 0).to_numpy(zero_copy_only=False) + start
        missing = (pc.is_null(made).to_numpy(zero_copy_only=False)) | anchors.is_null().to_numpy(zero_copy_only=False)
        return _of_type(pa.array(whole, pa.int64(), mask=missing).cast(_CLOCK), self.type, local=self.daily)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "kind": self.kind,
            "type": type_to_text(self.type),
            "anchor": self.anchor,
            "daily": self.daily,
            "inner": self.inner.to_dict(),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Gap:
        """Take back what :meth:`to_dict` gave."""
        daily = bool(state["daily"])
        return cls(
            type=type_from_text(state["type"]),
            anchor=str(state["anchor"]),
            daily=daily,
            inner=(Moment if daily else Number).from_dict(state["inner"]),
        )


def _difference(values: pa.Array, anchors: pa.Array, *, daily: bool) -> pa.Array:
    """Give durations, or, ``daily``, moments counted from the anchor's midnight as if that were 1970."""
    end, start = microseconds(values, local=daily), microseconds(anchors, local=daily)
    if daily:
        start = start // _DAY * _DAY
    missing = ~(values.is_valid().to_numpy(zero_copy_only=False) & anchors.is_valid().to_numpy(zero_copy_only=False))
    return pa.array(end - start, pa.int64(), mask=missing).cast(_CLOCK if daily else pa.duration("us"))


def shifted(moments: pa.Array, by: np.ndarray) -> pa.Array:
    """Move dates or timestamps by microseconds, int64, shape (n,).

    >>> shifted(pa.array([0], pa.date32()), np.array([_DAY])).to_pylist()
    [datetime.date(1970, 1, 2)]
    """
    missing = moments.is_null().to_numpy(zero_copy_only=False)
    whole = pa.array(microseconds(moments) + by, pa.int64(), mask=missing)
    return _of_type(whole.cast(_CLOCK), moments.type, local=False)


def _of_type(moments: pa.Array, kind: pa.DataType, *, local: bool) -> pa.Array:
    """Turn microseconds into the column's type; an hour that a clock change skips moves to the next."""
    if pa.types.is_timestamp(kind) and kind.tz:
        if local:
            moments = pc.assume_timezone(moments, kind.tz, ambiguous="earliest", nonexistent="latest")
        else:
            moments = moments.cast(pa.timestamp("us", "UTC"))
        return moments.cast(pa.timestamp(kind.unit, kind.tz), safe=False)
    if pa.types.is_date(kind):
        days = np.floor_divide(pc.fill_null(moments.cast(pa.int64()), 0).to_numpy(zero_copy_only=False), _DAY)
        dates = pa.array(days, pa.int64(), mask=moments.is_null().to_numpy(zero_copy_only=False))
        return dates.cast(pa.int32()).view(pa.date32()).cast(kind)
    return moments.cast(kind, safe=False)
