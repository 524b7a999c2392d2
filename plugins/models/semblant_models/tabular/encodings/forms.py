"""The forms of strings: where digits, capitals, small letters and signs stand, and which of them occur there.

A form is kept when enough subjects hold a value of it; a character at a place, the beginning or the end
of a value and a whole value likewise. New values are put together from these, so they always have a form of the
data. A value that few hold could come out by chance: those are guarded, and what hits one is drawn
again. In a pattern (not in an identifier) the guard stands back from a form with so few possible values
that at least half of the blind draws hit one of the data, and whose values are shared by subjects in at
least half of the rows (postal codes of a few towns): to see a value there tells nothing of who is in
the data, and to avoid them all would leave the wrong half.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import blake2b
from math import gcd
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, evolve

from semblant_models.replay import ReplayGuard, text_hashes
from semblant_models.tabular.encodings.form import (
    DIGIT,
    EVERY,
    LOWER,
    MOST_LENGTH,
    UPPER,
    Form,
    characters,
    form_of_rows,
    invented,
    pool,
)
from semblant_models.tabular.encodings.subjects import holders

MOST_ROWS = 100_000
_MOST_CELLS = 6_400_000
"""Characters looked at in one go: each takes some 16 bytes on the way."""
_TRIES = 20
_MOST_TRIES, _FEW = 200, 0.02
"""Tries of the last ones, where they are at most so large a share: few of a value's neighbours may be free."""
_STAND_BACK = 0.5
_BLIND_DRAWS = 2000
_PLACES = 2**31
MOST_FORMS = 128
_WIDE = 2**40


