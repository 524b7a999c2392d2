"""What a row knows of its sequence: place, the row before, and running figures of all rows before.

Training and generation step through sequences with the same code, so that they see the same numbers.
"""

from __future__ import annotations

import numpy as np
from attrs import define, frozen

from semblant_models.tabular.context.shape import to_codes

_EXACT = 32
"""Places up to which position and length have a code each; beyond it there are two per octave."""
_PLACES = _EXACT + 1 + 2 * 26
_SPARE_EXACT, _SPARE_MOST = 8, 16
"""Steps to spare, or missing, up to which each number has a code, and the codes on either side of none."""
_PACE_MOST, _PACE_EXACT, _PACE_STEPS = 4, 8, 12
"""Steps to spare on either side of none, steps to come up to which each number has codes, and the codes of those."""
_PACE_PLACE = 5
"""Where the pace stands among the places of a row."""
_SHARES = 12
"""Tokens of at most so many codes have the share of each code among the rows before."""
_FIGURES, _MOST_FIGURES = 4, 160
_DECAY = 0.6


def place_codes(numbers: np.ndarray) -> np.ndarray:
    """Give codes of positions and lengths.

    >>> place_codes(np.array([0, 32, 40, 70])).tolist()
    [0, 32, 33, 35]
    """
    exact = np.minimum(numbers, _EXACT)
    octave = np.floor(2 * np.log2(np.maximum(numbers, _EXACT) / _EXACT)).astype(np.int64)
    return np.asarray(np.minimum(exact + np.where(numbers > _EXACT, octave + 1, 0), _PLACES - 1), np.int64)


def spare_codes(time: np.ndarray, steps: np.ndarray, usual: int) -> np.ndarray:
    """Give codes of how many usual steps the time that is left is longer, or shorter, than the steps that are to come.

    A sequence of years in which none is to spare goes on year by year to its end; one with more rows than years has to
    repeat some. Two codes, of the time and of the rows, tell as much, but not so that it is easily learned.

    >>> spare_codes(np.array([5, 9, 3, 400]), np.array([5, 5, 5, 5]), 1).tolist()
    [16, 20, 14, 30]
    """
    spare = np.rint(time / usual).astype(np.int64) - steps
    size = np.abs(spare)
    octave = np.ceil(np.log2(np.maximum(size, _SPARE_EXACT) / _SPARE_EXACT)).astype(np.int64)
    size = np.minimum(np.minimum(size, _SPARE_EXACT) + octave, _SPARE_MOST)
    return np.asarray(_SPARE_MOST + np.sign(spare) * size, np.int64)


def pace_codes(time: np.ndarray, steps: np.ndarray, usual: int) -> np.ndarray:
    """Give codes of steps to spare and steps to come together: how likely it is that this step is the one that differs.

    One year to spare is a gap here and now with a chance of about one in the steps to come.

    >>> pace_codes(np.array([5, 6, 3, 400]), np.array([5, 5, 2, 40]), 1).tolist()
    [49, 50, 23, 107]
    """
    spare = np.clip(np.rint(time / usual).astype(np.int64) - steps, -_PACE_MOST, _PACE_MOST)
    octave = np.ceil(np.log2(np.maximum(steps, _PACE_EXACT) / _PACE_EXACT)).astype(np.int64)
    come = np.minimum(np.minimum(steps, _PACE_EXACT) + octave, _PACE_STEPS)
    return np.asarray(come * (2 * _PACE_MOST + 1) + spare + _PACE_MOST, np.int64)


