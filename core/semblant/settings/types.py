"""Annotations of settings classes: resolved, taken apart, and said in words."""

from __future__ import annotations

import collections.abc
import enum
import functools
import pathlib
import types
import typing
from typing import Any, Literal, get_args, get_origin

import attrs

from semblant.errors import PluginError
from semblant.settings.secret import Secret

NONE = type(None)
SEQUENCES = (tuple, list, set, frozenset, collections.abc.Sequence, collections.abc.Collection)
MAPPINGS = (dict, collections.abc.Mapping)

# Settings modules may import these under TYPE_CHECKING only; the annotation is a string all the same.
_ALWAYS_KNOWN: dict[str, Any] = {
    **{name: getattr(collections.abc, name) for name in ("Mapping", "Sequence", "Collection")},
    "Any": Any,
    "Literal": Literal,
    "Path": pathlib.Path,
    "pathlib": pathlib,
    "enum": enum,
}


@functools.cache
def hints(cls: type) -> dict[str, Any]:
    """Give the resolved annotation of each attrs field, by attribute name.

    :raises PluginError: when an annotation names something that is not imported where it stands.
    """
    try:
        return typing.get_type_hints(cls, localns=_ALWAYS_KNOWN)
    except NameError as exc:
        msg = (
            f"the settings class '{cls.__module__}.{cls.__qualname__}' has an annotation that cannot be resolved: {exc}"
        )
        raise PluginError(msg, fix="import the name at module level, not under TYPE_CHECKING") from exc


def fields(cls: type) -> dict[str, tuple[attrs.Attribute[Any], Any]]:
    """Give, per key as written in a spec, the attrs field and its resolved annotation."""
    found = hints(cls)
    return {
        attribute.alias or attribute.name: (attribute, found.get(attribute.name, Any))
        for attribute in attrs.fields(cls)
        if attribute.init
    }


def members(kind: Any) -> tuple[Any, ...]:
    """Give the members of a union; the annotation itself when it is none.

    >>> members(int | None) == (int, type(None))
    True
    """
    return get_args(kind) if get_origin(kind) in (typing.Union, types.UnionType) else (kind,)


def literals(kind: Any) -> tuple[Any, ...]:
    """Give the values that an annotation lists: those of a ``Literal`` or an enum."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return tuple(member.value for member in kind)
    return ()


def is_settings(kind: Any) -> bool:
    """Tell whether an annotation is a settings class."""
    return isinstance(kind, type) and attrs.has(kind) and kind is not Secret


def in_words(kind: Any) -> str:
    """Say what is expected.

    >>> in_words(int | Literal["auto"])
    "a whole number or 'auto'"
    >>> in_words(tuple[str, ...])
    'a list of texts'
    """
    return " or ".join(_one(member) for member in members(kind))


_PLAIN = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NONE: "null",
    Secret: "a reference to a secret (env:NAME, file:/path or keyring:NAME)",
    pathlib.Path: "a path",
    Any: "anything",
}
_PLURAL = {bool: "true or false", int: "whole numbers", float: "numbers", str: "texts", pathlib.Path: "paths"}


def _one(kind: Any) -> str:
    if values := literals(kind):
        return (
            (f"'{values[0]}'" if isinstance(values[0], str) else str(values[0]))
            if len(values) == 1
            else f"one of {', '.join(map(str, values))}"
        )
    if kind in _PLAIN:
        return _PLAIN[kind]
    if is_settings(kind):
        return "a section (key: value)"
    origin = get_origin(kind) or kind
    if origin in SEQUENCES:
        inner = (get_args(kind) or (Any,))[0]
        return f"a list of {_PLURAL.get(inner, 'entries')}"
    return "a mapping (key: value)"
