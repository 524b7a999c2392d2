"""Drawing where sequences begin and end, and then how many rows they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import numpy as np
from attrs import define

from semblant_models.tabular.context.extent import Ends, places
from semblant_models.tabular.context.rising import NO_VALUE

if TYPE_CHECKING:
    from semblant_models.tabular.context.extent import Extent
    from semblant_models.tabular.context.net import Net
    from semblant_models.tabular.context.rising import Rising
    from semblant_models.tabular.encodings import Draw, Encoding

_AGAIN = 4
"""Further draws of extents that lie beyond the end of the data."""
_PULLED = 8
"""Draws of a first day that is counted from an anchor; one is taken, by how common these days are."""
_CANDIDATES = 12
"""Draws of extents for a number of rows that is known already; the one with the nearest number is taken."""


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
            tokens, first = self._counted_from(base, above, tokens, key)
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

    def _counted_from(
        self, base: np.ndarray, above: np.ndarray, tokens: np.ndarray, key: jax.Array
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give tokens and first days; days that are counted from an anchor are as common as in the data.

        A gap tells how old one was, not that 1900 was a year in which few began. So several are drawn, and one is
        taken with the weight of its day (sampling importance resampling: Rubin 1988).
        """
        days, counted = self._days_from(base, tokens)
        if not len(self.extent.pull):
            return tokens, days
        weight = np.where(counted, self._noisy_pull(days), np.inf)
        for number in range(1, _PULLED):
            found = self.net.draw(jax.random.fold_in(key, _PULLED + number), above)
            here, fits = self._days_from(base, found)
            own = np.where(fits, self._noisy_pull(here), -np.inf)
            better = own > weight
            weight, days = np.where(better, own, weight), np.where(better, here, days)
            tokens = np.where(better[:, None], found, tokens)
        return tokens, days

    def _days_from(self, base: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give first days, int64, and which of them are counted from an anchor, bool."""
        assert self.extent.gap is not None
        gap = self._part(tokens, self.extent.gap)
        counted = (gap != NO_VALUE) & (base != NO_VALUE)
        return np.where(counted, base + np.where(counted, gap, 0), self._part(tokens, self.extent.day)), counted

    def _noisy_pull(self, days: np.ndarray) -> np.ndarray:
        """Give log-weights with Gumbel noise: the day with the largest is one drawn by weight."""
        return self.extent.pulled(days) + self.draw.rng.gumbel(size=len(days))

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
