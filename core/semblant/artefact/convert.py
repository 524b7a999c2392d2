"""Objects of a generator's description to JSON-ready data and back, by cattrs.

Arrow types travel as a base64 IPC schema of one field, beside their name for people; key forms carry
their kind. What is missing takes its default, what is unknown is passed over: a later version may
write more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import attrs
import cattrs
import pyarrow as pa

from semblant.pipeline.keys import KeyForm, key_as_dict, key_from_dict
from semblant.pipeline.relations.echoes import Echo
from semblant.pipeline.relations.learning import LinkFacts, Total
from semblant.schema import Column, ForeignKey, Table
from semblant.training import ColumnPlan

_T = TypeVar("_T")
_NAMES = {"pa": pa, "Mapping": Mapping, "Sequence": Sequence, "Any": Any}
"""What the annotations of the described classes name; their modules import it for type checkers only."""


def described(kind: type[_T]) -> type[_T]:
    """Resolve the annotations of a class, so that it can be converted; a class decorator."""
    attrs.resolve_types(kind, localns=_NAMES)  # type: ignore[type-var]
    return kind


def to_data(value: Any) -> dict[str, Any]:
    """Give JSON-ready data of an attrs object."""
    found: dict[str, Any] = _CONVERTER.unstructure(value)
    return found


def from_data(data: Any, kind: type[_T]) -> _T:
    """Rebuild an attrs object; :class:`cattrs.BaseValidationError` or ``ValueError`` when the data do not fit."""
    return _CONVERTER.structure(data, kind)


def _type_to_data(kind: pa.DataType) -> dict[str, str]:
    schema = pa.schema([pa.field("", kind)])
    return {"shown": str(kind), "arrow": base64.b64encode(schema.serialize().to_pybytes()).decode()}


def _type_from_data(data: Any, _: type) -> pa.DataType:
    try:
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(data["arrow"], validate=True)))
    except (binascii.Error, pa.ArrowException) as exc:
        msg = f"no Arrow type: {exc}"
        raise ValueError(msg) from exc
    if len(schema) != 1:
        msg = "an Arrow type was expected, not a schema of several fields"
        raise ValueError(msg)
    return schema.field(0).type


def _key_from_data(data: Any, _: type) -> KeyForm:
    return key_from_dict(data)


def _converter() -> cattrs.Converter:
    made = cattrs.Converter(detailed_validation=False)
    made.register_unstructure_hook_func(_is_arrow_type, _type_to_data)
    made.register_structure_hook_func(lambda kind: kind is pa.DataType, _type_from_data)
    made.register_structure_hook_func(lambda kind: kind is KeyForm, _key_from_data)
    made.register_unstructure_hook_func(_is_key_form, key_as_dict)
    for kind in (Column, ForeignKey, Table, ColumnPlan, LinkFacts, Total, Echo):
        described(kind)
    return made


def _is_arrow_type(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, pa.DataType)


def _is_key_form(kind: Any) -> bool:
    return isinstance(kind, type) and attrs.has(kind) and hasattr(kind, "make") and hasattr(kind, "kind")


_CONVERTER = _converter()
