"""JSON texts to their parts and back, in the manner in which they were written.

A missing key, null and an empty list are three things here, and one place may hold values of several kinds:
no columnar reader keeps these apart, so texts are read one by one by the standard library.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import asdict, frozen

from semblant_models.tabular.encodings.nested.shred import ABSENT, LIST, RECORD, STATE, STATES, Shred

if TYPE_CHECKING:
    from collections.abc import Sequence

_INT64 = 2**63
_TRIED = 200
MOST_KEYS = 1024


class _Nothing:
    """A key that is not there."""


class _Raw(str):
    """Text that is no JSON."""

    __slots__ = ()


NOTHING = _Nothing()
_STATE_OF = {
    _Nothing: ABSENT,
    type(None): STATE["null"],
    bool: STATE["boolean"],
    int: STATE["integer"],
    float: STATE["number"],
    str: STATE["text"],
    _Raw: STATE["raw"],
    dict: RECORD,
    list: LIST,
}
_SCALARS: tuple[tuple[str, type, pa.DataType], ...] = (
    ("boolean", bool, pa.bool_()),
    ("integer", int, pa.int64()),
    ("number", float, pa.float64()),
    ("text", str, pa.large_string()),
    ("raw", _Raw, pa.large_string()),
)


def _whole(digits: str) -> int | float:
    number = int(digits) if len(digits) < 40 else float(digits)
    return number if -_INT64 <= number < _INT64 else float(number)


_DECODER = json.JSONDecoder(parse_int=_whole)


def parsed(texts: Sequence[str | None]) -> list[Any]:
    """Read texts; what is no JSON stays as it is, as ``raw``.

    >>> parsed(['{"a": 1}', None])
    [{'a': 1}, None]
    """
    return [None if text is None else _parsed(text) for text in texts]


def _parsed(text: str) -> Any:
    """Read one text; ``null`` stays a text, so that it is told from a missing one."""
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return _Raw(text)
    return _Raw(text) if value is None else value


def shred_json(values: Sequence[Any]) -> Shred:
    """Take parsed values apart.

    >>> shred = shred_json([{"a": 1}, {}, {"a": None}])
    >>> shred.members["a"].state.tolist()
    [4, 0, 1]
    """
    state = np.fromiter((_STATE_OF[type(v)] for v in values), np.int8, len(values))
    kinds = set(np.unique(state).tolist())
    shred = Shred(state)
    for name, kind, arrow in _SCALARS:
        if STATE[name] in kinds:
            shred.scalars[name] = pa.array([v if type(v) is kind else None for v in values], arrow)
    if RECORD in kinds:
        records = [v if type(v) is dict else {} for v in values]
        for key in _keys(records):
            shred.members[key] = shred_json([r.get(key, NOTHING) for r in records])
    if LIST in kinds:
        lists = [v if type(v) is list else () for v in values]
        shred.lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        shred.elements = shred_json(list(chain.from_iterable(lists)))
    return shred


def _keys(records: Sequence[dict[str, Any]]) -> list[str]:
    """Give the keys that occur, in the order in which records write them: a new one after the one before it."""
    found: list[str] = []
    known: set[str] = set()
    for record in records:
        if known.issuperset(record):
            continue
        place = 0
        for key in record:
            if key in known:
                place = found.index(key) + 1
            elif len(found) < MOST_KEYS:
                found.insert(place, key)
                known.add(key)
                place += 1
    return found


def values_of(shred: Shred) -> list[Any]:
    """Put values together; a place where nothing stands gives ``NOTHING``."""
    out: list[Any] = [NOTHING] * len(shred)
    kinds = set(np.unique(shred.state).tolist())
    for kind in kinds:
        rows = np.flatnonzero(shred.state == kind).tolist()
        made: list[Any]
        if kind == ABSENT:
            continue
        if STATES[kind] in shred.scalars:
            made = shred.scalars[STATES[kind]].take(pa.array(rows, pa.int64())).to_pylist()
            if STATES[kind] == "raw":
                made = [None if v is None else _Raw(v) for v in made]
        elif kind == RECORD:
            made = _records(shred, rows)
        elif kind == LIST and shred.elements is not None:
            made = _lists(shred, rows)
        else:
            made = [None] * len(rows)
        for row, value in zip(rows, made, strict=True):
            out[row] = value
    return out


def _records(shred: Shred, rows: list[int]) -> list[Any]:
    columns = [values_of(member) for member in shred.members.values()]
    names = list(shred.members)
    return [
        {name: column[row] for name, column in zip(names, columns, strict=True) if column[row] is not NOTHING}
        for row in rows
    ]


def _lists(shred: Shred, rows: list[int]) -> list[Any]:
    assert shred.elements is not None
    inside = values_of(shred.elements)
    ends = np.cumsum(shred.lengths)
    starts = ends - shred.lengths
    return [inside[int(starts[row]) : int(ends[row])] for row in rows]


@frozen
class Writing:
    """How texts are written: the signs between parts, escapes, indentation, and whole floats without a point."""

    item: str = ", "
    key: str = ": "
    ascii: bool = True
    indent: int | None = None

    @classmethod
    def seen_in(cls, texts: Sequence[str]) -> Writing:
        """Find the manner in which most of the texts were written.

        >>> Writing.seen_in(['{"a":1}']).key
        ':'
        """
        every = [
            cls(*signs, ascii_, indent)
            for indent in (None, 2, 4)
            for signs in ((", ", ": "), (",", ":"))
            for ascii_ in (True, False)
            if indent is None or signs[1] == ": "
        ]
        known = [(text, value) for text in texts[:_TRIED] if type(value := _parsed(text)) is not _Raw]
        return max(every, key=lambda manner: sum(manner.text(value) == text for text, value in known))

    def text(self, value: Any) -> str:
        """Write one value."""
        if type(value) is _Raw:
            return str(value)
        item = self.item.rstrip() if self.indent else self.item
        return json.dumps(value, separators=(item, self.key), ensure_ascii=self.ascii, indent=self.indent)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return asdict(self)


def texts_of(shred: Shred, writing: Writing) -> pa.Array:
    """Write the values of a column: null where it is null or nothing stands.

    >>> texts_of(shred_json(parsed(['{"a": []}', None])), Writing()).to_pylist()
    ['{"a": []}', None]
    """
    made = [None if v is None or v is NOTHING else writing.text(v) for v in values_of(shred)]
    return pa.array(made, pa.large_string())
