"""Settings objects back to plain data, as YAML and JSON hold them."""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Mapping
from typing import Any

import attrs

from semblant.settings.secret import Secret


def unstructure(value: Any, *, omit_defaults: bool = False) -> Any:
    """Turn a settings object into mappings, lists and scalars; secrets stay references.

    :param value: a settings object, or anything found in one.
    :param omit_defaults: leave out fields that equal their default.

    >>> from semblant.spec.training import PrivacySpec
    >>> unstructure(PrivacySpec(epsilon=1.0), omit_defaults=True)
    {'epsilon': 1.0}
    """
    if isinstance(value, Secret):
        return value.reference
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if attrs.has(type(value)):
        return {
            attribute.alias or attribute.name: unstructure(getattr(value, attribute.name), omit_defaults=omit_defaults)
            for attribute in attrs.fields(type(value))
            if attribute.init and not (omit_defaults and is_default(attribute, getattr(value, attribute.name)))
        }
    if isinstance(value, Mapping):
        return {
            key.value if isinstance(key, enum.Enum) else key: unstructure(entry, omit_defaults=omit_defaults)
            for key, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [unstructure(entry, omit_defaults=omit_defaults) for entry in value]
    if isinstance(value, (set, frozenset)):
        return sorted((unstructure(entry, omit_defaults=omit_defaults) for entry in value), key=str)
    return value


def default_of(attribute: attrs.Attribute[Any]) -> Any:
    """Give the default of a field, made anew where a factory makes it; ``attrs.NOTHING`` when it is required."""
    default: Any = attribute.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return attrs.NOTHING if default.takes_self else default.factory()
    return default


def is_default(attribute: attrs.Attribute[Any], value: Any) -> bool:
    """Tell whether a value is what the field has by itself (1 and True differ)."""
    default = default_of(attribute)
    return bool(type(default) is type(value) and default == value)
