"""Where a sequence begins and ends, drawn before its number of rows.

Sequences end where the data end: who began in the last year has one row, and those who go on all have their last row
in it. A number of rows drawn first, from the parent alone, cannot know that, and steps drawn one by one do not add up
to it. So the first moment comes first, then the time to the last one, then the number of rows; rows see how much time
is left, and the last one takes all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np
import pyarrow as pa
from attrs import define, frozen

from semblant_models.tabular.context.rising import NO_VALUE
from semblant_models.tabular.encodings import Draw, Sample, encoding_from_dict
from semblant_models.tabular.encodings.number import Number
from semblant_models.tabular.layout import Layout

if TYPE_CHECKING:
    from semblant_models.tabular.context.net import Net
    from semblant_models.tabular.context.rising import Rising
    from semblant_models.tabular.encodings import Encoding

_AGAIN = 4
"""Further draws of extents that lie beyond the end of the data."""
_CANDIDATES = 12
"""Draws of extents for a number of rows that is known already; the one with the nearest number is taken."""


@frozen(eq=False)
class Ends:
    """First and last day (or number) of sequences, int64, ``NO_VALUE`` where there are no rows."""

    first: np.ndarray
    last: np.ndarray

    def taken(self, which: np.ndarray | slice) -> Ends:
        """Give those of some sequences."""
        return Ends(self.first[which], self.last[which])


@define(eq=False)
class Extent:
    """What is drawn of a sequence's main rising column before its rows; parts are null for parents without rows."""

    gap: Encoding | None
    """Days since the date of the parent that first values count from; None where they count from none."""
    day: Encoding
    """The first day itself: what is left until the data end depends on it."""
    left: Encoding
    """Of a sequence that goes on till about the end of the data: days from its last to that end."""
    span: Encoding
    """Days from the first to the last."""
    end: int
    """Where the data end, with the days before it in which a sequence counts as going on."""
    near: int

    @classmethod
    def fit(
        cls, ends: Ends, base: np.ndarray | None, end: int, near: int, subjects: np.ndarray | None, least: int
    ) -> Extent:
        """Fit on the days of each parent's sequence and its anchor, int64, ``NO_VALUE`` where there is none.

        :param end: where the data end.
        :param near: a usual step: who had a row so near to the end might have had another one behind it.
        """
        values = _values(ends, base, end, near)
        fitted = [Number.fit(Sample(values=part, subjects=subjects, min_subjects=least)) for part in values]
        gap = None if base is None else fitted[0]
        return cls(gap=gap, day=fitted[-3], left=fitted[-2], span=fitted[-1], end=end, near=near)

    @property
    def parts(self) -> list[Encoding]:
        """What is drawn, in order."""
        return [part for part in (self.gap, self.day, self.left, self.span) if part is not None]

    def layout(self, counts: Encoding) -> Layout:
        """Lay out the tokens: those of the extent, part after part, then those of the number of rows."""
        return Layout.of([*self.parts, counts], first=frozenset(range(len(self.parts))))

    def encode(self, ends: Ends, base: np.ndarray | None) -> list[np.ndarray]:
        """Give the tokens of each part."""
        values = _values(ends, base if self.gap is not None else None, self.end, self.near)
        return [part.encode(value) for part, value in zip(self.parts, values, strict=True)]

    def tokens(self, ends: Ends, base: np.ndarray | None, counts: Encoding, numbers: pa.Array) -> np.ndarray:
        """Give the tokens of extents with their numbers of rows, int16, shape (parents, tokens)."""
        layout = self.layout(counts)
        out = np.zeros((len(numbers), layout.tokens), np.int16)
        for place, codes in enumerate([*self.encode(ends, base), counts.encode(numbers)]):
            out[:, places(layout, place)] = codes
        return out

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        gap = None if self.gap is None else self.gap.to_dict()
        parts = {name: getattr(self, name).to_dict() for name in ("day", "left", "span")}
        return {"gap": gap, **parts, "end": self.end, "near": self.near}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Extent:
        """Take back what :meth:`to_dict` gave."""
        gap = None if state["gap"] is None else encoding_from_dict(state["gap"])
        parts = {name: encoding_from_dict(state[name]) for name in ("day", "left", "span")}
        return cls(gap=gap, **parts, end=int(state["end"]), near=int(state["near"]))


