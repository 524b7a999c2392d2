"""A place of a nested column, learned: what can stand there, and an encoding for each kind of it.

The first token of a place tells whether nothing or null stands there, and else which kind, or, where there is
one kind only, the first code of its value. Tokens below have it as their parent, so that what cannot be is never
drawn. Lists are learned element by element, or, where they are sets of few labels, label by label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text, values_from_json, values_to_json
from semblant_models.tabular.encodings.encoding import Draw, Field
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant_models.tabular.encodings.encoding import Encoding


@define(eq=False)
class Leaf:
    """Scalars of one kind."""

    kind: str
    encoding: Encoding

    @property
    def own(self) -> tuple[Field, ...]:
        """The tokens of the value."""
        return self.encoding.fields


@define(eq=False)
class Record:
    """Members by name."""

    members: dict[str, Node]
    kind: str = "record"


@define(eq=False)
class Items:
    """Lists in order: the length, then each element in turn, all learned by one and the same node."""

    lengths: np.ndarray
    """Lengths that enough subjects hold, ascending; a list is cut to the next one below."""
    element: Node
    kind: str = "list"

    @property
    def positions(self) -> int:
        """Elements of the longest list."""
        return int(self.lengths[-1])

    @property
    def own(self) -> tuple[Field, ...]:
        """The length."""
        return (Field(cardinality=len(self.lengths), ordered=True),) if len(self.lengths) > 1 else ()


@define(eq=False)
class Labels:
    """Lists that are sets: one token per label tells whether it is there; labels come out in this order."""

    state: str
    """The kind of the elements."""
    values: pa.Array
    kind: str = "list"


Part = Leaf | Record | Items | Labels


@define(eq=False)
class Node:
    """What can stand at one place."""

    specials: tuple[int, ...]
    """Of the states absent and null those that occur."""
    parts: tuple[Part, ...]

    @property
    def merged(self) -> Leaf | Items | None:
        """The only part, where its first token also tells of absent and null."""
        part = self.parts[0] if len(self.parts) == 1 else None
        return part if isinstance(part, Leaf | Items) else None

    def lay(self, out: list[Field], parent: int | None) -> None:
        """Append the tokens of this place and of all below."""
        lead, extra = parent, len(self.specials)
        own = self.merged.own if self.merged else ()
        size = extra + (own[0].cardinality if own else 1) if self.merged else extra + len(self.parts)
        if own or size > 1:
            first = own[0] if own else Field(cardinality=size)
            blocked = tuple(code + extra for code in first.blocked)
            lead = len(out)
            loose = ABSENT in self.specials
            out.append(Field(cardinality=size, parent=parent, ordered=first.ordered, blocked=blocked, loose=loose))
        base = len(out) - 1
        out.extend(_moved(field, base, None) for field in own[1:])
        for part in self.parts:
            _lay(part, out, lead, merged=part is self.merged)

    def width(self) -> int:
        """Give the number of tokens of this place and of all below."""
        out: list[Field] = []
        self.lay(out, None)
        return len(out)

    def encode(self, shred: Shred, out: list[np.ndarray]) -> None:
        """Append int32 columns, shape (n,), for the tokens that :meth:`lay` appends."""
        extra, n = len(self.specials), len(shred)
        code = np.full(n, -1, np.int64)
        for place, special in enumerate(self.specials):
            code[shred.state == special] = place
        for place, part in enumerate(self.parts):
            code[shred.state == STATE[part.kind]] = extra + place
        code[code < 0] = self.specials.index(NULL) if NULL in self.specials else 0
        if self.merged:
            columns = _own_codes(self.merged, shred)
            if columns or extra:
                there = code == extra
                first = columns[0] if columns else np.zeros(n, np.int32)
                out.append(np.where(there, first + extra, code).astype(np.int32))
                out.extend(np.where(there, column, 0).astype(np.int32) for column in columns[1:])
        elif extra + len(self.parts) > 1:
            out.append(code.astype(np.int32))
        for place, part in enumerate(self.parts):
            _encode(part, shred, code == extra + place, out, merged=part is self.merged)

    def decode(self, columns: Iterator[np.ndarray], draw: Draw, there: np.ndarray) -> Shred:
        """Take the columns of this place and of all below and make values; nothing where not ``there``, bool (n,)."""
        extra, n = len(self.specials), len(there)
        code = np.zeros(n, np.int64)
        own = self.merged.own if self.merged else ()
        lead = bool(own) or (extra + len(self.parts) > 1)
        if lead:
            code = next(columns).astype(np.int64)
        first = np.maximum(code - extra, 0)
        state = np.full(n, NULL, np.int8)
        for place, part in enumerate(self.parts):
            here = code >= extra if self.merged else code == extra + place
            state[here] = STATE[part.kind]
        for place, special in enumerate(self.specials):
            state[code == place] = special
        state[~there] = ABSENT
        shred = Shred(state, lengths=np.zeros(n, np.int64))
        if self.merged:
            rest = [next(columns) for _ in own[1:]]
            _decode_own(self.merged, [first, *rest] if own else [], columns, draw, shred)
        else:
            for part in self.parts:
                _decode(part, columns, draw, shred)
        return shred

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"specials": [STATES[s] for s in self.specials], "parts": [_part_to_dict(p) for p in self.parts]}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Node:
        """Take back what :meth:`to_dict` gave."""
        return cls(tuple(STATE[s] for s in state["specials"]), tuple(_part_from_dict(p) for p in state["parts"]))


def _moved(field: Field, base: int, lead: int | None) -> Field:
    parent = lead if field.parent is None else base + field.parent
    return Field(
        cardinality=field.cardinality,
        phase=field.phase,
        parent=parent,
        ordered=field.ordered,
        blocked=field.blocked,
    )


def _lay(part: Part, out: list[Field], lead: int | None, *, merged: bool) -> None:
    if isinstance(part, Record):
        for member in part.members.values():
            member.lay(out, lead)
        return
    if isinstance(part, Labels):
        out.extend(Field(cardinality=2, parent=lead) for _ in range(len(part.values)))
        return
    if not merged:
        base = len(out)
        out.extend(_moved(field, base, lead) for field in part.own)
        lead = base if isinstance(part, Items) and part.own else lead
    if isinstance(part, Items):
        for _ in range(part.positions):
            part.element.lay(out, lead)


def _own_codes(part: Leaf | Items, shred: Shred) -> list[np.ndarray]:
    if isinstance(part, Items):
        return [_length_codes(part, shred)] if part.own else []
    values = shred.scalars.get(part.kind)
    if values is None:
        return [np.zeros(len(shred), np.int32) for _ in part.own]
    return list(part.encoding.encode(values).T)


def _length_codes(part: Items, shred: Shred) -> np.ndarray:
    return np.asarray(np.maximum(np.searchsorted(part.lengths, _lengths(shred), side="right") - 1, 0))


def _lengths(shred: Shred) -> np.ndarray:
    return shred.lengths if len(shred.lengths) else np.zeros(len(shred), np.int64)


def _encode(part: Part, shred: Shred, here: np.ndarray, out: list[np.ndarray], *, merged: bool) -> None:
    if isinstance(part, Record):
        nothing = Shred(np.full(len(shred), ABSENT, np.int8))
        for name, member in part.members.items():
            start = len(out)
            member.encode(shred.members.get(name, nothing), out)
            out[start:] = [np.where(here, column, 0).astype(np.int32) for column in out[start:]]
        return
    if isinstance(part, Labels):
        out.extend(_label_codes(part, shred, here))
        return
    if not merged:
        out.extend(np.where(here, column, 0).astype(np.int32) for column in _own_codes(part, shred))
    if isinstance(part, Items):
        kept = np.where(here, np.minimum(part.lengths[_length_codes(part, shred)], _lengths(shred)), 0)
        inside: list[np.ndarray] = []
        if shred.elements is not None and len(shred.elements):
            part.element.encode(shred.elements, inside)
        starts = np.cumsum(_lengths(shred)) - _lengths(shred)
        width = part.element.width()
        for position in range(part.positions):
            rows = np.flatnonzero(kept > position)
            for column in range(width):
                made = np.zeros(len(shred), np.int32)
                if len(rows) and inside:
                    made[rows] = inside[column][starts[rows] + position]
                out.append(made)


def _label_codes(part: Labels, shred: Shred, here: np.ndarray) -> list[np.ndarray]:
    flags = np.zeros((len(part.values), len(shred)), np.int32)
    if shred.elements is not None and part.state in shred.elements.scalars:
        rows, _ = element_rows(_lengths(shred))
        found = pc.fill_null(pc.index_in(shred.elements.scalars[part.state], value_set=part.values), -1)
        label = found.to_numpy(zero_copy_only=False).astype(np.int64)
        flags[label[label >= 0], rows[label >= 0]] = 1
    return list(np.where(here, flags, 0).astype(np.int32))


def _decode(part: Part, columns: Iterator[np.ndarray], draw: Draw, shred: Shred) -> None:
    if isinstance(part, Record):
        here = shred.state == RECORD
        shred.members = {name: member.decode(columns, draw, here) for name, member in part.members.items()}
    elif isinstance(part, Labels):
        flags = np.stack([next(columns) for _ in range(len(part.values))], axis=1)
        flags = np.where((shred.state == LIST)[:, None], flags, 0)
        _, label = np.nonzero(flags)
        shred.lengths = flags.sum(axis=1).astype(np.int64)
        state = np.full(len(label), STATE[part.state], np.int8)
        shred.elements = Shred(state, scalars={part.state: part.values.take(pa.array(label, pa.int64()))})
    else:
        _decode_own(part, [next(columns) for _ in part.own], columns, draw, shred)


def _decode_own(
    part: Leaf | Items, own: list[np.ndarray], columns: Iterator[np.ndarray], draw: Draw, shred: Shred
) -> None:
    n = len(shred)
    if isinstance(part, Leaf):
        stacked = np.stack(own, axis=1).astype(np.int32) if own else np.zeros((n, 0), np.int32)
        shred.scalars[part.kind] = part.encoding.decode(stacked, draw)
        return
    code = np.minimum(own[0], len(part.lengths) - 1) if own else np.zeros(n, np.int64)
    lengths = np.where(shred.state == LIST, part.lengths[code.astype(np.int64)], 0)
    width = part.element.width()
    tokens = [[next(columns) for _ in range(width)] for _ in range(part.positions)]
    rows, place = element_rows(lengths)
    inside = [np.zeros(0, np.int64)] * width
    if tokens:
        inside = [np.stack([position[column] for position in tokens])[place, rows] for column in range(width)]
    if ABSENT in part.element.specials and inside:
        drawn = inside[0] != part.element.specials.index(ABSENT)
        inside = [column[drawn] for column in inside]
        lengths = np.bincount(rows[drawn], minlength=n)
    shred.lengths = lengths.astype(np.int64)
    shred.elements = part.element.decode(iter(inside), draw, np.ones(int(lengths.sum()), bool))


def _part_to_dict(part: Part) -> dict[str, Any]:
    if isinstance(part, Leaf):
        return {"part": "leaf", "kind": part.kind, "encoding": part.encoding.to_dict()}
    if isinstance(part, Record):
        return {"part": "record", "members": {name: node.to_dict() for name, node in part.members.items()}}
    if isinstance(part, Items):
        return {"part": "items", "lengths": part.lengths.tolist(), "element": part.element.to_dict()}
    return {
        "part": "labels",
        "state": part.state,
        "type": type_to_text(part.values.type),
        "values": values_to_json(part.values),
    }


def _part_from_dict(state: dict[str, Any]) -> Part:
    from semblant_models.tabular.encodings.choice import encoding_from_dict

    if state["part"] == "leaf":
        return Leaf(str(state["kind"]), encoding_from_dict(state["encoding"]))
    if state["part"] == "record":
        return Record({name: Node.from_dict(node) for name, node in state["members"].items()})
    if state["part"] == "items":
        return Items(np.array(state["lengths"], np.int64), Node.from_dict(state["element"]))
    if state["part"] == "labels":
        return Labels(str(state["state"]), values_from_json(state["values"], type_from_text(state["type"])))
    raise ValueError(state["part"])
