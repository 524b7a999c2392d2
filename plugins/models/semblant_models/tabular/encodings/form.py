"""One form of strings: the values that many hold, and the beginnings, endings and characters of all others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import asdict, define

from semblant_models.tabular.encodings.subjects import holders

MOST_LENGTH = 256
"""Characters of a value that has a form; a longer one counts as of a form that few hold."""
MOST_HEADS = 64
MOST_WHOLE = 128
DIGIT, UPPER, LOWER = 1, 2, 3
EVERY = {DIGIT: "0123456789", UPPER: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", LOWER: "abcdefghijklmnopqrstuvwxyz"}


@define(eq=False)
class Form:
    """One form: per place an alphabet with shares (one sign has an alphabet of one), and the usual beginnings.

    Values that enough subjects hold are in ``whole`` and come out as they are; alphabets and beginnings are
    those of the others.
    """

    share: float
    alphabets: tuple[str, ...]
    chances: tuple[tuple[float, ...], ...]
    classes: tuple[int, ...]
    heads: tuple[str, ...] = ()
    head_shares: tuple[float, ...] = ()
    whole: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    """Endings that come out as one: the domains of e-mail addresses, whose letters do not go with each other's."""
    tail_shares: tuple[float, ...] = ()
    guarded: bool = True
    """Whether values that few subjects hold are drawn again."""

    @property
    def head_length(self) -> int:
        """Characters of a beginning; 0 when there are none."""
        return len(self.heads[0]) if self.heads else 0

    @property
    def beginnings(self) -> tuple[str, ...]:
        """What a value can start with, in the order of its codes: beginnings, then whole values."""
        return self.heads + self.whole

    def begun(self, texts: pa.Array) -> np.ndarray:
        """Give what each string of this form starts with, int64: 0 for nothing usual, else one more than its place."""
        found = pc.index_in(
            pc.utf8_slice_codeunits(texts, 0, self.head_length), value_set=pa.array(self.heads, texts.type)
        )
        whole = pc.add(pc.index_in(texts, value_set=pa.array(self.whole, texts.type)), len(self.heads))
        codes = pc.fill_null(pc.add(pc.coalesce(whole, found), 1), 0)
        return np.asarray(codes.to_numpy(zero_copy_only=False).astype(np.int64))

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Form:
        """Take back what :meth:`to_dict` gave, or a version of it without whole values and endings."""
        return cls(
            share=float(state["share"]),
            alphabets=tuple(state["alphabets"]),
            chances=tuple(tuple(c) for c in state["chances"]),
            classes=tuple(state["classes"]),
            heads=tuple(state["heads"]),
            head_shares=tuple(state["head_shares"]),
            whole=tuple(state.get("whole", ())),
            tails=tuple(state.get("tails", ())),
            tail_shares=tuple(state.get("tail_shares", ())),
            guarded=bool(state.get("guarded", True)),
        )


