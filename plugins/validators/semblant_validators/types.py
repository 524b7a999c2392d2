"""What can be done with a column of an Arrow type."""

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
    EncodingType.CATEGORICAL: (lambda kind: not is_nested(kind), "any type but lists, structs and maps"),
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
    """Tell whether detection could find a column of this type to be categorical or boolean."""
    kind = plain(kind)
    return bool(is_string(kind) or arrow.is_boolean(kind) or arrow.is_integer(kind))


def comparable(one: pa.DataType, other: pa.DataType) -> bool:
    """Tell whether values of two types can be equal, as a key and what it points to must be.

    Whole numbers of any width count as one type, and so do floats, because a column with missing
    values is often stored as one.

    >>> comparable(pa.int32(), pa.int64()), comparable(pa.int64(), pa.string())
    (True, False)
    """
    one, other = plain(one), plain(other)
    families = (is_number, is_string, is_binary, arrow.is_boolean, arrow.is_date, arrow.is_timestamp, arrow.is_time)
    return bool(one.equals(other) or arrow.is_null(one) or arrow.is_null(other)) or any(
        family(one) and family(other) for family in families
    )


def may_be_key(kind: pa.DataType) -> bool:
    """Tell whether rows can be told apart by values of this type."""
    return not is_nested(kind) and not arrow.is_null(plain(kind))
