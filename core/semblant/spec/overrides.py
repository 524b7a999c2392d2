"""Settings from outside the file: ``--set a.b=c`` and environment variables.

A variable ``SEMBLANT_SET__MODEL__SIZE=large`` sets ``model.size``: two underscores part the names;
a name is the key that the spec already has there, without regard to case, or else its lower-case
form. A name that two underscores cannot spell is set with ``--set``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from semblant.settings.codes import fault
from semblant.settings.path import dotted, split
from semblant.spec.lines import read

if TYPE_CHECKING:
    from semblant.findings import Finding

PREFIX: Final = "SEMBLANT_SET__"


@frozen
class Override:
    """A value for one place, and where it comes from in words."""

    keys: tuple[str | int, ...]
    value: Any
    origin: str


def parse(text: str, origin: str = "") -> Override | Finding:
    """Read ``a.b=c``; the value is YAML.

    >>> parse("model.size=large")
    Override(keys=('model', 'size'), value='large', origin='--set model.size=large')
    >>> parse('tables."Order Details".primary_key=[id, line]').value
    ['id', 'line']
    """
    origin = origin or f"--set {text}"
    place, found, value = _parts(text)
    if not found:
        return _fault(text, "has no '='", "write it as a.b=value, for example model.size=large")
    try:
        keys = split(place.strip())
    except ValueError as exc:
        return _fault(text, str(exc), 'write names with dots or spaces in double quotes: tables."a b".include=false')
    if not keys or not isinstance(keys[0], str):
        return _fault(text, "names no setting", "write it as a.b=value, for example model.size=large")
    document = read(value)
    if document.findings:
        return _fault(text, f"the value {document.findings[0].message}", "put texts with special characters in quotes")
    return Override(keys, document.data, origin)


def from_environment(environment: Mapping[str, str], data: Mapping[str, Any]) -> list[Override | Finding]:
    """Read the variables that begin with ``SEMBLANT_SET__``, in the order of their names.

    >>> from_environment({"SEMBLANT_SET__TABLES__ORDERS__INCLUDE": "false"}, {"tables": {"Orders": {}}})[0].keys
    ('tables', 'Orders', 'include')
    """
    made: list[Override | Finding] = []
    for name in sorted(environment):
        if not name.startswith(PREFIX):
            continue
        place: Any = data
        keys: list[str | int] = []
        for part in name.removeprefix(PREFIX).split("__"):
            key = _key(part, place)
            keys.append(key)
            place = _inside(place, key)
        if "" in keys:
            made.append(_fault(name, "has an empty name in it", "write it as SEMBLANT_SET__MODEL__SIZE=large"))
            continue
        document = read(environment[name])
        if document.findings:
            made.append(_fault(name, f"the value {document.findings[0].message}", "put it in quotes"))
        else:
            made.append(Override(tuple(keys), document.data, name))
    return made


def merge(data: Any, override: Override) -> Finding | None:
    """Put one value into the data, in place; sections that are missing are made.

    >>> data = {"tables": {"orders": {"foreign_keys": [{"references": "a"}]}}}
    >>> merge(data, parse("tables.orders.foreign_keys[0].references=b"))
    >>> data["tables"]["orders"]["foreign_keys"]
    [{'references': 'b'}]
    """
    place = data
    for depth, key in enumerate(override.keys):
        last = depth + 1 == len(override.keys)
        if isinstance(place, list):
            index = _index(key)
            if index is None or index > len(place) or (index == len(place) and not last):
                return _fault(
                    override.origin,
                    f"'{dotted(*override.keys[:depth])}' is a list of {len(place)}, it has no entry '{key}'",
                    "count from 0; the next free number adds an entry",
                )
            if index == len(place):
                place.append(override.value)
            elif last:
                place[index] = override.value
            else:
                place = place[index]
            continue
        if not isinstance(place, dict) or isinstance(key, int):
            return _fault(
                override.origin,
                f"'{dotted(*override.keys[:depth])}' has nothing below it that could be set",
                f"set it as a whole: {dotted(*override.keys[:depth])}=…",
            )
        if last:
            place[key] = override.value
        else:
            if place.get(key) is None:
                place[key] = {}
            place = place[key]
    return None


def _parts(text: str) -> tuple[str, str, str]:
    """Part at the first '=' outside of quotes."""
    quoted = False
    for at, sign in enumerate(text):
        if sign == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
        elif sign == "=" and not quoted:
            return text[:at], "=", text[at + 1 :]
    return text, "", ""


def _key(part: str, place: Any) -> str:
    if isinstance(place, Mapping):
        for key in place:
            if str(key).casefold() == part.casefold():
                return str(key)
    return part.lower()


def _inside(place: Any, key: str) -> Any:
    if isinstance(place, Mapping):
        return place.get(key)
    index = _index(key)
    return place[index] if isinstance(place, list) and index is not None and index < len(place) else None


def _index(key: str | int) -> int | None:
    if isinstance(key, int):
        return key
    return int(key) if key.isascii() and key.isdigit() else None


def _fault(where: str, message: str, fix: str) -> Finding:
    return fault("bad-override", where, message, fix)
