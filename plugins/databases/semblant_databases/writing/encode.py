"""Casts that a cast of Arrow does not know: nested values to JSON, texts to UUIDs, odd types to plain ones."""

from __future__ import annotations

import base64
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_DASHES = 4
_DIGITS = 32


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Give the type of the values themselves: that of a dictionary's entries, that below an extension.

    >>> plain_type(pa.dictionary(pa.int8(), pa.string()))
    DataType(string)
    """
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    return plain_type(kind.storage_type) if isinstance(kind, pa.BaseExtensionType) else kind


def plain_values(values: pa.Array) -> pa.Array:
    """Give the values in their :func:`plain_type`."""
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    return plain_values(values.cast(values.type.value_type)) if pa.types.is_dictionary(values.type) else values


def json_texts(values: pa.Array) -> pa.Array:
    """Write nested values as JSON texts; null stays null.

    >>> json_texts(pa.array([{"x": 1}, None])).to_pylist()
    ['{"x": 1}', None]
    """
    texts = [None if value is None else json.dumps(_plain(value), ensure_ascii=False) for value in values.to_pylist()]
    return pa.array(texts, pa.string())


def _plain(value: Any) -> Any:
    """Give what JSON knows; what it does not know becomes a text that says it exactly."""
    if isinstance(value, dict):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124 - NaN
        msg = "JSON has no numbers that are not finite"
        raise ValueError(msg)
    return str(value) if isinstance(value, Decimal | dt.timedelta) else value


def uuid_bytes(values: pa.Array) -> pa.Array:
    """Turn UUID texts into their sixteen bytes.

    >>> uuid_bytes(pa.array(["00000000-0000-0000-0000-0000000000ff", None]))[0].as_py()[-1]
    255
    """
    if pa.types.is_binary(values.type) or pa.types.is_fixed_size_binary(values.type):
        return values.cast(pa.binary())
    texts = pc.replace_substring(values.cast(pa.string()), "-", "")
    lengths = pc.unique(pc.binary_length(texts.drop_null())).to_pylist()
    if lengths not in ([], [_DIGITS]):
        msg = "a text is no UUID"
        raise ValueError(msg)
    raw = bytes.fromhex("".join(texts.drop_null().to_pylist()))
    packed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(raw) // 16, [None, pa.py_buffer(raw)])
    valid = pc.is_valid(texts).cast(pa.int64())
    places = pc.if_else(pc.is_valid(texts), pc.subtract(pc.cumulative_sum(valid), 1), pa.scalar(None, pa.int64()))
    return packed.take(places).cast(pa.binary())


def jsonb_bytes(values: pa.Array) -> pa.Array:
    """Put PostgreSQL's version mark before JSON texts, as its binary format wants it."""
    return pc.binary_join_element_wise("\x01", values.cast(pa.string()), "")


def json_or_texts(values: pa.Array) -> pa.Array:
    """Give texts as they are, and nested values as JSON."""
    return json_texts(values) if pa.types.is_nested(values.type) else values.cast(pa.string())
