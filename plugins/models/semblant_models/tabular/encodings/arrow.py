"""Arrow types and values as JSON."""

from __future__ import annotations

import base64
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from semblant.errors import ArtefactError


def type_to_text(kind: pa.DataType) -> str:
    """Give a type as text: the base64 form of an Arrow schema with one field.

    >>> type_from_text(type_to_text(pa.timestamp("us", "Europe/Rome")))
    TimestampType(timestamp[us, tz=Europe/Rome])
    """
    return base64.b64encode(pa.schema([pa.field("x", kind)]).serialize().to_pybytes()).decode()


def type_from_text(text: str) -> pa.DataType:
    """Take back what :func:`type_to_text` gave; a damaged text raises :class:`ArtefactError`."""
    try:
        kind: pa.DataType = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text, validate=True))).field(0).type
    except (pa.ArrowException, ValueError, OSError, IndexError) as exc:
        msg = "the model file holds a column type that cannot be read"
        raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc
    return kind


def values_to_json(values: pa.Array) -> list[Any]:
    """Give an array without nulls as plain JSON values."""
    kind = values.type
    if pa.types.is_temporal(kind):
        return list(values.view(pa.int32() if kind.bit_width == 32 else pa.int64()).to_pylist())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return [base64.b64encode(v).decode() for v in values.to_pylist()]
    if pa.types.is_decimal(kind):
        return list(pc.cast(values, pa.string()).to_pylist())
    if pa.types.is_floating(kind):
        return [repr(float(v)) for v in values.to_pylist()]
    return list(values.to_pylist())


def values_from_json(items: list[Any], kind: pa.DataType) -> pa.Array:
    """Take back what :func:`values_to_json` gave."""
    if pa.types.is_temporal(kind):
        return pa.array(items, pa.int32() if kind.bit_width == 32 else pa.int64()).view(kind)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([base64.b64decode(v) for v in items], kind)
    if pa.types.is_decimal(kind):
        return pa.array(items, pa.string()).cast(kind)
    if pa.types.is_floating(kind):
        return pa.array([float(v) for v in items], pa.float64()).cast(kind)
    return pa.array(items, kind)


def plain(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Give one array without dictionary, view or extension types, for computing."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = values.chunk(0) if values.num_chunks else pa.array([], values.type)
    if isinstance(values.type, pa.BaseExtensionType):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(plain_type(values.type)) if plain_type(values.type) != values.type else values


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Give the type that :func:`plain` makes of ``kind``."""
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_string_view(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    return kind


def restore(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast what a column's encoding made to the column's own type."""
    if values.type == kind:
        return values
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, restore(values, kind.storage_type))
    if pa.types.is_dictionary(kind):
        encoded = restore(values, kind.value_type).dictionary_encode()
        indices = encoded.indices.cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(indices, encoded.dictionary, ordered=kind.ordered)
    return values.cast(kind)
