"""Plain data in, settings objects out, with every fault at once.

The walk is our own; ``spec/decisions/0003`` says why cattrs is not used: it coerces (``"3"`` and True
become whole numbers), lets unknown keys pass, and has no words for the user.
"""

from __future__ import annotations

import enum
import math
import numbers
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args, get_origin

import attrs
from attrs import define, field

from semblant.errors import SemblantError
from semblant.settings.codes import CODES, fault
from semblant.settings.fields import bounds
from semblant.settings.path import join
from semblant.settings.secret import Secret, is_reference
from semblant.settings.suggest import advice
from semblant.settings.types import MAPPINGS, NONE, SEQUENCES, fields, in_words, is_settings, literals, members
from semblant.settings.unstructure import unstructure

if TYPE_CHECKING:
    from collections.abc import Callable

    from semblant.findings import Finding

__all__ = ["shown", "structure", "unstructure"]

T = TypeVar("T")

_FAULTY: Final = object()
_SHOWN = 60
_ANSWERS = dict.fromkeys(("yes", "y", "on"), "true") | dict.fromkeys(("no", "n", "off"), "false")
"""Texts in YAML 1.2, truth values in YAML 1.1."""
_SIGNS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "ge": (lambda value, bound: bool(value >= bound), "at least"),
    "gt": (lambda value, bound: bool(value > bound), "more than"),
    "le": (lambda value, bound: bool(value <= bound), "at most"),
    "lt": (lambda value, bound: bool(value < bound), "less than"),
}


def structure(cls: type[T], data: Any, path: str = "") -> tuple[T | None, list[Finding]]:
    """Make a settings object from plain data.

    :param cls: an attrs class whose fields were made with :func:`semblant.settings.setting`.
    :param data: mappings, lists and scalars, as YAML or JSON give them; None counts as ``{}``.
    :param path: where the data stand in the spec; put before the path of each fault.
    :returns: the object and no findings, or None and all faults.

    Nothing is coerced but a whole number to ``float``, ``1e6`` to ``int``, and a single text to a
    list of one. Booleans are no numbers.

    >>> from semblant.spec.training import PrivacySpec
    >>> structure(PrivacySpec, {"epsilon": 1})[0].epsilon
    1.0
    >>> for fault in structure(PrivacySpec, {"epsilon": -1, "detla": 0.1}, "privacy")[1]:
    ...     print(fault.path, fault.code, fault.message)
    privacy.detla unknown-key is not a key of this section
    privacy.epsilon out-of-bounds must be more than 0, got -1
    """
    walk = _Walk()
    made = walk.settings(cls, data, path)
    return (None, walk.found) if walk.found else (made, [])


def shown(data: Any) -> str:
    """Write a value as it stands in a spec, short.

    >>> shown("abc"), shown(True), shown([1]), shown(None)
    ("'abc'", 'true', 'a list', 'nothing')
    """
    if data is None:
        return "nothing"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, Mapping):
        return "a mapping"
    if isinstance(data, (list, tuple, set, frozenset)):
        return "a list"
    text = f"'{data}'" if isinstance(data, str) else str(data)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def wanted(kind: Any, note: Mapping[str, Any]) -> str:
    """Write the fix for a value that does not fit: what to give, within which bounds, and what it is for.

    >>> wanted(int, {"ge": 1, "help": "how many"})
    'give a whole number of at least 1 (how many)'
    """
    limits = " and ".join(
        f"{words} {note[sign]:g}" for sign, (_, words) in _SIGNS.items() if note.get(sign) is not None
    )
    purpose = f" ({note['help']})" if note.get("help") else ""
    return f"give {in_words(kind)}{' of ' + limits if limits else ''}{purpose}"


def _is_number(data: Any) -> bool:
    return isinstance(data, numbers.Real) and not isinstance(data, bool)


def _fits(kind: Any, data: Any) -> bool:
    """Tell whether a member of a union is the one that was meant."""
    origin = get_origin(kind) or kind
    if literals(kind):
        return isinstance(data, str)
    if kind is Any:
        return True
    if kind is bool:
        return isinstance(data, bool)
    if kind is int:
        return _is_number(data) and float(data).is_integer()
    if kind is float:
        return _is_number(data)
    if kind in (str, Secret, pathlib.Path):
        return isinstance(data, (str, pathlib.PurePath, Secret))
    if origin in SEQUENCES:
        return isinstance(data, (list, tuple, set, frozenset, str))
    return isinstance(data, Mapping) or (isinstance(kind, type) and isinstance(data, kind))