def characters(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Give code points and classes, uint32, shape (n, MOST_LENGTH + 1 or less).

    A class is 1 for a digit, 2 capital, 3 small or foreign letter, else 16 + code point; 0 behind the end.
    A string longer than MOST_LENGTH keeps one character more, and so is longer than any form.
    """
    if not len(values):
        return np.zeros((0, 1), np.uint32), np.zeros((0, 1), np.uint32)
    short = pc.utf8_slice_codeunits(values, 0, MOST_LENGTH + 1)
    longest = max(int(pc.max(pc.utf8_length(short)).as_py() or 0), 1)
    codes = short.to_numpy(zero_copy_only=False).astype(f"U{longest}").view(np.uint32).reshape(len(values), longest)
    return codes, kinds_of(codes)


def kinds_of(codes: np.ndarray) -> np.ndarray:
    """Give the class of each code point, uint32: as :func:`characters` says."""
    kinds = np.where(codes > 0, codes + 16, 0).astype(np.uint32)
    kinds[(codes >= ord("0")) & (codes <= ord("9"))] = DIGIT
    kinds[(codes >= ord("A")) & (codes <= ord("Z"))] = UPPER
    kinds[((codes >= ord("a")) & (codes <= ord("z"))) | (codes >= 128)] = LOWER
    return kinds


def _shared(codes: np.ndarray, subjects: np.ndarray | None, least: int) -> tuple[str, tuple[float, ...]]:
    """Give the characters held by enough subjects, with their shares."""
    letters, members = np.unique(codes, return_inverse=True)
    kept = holders(members, subjects, len(letters)) >= least
    rows = np.bincount(members, minlength=len(letters))[kept]
    return "".join(map(chr, letters[kept])), tuple((rows / max(rows.sum(), 1)).tolist())


def pool(
    codes: np.ndarray, kinds: np.ndarray, kind: int, subjects: np.ndarray | None, least: int
) -> tuple[str, tuple[float, ...]]:
    """Give the characters of a class anywhere in the column; the whole class where none is shared."""
    row, _ = np.nonzero(kinds == kind)
    found = _shared(
        codes[kinds == kind], np.arange(len(codes), dtype=np.uint64)[row] if subjects is None else subjects[row], least
    )
    return found if found[0] else (EVERY[kind], (1.0 / len(EVERY[kind]),) * len(EVERY[kind]))


def form_of_rows(
    codes: np.ndarray,
    kinds: np.ndarray,
    subjects: np.ndarray | None,
    least: int,
    share: float,
    pooled: dict[int, tuple[str, tuple[float, ...]]],
) -> Form:
    """Learn the form of rows that all have the classes ``kinds``."""
    length = int((kinds > 0).sum())
    whole, others = _whole(codes[:, :length], subjects, least)
    if others.any():
        codes, subjects = codes[others], None if subjects is None else subjects[others]
    alphabets: list[str] = []
    chances: list[tuple[float, ...]] = []
    for place in range(length):
        kind = int(kinds[place])
        if kind > LOWER:
            alphabets.append(chr(kind - 16))
            chances.append((1.0,))
            continue
        letters, odds = _shared(codes[:, place], subjects, least)
        if not letters:
            letters, odds = pooled[kind]
        alphabets.append(letters)
        chances.append(odds)
    heads, head_shares = _heads(codes[:, :length], subjects, least)
    rest = codes[:, len(heads[0]) if heads else 0 : length]
    reverse, tail_shares = _heads(rest[:, ::-1], subjects, least)
    return Form(
        share=share,
        alphabets=tuple(alphabets),
        chances=tuple(chances),
        classes=tuple(int(k) for k in kinds[:length]),
        heads=heads,
        head_shares=head_shares,
        whole=whole,
        tails=tuple(text[::-1] for text in reverse),
        tail_shares=tail_shares,
    )


def _whole(codes: np.ndarray, subjects: np.ndarray | None, least: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Give the values that enough subjects hold, the most frequent first, and which rows hold another one."""
    if not codes.shape[1]:
        return (), np.ones(len(codes), bool)
    texts = np.ascontiguousarray(codes).view(f"U{codes.shape[1]}")[:, 0]
    values, members, rows = np.unique(texts, return_inverse=True, return_counts=True)
    kept = np.flatnonzero(holders(members, subjects, len(values)) >= least)
    kept = kept[np.argsort(-rows[kept], kind="stable")][:MOST_WHOLE]
    return tuple(str(text) for text in values[kept]), ~np.isin(members, kept)


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


def invented(length: int) -> Form:
    """Give a form of digits and small letters, for a column that has no form in common."""
    length = max(length, 1)
    alphabet = EVERY[LOWER] + EVERY[DIGIT]
    return Form(
        share=1.0,
        alphabets=(alphabet,) * length,
        chances=((1.0 / len(alphabet),) * len(alphabet),) * length,
        classes=(LOWER,) * length,
    )
