"""YAML or JSON text to plain data, with the line of every key.

ruamel.yaml parses the text, :mod:`semblant.spec.nodes` makes a tree, and its values are read here:
scalars by the core schema of YAML 1.2 alone (so that ``no``, ``on``, ``y`` and dates stay text), all
duplicate keys at once, tags refused, anchors expanded up to a limit.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from semblant.settings.codes import fault
from semblant.settings.path import dotted
from semblant.spec.nodes import MAX_DEPTH, Node, TextError, compose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from semblant.findings import Finding

MAX_VALUES: Final = 300_000
"""Values of a document after its anchors have been expanded."""
_CORE = "tag:yaml.org,2002:"
_TAGS = {_CORE + kind for kind in ("str", "null", "bool", "int", "float", "seq", "map")}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": float("nan"),
    ".NaN": float("nan"),
    ".NAN": float("nan"),
}
_MAX_DIGITS = 400

Key = tuple[str | int, ...]


@define
class Document:
    """What a text holds: plain data, where each key stands (1-based), and what is wrong with the text."""

    data: Any = None
    lines: dict[Key, int] = field(factory=dict)
    findings: list[Finding] = field(factory=list)

    def line(self, keys: Key) -> int | None:
        """Give the line of a key, or of the nearest key above it."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.lines:
                return self.lines[keys[:end]]
        return None

    def fault(self, keys: Key, code: str, message: str, fix: str, line: int | None = None) -> None:
        """Note a fault of the text."""
        place = dotted(*keys) or "spec"
        self.findings.append(fault(code, place, message, fix, line or self.line(keys)))


def read(text: str) -> Document:
    r"""Read YAML or JSON.

    >>> document = read("country: no\ntables:\n  orders: {include: true}\n")
    >>> document.data
    {'country': 'no', 'tables': {'orders': {'include': True}}}
    >>> document.line(("tables", "orders", "include"))
    3
    """
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        document = _json(text.lstrip("\ufeff"))
        if document is not None:
            return document
    return _yaml(text)


def scalar(text: str) -> Any:
    """Read a plain scalar by the core schema of YAML 1.2.

    >>> [scalar(text) for text in ("12", "1e3", "no", "null", "0x1f", "2024-01-01")]
    [12, 1000.0, 'no', None, 31, '2024-01-01']
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if infinite := _INFINITE.fullmatch(text):
        return float(infinite.group(1) + "inf")
    return text


def _json(text: str) -> Document | None:
    """Read JSON; None when it is not (then it may be YAML in braces)."""
    document = Document()
    doubled: list[str] = []

    def pairs(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in items:
            if key in made:
                doubled.append(key)
            made[key] = value
        return made

    try:
        document.data = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return None
    # JSON strings hold no raw tab, so that this changes white space only; surrogate pairs stay as json read them.
    placed = _yaml(text.replace("\t", " "))
    document.lines = placed.lines
    document.findings = [finding for finding in placed.findings if finding.code == "duplicate-key"]
    if doubled and not document.findings:
        for key in doubled:
            document.fault((key,), "duplicate-key", "stands twice in the same section", "keep one of them")
    return document


def _yaml(text: str) -> Document:
    from ruamel.yaml.error import MarkedYAMLError

    document = Document()
    try:
        root = compose(text)
    except TextError as exc:
        document.fault((), exc.code, exc.message, exc.fix, exc.line)
    except MarkedYAMLError as exc:
        _syntax(document, exc)
    except Exception as exc:  # noqa: BLE001 - hostile text brings the parser to raise many things; all are the text's fault
        document.fault(
            (),
            "syntax",
            f"is not YAML: {str(exc).splitlines()[0][:200] if str(exc) else type(exc).__name__}",
            "save it as UTF-8 text without control characters",
        )
    else:
        if root is not None:
            document.data = _Reader(document).read(root, ())
    return document


def _syntax(document: Document, exc: Any) -> None:
    mark = exc.problem_mark or exc.context_mark
    line = mark.line + 1 if mark else None
    problem = str(exc.problem or exc.context or exc)
    fix = "see https://yaml.org or write the spec as JSON"
    if "'\\t'" in problem:
        problem, fix = "a tab stands where the indentation should be", "indent with spaces"
    elif "mapping values are not allowed" in problem:
        problem, fix = "there is a ':' too many on this line", "put texts with ': ' in quotes; check the indentation"
    elif "end of stream" in problem or "<stream end>" in problem:
        line = exc.context_mark.line + 1 if exc.context_mark else line
        problem, fix = "what begins here is never closed", "add the missing quote, bracket or brace"
    elif "cannot start any token" in problem or "<block end>" in problem:
        fix = "check the indentation; put texts that begin with @, `, %, *, & or ! in quotes"
    document.fault((), "syntax", problem, fix, line)


@define
class _Reader:
    """Nodes to plain data."""

    document: Document
    values: int = 0
    full: bool = False
    open: set[int] = field(factory=set)

    def read(self, node: Node, at: Key) -> Any:
        self.values += 1
        if self.full:
            return None
        if self.values > MAX_VALUES:
            self.full = True
            self.document.fault(
                (),
                "too-large",
                f"holds more than {MAX_VALUES:,} values once its anchors are expanded",
                "leave out what is auto; do not nest anchors",
                node.line,
            )
            return None
        if id(node) in self.open:
            self.document.fault(at, "recursive-anchor", "an anchor that holds itself", "write the value out", node.line)
            return None
        if len(at) > MAX_DEPTH:
            self.document.fault(
                at[:4], "too-deep", f"is nested more than {MAX_DEPTH} levels deep", "a spec needs eight", node.line
            )
            return None
        if node.tag is not None and node.tag not in _TAGS:
            self.document.fault(
                at, "tag", f"the tag '{node.tag.removeprefix(_CORE)}' is not allowed", "write plain values", node.line
            )
        if node.kind == "scalar":
            number = node.tag in (_CORE + "int", _CORE + "float")
            as_text = (node.quoted and not number) or node.tag == _CORE + "str"
            return node.text if as_text else scalar(node.text)
        self.open.add(id(node))
        made = self._mapping(node, at) if node.kind == "mapping" else self._sequence(node, at)
        self.open.discard(id(node))
        return made

    def _sequence(self, node: Node, at: Key) -> list[Any]:
        made = []
        for index, entry in enumerate(node.children):
            self.document.lines.setdefault((*at, index), entry.line)
            made.append(self.read(entry, (*at, index)))
        return made

    def _mapping(self, node: Node, at: Key) -> dict[str, Any]:
        made: dict[str, Any] = {}
        merged: list[Node] = []
        for key, value in node.pairs:
            if key.kind != "scalar":
                self.document.fault(
                    at, "syntax", "a key must be a text, not a list or mapping", "put the key in quotes", key.line
                )
                continue
            if key.text == "<<" and not key.quoted:
                merged.extend(value.children if value.kind == "sequence" else [value])
                continue
            here = (*at, key.text)
            if key.text in made:
                first = self.document.lines[here]
                self.document.fault(
                    here,
                    "duplicate-key",
                    f"stands twice in the same section (first on line {first})",
                    "keep one of them",
                    key.line,
                )
                continue
            self.document.lines[here] = key.line
            made[key.text] = self.read(value, here)
        for other in merged:
            if other.kind != "mapping":
                self.document.fault(at, "syntax", "'<<' needs a mapping", "name an anchor of a mapping", other.line)
                continue
            known = dict(self.document.lines)
            for name, entry in (self.read(other, at) or {}).items():
                made.setdefault(name, entry)
            self.document.lines.update(known)
        return made
