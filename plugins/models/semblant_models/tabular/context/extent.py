"""Where a sequence begins and ends, drawn before its number of rows.

Sequences end where the data end: who began in the last year has one row, and those who go on all have their last row
in it. A number of rows drawn first, from the parent alone, cannot know that, and steps drawn one by one do not add up
to it. So the first moment comes first, then the time to the last one, then the number of rows; rows see how much time
is left, and the last one takes all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define, field, frozen

from semblant_models.tabular.context.rising import NO_VALUE
from semblant_models.tabular.encodings import Sample, encoding_from_dict
from semblant_models.tabular.encodings.number import Number
from semblant_models.tabular.layout import Layout
from semblant_models.tabular.ratio import log_ratio

if TYPE_CHECKING:
    from semblant_models.tabular.encodings import Encoding


_DAYS, _CLASSES = 512, 128
"""Days up to which each is a class of first days, and classes of as many rows beyond it."""


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
    cuts: np.ndarray
    """Days at which classes of first days begin, int64, ascending: a class per day, or as many rows in each."""
    pull: np.ndarray = field(factory=lambda: np.zeros(0))
    """How much likelier first days are than their gaps alone say: a log-weight per class; empty before any is known."""

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
        cuts = _cuts(ends.first[ends.first != NO_VALUE], least)
        return cls(gap=gap, day=fitted[-3], left=fitted[-2], span=fitted[-1], end=end, near=near, cuts=cuts)

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

    def pulled(self, first: np.ndarray) -> np.ndarray:
        """Give the log-weights of first days, float64; 0 where there is none."""
        if not len(self.pull):
            return np.zeros(len(first))
        return np.where(first != NO_VALUE, self.pull[np.searchsorted(self.cuts, first, side="right")], 0.0)

    def pull_towards(self, real: np.ndarray, drawn: np.ndarray) -> None:
        """Change :attr:`pull` by the ratio of real to drawn numbers of first days that were counted from an anchor."""
        wanted, found = (
            np.bincount(np.searchsorted(self.cuts, days, side="right"), minlength=len(self.cuts) + 1).astype(np.float64)
            for days in (real, drawn)
        )
        if len(real) and len(drawn):
            change = log_ratio(wanted, found)
            self.pull = change if not len(self.pull) else self.pull + change

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        gap = None if self.gap is None else self.gap.to_dict()
        parts = {name: getattr(self, name).to_dict() for name in ("day", "left", "span")}
        weights = {"cuts": self.cuts.tolist(), "pull": self.pull.round(4).tolist()}
        return {"gap": gap, **parts, "end": self.end, "near": self.near, **weights}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Extent:
        """Take back what :meth:`to_dict` gave."""
        gap = None if state["gap"] is None else encoding_from_dict(state["gap"])
        parts = {name: encoding_from_dict(state[name]) for name in ("day", "left", "span")}
        cuts, pull = np.array(state["cuts"], np.int64), np.array(state["pull"], np.float64)
        return cls(gap=gap, **parts, end=int(state["end"]), near=int(state["near"]), cuts=cuts, pull=pull)


def _cuts(days: np.ndarray, least: int) -> np.ndarray:
    """Cut days into classes, from where ``least`` subjects begin to where as few are left."""
    if len(days) <= 2 * least:
        return np.zeros(0, np.int64)
    days = np.sort(days)[max(least - 1, 0) : len(days) - max(least - 1, 0)]
    if days[-1] - days[0] < _DAYS:
        return np.arange(days[0], days[-1] + 2)
    return np.unique(np.quantile(days, np.linspace(0, 1, _CLASSES + 1), method="lower"))


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
