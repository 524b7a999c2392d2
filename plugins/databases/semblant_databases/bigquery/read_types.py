"""Arrow types of BigQuery columns, and the SQL and casts that keep every value."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
from attrs import evolve

from semblant_databases import marks
from semblant_databases.bigquery.connection import quoted
from semblant_databases.reading.relation import ReadColumn, through

_NAMES: Final = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
_PLAIN: Final = {
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "BOOL": pa.bool_(),
    "STRING": pa.string(),
    "BYTES": pa.binary(),
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "TIME": pa.time64("us"),
}
_SPELLED: Final = {
    "JSON": "TO_JSON_STRING({})",
    "STRUCT": "TO_JSON_STRING({})",
    "GEOGRAPHY": "ST_ASTEXT({})",
    "INTERVAL": "CAST({} AS STRING)",
    "RANGE": "CAST({} AS STRING)",
}


def written(field: Any) -> str:
    """Give a column's type as CREATE TABLE writes it.

    >>> from google.cloud.bigquery import SchemaField
    >>> written(SchemaField("a", "NUMERIC", precision=20, scale=2)), written(SchemaField("a", "INTEGER", "REPEATED"))
    ('NUMERIC(20,2)', 'ARRAY<INT64>')
    """
    kind = _NAMES.get(field.field_type, field.field_type).partition("(")[0]
    if field.precision is not None:
        kind += f"({field.precision},{field.scale or 0})"
    return f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind


def column_of(field: Any) -> ReadColumn:
    """Say how a column is read."""
    name = quoted(field.name)
    comment, mark = marks.parted(field.description)
    kind = written(field).partition("(")[0]
    base = ReadColumn(
        name=field.name,
        type=pa.string(),
        expression=name,
        nullable=field.mode != "REQUIRED",
        comment=comment,
        declared=f"bigquery:{written(field)}",
        finish=through(pa.string()),
    )
    if kind == "INT64" and mark == marks.MICROSECONDS:
        return base.through(pa.int64(), pa.duration("us"))
    if kind in _PLAIN:
        return base.through(_PLAIN[kind])
    if kind == "NUMERIC":
        return base.through(pa.decimal128(field.precision or 38, field.scale or (0 if field.precision else 9)))
    if kind == "BIGNUMERIC":
        return base.through(pa.decimal256(field.precision or 76, field.scale or (0 if field.precision else 38)))
    if field.mode == "REPEATED" and kind[6:-1] in _PLAIN:
        return base.through(pa.list_(_PLAIN[kind[6:-1]]))
    return evolve(base, expression=_SPELLED.get(kind, "TO_JSON_STRING({})").format(name))