@define(eq=False)
class ExtentDraw:
    """Draws extents and numbers of rows for some parents."""

    extent: Extent
    counts: Encoding
    net: Net
    rising: Rising
    above: np.ndarray
    """Tokens of the parents."""
    base: np.ndarray | None
    """Their anchors."""
    key: jax.Array
    draw: Draw

    def free(self) -> tuple[Ends, np.ndarray]:
        """Draw both; numbers are float64. What lies beyond the end of the data is drawn again, at last cut off."""
        which = np.arange(len(self.above))
        ends, numbers = self._once(0, which)
        for attempt in range(1, _AGAIN + 1):
            which = which[self._beyond(ends.taken(which))]
            if not len(which):
                break
            found, some = self._once(attempt, which)
            ends.first[which], ends.last[which], numbers[which] = found.first, found.last, some
        return self._cut(ends), numbers

    def fitting(self, counts: np.ndarray) -> Ends:
        """Draw extents for sequences whose numbers of rows are known: of several the one with the nearest number."""
        best, off = self._once(0, np.arange(len(self.above)))
        off = np.where(best.first == NO_VALUE, np.inf, np.abs(off - counts))
        for attempt in range(1, _CANDIDATES):
            which = np.flatnonzero(((off > 0) | self._beyond(best)) & (counts > 0))
            if not len(which):
                break
            found, some = self._once(attempt, which)
            distance = np.where(found.first == NO_VALUE, np.inf, np.abs(some - counts[which]))
            better = which[(distance < off[which]) & ~self._beyond(found)]
            kept = np.isin(which, better)
            best.first[better], best.last[better], off[better] = found.first[kept], found.last[kept], distance[kept]
        ends = self._cut(best)
        return Ends(ends.first, np.where(counts == 1, ends.first, ends.last))

    def _once(self, attempt: int, which: np.ndarray) -> tuple[Ends, np.ndarray]:
        """Draw once, in stages: what a stage stands for in days is put in before the next is drawn."""
        extent, base = self.extent, None if self.base is None else self.base[which]
        key, above = jax.random.fold_in(self.key, attempt), self.above[which]
        tokens = self.net.draw(key, above)
        first = self._part(tokens, extent.day)
        if extent.gap is not None and base is not None:
            gap = self._part(tokens, extent.gap)
            first = np.where((gap != NO_VALUE) & (base != NO_VALUE), base + gap, first)
            tokens = self._again(jax.random.fold_in(key, 1), above, tokens, Ends(first, first), base, extent.day)
        known = first != NO_VALUE
        left, span = self._part(tokens, extent.left), self._part(tokens, extent.span)
        for stage in range(_AGAIN):
            # who does not go on till the end has the last row before it
            wrong = known & (left == NO_VALUE) & (first + np.maximum(span, 0) >= extent.end - extent.near)
            if not wrong.any():
                break
            ends = Ends(first, np.where(known, first, NO_VALUE))
            tokens = self._again(jax.random.fold_in(key, 3 + stage), above, tokens, ends, base, extent.left)
            span = np.where(wrong, self._part(tokens, extent.span), span)
        last = np.where(left == NO_VALUE, first + np.maximum(span, 0), extent.end - left)
        ends = Ends(first.copy(), np.where(known, last, NO_VALUE))
        tokens = self._again(jax.random.fold_in(key, 2), above, tokens, ends, base, extent.span)
        rows = self.counts.decode(self._tokens(tokens, len(extent.parts)), self.draw).to_numpy(zero_copy_only=False)
        return ends, np.array(rows, np.float64)

    def _tokens(self, tokens: np.ndarray, number: int) -> np.ndarray:
        return tokens[:, places(self.extent.layout(self.counts), number)]

    def _part(self, tokens: np.ndarray, part: Encoding) -> np.ndarray:
        """Decode a part of drawn tokens, int64."""
        number = next(place for place, one in enumerate(self.extent.parts) if one is part)
        values = part.decode(self._tokens(tokens, number), self.draw)
        return np.asarray(values.fill_null(NO_VALUE).to_numpy(zero_copy_only=False), np.int64)

    def _again(
        self,
        key: jax.Array,
        above: np.ndarray,
        tokens: np.ndarray,
        ends: Ends,
        base: np.ndarray | None,
        upto: Encoding,
    ) -> np.ndarray:
        """Draw what comes behind the part ``upto``, given the days that it and all before it stand for."""
        layout, parts = self.extent.layout(self.counts), self.extent.parts
        many = 1 + next(place for place, one in enumerate(parts) if one is upto)
        codes, mask = tokens.astype(np.int32), np.zeros(tokens.shape, bool)
        for place, part in enumerate(self.extent.encode(ends, base)[:many]):
            at = places(layout, place)
            codes[:, at], mask[:, at] = part, True
        return self.net.draw(key, above, given=(codes, mask))

    def _beyond(self, ends: Ends) -> np.ndarray:
        known = ends.first != NO_VALUE
        return np.asarray(known & (self.rising.beyond(ends.first) | self.rising.beyond(ends.last)))

    def _cut(self, ends: Ends) -> Ends:
        known, low, high = ends.first != NO_VALUE, self.rising.least, self.rising.most
        return Ends(*(np.where(known, np.clip(days, low, high), NO_VALUE) for days in (ends.first, ends.last)))


def places(layout: Layout, number: int) -> np.ndarray:
    """Give the places of the tokens of a part, in the order of its fields."""
    at = np.flatnonzero(layout.column == number)
    return np.asarray(at[np.argsort(layout.field[at])])


def _values(ends: Ends, base: np.ndarray | None, end: int, near: int) -> list[pa.Array]:
    there = ends.first != NO_VALUE
    first, last = np.where(there, ends.first, 0), np.where(there, ends.last, 0)
    on = there & (last >= end - near)
    parts = [
        pa.array(first, mask=~there),
        pa.array(np.where(on, end - last, 0), mask=~on),
        pa.array(last - first, mask=~there),
    ]
    if base is None:
        return parts
    both = there & (base != NO_VALUE)
    return [pa.array(np.where(both, first - np.where(both, base, 0), 0), mask=~both), *parts]
