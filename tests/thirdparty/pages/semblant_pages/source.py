"""The source: what the service describes, as Arrow."""

from __future__ import annotations

import datetime as dt
import json
import re
import urllib.parse
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from semblant import Column, ForeignKey, Schema, SourceError, Table
from semblant_pages.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semblant_pages import PagesSettings

_TYPES = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "time": pa.time64("us"),
}
_AS_THEY_ARE = {pa.bool_(), pa.int64(), pa.string()}


class PagesSource:
    """Reads the tables of a service; see :class:`semblant.protocols.Source`."""

    def __init__(self, settings: PagesSettings) -> None:
        """Keep the settings; nothing is asked yet."""
        self._page_rows = settings.page_rows
        self._service = Service(settings)

    def check(self) -> None:
        """Raise when the service cannot be reached or does not let us in."""
        self._described()

    def discover(self) -> Schema:
        """Describe the tables, their keys included."""
        return Schema(tables=[_table(described) for described in self._described()])

    def read(
        self, table: str, columns: Sequence[str] | None = None, batch_rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Stream a table page by page."""
        described = self._table(table)
        names = described.column_names if columns is None else columns
        missing = [name for name in names if name not in described.column_names]
        if missing:
            msg = f"the table '{table}' of the service has no column '{missing[0]}'"
            raise SourceError(msg, fix=f"it has {', '.join(described.column_names)}")
        schema = pa.schema([pa.field(name, described.column(name).type) for name in names])
        path = f"tables/{urllib.parse.quote(table, safe='')}/rows"
        return self._pages(path, schema, min(self._page_rows, batch_rows))

    def _pages(self, path: str, schema: pa.Schema, limit: int) -> Iterator[pa.RecordBatch]:
        cursor: str | None = None
        while True:
            page = self._service.get(path, columns=json.dumps(schema.names), limit=limit, cursor=cursor)
            rows = page["rows"]
            values = [[row[place] for row in rows] for place in range(len(schema))]
            arrays = [_array(column, field.type) for column, field in zip(values, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            cursor = page.get("next")
            if cursor is None:
                return

    def count(self, table: str) -> int | None:
        """Give the rows that the service says there are."""
        return self._table(table).rows

    def close(self) -> None:
        """Hold nothing."""

    def _described(self) -> list[dict[str, Any]]:
        answer = self._service.get("tables")
        if not isinstance(answer, dict) or not isinstance(answer.get("tables"), list):
            msg = "the service answers /tables, but not with tables"
            raise SourceError(msg, fix="correct 'url'; it is the address below which /tables answers")
        found: list[dict[str, Any]] = answer["tables"]
        return found

    def _table(self, name: str) -> Table:
        schema = self.discover()
        if name not in schema:
            msg = f"the service has no table '{name}'"
            raise SourceError(msg, fix=f"it has {', '.join(schema.table_names) or 'none'}")
        return schema.table(name)


def _table(described: dict[str, Any]) -> Table:
    columns = tuple(Column(name=column["name"], type=_type(column["type"])) for column in described["columns"])
    keys = tuple(
        ForeignKey(columns=tuple(key["columns"]), references=key["table"], referenced_columns=tuple(key["referenced"]))
        for key in described.get("foreign_keys", ())
    )
    return Table(
        name=described["name"],
        columns=columns,
        primary_key=tuple(described.get("primary_key", ())),
        foreign_keys=keys,
        rows=described.get("rows"),
    )


def _type(text: str) -> pa.DataType:
    """Give the Arrow type of the service's type; one that is not known is read as text."""
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", text)
    return pa.decimal128(int(decimal[1]), int(decimal[2])) if decimal else _TYPES.get(text, pa.string())


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Turn JSON values into Arrow: numbers that JSON cannot hold, decimals and times come as texts."""
    if kind in _AS_THEY_ARE:
        return pa.array(values, kind)
    if pa.types.is_floating(kind):
        return pa.array([None if value is None else float(value) for value in values], kind)
    if pa.types.is_time(kind):
        return pa.array([None if value is None else dt.time.fromisoformat(value) for value in values], kind)
    return pa.array(values, pa.string()).cast(kind)
