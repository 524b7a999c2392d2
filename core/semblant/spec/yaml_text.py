"""Plain data to YAML 1.2 text, with comments by path.

The writer is our own: comments belong to paths, not to nodes of a round trip, and what it quotes is
decided by the reader of :mod:`semblant.spec.lines`, so that both agree on every text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from semblant.settings.path import dotted, split
from semblant.spec.lines import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant.spec.lines import Key

_PLAIN: Final = re.compile(r"(?:[^\W\d_]|\.{0,2}/)(?:[\w ./+()~^-]|:(?=[\w/]))*", re.UNICODE)
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_FLOW_WIDTH = 100
_LONGEST_KEY = 500
"""YAML gives up on looking for ':' after 1,024 characters."""
_STEP = "  "


@define
class _Comments:
    """Comments by place, and per section the places below it, in order."""

    at: dict[Key, str]
    below: dict[Key, list[Key]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Look at each path once."""
        for path in self.at:
            for end in range(len(path)):
                self.below.setdefault(path[:end], []).append(path)


def to_yaml(data: Mapping[str, Any], comments: Mapping[str, str] | None = None, heading: str = "") -> str:
    """Write a mapping; reading it gives the same data.

    >>> print(to_yaml({"a": ["no", "1"], "b": {"x": None}}, {"b.x": "nothing"}), end="")
    a: [no, "1"]
    b:
      # nothing
      x: null
    """
    placed = _Comments({split(path): text for path, text in (comments or {}).items()})
    head = _comment(heading, "")
    body = list(_mapping(data, (), placed, "")) if data else ["{}"]
    return "\n".join([*head, *body]) + "\n"


def scalar_text(value: Any) -> str:
    """Write any plain value on one line, as it would stand behind a key.

    >>> scalar_text([1.5, "no", None, "1"])
    '[1.5, no, null, "1"]'
    """
    return _flow(value)


def _mapping(data: Mapping[str, Any], at: Key, comments: _Comments, indent: str) -> Iterator[str]:
    for key, value in data.items():
        here = (*at, key)
        yield from _comment(comments.at.get(here), indent)
        if isinstance(value, Mapping) and value:
            yield f"{_key(key, indent)}:"
            yield from _mapping(value, here, comments, indent + _STEP)
        elif isinstance(value, (list, tuple)) and value and not _fits(value):
            yield f"{_key(key, indent)}:"
            yield from _sequence(value, here, comments, indent + _STEP)
        else:
            yield f"{_key(key, indent)}: {_flow(value)}"
            yield from _unwritten({}, here, comments, indent, under=at)
    yield from _unwritten(data, at, comments, indent, under=at)


def _sequence(data: list[Any] | tuple[Any, ...], at: Key, comments: _Comments, indent: str) -> Iterator[str]:
    for index, value in enumerate(data):
        here = (*at, index)
        yield from _comment(comments.at.get(here), indent)
        if isinstance(value, Mapping) and value:
            first, *rest = _mapping(value, here, comments, indent + _STEP)
            if first.lstrip().startswith("#"):
                yield f"{indent}-"
                yield first
            else:
                yield f"{indent}- {first.removeprefix(indent + _STEP)}"
            yield from rest
        elif isinstance(value, (list, tuple)) and value and not _fits(value):
            yield f"{indent}-"
            yield from _sequence(value, here, comments, indent + _STEP)
        else:
            yield f"{indent}- {_flow(value)}"


def _unwritten(data: Mapping[str, Any], at: Key, comments: _Comments, indent: str, *, under: Key) -> Iterator[str]:
    """Write the comments on what is auto, in the section where it would stand."""
    for path in comments.below.get(at, ()):
        if path[len(at)] not in data:
            yield from _comment(f"{dotted(*path[len(under) :])}: {comments.at[path]}", indent)


def _comment(text: str | None, indent: str) -> list[str]:
    # a control character would end the comment, or the file
    return [
        f"{indent}# {''.join(c if c.isprintable() else ' ' for c in line)}".rstrip()
        for line in (text or "").splitlines()
    ]


def _key(key: str, indent: str) -> str:
    written = _text(str(key))
    return f"{indent}? {written}\n{indent}" if len(written) > _LONGEST_KEY else indent + written


def _fits(data: list[Any] | tuple[Any, ...]) -> bool:
    simple = all(
        not isinstance(entry, (list, tuple)) and (not isinstance(entry, Mapping) or not entry) for entry in data
    )
    return simple and len(_flow(data)) <= _FLOW_WIDTH


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            "{}"
            if not value
            else "{" + ", ".join(f"{_text(str(key))}: {_flow(entry)}" for key, entry in value.items()) + "}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return repr(value) if isinstance(value, (int, float)) else _text(str(value))


def _text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and not text.endswith(" ") and scalar(text) == text and text.isprintable()
    return text if plain else '"' + "".join(map(_escape, text)) + '"'


def _escape(sign: str) -> str:
    if sign in _ESCAPED:
        return _ESCAPED[sign]
    if sign == " " or (sign.isprintable() and sign != "\ufeff"):
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
