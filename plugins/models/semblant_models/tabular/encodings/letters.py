"""New strings in the manner of rare ones: a model of letters, each given the three before it.

A category that few subjects hold never comes out. Where a column has many of them (first names, streets,
firms), leaving them all out would bend the column, so new ones are made up: letter by letter, from runs of
letters that enough subjects hold each (an n-gram model with the back-off of Katz, 1987: where a run is
unknown, or by chance in proportion to what was left out of it, a shorter one is asked for a letter that the
longer one does not have; else what is common everywhere, the end above all, would come too often). What equals
a value of the data is drawn again, and so is what has no outline that enough subjects hold: three letters see
neither that a postal code has five digits nor that a name has two words.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import numpy as np
import pyarrow as pa
from attrs import define, field

from semblant_models.replay import ReplayGuard, text_hashes
from semblant_models.tabular.encodings.outline import outlines
from semblant_models.tabular.encodings.subjects import holders

ORDER = 3
MOST_LENGTH = 60
_MOST_ROWS = 100_000
_END, _FREE = 0, 1
"""The codes of the end of a string and of the place before its beginning; letters follow."""
_TRIES = 20
_AT_ONCE = 1024
"""Letters that are drawn in one round at most, where they are tries of fewer rows."""
_MOST_LOOKED_UP = 1 << 20
"""Numbers of runs up to which their places are kept in a table of all of them, 4 MB at most."""
_TESTED, _LEAST_GOOD = 2048, 0.1
"""Strings made once, to know what share of them may come out, and the least that is reckoned with."""
_OUTLINED = 0.5
"""Share of rows with an outline that enough subjects hold, below which the strings have no outline in common."""
_PIECE = 16_384
"""Strings drawn at once: each takes some 2 kB on the way."""
_CHOICE = 1.5
"""Strings that may come out, per row that is to have one of its outline: the rarer outlines find more of theirs."""
_SPARE = 3.0
"""Strings made beyond need, in deviations of how many may come out: a further round costs as much as the first."""


@define(eq=False)
class Runs:
    """The runs of one length: after which run which letter comes how often.

    ``keys`` are sorted runs as numbers, shape (runs,); entries of run k are ``starts[k]:starts[k + 1]`` of
    ``letters`` and ``edges`` (cumulative shares among the kept ones). ``known`` is the share of what was
    seen after a run that was kept: with the rest of the chance a shorter run is asked.
    """

    keys: np.ndarray
    starts: np.ndarray
    letters: np.ndarray
    edges: np.ndarray
    known: np.ndarray
    size: int
    """Codes of letters."""
    _pairs: np.ndarray = field(init=False, repr=False)
    """Run and letter of each entry as one number, sorted."""
    _whole: np.ndarray = field(init=False, repr=False)
    """Edges of all runs for one search: those of run k lie between k and k + 1."""
    _place: np.ndarray | None = field(init=False, repr=False, default=None)
    """Place of each run among ``keys``, -1 for none, where the runs are few enough to be looked up directly."""

    def __attrs_post_init__(self) -> None:
        """Prepare what each draw looks up."""
        of = np.repeat(np.arange(len(self.keys)), np.diff(self.starts))
        self._pairs, self._whole = self.keys[of] * self.size + self.letters, self.edges + of
        if len(self.keys) and self.keys[-1] < _MOST_LOOKED_UP:
            self._place = np.full(int(self.keys[-1]) + 2, -1, np.int32)
            self._place[self.keys] = np.arange(len(self.keys))

    @classmethod
    def fit(cls, runs: np.ndarray, letters: np.ndarray, subjects: np.ndarray | None, least: int, size: int) -> Runs:
        """Count ``letters`` behind ``runs``, both shape (n,); an entry needs ``least`` subjects."""
        entries, members = np.unique(runs * size + letters, return_inverse=True)
        counts = np.bincount(members)
        kept = holders(members, subjects, len(entries)) >= least
        keys, place = np.unique(entries // size, return_inverse=True)
        seen = np.bincount(place, weights=counts, minlength=len(keys))
        shown = np.bincount(place, weights=counts * kept, minlength=len(keys))
        there = shown > 0
        number = np.cumsum(there) - 1
        place, rows = number[place[kept]], counts[kept].astype(np.float64)
        starts = np.searchsorted(place, np.arange(int(there.sum()) + 1))
        total = np.cumsum(rows)
        before = np.concatenate([[0.0], total])[starts[:-1]]
        edges = (total - before[place]) / shown[there][place]
        return cls(keys[there], starts, entries[kept] % size, edges, (shown / seen)[there], size)

    def have(self, runs: np.ndarray, letters: np.ndarray) -> np.ndarray:
        """Tell which letters (-1: none), shape (n,), are among those behind their run."""
        if not len(self._pairs):
            return np.zeros(len(runs), bool)
        wanted = runs * self.size + letters
        place = np.minimum(self._pairs.searchsorted(wanted), len(self._pairs) - 1)
        return np.asarray((self._pairs[place] == wanted) & (letters >= 0))

    def draw(self, runs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Give a letter behind each run, shape (n,); -1 where a shorter run is to be asked."""
        out = np.full(len(runs), -1, np.int64)
        if not len(self.keys):
            return out
        if self._place is not None:
            place = self._place[np.minimum(runs, len(self._place) - 1)]
            there = place >= 0
        else:
            place = np.minimum(self.keys.searchsorted(runs), len(self.keys) - 1)
            there = self.keys[place] == runs
        found = np.flatnonzero(there & (rng.random(len(runs)) < self.known[place]))
        place = place[found]
        at = self._whole.searchsorted(place + rng.random(len(found)), side="right")
        out[found] = self.letters[np.minimum(at, self.starts[place + 1] - 1)]
        return out


