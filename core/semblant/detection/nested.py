"""What is inside lists, structs, maps and JSON texts, and what of it cannot be learned.

The limits stand here, because they are told before any work; a model backend that takes columns apart keeps to them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

MOST_DEPTH = 8
"""Levels of lists and records inside each other."""
MOST_ELEMENTS = 32
"""Elements of a list that are learned."""
MOST_FIELDS = 512
"""Fields that a column may become, those of every element of its lists counted."""
_ROWS = 500
_BYTES = 16_000_000
_FEWEST_LIKE = 0.05
_VISITS = 200_000
_LONGER_SHARE = 0.01
_TEXTS = 400
_TEXT_LENGTH = 400


@define
class PathFigures:
    """What stands at one path."""

    depth: int
    lists: list[int] = field(factory=list)
    """Lengths of the lists that stand there."""
    texts: list[str] = field(factory=list)
    kinds: set[str] = field(factory=set)


@frozen
class Obstacle:
    """Something inside a column that cannot be learned, or not as it is."""

    code: str
    path: str
    message: str
    stops: bool = True


@frozen
class Inside:
    """The paths of a nested column, as ``name.name[].name``, and what stands there."""

    paths: Mapping[str, PathFigures]

    @property
    def depth(self) -> int:
        """Levels of the deepest path."""
        return max((figures.depth for figures in self.paths.values()), default=0)

    @property
    def leaves(self) -> tuple[str, ...]:
        """Paths with values that are neither lists nor records."""
        return tuple(path for path, figures in self.paths.items() if figures.kinds - {"list", "record", "null"})

    def longest(self, path: str) -> int:
        """Give the length of the longest list at a path."""
        return max(self.paths[path].lists, default=0) if path in self.paths else 0

    def fields(self, left_out: Collection[str] = ()) -> int:
        """Estimate how many fields the column becomes: each path times the elements of the lists above it."""
        total = 0
        for path in self.leaves:
            if not _is_left_out(path, left_out):
                total += self._times(path)
        return total

    def _times(self, path: str) -> int:
        times, at = 1, path.find("[]")
        while at >= 0:
            times *= max(min(self.longest(path[:at]), MOST_ELEMENTS), 1)
            at = path.find("[]", at + 2)
        return times

    def described(self) -> str:
        """Say what is inside.

        >>> look_inside([{"a": 1, "b": [1, 2]}]).described()
        "2 parts ('a', 'b[]'), lists of up to 2"
        """
        named = [f"'{path}'" for path in self.leaves if path]
        parts = []
        if named:
            more = f" and {len(named) - 4} more" if len(named) > 4 else ""
            parts.append(f"{len(named)} part{'' if len(named) == 1 else 's'} ({', '.join(named[:4])}{more})")
        longest = max((self.longest(path) for path in self.paths), default=0)
        if any("list" in figures.kinds for figures in self.paths.values()):
            parts.append(f"lists of up to {longest:,}")
        return ", ".join(parts) or "nothing inside"

    def obstacles(self, left_out: Collection[str] = ()) -> Iterator[Obstacle]:
        """Give what cannot be learned, apart from the paths that are left out."""
        for path, figures in self.paths.items():
            if _is_left_out(path, left_out):
                continue
            where = f" at '{path}'" if path else ""
            if figures.depth > MOST_DEPTH:
                message = f"is nested {self.depth} levels deep{where}; at most {MOST_DEPTH} can be taken apart"
                yield Obstacle("nested-too-deep", path, message)
                return
            if "bytes" in figures.kinds:
                yield Obstacle("nested-bytes", path, f"holds bytes{where}, which cannot be learned")
            longer = sum(length > MOST_ELEMENTS for length in figures.lists)
            if longer:
                most = max(figures.lists)
                stops = longer > _LONGER_SHARE * len(figures.lists)
                rest = f"lists of up to {MOST_ELEMENTS} can be learned" + (
                    "" if stops else "; the few longer ones are cut"
                )
                yield Obstacle("nested-too-long", path, f"holds lists of up to {most:,}{where}; {rest}", stops=stops)
            if _free(figures.texts):
                message = f"holds free text{where}: it comes out in its form, without meaning"
                yield Obstacle("nested-free-text", path, message, stops=False)
        fields = self.fields(left_out)
        if fields > MOST_FIELDS:
            message = f"becomes {fields:,} fields when taken apart; at most {MOST_FIELDS} can be learned"
            yield Obstacle("nested-too-wide", "", message)


def _is_left_out(path: str, left_out: Collection[str]) -> bool:
    return any(path == gone or path.startswith((f"{gone}.", f"{gone}[]")) for gone in left_out)


def look_inside(values: Sequence[Any]) -> Inside:
    """Walk through some values, plain Python as ``to_pylist`` or JSON gives them.

    >>> look_inside([{"a": [{"b": 1}]}]).leaves
    ('a[].b',)
    """
    paths: dict[str, PathFigures] = {}
    stack: list[tuple[str, int, Any]] = [("", 0, value) for value in reversed(values)]
    for _ in range(_VISITS):
        if not stack:
            break
        path, depth, value = stack.pop()
        figures = paths.setdefault(path, PathFigures(depth))
        if isinstance(value, dict):
            figures.kinds.add("record")
            inside = [(f"{path}.{key}" if path else str(key), depth + 1, inner) for key, inner in value.items()]
            stack.extend(reversed(inside))
        elif isinstance(value, list):
            figures.kinds.add("list")
            figures.lists.append(len(value))
            stack.extend((f"{path}[]", depth + 1, _pair(inner)) for inner in value[: 2 * MOST_ELEMENTS])
        else:
            figures.kinds.add("null" if value is None else type(value).__name__)
            if isinstance(value, str) and len(figures.texts) < _TEXTS:
                figures.texts.append(value[:_TEXT_LENGTH])
    return Inside(paths)


def _pair(value: Any) -> Any:
    """Give an entry of a map as a record."""
    return {"key": value[0], "value": value[1]} if isinstance(value, tuple) and len(value) == 2 else value


def _free(texts: list[str]) -> bool:
    """Tell whether texts are wordy and seldom reused."""
    if len(texts) < 20 or len(set(texts)) < 0.5 * len(texts):
        return False
    return sum(len(text.split()) for text in texts) >= 2.5 * len(texts)


class NestedSample:
    """The first values of a column that are nested, or look like JSON."""

    def __init__(self) -> None:
        """Start empty."""
        self._values: list[Any] = []
        self._full = False

    def add(self, present: pa.Array) -> None:
        """Take a batch without nulls."""
        room = min(_ROWS - len(self._values), int(_BYTES * len(present) / max(present.nbytes, 1)) + 1)
        if self._full or room <= 0:
            return
        if pa.types.is_nested(present.type):
            self._values.extend(_pairs(present.slice(0, room).to_pylist()))
            return
        like = present.filter(pc.match_substring_regex(present, r"^\s*[\[{]"))
        self._full = len(like) < _FEWEST_LIKE * len(present)
        if not self._full:
            self._values.extend(value for text in like.slice(0, room).to_pylist() if (value := _read(text)))

    def result(self) -> Inside | None:
        """Give what is inside; None where there was nothing."""
        return look_inside(self._values) if self._values else None


def _pairs(values: list[Any]) -> list[Any]:
    return [[_pair(entry) for entry in value] if isinstance(value, list) else value for value in values]


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
