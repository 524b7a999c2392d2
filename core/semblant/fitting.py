"""Which encodings and treatments a column of an Arrow type can have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
from pyarrow import types as arrow

from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(kind: pa.DataType) -> pa.DataType:
    """Give the type of the values: a dictionary's, an extension's storage."""
    while True:
        if arrow.is_dictionary(kind):
            kind = kind.value_type
        elif isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
        else:
            return kind


def is_string(kind: pa.DataType) -> bool:
    """Tell whether the values are texts, dictionary-encoded or not.

    >>> is_string(pa.dictionary(pa.int8(), pa.string()))
    True
    """
    kind = plain(kind)
    return bool(arrow.is_string(kind) or arrow.is_large_string(kind) or str(kind) == "string_view")


def is_number(kind: pa.DataType) -> bool:
    """Tell whether the values are integers, floats or decimals."""
    kind = plain(kind)
    return bool(arrow.is_integer(kind) or arrow.is_floating(kind) or arrow.is_decimal(kind))


def is_binary(kind: pa.DataType) -> bool:
    """Tell whether the values are bytes."""
    kind = plain(kind)
    return bool(arrow.is_binary(kind) or arrow.is_large_binary(kind) or arrow.is_fixed_size_binary(kind))


def is_nested(kind: pa.DataType) -> bool:
    """Tell whether the values are lists, structs or maps."""
    return bool(arrow.is_nested(plain(kind)))


def _is_day(kind: pa.DataType) -> bool:
    return bool(arrow.is_date(kind) or arrow.is_timestamp(kind))


def _is_list(kind: pa.DataType) -> bool:
    return is_nested(kind) and not arrow.is_struct(kind) and not arrow.is_union(kind)


FITTING: Final[dict[EncodingType, tuple[Callable[[pa.DataType], bool], str]]] = {
    EncodingType.CATEGORICAL: (
        lambda kind: not is_nested(kind) and not arrow.is_interval(kind),
        "any type but lists, structs, maps and calendar intervals",
    ),
    EncodingType.BOOLEAN: (arrow.is_boolean, "booleans"),
    EncodingType.NUMBER: (is_number, "numbers"),
    EncodingType.INTEGER: (is_number, "numbers"),
    EncodingType.DATE: (_is_day, "dates and timestamps"),
    EncodingType.DATETIME: (_is_day, "dates and timestamps"),
    EncodingType.TIME: (arrow.is_time, "times of day"),
    EncodingType.DURATION: (arrow.is_duration, "durations"),
    EncodingType.LATITUDE: (is_number, "numbers"),
    EncodingType.LONGITUDE: (is_number, "numbers"),
    EncodingType.PATTERN: (is_string, "texts"),
    EncodingType.IDENTIFIER: (
        lambda kind: is_string(kind) or bool(arrow.is_integer(kind)) or is_binary(kind),
        "texts, whole numbers and bytes",
    ),
    EncodingType.TEXT: (is_string, "texts"),
    EncodingType.JSON: (is_string, "texts"),
    EncodingType.LIST: (_is_list, "lists and maps"),
    EncodingType.STRUCT: (lambda kind: bool(arrow.is_struct(kind)), "structs"),
    EncodingType.BINARY: (is_binary, "bytes"),
}
"""Per encoding: whether it fits a type, and which types those are in words."""


def fits(encoding: EncodingType, kind: pa.DataType) -> bool:
    """Tell whether a column of this type can have the encoding.

    >>> fits(EncodingType.TEXT, pa.int64()), fits(EncodingType.DATE, pa.timestamp("us"))
    (False, True)
    """
    return bool(FITTING[encoding][0](plain(kind)))


def fitting(kind: pa.DataType) -> list[str]:
    """Give the encodings that a column of this type can have."""
    return [str(encoding) for encoding in EncodingType if fits(encoding, kind)]


def may_rebalance(kind: pa.DataType) -> bool:
    """Tell whether values or ranges of a column of this type can have shares."""
    kind = plain(kind)
    return bool(is_string(kind) or arrow.is_boolean(kind) or is_number(kind) or _is_day(kind))