@define(eq=False)
class Letters:
    """Makes strings up.

    >>> names = pa.array([a + b for a in ("Mar", "Jo", "An", "Be") for b in ("ta", "na", "la", "ra")] * 20)
    >>> letters = Letters.fit(names, None, least=10, guarded=names.slice(0, 0), salt=1)
    >>> len(letters.draw(5, np.random.default_rng(0)))
    5
    """

    alphabet: str
    runs: tuple[Runs, ...]
    """For runs of 0, 1, … letters."""
    guard: ReplayGuard
    outlines: np.ndarray
    """Outlines that may come out, uint64, sorted; none for any."""
    shares: np.ndarray
    """Share of each outline."""
    _good: float | None = field(default=None, init=False, repr=False)
    """Share of made strings that may come out, once it is known."""

    @classmethod
    def fit(
        cls, values: pa.Array, subjects: np.ndarray | None, *, least: int, guarded: pa.Array, salt: int
    ) -> Letters | None:
        """Learn from strings without nulls, shape (n,); None where no letter has ``least`` subjects.

        ``guarded`` are values that must not come out. Strings of :data:`MOST_LENGTH` letters or more are not
        learned from.
        """
        guard = ReplayGuard.of_hashes(np.unique(text_hashes(guarded, salt)), salt)
        if len(values) > _MOST_ROWS:
            pick = np.linspace(0, len(values) - 1, _MOST_ROWS).astype(np.int64)
            values, subjects = values.take(pa.array(pick)), None if subjects is None else subjects[pick]
        texts = values.to_pylist()
        fit = np.array([len(text) < MOST_LENGTH and "\0" not in text for text in texts], bool)
        texts, subjects = [texts[i] for i in np.flatnonzero(fit)], None if subjects is None else subjects[fit]
        points = _points(texts)
        used, members = np.unique(points, return_inverse=True)
        rows = np.broadcast_to(np.arange(len(points))[:, None], points.shape)
        who = rows.reshape(-1).astype(np.uint64) if subjects is None else subjects[rows.reshape(-1)]
        common = (holders(members.reshape(-1), who, len(used)) >= least) & (used > 0)
        if not common.any():
            return None
        alphabet = "".join(chr(int(c)) for c in used[common])
        code_of = np.full(len(used), -1, np.int64)
        code_of[common] = np.arange(int(common.sum())) + _FREE + 1
        code_of[used == 0] = _END
        codes = code_of[members.reshape(points.shape)]
        # a string with a rare letter is left out whole: its runs would be cut
        good = (codes >= 0).all(axis=1)
        if not good.any():
            return None
        codes, rows = codes[good], rows[good]
        who = None if subjects is None else subjects[rows[:, 0]]
        outlined, shares = _outlined(points[good], who, least)
        size = len(alphabet) + 2
        padded = np.concatenate([np.full((len(codes), ORDER), _FREE), codes], axis=1)
        ends = np.argmax(codes == _END, axis=1)
        live = np.arange(codes.shape[1])[None, :] <= ends[:, None]
        key = np.zeros(codes.shape, np.int64)
        found = []
        for order in range(ORDER + 1):
            if order:
                key = key + padded[:, ORDER - order : -order or None] * size ** (order - 1)
            holder = rows[live].astype(np.uint64) if subjects is None else subjects[rows[live]]
            found.append(Runs.fit(key[live], codes[live], holder, least, size))
        return cls(alphabet, tuple(found), guard, outlined, shares)

    def draw(self, rows: int, rng: np.random.Generator) -> pa.Array:
        """Make ``rows`` strings that may come out, of outlines as the data have them; null where none came up."""
        out = np.empty(rows, object)
        if self._good is None:  # of strings of its own, so that what comes out does not depend on earlier calls
            found, _ = self._made(_TESTED, np.random.default_rng(0))
            self._good = max(len(found) / _TESTED, _LEAST_GOOD)
        wanted = np.searchsorted(np.cumsum(self.shares)[:-1], rng.random(rows), side="right")
        open_, choice = np.arange(rows), _CHOICE if len(self.outlines) else 1.0
        for _ in range(_TRIES):
            more = _SPARE * (np.sqrt(len(open_) * (1.0 - self._good)) + 1.0)
            made, outline = self._made(int((len(open_) * choice + more) / self._good) + 1, rng)
            to, of = _paired(wanted[open_], outline)
            out[open_[to]] = made[of]
            open_, made = np.delete(open_, to), np.delete(made, of)
            out[open_[: len(made)]], open_ = made[: len(open_)], open_[len(made) :]  # rows left take any outline
            if not len(open_):
                break
        return pa.array(out, pa.large_string())

    def _made(self, tries: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Give those of so many strings that may come out, and the places of their outlines."""
        pieces = [min(_PIECE, tries - start) for start in range(0, tries, _PIECE)]
        strings, places = zip(*(self._allowed(self._drawn(piece, rng)) for piece in pieces), strict=True)
        return np.concatenate(strings), np.concatenate(places)

    def _allowed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give those strings of code points, shape (n, MOST_LENGTH), that may come out, with their outlines' places."""
        points = points[:, : max(int((points > 0).any(axis=0).sum()), 1)]
        fit = points[:, 0] > 0
        outline = np.zeros(int(fit.sum()), np.int64)
        if len(self.outlines):
            found = outlines(points[fit])
            outline = np.minimum(self.outlines.searchsorted(found), len(self.outlines) - 1)
            known = self.outlines[outline] == found
            fit[fit], outline = known, outline[known]
        made = np.ascontiguousarray(points[fit]).view(f"<U{points.shape[1]}")[:, 0].astype(object)
        free = ~self.guard.recognises(pa.array(made, pa.large_string()))
        return made[free], outline[free]

    def _drawn(self, rows: int, rng: np.random.Generator) -> np.ndarray:
        """Give code points of strings as the runs make them, uint32, shape (rows, MOST_LENGTH), 0 behind the end."""
        size = len(self.alphabet) + 2
        table = np.array([0, 0, *(ord(c) for c in self.alphabet)], np.uint32)
        codes = np.full((rows, ORDER + MOST_LENGTH), _FREE, np.int64)
        live = np.arange(rows)
        for at in range(ORDER, ORDER + MOST_LENGTH):
            letter = self._next(codes[live, at - ORDER : at][:, ::-1], size, rng)
            codes[live, at] = np.maximum(letter, _END)
            live = live[letter > _END]
            if not len(live):
                break
        codes[live, -1] = _END
        written = np.ascontiguousarray(table[codes[:, ORDER:]])
        written[np.cumsum(codes[:, ORDER:] == _END, axis=1) > 0] = 0
        return written

    def _next(self, before: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
        """Give the letter behind those of ``before``, the last one first, shape (n, ORDER); -1 where none comes up."""
        powers = size ** np.arange(ORDER, dtype=np.int64)
        keys = [(before[:, :order] * powers[:order]).sum(axis=1) for order in range(ORDER + 1)]
        letter = np.full(len(before), -1, np.int64)
        for order in range(ORDER, -1, -1):
            again, tried = np.flatnonzero(letter < 0), 0
            while len(again) and tried < _TRIES:
                # few rows are worth no round each: they take all tries at once, and the first that is right
                many = min(_AT_ONCE // len(again), _TRIES - tried) if tried else 1
                at = np.tile(again, many) if many > 1 else again
                drawn = self.runs[order].draw(keys[order][at], rng)
                longer = np.zeros(len(at), bool)
                for above in range(order + 1, ORDER + 1):
                    longer |= self.runs[above].have(keys[above][at], drawn)
                right = ~longer.reshape(-1, len(again))
                one = drawn.reshape(right.shape)[right.argmax(axis=0), np.arange(len(again))]
                found = right.any(axis=0)
                letter[again[found]] = one[found]
                again, tried = again[~found], tried + len(right)
        return letter

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "alphabet": self.alphabet,
            "runs": [
                {
                    "keys": r.keys.tolist(),
                    "starts": r.starts.tolist(),
                    "letters": r.letters.tolist(),
                    "edges": r.edges.round(6).tolist(),
                    "known": r.known.round(6).tolist(),
                }
                for r in self.runs
            ],
            "guard": {"salt": self.guard.salt, "bits": b64encode(self.guard.bits.tobytes()).decode("ascii")},
            "outlines": self.outlines.tolist(),
            "shares": self.shares.tolist(),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Letters:
        """Take back what :meth:`to_dict` gave, or a version of it without outlines."""
        whole = ("keys", "starts", "letters")
        runs = tuple(
            Runs(
                **{name: np.array(r[name], np.int64 if name in whole else np.float64) for name in r},
                size=len(state["alphabet"]) + 2,
            )
            for r in state["runs"]
        )
        bits = np.frombuffer(b64decode(state["guard"]["bits"]), np.uint8)
        return cls(
            alphabet=str(state["alphabet"]),
            runs=runs,
            guard=ReplayGuard(int(state["guard"]["salt"]), bits),
            outlines=np.array(state.get("outlines", ()), np.uint64),
            shares=np.array(state.get("shares", (1.0,)), np.float64),
        )


def _outlined(points: np.ndarray, subjects: np.ndarray | None, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the outlines that ``least`` subjects hold, sorted, and their shares; none where most rows have others."""
    hashes, members, rows = np.unique(outlines(points), return_inverse=True, return_counts=True)
    kept = holders(members, subjects, len(hashes)) >= least
    if kept[members].mean() < _OUTLINED:
        return np.empty(0, np.uint64), np.ones(1)
    return hashes[kept], rows[kept] / rows[kept].sum()


def _paired(wanted: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give places of ``wanted`` and of ``there`` that hold equal numbers, each place once, the first ones first.

    >>> [places.tolist() for places in _paired(np.array([1, 0, 1]), np.array([1, 1, 2]))]
    [[0, 2], [0, 1]]
    """
    numbered = []
    for numbers in (wanted, there):
        order = np.argsort(numbers, kind="stable")
        rank = np.empty(len(numbers), np.int64)
        rank[order] = np.arange(len(numbers)) - np.searchsorted(numbers[order], numbers[order])
        numbered.append(numbers << 32 | rank)
    _, to, of = np.intersect1d(numbered[0], numbered[1], assume_unique=True, return_indices=True)
    return to, of


def _points(texts: list[str]) -> np.ndarray:
    """Give code points, uint32, shape (n, longest + 1), 0 behind the end."""
    longest = max(map(len, texts), default=0) + 1
    return np.array(texts, f"<U{longest}").view(np.uint32).reshape(len(texts), longest)
