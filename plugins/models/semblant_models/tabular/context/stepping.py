"""Making sequences: all of them take a step at a time, with what they know of their past carried along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field

from semblant_models.tabular.context.history import History
from semblant_models.tabular.context.rising import NO_VALUE, Rising, ticks_of
from semblant_models.tabular.context.shape import to_codes
from semblant_models.tabular.encodings import Draw
from semblant_models.tabular.encodings.arrow import plain, restore

if TYPE_CHECKING:
    from semblant.training import GenerationRequest
    from semblant_models.tabular.conditions import Conditions
    from semblant_models.tabular.context.extent import Ends
    from semblant_models.tabular.context.given import Told
    from semblant_models.tabular.context.net import Net
    from semblant_models.tabular.context.scheme import Scheme

_BEYOND = 100
"""First number of the draws of rows that lay beyond the end of the data."""
_AGAIN = 4
"""Further draws of a moment beyond the end, or of a reference that may not come twice, before any that fits."""


@define(eq=False)
class Made:
    """Finished rows of a group of sequences, sequence after sequence."""

    columns: list[pa.Array]
    references: dict[str, np.ndarray]


@define(eq=False)
class Rows:
    """What is known of all rows of a group while it is made, by row."""

    keys: np.ndarray
    features: np.ndarray
    days: list[np.ndarray]
    clocks: list[np.ndarray | None]
    references: list[np.ndarray]

    def taken(self, order: np.ndarray) -> Rows:
        """Give the rows in another order."""
        return Rows(
            keys=self.keys[order],
            features=self.features[order],
            days=[days[order] for days in self.days],
            clocks=[None if clock is None else clock[order] for clock in self.clocks],
            references=[numbers[order] for numbers in self.references],
        )


@define(eq=False)
class Stepper:
    """One group of sequences."""

    scheme: Scheme
    nets: dict[str, Net]
    contents: dict[str, np.ndarray]
    request: GenerationRequest
    key: jax.Array
    rng: np.random.Generator
    done: int = 0
    """Rows that were made before."""
    conditions: Conditions | None = None
    """Given values and shares of features."""
    told: Told | None = None
    """Given keys."""
    _given: tuple[np.ndarray, np.ndarray] | None = field(default=None, init=False)
    _fixed: dict[int, tuple[pa.Array, np.ndarray]] = field(factory=dict, init=False)
    _anchors: dict[str, np.ndarray] = field(factory=dict, init=False)
    _ends: Ends | None = field(default=None, init=False)
    """Where the sequences begin and end in time, in the same order as lengths."""
    _lengths: np.ndarray = field(factory=lambda: np.zeros(0, np.int64), init=False)
    """Rows of each sequence, longest first."""

    def run(self, parents: pa.RecordBatch | None, counts: np.ndarray, ends: Ends | None = None) -> Made:
        """Make ``counts`` rows for each parent; ``ends`` tell where the sequences begin and end in time."""
        scheme = self.scheme
        above, anchors = np.zeros((len(counts), 0), np.int16), {}
        if parents is not None and scheme.parent is not None:
            above = scheme.parent.encode(parents)
            anchors = anchor_days(scheme, parents)
        rows = self.rows(above, anchors, counts, ends)
        return self.finished(rows if self.told is None else rows.taken(self.told.back()))

    def rows(
        self, above: np.ndarray, anchors: dict[str, np.ndarray], counts: np.ndarray, ends: Ends | None = None
    ) -> Rows:
        """Draw ``counts`` rows below each parent, given its tokens and the days of its dates."""
        scheme, total = self.scheme, int(counts.sum())
        if self.conditions is not None and self.conditions.some:
            codes, mask, self._fixed = self.conditions.batch(scheme.features, self.done, total, self.rng)
            order = slice(None) if self.told is None else self.told.order
            self._given = codes[order], mask[order]
        starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
        rows = Rows(
            keys=np.zeros((total, scheme.keys.tokens), np.int16),
            features=np.zeros((total, scheme.features.layout.tokens), np.int16),
            days=[np.zeros(total, np.int64) for _ in scheme.rising],
            clocks=[np.zeros(total, np.int64) if len(r.parts) > 3 else None for r in scheme.rising],
            references=[
                np.full(total, -1, np.int64) if told is None else told.copy()
                for told in (self.told.references if self.told is not None else [None] * len(scheme.lookups))
            ],
        )
        order = np.argsort(-counts, kind="stable")
        order = order[counts[order] > 0]
        above, self._lengths = above[order], counts[order]
        self._anchors = {name: days[order] for name, days in anchors.items()}
        self._ends = None if ends is None else ends.taken(order)
        state = History(followed=scheme.followed, lengths=counts[order]) if scheme.parent is not None else None
        for step in range(int(counts.max(initial=0))):
            active = int(np.searchsorted(-counts[order], -step, side="left"))
            if state is not None and active < len(state.lengths):
                state.keep(np.arange(active))
            at = starts[order[:active]] + step
            past = np.zeros((active, 0), np.int16)
            if state is not None:
                codes, dense = state.context(self._ahead(step, at, rows))
                past = np.concatenate([codes.astype(np.int16), to_codes(dense)], axis=1)
            seen = np.concatenate([above[:active], past], axis=1)
            known = self._keys(step, at, seen, rows)
            made = self._features(step, np.concatenate([known, seen], axis=1), at)
            rows.features[at] = made
            if state is not None:
                state.add(np.concatenate([made, known], axis=1))
        return rows

    def _keys(self, step: int, at: np.ndarray, seen: np.ndarray, rows: Rows) -> np.ndarray:
        """Draw steps and references of one row of each sequence; gives what the features see of them."""
        scheme = self.scheme
        if not scheme.rising and not scheme.lookups:
            return np.zeros((len(at), 0), np.int16)
        tokens = self._key_tokens(step, at, seen, rows)
        rows.keys[at] = tokens
        values, steps, number = [], [], 0
        for place, rising in enumerate(scheme.rising):
            parts = [tokens[:, scheme.key_places(number + i)] for i in range(len(rising.parts))]
            number += len(parts)
            before = rows.days[place][at - 1] if step else None
            drawn, days = self._days(place, tokens, before, np.arange(len(at)))
            end = self._last(step, place, len(at))
            moved, days = rising.beyond(days, end), rising.within(days, before, self.rng, end)
            clock = drawn[3].fill_null(0).to_numpy(zero_copy_only=False) if len(drawn) > 3 else None
            days, clock, there = self._told_days(place, at, days, clock)
            fixed = self._fixed_days(step, place, len(at))
            days, there = np.where(fixed == NO_VALUE, days, fixed), there | moved | (fixed != NO_VALUE)
            rows.days[place][at] = days
            if clock is not None:
                rows.clocks[place][at] = clock  # type: ignore[index]
            if there.any() and before is not None:
                parts[2][there] = rising.parts[2].encode(pa.array((days - before)[there]))
            values.append(rising.absolute.encode(rising.made(days, clock)).astype(np.int16))
            steps.append(parts[2].astype(np.int16))
        shown = []
        for place, entry in enumerate(scheme.lookups):
            codes = tokens[:, scheme.key_places(scheme.reference_number + place)]
            numbers = entry.reference.decode(codes)
            told = None if self.told is None else self.told.references[place]
            fixed = np.zeros(len(at), bool) if told is None else told[at] >= 0
            numbers = numbers if told is None else np.where(fixed, told[at], numbers)
            if entry.distinct and (step or told is not None):
                numbers = self._not_again(step, (at, seen), (numbers, fixed), rows.references[place], place)
            rows.references[place][at] = numbers
            shown.append(entry.seen(numbers, self.contents[entry.key]))
        return scheme.known_codes(values, steps, shown)

    def _key_tokens(self, step: int, at: np.ndarray, seen: np.ndarray, rows: Rows) -> np.ndarray:
        """Draw key tokens; rows whose moments would lie beyond the end of the data are drawn again.

        So their steps are those of the rows that were seen, which ended in time too.
        """
        told = self._told_tokens(at)
        if told is None and self._ends is not None:
            told = self._end_tokens(step, at, rows)
        tokens = self._draw("keys", step, seen, given=told)
        again = np.arange(len(at))
        for attempt in range(_AGAIN if self.scheme.rising else 0):
            there = np.zeros(len(again), bool)
            for place, rising in enumerate(self.scheme.rising):
                before = rows.days[place][at[again] - 1] if step else None
                end = self._last(step, place, len(at))
                there |= rising.beyond(
                    self._days(place, tokens[again], before, again)[1], None if end is None else end[again]
                )
            again = again[there]
            if not len(again):
                break
            fixed = None if told is None else (told[0][again], told[1][again])
            tokens[again] = self._draw("keys", step, seen[again], _BEYOND + attempt, given=fixed)
        return tokens

    def _days(
        self, place: int, tokens: np.ndarray, before: np.ndarray | None, which: np.ndarray
    ) -> tuple[list[pa.Array], np.ndarray]:
        """Decode a rising column of the sequences ``which``: its parts, and its days as they were drawn."""
        rising, number = self.scheme.rising[place], sum(len(r.parts) for r in self.scheme.rising[:place])
        drawn = [
            part.decode(tokens[:, self.scheme.key_places(number + i)], Draw(rng=self.rng))
            for i, part in enumerate(rising.parts)
        ]
        return drawn, rising.decode(drawn, before, {k: v[which] for k, v in self._anchors.items()})

    def _told_tokens(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Give the codes of given references and a mask of them, shape (rows, tokens)."""
        if self.told is None or all(numbers is None for numbers in self.told.references):
            return None
        codes = np.zeros((len(at), self.scheme.keys.tokens), np.int32)
        mask = np.zeros(codes.shape, bool)
        for place, entry in enumerate(self.scheme.lookups):
            told = self.told.references[place]
            places = self.scheme.key_places(self.scheme.reference_number + place)
            if told is not None and len(places):
                codes[:, places] = entry.reference.encode(told[at])
                mask[:, places] = (told[at] >= 0)[:, None]
        return codes, mask

    def _ahead(self, step: int, at: np.ndarray, rows: Rows) -> np.ndarray | None:
        """Give the time that is left of each sequence, from the row before or from the first itself."""
        if self._ends is None:
            return None
        ends = self._ends.taken(slice(len(at)))
        before = rows.days[0][at - 1] if step else ends.first
        return np.where(ends.last == NO_VALUE, 0, ends.last - before)

    def _last(self, step: int, place: int, active: int) -> np.ndarray | None:
        """Give the days that rows of each sequence may not pass; None where nothing is known."""
        if self._ends is None or place or not step:
            return None
        last = self._ends.last[:active]
        return np.where(last == NO_VALUE, self.scheme.rising[0].most, last)

    def _fixed_days(self, step: int, place: int, active: int) -> np.ndarray:
        """Give the days that are known: of first rows, and of last ones; ``NO_VALUE`` elsewhere."""
        if self._ends is None or place or self.told is not None:
            return np.full(active, NO_VALUE)
        if not step:
            return self._ends.first[:active]
        return np.where(self._lengths[:active] == step + 1, self._ends.last[:active], NO_VALUE)

    def _end_tokens(self, step: int, at: np.ndarray, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Give the codes of days that are known and a mask of them, shape (rows, tokens)."""
        codes = np.zeros((len(at), self.scheme.keys.tokens), np.int32)
        mask, fixed, rising = np.zeros(codes.shape, bool), self._fixed_days(step, 0, len(at)), self.scheme.rising[0]
        known = fixed != NO_VALUE
        if step:
            moved = np.where(known, fixed - rows.days[0][at - 1], 0)
            parts = {2: rising.parts[2].encode(pa.array(moved))}
        else:
            parts = dict(enumerate(rising.first_tokens(np.where(known, fixed, 0), self._anchors)))
        for place, part in parts.items():
            where = self.scheme.key_places(place)
            codes[:, where], mask[:, where] = part, known[:, None]
        return codes, mask

    def _told_days(
        self, place: int, at: np.ndarray, days: np.ndarray, clock: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
        """Put given days and times in, and keep drawn ones before those that follow; tells which were given."""
        ticks = None if self.told is None else self.told.ticks[place]
        if self.told is None or ticks is None:
            return days, clock, np.zeros(len(at), bool)
        there, limit = ticks.days[at] != NO_VALUE, self.told.limits[place]
        assert limit is not None
        if clock is not None and ticks.clock is not None:
            clock = np.where(there, ticks.clock[at], clock)
        return np.where(there, ticks.days[at], np.minimum(days, limit[at])), clock, there

    def _not_again(
        self,
        step: int,
        here: tuple[np.ndarray, np.ndarray],
        drawn: tuple[np.ndarray, np.ndarray],
        used: np.ndarray,
        place: int,
    ) -> np.ndarray:
        """Draw references anew that a sequence holds already; at last take any that it does not hold.

        ``drawn`` holds row numbers, and which of them were given and stay.
        """
        at, seen = here
        (numbers, fixed), entry = drawn, self.scheme.lookups[place]
        length = self._lengths[: len(at)]
        steps = np.arange(int(length.max(initial=0)))
        others = (steps < length[:, None]) & (steps != step)
        taken = np.where(others, used[np.minimum((at - step)[:, None] + steps, len(used) - 1)], -1)
        for attempt in range(_AGAIN + 1):
            again = np.flatnonzero((taken == numbers[:, None]).any(axis=1) & (numbers >= 0) & ~fixed)
            if not len(again) or attempt == _AGAIN:
                break
            tokens = self._draw("keys", step, seen[again], attempt + 1)
            places = self.scheme.key_places(self.scheme.reference_number + place)
            numbers[again] = entry.reference.decode(tokens[:, places])
        for row in again:
            free = np.setdiff1d(np.arange(entry.reference.rows), taken[row])
            numbers[row] = self.rng.choice(free) if len(free) else numbers[row]
        return numbers

    def _features(self, step: int, seen: np.ndarray, at: np.ndarray) -> np.ndarray:
        if "features" not in self.nets:
            return np.zeros((len(seen), 0), np.int16)
        given = None if self._given is None else (self._given[0][at], self._given[1][at])
        return self._draw("features", step, seen, given=given)

    def _draw(
        self,
        name: str,
        step: int,
        seen: np.ndarray,
        attempt: int = 0,
        given: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> np.ndarray:
        if name not in self.nets:
            layout = self.scheme.keys if name == "keys" else self.scheme.features.layout
            return np.zeros((len(seen), layout.tokens), np.int16)
        key = jax.random.fold_in(jax.random.fold_in(self.key, 2 * step + (name == "keys")), attempt)
        sampling = self.request.sampling
        tokens = self.nets[name].shape.tokens
        heat, top = np.full(tokens, sampling.temperature, np.float32), np.full(tokens, sampling.top_p, np.float32)
        if name == "features":
            encoding = self.scheme.features
            for column, (one, other) in sampling.columns.items():
                if column in encoding.names:
                    at = encoding.places(encoding.names.index(column))
                    heat[at], top[at] = one, other
        return self.nets[name].draw(key, seen, given=given, heat=heat, top=top)

    def finished(self, rows: Rows) -> Made:
        """Turn tokens into columns, in the table's order."""
        scheme = self.scheme
        draw = Draw(rng=self.rng, first_row=self.done)
        batch = scheme.features.decode(rows.features, draw)
        found = dict(zip(scheme.features.names, batch.columns, strict=True))
        for place, (values, there) in self._fixed.items():
            name = scheme.features.names[place]
            found[name] = pc.if_else(pa.array(there), values, plain(found[name]))
        for place, rising in enumerate(scheme.rising):
            found[rising.column] = self._rising(rising, rows.days[place], rows.clocks[place])
        columns = [restore(plain(found[n]), t) for n, t in zip(scheme.names, scheme.types, strict=True)]
        references = {entry.key: rows.references[place] for place, entry in enumerate(scheme.lookups)}
        return Made(columns=columns, references=references)

    def _rising(self, rising: Rising, days: np.ndarray, clock: np.ndarray | None) -> pa.Array:
        return rising.made(days, clock)


def anchor_days(scheme: Scheme, parents: pa.RecordBatch) -> dict[str, np.ndarray]:
    """Give the days of the parent's dates that first values may count from."""
    return {name: ticks_of(plain(parents.column(parents.schema.get_field_index(name)))).days for name in scheme.anchors}
