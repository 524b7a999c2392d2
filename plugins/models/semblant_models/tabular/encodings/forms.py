"""The forms of strings: where digits, capitals, small letters and signs stand, and which of them occur there.

A form is kept when enough subjects hold a value of it; a character at a place, and the beginning
of a value, likewise. New values are put together from these, so they always have a form of the
data. A value that few hold could come out by chance: those are guarded, and what hits one is drawn
again, unless the form has hardly another value.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import blake2b
from math import gcd
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant_models.replay import ReplayGuard, text_hashes
from semblant_models.tabular.encodings.subjects import holders

MOST_ROWS = 100_000
MOST_LENGTH = 256
"""Characters of a value that has a form; a longer one counts as of a form that few hold."""
_MOST_CELLS = 6_400_000
"""Characters looked at in one go: each takes some 16 bytes on the way."""
_TRIES = 20
_PLACES = 2**31
MOST_FORMS = 128
MOST_HEADS = 64
_DIGIT, _UPPER, _LOWER = 1, 2, 3
_ALL = {_DIGIT: "0123456789", _UPPER: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", _LOWER: "abcdefghijklmnopqrstuvwxyz"}
_WIDE = 2**40


@define(eq=False)
class Form:
    """One form: per place an alphabet with shares (one sign has an alphabet of one), and the usual beginnings."""

    share: float
    alphabets: tuple[str, ...]
    chances: tuple[tuple[float, ...], ...]
    classes: tuple[int, ...]
    heads: tuple[str, ...] = ()
    head_shares: tuple[float, ...] = ()

    @property
    def head_length(self) -> int:
        """Characters of a beginning; 0 when there are none."""
        return len(self.heads[0]) if self.heads else 0


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

    @staticmethod
    def _learned(values: pa.Array, subjects: np.ndarray | None, least: int, usual: int) -> tuple[Form, ...]:
        codes, kinds = _characters(values)
        if not len(codes):
            return (_invented(usual),)
        shape = np.ascontiguousarray(kinds).view(np.dtype((np.void, kinds.dtype.itemsize * kinds.shape[1])))[:, 0]
        _, first, members = np.unique(shape, return_index=True, return_inverse=True)
        held, rows = holders(members, subjects, len(first)), np.bincount(members)
        kept = np.flatnonzero(held >= least)
        kept = kept[np.argsort(-rows[kept], kind="stable")][:MOST_FORMS]
        if not len(kept):
            return (_invented(usual),)
        total = float(rows[kept].sum())
        pooled = {k: _pool(codes, kinds, k, subjects, least) for k in _ALL}
        made = []
        for f in kept:
            inside = members == f
            who = None if subjects is None else subjects[inside]
            made.append(_form(codes[inside], kinds[first[f]], who, least, float(rows[f]) / total, pooled))
        return tuple(made)

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of forms, and the most beginnings that one of them has plus one for all others."""
        return len(self.forms), 1 + max(len(form.heads) for form in self.forms)

    def read(self, values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Give form and beginning (0: another one) of each string, the first form for an unknown one."""
        piece = _MOST_CELLS // MOST_LENGTH
        if len(values) > piece:
            parts = [self.read(values.slice(start, piece)) for start in range(0, len(values), piece)]
            return np.concatenate([form for form, _ in parts]), np.concatenate([head for _, head in parts])
        codes, kinds = _characters(values)
        form_of, head_of = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.int64)
        for index, form in enumerate(self.forms):
            wanted = np.zeros(kinds.shape[1], kinds.dtype)
            if len(form.classes) > len(wanted):
                continue
            wanted[: len(form.classes)] = form.classes
            rows = np.flatnonzero((kinds == wanted).all(axis=1))
            form_of[rows] = index
            if form.heads and len(rows):
                length = form.head_length
                texts = pc.utf8_slice_codeunits(values.take(pa.array(rows)), 0, length)
                found = pc.index_in(texts, value_set=pa.array(form.heads, texts.type))
                head_of[rows] = pc.fill_null(pc.add(found, 1), 0).to_numpy(zero_copy_only=False)
        return form_of, head_of

    def draw(self, form_of: np.ndarray, head_of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Make strings (object array) of the given forms and beginnings: 0 is drawn place by place, -1 by share.

        What the guard recognises is drawn again a number of times, in the end with another beginning.
        """
        out = self._composed(form_of, head_of, rng)
        for step in range(_TRIES):
            again = self._guarded(out)
            if not len(again):
                break
            heads = head_of[again] if 2 * step < _TRIES else np.full(len(again), -1)
            out[again] = self._composed(form_of[again], heads, rng)
        return out

    def _guarded(self, made: np.ndarray) -> np.ndarray:
        if self.guard is None or not len(self.guard.bits):
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.guard.recognises(pa.array(made, pa.large_string())))

    def _composed(self, form_of: np.ndarray, head_of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        out = np.empty(len(form_of), object)
        for index, form in enumerate(self.forms):
            rows = np.flatnonzero(form_of == index)
            if not len(rows):
                continue
            letters = np.zeros((len(rows), max(len(form.alphabets), 1)), np.uint32)
            for place, (alphabet, chances) in enumerate(zip(form.alphabets, form.chances, strict=True)):
                letters[:, place] = _letters(alphabet)[_pick(chances, len(rows), rng)]
            if form.heads:
                head = head_of[rows].copy()
                drawn = _pick(form.head_shares, len(rows), rng)
                head = np.where(head < 0, drawn + 1, np.minimum(head, len(form.heads)))
                table = np.array(form.heads).view(np.uint32).reshape(len(form.heads), -1)
                letters[head > 0, : table.shape[1]] = table[head[head > 0] - 1]
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
        form_of = _pick(tuple(form.share for form in self.forms), len(places), rng)
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
            again = again[self._guarded(out[again])]
            if not len(again):
                break
        return out

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "forms": [
                {
                    "share": f.share,
                    "alphabets": list(f.alphabets),
                    "chances": [list(c) for c in f.chances],
                    "classes": list(f.classes),
                    "heads": list(f.heads),
                    "head_shares": list(f.head_shares),
                }
                for f in self.forms
            ],
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
            forms=tuple(
                Form(
                    share=float(f["share"]),
                    alphabets=tuple(f["alphabets"]),
                    chances=tuple(tuple(c) for c in f["chances"]),
                    classes=tuple(f["classes"]),
                    heads=tuple(f["heads"]),
                    head_shares=tuple(f["head_shares"]),
                )
                for f in state["forms"]
            ),
        )