@define(eq=False)
class Forms:
    """The forms of a column, the most frequent first.

    >>> import pyarrow as pa
    >>> forms = Forms.fit(pa.array([f"{i:03d}/X" for i in range(200)], pa.large_string()), None, 10)
    >>> forms.draw(np.zeros(1, int), np.full(1, -1), np.random.default_rng(0))[0][3:]
    '/X'
    """

    forms: tuple[Form, ...]
    guard: ReplayGuard | None = None
    """Recognises values of the data that few subjects hold."""

    @classmethod
    def fit(cls, values: pa.Array, subjects: np.ndarray | None, least: int, salt: int | None = None) -> Forms:
        """Learn from strings without nulls; where no form has enough subjects, one of the usual length is made up.

        With ``salt`` the values that fewer than ``least`` subjects hold are guarded, by hashes that it seeds.
        """
        guard = None if salt is None else _guard(values, subjects, least, salt)
        lengths = pc.utf8_length(values).to_numpy(zero_copy_only=False)
        rows_at_most = min(MOST_ROWS, _MOST_CELLS // int(np.clip(lengths.max(initial=1), 1, MOST_LENGTH)))
        if len(values) > rows_at_most:
            pick = np.linspace(0, len(values) - 1, rows_at_most).astype(np.int64)
            values, subjects = values.take(pa.array(pick)), None if subjects is None else subjects[pick]
            lengths = lengths[pick]
        if lengths.max(initial=0) > MOST_LENGTH:
            short = lengths <= MOST_LENGTH
            values, subjects = values.filter(pa.array(short)), None if subjects is None else subjects[short]
        usual = min(int(np.median(lengths)), MOST_LENGTH) if len(lengths) else 8
        return cls(cls._learned(values, subjects, least, usual), guard)

    def standing_back(self, values: pa.Array, subjects: np.ndarray | None) -> Forms:
        """Give forms whose guard is off where ``values``, those of :meth:`fit`, fill a form's space and are shared."""
        if self.guard is None or not len(self.guard.bits):
            return self
        hashes, members = np.unique(text_hashes(values, self.guard.salt), return_inverse=True)
        shared = holders(members, subjects, len(hashes))[members] > 1
        pick = np.unique(np.linspace(0, len(values) - 1, MOST_ROWS).astype(np.int64))
        form_of, shared = self.read(values.take(pa.array(pick)))[0], shared[pick]
        rng, forms = np.random.Generator(np.random.PCG64(self.guard.salt)), []
        for place, form in enumerate(self.forms):
            drawn = self._composed(np.full(_BLIND_DRAWS, place), np.full(_BLIND_DRAWS, -1), rng)
            hits = pc.is_in(pa.array(drawn, values.type), value_set=values).to_numpy(zero_copy_only=False)
            mine = shared[form_of == place]
            small = hits.mean() >= _STAND_BACK and len(mine) > 0 and mine.mean() >= _STAND_BACK
            forms.append(evolve(form, guarded=not small))
        none = ReplayGuard.of_hashes(np.zeros(0, np.uint64), self.guard.salt)
        return Forms(tuple(forms), self.guard if any(form.guarded for form in forms) else none)

    @staticmethod
    def _learned(values: pa.Array, subjects: np.ndarray | None, least: int, usual: int) -> tuple[Form, ...]:
        codes, kinds = characters(values)
        if not len(codes):
            return (invented(usual),)
        shape = np.ascontiguousarray(kinds).view(np.dtype((np.void, kinds.dtype.itemsize * kinds.shape[1])))[:, 0]
        _, first, members = np.unique(shape, return_index=True, return_inverse=True)
        held, rows = holders(members, subjects, len(first)), np.bincount(members)
        kept = np.flatnonzero(held >= least)
        kept = kept[np.argsort(-rows[kept], kind="stable")][:MOST_FORMS]
        if not len(kept):
            return (invented(usual),)
        total = float(rows[kept].sum())
        pooled = {k: pool(codes, kinds, k, subjects, least) for k in EVERY}
        made = []
        for f in kept:
            inside = members == f
            who = None if subjects is None else subjects[inside]
            made.append(form_of_rows(codes[inside], kinds[first[f]], who, least, float(rows[f]) / total, pooled))
        return tuple(made)

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of forms, and the most beginnings that one of them has plus one for all others."""
        return len(self.forms), 1 + max(len(form.beginnings) for form in self.forms)

    def read(self, values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Give form and beginning (0: another one) of each string, the first form for an unknown one."""
        piece = _MOST_CELLS // MOST_LENGTH
        if len(values) > piece:
            parts = [self.read(values.slice(start, piece)) for start in range(0, len(values), piece)]
            return np.concatenate([form for form, _ in parts]), np.concatenate([head for _, head in parts])
        codes, kinds = characters(values)
        form_of, head_of = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.int64)
        for index, form in enumerate(self.forms):
            wanted = np.zeros(kinds.shape[1], kinds.dtype)
            if len(form.classes) > len(wanted):
                continue
            wanted[: len(form.classes)] = form.classes
            rows = np.flatnonzero((kinds == wanted).all(axis=1))
            form_of[rows] = index
            if form.beginnings and len(rows):
                head_of[rows] = form.begun(values.take(pa.array(rows)))
        return form_of, head_of

    def draw(self, form_of: np.ndarray, head_of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Make strings (object array) of the given forms and beginnings: 0 is drawn place by place, -1 by share.

        What the guard recognises is drawn again a number of times, in the end with another beginning.
        """
        out = self._composed(form_of, head_of, rng)
        again = self.recognised(out, form_of)
        for step in range(_MOST_TRIES):
            if not len(again) or (step >= _TRIES and len(again) > _FEW * len(out)):
                break
            heads = head_of[again] if 2 * step < _TRIES else np.full(len(again), -1)
            out[again] = self._composed(form_of[again], heads, rng)
            again = again[self.recognised(out[again], form_of[again])]
        return out

    def drawn(self, rows: int, rng: np.random.Generator) -> np.ndarray:
        """Draw forms by their shares, int64, shape (rows,)."""
        return _pick(tuple(form.share for form in self.forms), rows, rng)

    def recognised(self, made: np.ndarray, form_of: np.ndarray) -> np.ndarray:
        """Give the places of strings, object array, that may not come out in their form."""
        if self.guard is None or not len(self.guard.bits):
            return np.zeros(0, np.int64)
        watched = np.array([form.guarded for form in self.forms])[form_of]
        texts = pa.array(made, pa.large_string())
        shared = pa.array([text for form in self.forms for text in form.whole], texts.type)
        watched &= ~pc.is_in(texts, value_set=shared).to_numpy(zero_copy_only=False)
        return np.flatnonzero(watched & self.guard.recognises(texts))

    def _composed(self, form_of: np.ndarray, head_of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        out = np.empty(len(form_of), object)
        for index, form in enumerate(self.forms):
            rows = np.flatnonzero(form_of == index)
            if not len(rows):
                continue
            letters = np.zeros((len(rows), max(len(form.alphabets), 1)), np.uint32)
            for place, (alphabet, chances) in enumerate(zip(form.alphabets, form.chances, strict=True)):
                letters[:, place] = _letters(alphabet)[_pick(chances, len(rows), rng)]
            if form.tails:
                table = np.array(form.tails).view(np.uint32).reshape(len(form.tails), -1)
                letters[:, -table.shape[1] :] = table[_pick(form.tail_shares, len(rows), rng)]
            if form.beginnings:
                head = head_of[rows]
                if form.heads:
                    head = np.where(head < 0, _pick(form.head_shares, len(rows), rng) + 1, head)
                head = np.clip(head, 0, len(form.beginnings))  # without usual beginnings -1 is none of them
                table = np.array(form.beginnings).view(np.uint32).reshape(len(form.beginnings), -1)[head - 1]
                there = (head > 0)[:, None] & (table > 0)
                letters[:, : table.shape[1]][there] = table[there]
            out[rows] = np.ascontiguousarray(letters).view(f"U{letters.shape[1]}")[:, 0]
        return out

    def unique(self, places: np.ndarray, rng: np.random.Generator, size: int = 0) -> np.ndarray:
        """Make strings that differ for different ``places`` (int64, below 2**31).

        ``size`` is the number of places in use over all calls, so that every call spreads them alike. What the
        guard recognises takes a place that no row has: its own and a multiple of ``size``. Where the digits seen
        leave no room beside what is guarded, as in codes that were counted up, all ten are used.
        """
        stride = size or _PLACES
        size = size or int(places.max(initial=0)) + 1
        form_of = self.drawn(len(places), rng)
        taken = 0 if self.guard is None else len(self.guard)
        out, again = np.empty(len(places), object), np.arange(len(places))
        for step in range(_TRIES + 1):
            out[again] = self._composed(form_of[again], np.full(len(again), -1), rng)
            for index, form in enumerate(self.forms):
                rows = again[form_of[again] == index]
                if len(rows):
                    moved = places[rows] + step * stride
                    moved = np.where(moved < _span(form, size, taken)[2], moved, places[rows])
                    out[rows] = _numbered(form, out[rows], moved, size, taken)
            again = again[self.recognised(out[again], form_of[again])]
            if not len(again):
                break
        return out

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "forms": [form.to_dict() for form in self.forms],
            "guard": None
            if self.guard is None
            else {"salt": self.guard.salt, "bits": b64encode(self.guard.bits.tobytes()).decode("ascii")},
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Forms:
        """Take back what :meth:`to_dict` gave, or a version of it without a guard."""
        guard = state.get("guard")
        return cls(
            guard=guard and ReplayGuard(int(guard["salt"]), np.frombuffer(b64decode(guard["bits"]), np.uint8)),
            forms=tuple(Form.from_dict(form) for form in state["forms"]),
        )


def salt_of(column: str) -> int:
    """Give the salt of a column's guard: always the same, another one for each name."""
    return int.from_bytes(blake2b(column.encode(), digest_size=8).digest(), "little")


def _guard(values: pa.Array, subjects: np.ndarray | None, least: int, salt: int) -> ReplayGuard:
    hashes, members = np.unique(text_hashes(values, salt), return_inverse=True)
    return ReplayGuard.of_hashes(hashes[holders(members, subjects, len(hashes)) < least], salt)


def _letters(alphabet: str) -> np.ndarray:
    return np.array([ord(c) for c in alphabet], np.uint32)


def _pick(chances: tuple[float, ...], size: int, rng: np.random.Generator) -> np.ndarray:
    if len(chances) == 1:
        return np.zeros(size, np.int64)
    return np.searchsorted(np.cumsum(chances)[:-1], rng.random(size), side="right")


def _span(form: Form, size: int, taken: int) -> tuple[list[str], int, int]:
    """Give the alphabets, wide enough for ``size`` numbers where the form allows, the first place and its numbers.

    Digits alone are widened to leave ``taken`` numbers aside; where that is not enough, none are left aside.
    """
    digits, every = (DIGIT,), (DIGIT, UPPER, LOWER)
    for wide, wanted in (((), size + taken), (digits, size + taken), ((), size), (digits, size), (every, size)):
        alphabets = [EVERY[k] if k in wide else a for k, a in zip(form.classes, form.alphabets, strict=True)]
        first, space = len(alphabets), 1
        while first > 0 and space < _WIDE:
            first -= 1
            space *= len(alphabets[first])
        if wanted <= space:
            break
    return alphabets, first, space


def _numbered(form: Form, texts: np.ndarray, places: np.ndarray, size: int, taken: int) -> np.ndarray:
    """Overwrite the last places of strings by digits of the row's number in the places' own alphabets."""
    alphabets, first, space = _span(form, size, taken)
    number = (places.astype(object) * _coprime(space) + space // 3) % space
    number = number.astype(np.int64)
    letters = texts.astype(f"U{max(len(alphabets), 1)}").view(np.uint32).reshape(len(texts), -1).copy()
    for place in range(len(alphabets) - 1, first - 1, -1):
        table = _letters(alphabets[place])
        number, digit = np.divmod(number, len(table))
        letters[:, place] = table[digit]
    made = letters.view(f"U{letters.shape[1]}")[:, 0].astype(object)
    again = places // space
    return np.where(again > 0, made + again.astype(str).astype(object), made) if again.any() else made


def _coprime(space: int) -> int:
    step = max(int(min(space, 2**31) * 0.618), 1)
    while gcd(step, space) != 1:
        step += 1
    return step
