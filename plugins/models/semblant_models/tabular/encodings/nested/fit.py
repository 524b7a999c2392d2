"""Learning the places of a nested column from its values, taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import field, frozen

from semblant.detection.nested import MOST_DEPTH, MOST_ELEMENTS, MOST_FIELDS
from semblant_models.tabular.encodings.categorical import Categorical
from semblant_models.tabular.encodings.encoding import Sample
from semblant_models.tabular.encodings.nested.node import Items, Labels, Leaf, Node, Part, Record
from semblant_models.tabular.encodings.nested.shred import (
    ABSENT,
    LIST,
    NULL,
    RECORD,
    STATE,
    STATES,
    Shred,
    element_rows,
)
from semblant_models.tabular.encodings.subjects import FEWEST, holders

if TYPE_CHECKING:
    from semblant_models.tabular.encodings.encoding import Encoding

_MOST_LABELS = 128
MOST_TOKENS = 2 * MOST_FIELDS
"""Tokens of a column at most."""
_SET_SHARE = 0.98


@frozen(kw_only=True)
class Fitting:
    """What learning needs everywhere: whose values these are, and what is left out."""

    column: str
    least: int
    keep: bool = False
    left_out: frozenset[str] = field(factory=frozenset)
    most: int = MOST_ELEMENTS
    """Elements of a list that are learned; longer lists are cut."""

    def node(
        self, shred: Shred, subjects: np.ndarray, *, path: str = "", optional: bool = False, depth: int = 0
    ) -> Node:
        """Learn a place; ``subjects`` is uint64, shape (n,), ``optional`` makes room for nothing at all."""
        here = shred.state != ABSENT
        specials = tuple(s for s in (ABSENT, NULL) if (shred.state == s).any() or (s == ABSENT and optional))
        if path in self.left_out or depth > MOST_DEPTH:
            return Node((ABSENT,) if ABSENT in specials else (NULL,), ())
        kinds = [k for k in range(NULL + 1, len(STATES)) if (shred.state == k).any()]
        held = holders(shred.state.astype(np.int64), subjects, len(STATES))
        enough = min(self.least, FEWEST)
        shared = [k for k in kinds if held[k] >= enough or (len(kinds) == 1 and NULL not in specials)]
        parts = [self._part(k, shred, subjects, path, depth) for k in shared]
        if len(shared) < len(kinds) and NULL not in specials and not shared:
            specials = (*specials, NULL)
        return Node(specials if parts or specials or not here.any() else (NULL,), tuple(parts))

    def _part(self, kind: int, shred: Shred, subjects: np.ndarray, path: str, depth: int) -> Part:
        rows = shred.state == kind
        if kind == RECORD:
            return self._record(shred, subjects, rows, path, depth)
        if kind == LIST:
            return self._list(shred, subjects, rows, path, depth)
        values = shred.scalars[STATES[kind]].filter(pa.array(rows))
        return Leaf(STATES[kind], self._leaf(STATES[kind], values, subjects[rows], path))

    def _leaf(self, kind: str, values: pa.Array, subjects: np.ndarray, path: str) -> Encoding:
        name = f"{self.column}: {path}" if path else self.column
        if kind == "raw":
            return Categorical.fit(Sample(values=values, subjects=subjects, min_subjects=self.least), keep=self.keep)
        from semblant_models.tabular.encodings.nested.leaf import fit_leaf

        return fit_leaf(name, values, subjects, self.least, keep=self.keep, repeated="[]" in path)

    def _record(self, shred: Shred, subjects: np.ndarray, rows: np.ndarray, path: str, depth: int) -> Record:
        members = {}
        for name, member in shred.members.items():
            present = rows & (member.state != ABSENT)
            who = holders(np.zeros(int(present.sum()), np.int64), subjects[present], 1)[0]
            if who < self.least and not present[rows].all():
                continue
            members[name] = self.node(
                _rows_of(member, rows), subjects[rows], path=f"{path}.{name}" if path else name, depth=depth + 1
            )
        return Record(members)

    def _list(self, shred: Shred, subjects: np.ndarray, rows: np.ndarray, path: str, depth: int) -> Part:
        assert shred.elements is not None
        lengths = shred.lengths[rows]
        owners = np.repeat(subjects, shred.lengths)
        labels = self._labels(shred, subjects)
        if labels is not None:
            return labels
        values, members = np.unique(np.minimum(lengths, self.most), return_inverse=True)
        held = holders(members, subjects[rows], len(values))
        kept = values[held >= self.least]
        if not len(kept):
            kept = np.array([int(np.median(np.minimum(lengths, self.most)))])
        element = self.node(
            shred.elements, owners, path=f"{path}[]", optional=len(values) > 1 or len(kept) > 1, depth=depth + 1
        )
        return Items(kept.astype(np.int64), element)

    def _labels(self, shred: Shred, subjects: np.ndarray) -> Labels | None:
        """Learn lists as sets, where they are sets of few labels in one order (or too long to be learned in order)."""
        inside, lengths = shred.elements, shred.lengths
        if inside is None or not len(inside) or len(inside.scalars) != 1:
            return None
        kind, values = next(iter(inside.scalars.items()))
        if (inside.state != STATE[kind]).any():
            return None
        if STATE[kind] == STATE["number"] or pa.types.is_floating(values.type) or pa.types.is_temporal(values.type):
            return None
        rows, place = element_rows(lengths)
        encoded = values.dictionary_encode()
        code = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        size = len(encoded.dictionary)
        if len(np.unique(rows * size + code)) < len(code):
            return None
        held = holders(code, subjects[rows], size)
        kept = held >= (1 if self.keep else self.least)
        longest = int(lengths.max())
        if kept.sum() > min(_MOST_LABELS, max(16, 4 * longest)) or not kept.any() or kept[code].mean() < _SET_SHARE:
            return None
        order = _order(code, rows, place, size)
        rank = np.empty(size, np.int64)
        rank[order] = np.arange(size)
        follows = rows[1:] == rows[:-1]
        rising = (rank[code][1:] > rank[code][:-1])[follows]
        if len(rising) and rising.mean() < _SET_SHARE and longest <= self.most:
            return None
        chosen = order[kept[order]]
        return Labels(kind, encoded.dictionary.take(pa.array(chosen)))


def _order(code: np.ndarray, rows: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    """Give the labels in the order in which lists name them: sorted where that is their order, else by mean place."""
    last = np.bincount(rows)[rows]
    mean = np.bincount(code, weights=(place + 0.5) / last, minlength=size) / np.maximum(
        np.bincount(code, minlength=size), 1
    )
    return np.argsort(mean, kind="stable")


def _rows_of(shred: Shred, rows: np.ndarray) -> Shred:
    """Give some rows of a place."""
    if rows.all():
        return shred
    mask = pa.array(rows)
    elements = shred.elements
    lengths = shred.lengths
    if len(lengths):
        if elements is not None:
            elements = _rows_of(elements, np.repeat(rows, lengths))
        lengths = lengths[rows]
    return Shred(
        shred.state[rows],
        scalars={kind: values.filter(mask) for kind, values in shred.scalars.items()},
        members={name: _rows_of(member, rows) for name, member in shred.members.items()},
        lengths=lengths,
        elements=elements,
    )