@define
class _Walk:
    """One pass over the data, collecting faults."""

    found: list[Finding] = field(factory=list)

    def fault(self, path: str, code: str, message: str, fix: str) -> Any:
        self.found.append(fault(code, path or "spec", message, fix))
        return _FAULTY

    def settings(self, cls: type, data: Any, path: str) -> Any:
        if isinstance(data, cls):
            return data
        if data is None:
            data = {}
        if not isinstance(data, Mapping):
            return self.fault(
                path, "wrong-type", f"expected a mapping (key: value), got {shown(data)}", self._keys(cls)
            )
        known = fields(cls)
        before = len(self.found)
        for key in data:
            if key not in known:
                name = _text(key)
                self.fault(join(path, name), "unknown-key", "is not a key of this section", advice(name, known))
        values = {
            key: value
            for key, (attribute, kind) in known.items()
            if (value := self._entry(attribute, kind, data, key, join(path, key))) is not _FAULTY
        }
        return self._made(cls, values, path) if len(self.found) == before else _FAULTY

    def _entry(self, attribute: attrs.Attribute[Any], kind: Any, data: Mapping[Any, Any], key: str, path: str) -> Any:
        """Give the value of one key; nothing where the default is meant."""
        note = bounds(attribute)
        if key in data:
            value = self.value(kind, data[key], path, note)
            return _FAULTY if value is _FAULTY else self._validated(attribute, value, path, note)
        if attribute.default is attrs.NOTHING:
            self.fault(path, "missing-key", "is required", wanted(kind, note))
        return _FAULTY

    def _made(self, cls: type, values: dict[str, Any], path: str) -> Any:
        try:
            return cls(**values)
        except SemblantError as exc:
            code = exc.code if exc.code in CODES else "config"
            return self.fault(path, code, exc.message, exc.fix or self._keys(cls))
        except (ValueError, TypeError) as exc:
            return self.fault(path, "invalid-value", str(exc.args[0] if exc.args else exc), self._keys(cls))

    def value(self, kind: Any, data: Any, path: str, note: Mapping[str, Any]) -> Any:
        if kind is Any:
            return data
        candidates = members(kind)
        if len(candidates) > 1:
            return self._union(kind, candidates, data, path, note)
        origin = get_origin(kind) or kind
        if literals(kind):
            return self._choice(kind, data, path, note)
        if kind in (int, float):
            return self._number(kind, data, path, note)
        if kind is Secret:
            return self._secret(data, path)
        if origin in SEQUENCES:
            return self._sequence(kind, origin, data, path, note)
        if origin in MAPPINGS:
            return self._mapping(kind, data, path, note)
        if is_settings(kind):
            return self.settings(kind, data, path)
        return self._plain(kind, data, path, note)

    def _wrong(self, kind: Any, data: Any, path: str, note: Mapping[str, Any]) -> Any:
        fix = wanted(kind, note)
        if isinstance(data, str) and bool in members(kind) and data.lower() in _ANSWERS:
            return self.fault(
                path, "wrong-type", f"expected {in_words(kind)}, got {shown(data)}", f"write {_ANSWERS[data.lower()]}"
            )
        if (
            isinstance(data, str)
            and any(member in (int, float, bool) for member in members(kind))
            and _was_quoted(data)
        ):
            fix = f"write {data.strip()} without quotes"
        elif str in members(kind) and (_is_number(data) or isinstance(data, bool)):
            fix = f"put it in quotes: '{shown(data)}'"
        return self.fault(path, "wrong-type", f"expected {in_words(kind)}, got {shown(data)}", fix)

    def _union(self, kind: Any, candidates: tuple[Any, ...], data: Any, path: str, note: Mapping[str, Any]) -> Any:
        if data is None:
            return None if NONE in candidates else self._wrong(kind, data, path, note)
        listed = [value for member in candidates for value in literals(member)]
        if isinstance(data, str) and data in listed:
            member = next(member for member in candidates if data in literals(member))
            return self._choice(member, data, path, note)
        fitting = [m for m in candidates if m is not NONE and not literals(m) and _fits(m, data)]
        if fitting:
            return self.value(fitting[0], data, path, note)
        if isinstance(data, str) and len(listed) > 1:
            return self.fault(path, "unknown-choice", f"'{data}' is not known here", advice(data, map(str, listed)))
        return self._wrong(kind, data, path, note)

    def _choice(self, kind: Any, data: Any, path: str, note: Mapping[str, Any]) -> Any:
        values = literals(kind)
        if isinstance(data, bool) == any(isinstance(value, bool) for value in values) and data in values:
            return kind(data) if isinstance(kind, type) and issubclass(kind, enum.Enum) else data
        if not isinstance(data, str):
            return self._wrong(kind, data, path, note)
        return self.fault(path, "unknown-choice", f"'{data}' is not known here", advice(data, map(str, values)))

    def _number(self, kind: Any, data: Any, path: str, note: Mapping[str, Any]) -> Any:
        if not _is_number(data):
            return self._wrong(kind, data, path, note)
        try:
            real = float(data)
        except OverflowError:
            real = math.inf
        if not math.isfinite(real) and not (kind is int and isinstance(data, int)):
            return self.fault(path, "wrong-type", f"expected a finite number, got {shown(data)}", wanted(kind, note))
        if kind is int and not isinstance(data, numbers.Integral) and not real.is_integer():
            return self._wrong(kind, data, path, note)
        for sign, (holds, words) in _SIGNS.items():
            bound = note.get(sign)
            if bound is not None and not holds(data, bound):
                message = f"must be {words} {bound:g}, got {shown(data)}"
                return self.fault(path, "out-of-bounds", message, wanted(kind, note))
        return int(data) if kind is int else real

    def _secret(self, data: Any, path: str) -> Any:
        if isinstance(data, Secret):
            return data
        if isinstance(data, str) and is_reference(data):
            return Secret(data)
        message = f"must be {in_words(Secret)}; a spec holds no secrets"
        return self.fault(
            path, "plain-secret", message, "put the value into an environment variable and write env:ITS_NAME"
        )

    def _sequence(self, kind: Any, origin: Any, data: Any, path: str, note: Mapping[str, Any]) -> Any:
        inner = get_args(kind) or (Any, ...)
        fixed = origin is tuple and not (len(inner) == 2 and inner[1] is ...)
        if isinstance(data, str) and not fixed and (inner[0] is str or literals(inner[0])):
            data = [data]
        if not isinstance(data, (list, tuple, set, frozenset)):
            return self._wrong(kind, data, path, note)
        if fixed and len(data) != len(inner):
            return self.fault(
                path, "wrong-length", f"expected {len(inner)} entries, got {len(data)}", note.get("help", "")
            )
        kinds = inner if fixed else (inner[0],) * len(data)
        made = [self.value(k, entry, join(path, i), note) for i, (k, entry) in enumerate(zip(kinds, data, strict=True))]
        if any(entry is _FAULTY for entry in made):
            return _FAULTY
        return origin(made) if origin in (list, set, frozenset) else tuple(made)

    def _mapping(self, kind: Any, data: Any, path: str, note: Mapping[str, Any]) -> Any:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            return self._wrong(kind, data, path, note)
        of_key, of_value = get_args(kind) or (Any, Any)
        made = {}
        for key, entry in data.items():
            here = join(path, _text(key))
            name = _text(key) if of_key in (str, Any) else self.value(of_key, key, here, {})
            value = self.value(of_value, entry, here, note)
            if name is not _FAULTY and value is not _FAULTY:
                made[name] = value
        return made

    def _plain(self, kind: Any, data: Any, path: str, note: Mapping[str, Any]) -> Any:
        if kind is NONE:
            return None if data is None else self._wrong(kind, data, path, note)
        if kind is pathlib.Path and isinstance(data, (str, pathlib.PurePath)):
            return pathlib.Path(data)
        if isinstance(kind, type) and not isinstance(data, kind):
            return self._wrong(kind, data, path, note)
        choices = note.get("choices")
        if choices and isinstance(data, str) and data not in choices:
            return self.fault(path, "unknown-choice", f"'{data}' is not known here", advice(data, choices))
        return data

    def _validated(self, attribute: attrs.Attribute[Any], value: Any, path: str, note: Mapping[str, Any]) -> Any:
        """Run a validator of the class's author, so that all of them are heard."""
        if attribute.validator is None or attribute.converter is not None:
            return value
        try:
            attribute.validator(None, attribute, value)
        except (ValueError, TypeError) as exc:
            self.fault(path, "invalid-value", str(exc.args[0] if exc.args else exc), note.get("help", ""))
        except AttributeError:
            pass  # it looks at other fields of the object: the constructor will run it
        return value

    def _keys(self, cls: type) -> str:
        return f"keys: {', '.join(fields(cls)) or 'none'}"


def _text(key: Any) -> str:
    """Write a mapping's key as YAML would."""
    if isinstance(key, enum.Enum):
        return str(key.value)
    if key is None or isinstance(key, bool):
        return str(key).lower() if key is not None else "null"
    return str(key)


def _was_quoted(text: str) -> bool:
    if text.strip().lower() in ("true", "false"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True