@frozen(kw_only=True)
class Followed:
    """Which tokens of a row the next rows see, and how."""

    cardinality: tuple[int, ...]
    """Of each token that the next row sees."""
    ordered: tuple[bool, ...]
    """Whether a token is a number's first code: it has running figures."""
    timed: bool = False
    """Whether rows know how much time is left of their sequence."""
    usual: int = 0
    """A usual step: rows of a timed sequence know how many of them are to spare; 0 where they do not."""

    @property
    def places(self) -> tuple[int, ...]:
        """Cardinalities of number of rows, position, rows left, time left, steps to spare, and pace."""
        pace = (2 * _PACE_MOST + 1) * (_PACE_STEPS + 1)
        spare = (2 * _SPARE_MOST + 1, pace) if self.timed and self.usual else ()
        return (_PLACES,) * (4 if self.timed else 3) + spare

    @property
    def ordered_places(self) -> tuple[bool, ...]:
        """Which of :attr:`places` are numbers: all but the pace, which is two at once."""
        return tuple(place < _PACE_PLACE for place, _ in enumerate(self.places))

    @property
    def tokens(self) -> tuple[int, ...]:
        """Cardinalities of the context tokens: places, and the row before."""
        return (*self.places, *(c + 1 for c in self.cardinality))

    @property
    def numbers(self) -> tuple[int, ...]:
        """Places of the tokens with running figures."""
        return tuple(i for i, there in enumerate(self.ordered) if there)[: _MOST_FIGURES // 8]

    @property
    def shared(self) -> tuple[int, ...]:
        """Places of the tokens with running shares, as many as there is room for."""
        room, out = _MOST_FIGURES - _FIGURES * len(self.numbers), []
        for place, size in enumerate(self.cardinality):
            if not self.ordered[place] and 2 <= size <= _SHARES and size <= room:
                out.append(place)
                room -= size
        return tuple(out)

    @property
    def dense(self) -> int:
        """How many numbers the context holds."""
        return 3 + 2 * self.timed + _FIGURES * len(self.numbers) + sum(self.cardinality[i] for i in self.shared)


@define(eq=False)
class History:
    """The state of many sequences that stand at the same position."""

    followed: Followed
    lengths: np.ndarray
    """Rows of each sequence, int64, shape (sequences,)."""
    step: int = 0
    _before: np.ndarray | None = None
    _figures: np.ndarray | None = None
    """Mean, decayed mean, least and largest rank of each number, shape (sequences, numbers, 4)."""
    _shares: np.ndarray | None = None

    def context(self, ahead: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Give tokens, int64, shape (sequences, tokens), and numbers, float32, shape (sequences, dense).

        ``ahead`` is the time from the row before, or from a first row itself, to the end of each sequence.
        """
        n, t = self.lengths, self.step
        rows = len(n)
        left = np.maximum(n - t - 1, 0)
        places = [place_codes(n), np.full(rows, place_codes(np.array([t]))[0]), place_codes(left)]
        before = self._before if self._before is not None else np.zeros((rows, len(self.followed.cardinality)), int)
        scale = [np.log1p(n) / 4, np.full(rows, np.log1p(t) / 4), t / np.maximum(n, 1)]
        if self.followed.timed:
            time = np.zeros(rows, np.int64) if ahead is None else np.maximum(ahead, 0)
            places.append(place_codes(time))
            if self.followed.usual:
                places.append(spare_codes(time, left + (t > 0), self.followed.usual))
                places.append(pace_codes(time, left + (t > 0), self.followed.usual))
            scale += [np.log1p(time) / 10, np.log1p(time / (left + 1)) / 10]
        figures = np.zeros((rows, _FIGURES * len(self.followed.numbers))) if self._figures is None else self._figures
        shares = np.zeros((rows, sum(self.followed.cardinality[i] for i in self.followed.shared)))
        shares = shares if self._shares is None else self._shares
        dense = np.concatenate([np.stack(scale, axis=1), figures.reshape(rows, -1), shares], axis=1)
        return np.concatenate([np.stack(places, axis=1), before], axis=1), dense.astype(np.float32)

    def add(self, tokens: np.ndarray) -> None:
        """Take the tokens of the rows at this position, shape (sequences, tokens), and go on to the next."""
        self.step += 1
        self._before = tokens.astype(np.int64) + 1
        followed = self.followed
        if followed.numbers:
            at = list(followed.numbers)
            size = np.maximum(np.array(followed.cardinality)[at] - 1, 1)
            rank = tokens[:, at] / size
            if self._figures is None:
                self._figures = np.repeat(rank[:, :, None], _FIGURES, axis=2)
            else:
                old = self._figures
                self._figures = np.stack(
                    [
                        old[:, :, 0] + (rank - old[:, :, 0]) / self.step,
                        _DECAY * old[:, :, 1] + (1 - _DECAY) * rank,
                        np.minimum(old[:, :, 2], rank),
                        np.maximum(old[:, :, 3], rank),
                    ],
                    axis=2,
                )
        if followed.shared:
            now = np.concatenate(
                [tokens[:, [i]] == np.arange(followed.cardinality[i]) for i in followed.shared], axis=1
            ).astype(np.float64)
            self._shares = now if self._shares is None else self._shares + (now - self._shares) / self.step

    def keep(self, rows: np.ndarray) -> None:
        """Go on with some of the sequences only."""
        self.lengths = self.lengths[rows]
        self._before = None if self._before is None else self._before[rows]
        self._figures = None if self._figures is None else self._figures[rows]
        self._shares = None if self._shares is None else self._shares[rows]


def histories(
    followed: Followed, tokens: np.ndarray, starts: np.ndarray, lengths: np.ndarray, ahead: np.ndarray | None = None
) -> np.ndarray:
    """Give the context codes of every row, int16, shape (rows, tokens + dense), for whole sequences.

    :param tokens: of all rows, sequence after sequence.
    :param starts: first row of each sequence; ``lengths`` its rows.
    :param ahead: time that is left of the sequence, by row (see :meth:`History.context`).
    """
    out = np.zeros((len(tokens), len(followed.tokens) + followed.dense), np.int16)
    there = np.flatnonzero(lengths > 0)
    there = there[np.argsort(-lengths[there], kind="stable")]
    starts, lengths = starts[there], lengths[there]
    state = History(followed=followed, lengths=lengths)
    for step in range(int(lengths[0]) if len(lengths) else 0):
        active = int(np.searchsorted(-lengths, -step, side="left"))
        if active < len(state.lengths):
            state.keep(np.arange(active))
        rows = starts[:active] + step
        codes, dense = state.context(None if ahead is None else ahead[rows])
        out[rows] = np.concatenate([codes.astype(np.int16), to_codes(dense)], axis=1)
        state.add(tokens[rows])
    return out