def salt_of(column: str) -> int:
    """Give the salt of a column's guard: always the same, another one for each name."""
    return int.from_bytes(blake2b(column.encode(), digest_size=8).digest(), "little")


def _guard(values: pa.Array, subjects: np.ndarray | None, least: int, salt: int) -> ReplayGuard:
    hashes, members = np.unique(text_hashes(values, salt), return_inverse=True)
    return ReplayGuard.of_hashes(hashes[holders(members, subjects, len(hashes)) < least], salt)


def _characters(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Give code points and classes, uint32, shape (n, MOST_LENGTH + 1 or less).

    A class is 1 for a digit, 2 capital, 3 small or foreign letter, else 16 + code point; 0 behind the end.
    A string longer than MOST_LENGTH keeps one character more, and so is longer than any form.
    """
    if not len(values):
        return np.zeros((0, 1), np.uint32), np.zeros((0, 1), np.uint32)
    short = pc.utf8_slice_codeunits(values, 0, MOST_LENGTH + 1)
    longest = max(int(pc.max(pc.utf8_length(short)).as_py() or 0), 1)
    codes = short.to_numpy(zero_copy_only=False).astype(f"U{longest}").view(np.uint32).reshape(len(values), longest)
    kinds = np.where(codes > 0, codes + 16, 0).astype(np.uint32)
    kinds[(codes >= ord("0")) & (codes <= ord("9"))] = _DIGIT
    kinds[(codes >= ord("A")) & (codes <= ord("Z"))] = _UPPER
    kinds[((codes >= ord("a")) & (codes <= ord("z"))) | (codes >= 128)] = _LOWER
    return codes, kinds


def _shared(codes: np.ndarray, subjects: np.ndarray | None, least: int) -> tuple[str, tuple[float, ...]]:
    """Give the characters held by enough subjects, with their shares."""
    letters, members = np.unique(codes, return_inverse=True)
    kept = holders(members, subjects, len(letters)) >= least
    rows = np.bincount(members, minlength=len(letters))[kept]
    return "".join(map(chr, letters[kept])), tuple((rows / max(rows.sum(), 1)).tolist())


def _pool(
    codes: np.ndarray, kinds: np.ndarray, kind: int, subjects: np.ndarray | None, least: int
) -> tuple[str, tuple[float, ...]]:
    """Give the characters of a class anywhere in the column; the whole class where none is shared."""
    row, _ = np.nonzero(kinds == kind)
    found = _shared(
        codes[kinds == kind], np.arange(len(codes), dtype=np.uint64)[row] if subjects is None else subjects[row], least
    )
    return found if found[0] else (_ALL[kind], (1.0 / len(_ALL[kind]),) * len(_ALL[kind]))


def _form(
    codes: np.ndarray,
    kinds: np.ndarray,
    subjects: np.ndarray | None,
    least: int,
    share: float,
    pooled: dict[int, tuple[str, tuple[float, ...]]],
) -> Form:
    length = int((kinds > 0).sum())
    alphabets: list[str] = []
    chances: list[tuple[float, ...]] = []
    for place in range(length):
        kind = int(kinds[place])
        if kind > _LOWER:
            alphabets.append(chr(kind - 16))
            chances.append((1.0,))
            continue
        letters, odds = _shared(codes[:, place], subjects, least)
        if not letters:
            letters, odds = pooled[kind]
        alphabets.append(letters)
        chances.append(odds)
    heads, head_shares = _heads(codes[:, :length], subjects, least)
    return Form(
        share=share,
        alphabets=tuple(alphabets),
        chances=tuple(chances),
        classes=tuple(int(k) for k in kinds[:length]),
        heads=heads,
        head_shares=head_shares,
    )


def _heads(codes: np.ndarray, subjects: np.ndarray | None, least: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Give the longest beginnings of one length that most rows share with enough subjects; none where none varies."""
    best: tuple[tuple[str, ...], tuple[float, ...]] = ((), ())
    members = np.zeros(len(codes), np.int64)
    for length in range(1, codes.shape[1]):
        longer = members << 21 | codes[:, length - 1].astype(np.int64)
        _, first, members = np.unique(longer, return_index=True, return_inverse=True)
        kept = holders(members, subjects, len(first)) >= least
        rows = np.bincount(members)
        if kept.sum() > MOST_HEADS or rows[kept].sum() < 0.8 * len(codes):
            break
        if kept.sum() > 1:
            texts = np.ascontiguousarray(codes[first[kept], :length]).view(f"U{length}")[:, 0]
            best = tuple(str(u) for u in texts), tuple((rows[kept] / rows[kept].sum()).tolist())
    return best


def _invented(length: int) -> Form:
    """Give a form of digits and small letters, for a column that has no form in common."""
    length = max(length, 1)
    alphabet = _ALL[_LOWER] + _ALL[_DIGIT]
    return Form(
        share=1.0,
        alphabets=(alphabet,) * length,
        chances=((1.0 / len(alphabet),) * len(alphabet),) * length,
        classes=(_LOWER,) * length,
    )


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
    digits, every = (_DIGIT,), (_DIGIT, _UPPER, _LOWER)
    for wide, wanted in (((), size + taken), (digits, size + taken), ((), size), (digits, size), (every, size)):
        alphabets = [_ALL[k] if k in wide else a for k, a in zip(form.classes, form.alphabets, strict=True)]
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
