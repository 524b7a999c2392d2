"""YAML events to a small tree of nodes, within limits; no Python object is made from a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NODES: Final = 200_000
MAX_DEPTH: Final = 60


class TextError(Exception):
    """A text that cannot be a spec: what, where, and what to do."""

    def __init__(self, code: str, message: str, fix: str, line: int | None) -> None:
        """Keep the parts of the finding."""
        super().__init__(message)
        self.code, self.message, self.fix, self.line = code, message, fix, line


@define(eq=False)
class Node:
    """A scalar, a sequence or a mapping; the same object wherever an alias names it."""

    kind: Literal["scalar", "sequence", "mapping"]
    line: int
    """Counted from 1."""
    tag: str | None
    """An explicit tag."""
    text: str = ""
    quoted: bool = False
    """Quoted or a block scalar: surely a text."""
    children: list[Node] = field(factory=list)
    """Entries; for a mapping keys and values in turn."""

    @property
    def pairs(self) -> Iterable[tuple[Node, Node]]:
        """Keys and values of a mapping."""
        return zip(self.children[::2], self.children[1::2], strict=True)


def compose(text: str) -> Node | None:
    """Read one document; None when there is nothing in it.

    :raises TextError: more than one document, too many nodes, too deep, an unknown anchor.
    :raises ruamel.yaml.error.MarkedYAMLError: bad syntax.
    """
    from ruamel.yaml import YAML

    root: Node | None = None
    anchors: dict[str, Node] = {}
    above: list[Node] = []
    count = 0
    for event in YAML(typ="base", pure=True).parse(text):
        name = type(event).__name__
        line = event.start_mark.line + 1
        if name in ("SequenceEndEvent", "MappingEndEvent"):
            above.pop()
            continue
        if name == "DocumentStartEvent" and root is not None:
            raise TextError("syntax", "a second document begins here ('---')", "keep one document per file", line)
        if name not in ("ScalarEvent", "SequenceStartEvent", "MappingStartEvent", "AliasEvent"):
            continue
        node = _aliased(anchors, event, line) if name == "AliasEvent" else _node(name, event, line)
        if name != "AliasEvent" and event.anchor is not None:
            anchors[event.anchor] = node
        if above:
            above[-1].children.append(node)
        else:
            root = node
        if name in ("SequenceStartEvent", "MappingStartEvent"):
            above.append(node)
        count += 1
        if count > MAX_NODES:
            raise TextError(
                "too-large", f"holds more than {MAX_NODES:,} keys and values", "leave out what is auto", line
            )
        if len(above) > MAX_DEPTH:
            raise TextError("too-deep", f"is nested more than {MAX_DEPTH} levels deep", "a spec needs eight", line)
    return root


def _node(name: str, event: Any, line: int) -> Node:
    tag = None if event.tag in (None, "", "!") else str(event.tag)
    if name == "ScalarEvent":
        return Node("scalar", line, tag, event.value, event.style not in (None, ""))
    return Node("sequence" if name == "SequenceStartEvent" else "mapping", line, tag)


def _aliased(anchors: dict[str, Node], event: Any, line: int) -> Node:
    if event.anchor not in anchors:
        fix = "define the anchor (&name) before it is used, or put the text in quotes"
        raise TextError("syntax", f"the anchor '{event.anchor}' is not known", fix, line)
    return anchors[event.anchor]
