"""Rows of PostgreSQL as the Arrow batches that the imitated drivers give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

_KINDS: dict[int, tuple[pa.DataType, str]] = {
    16: (pa.bool_(), "bit"), 17: (pa.binary(), "varbinary"), 20: (pa.int64(), "bigint"), 21: (pa.int16(), "smallint"),
    23: (pa.int32(), "int"), 700: (pa.float32(), "real"), 701: (pa.float64(), "float"), 1082: (pa.date32(), "date"),
    1083: (pa.time64("us"), "time"), 1114: (pa.timestamp("us"), "datetime2"), 1186: (pa.duration("us"), "interval"),
    1184: (pa.timestamp("us", "UTC"), "datetimeoffset"), 1700: (pa.decimal128(38, 10), "decimal"),
}  # fmt: skip
_NUMERIC = 1700


def kind_of(column: Any) -> pa.DataType:
    """Give the Arrow type of a column of a result."""
    if column.type_code == _NUMERIC and column.precision is not None:
        return pa.decimal128(column.precision, column.scale)
    return _KINDS.get(column.type_code, (pa.string(), ""))[0]


def tsql_type(column: Any) -> tuple[str, int, int, int]:
    """Give name, length, precision and scale as SQL Server describes a result's column."""
    name = _KINDS.get(column.type_code, (None, "nvarchar"))[1]
    scale = column.scale if column.type_code == _NUMERIC else 6
    return f"{name}(1)" if name == "decimal" else name, -1, column.precision or 38, scale if scale is not None else 10


def batches(cursor: Any, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Give the rows of a cursor."""
    fields = [pa.field(column.name, kind_of(column)) for column in cursor.description]
    while rows := cursor.fetchmany(batch_size):
        arrays = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), fields, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
