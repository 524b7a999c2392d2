"""SQLite passes the kit of destinations, read back by Python's own sqlite3."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pytest

from semblant.testing import DestinationConformance
from semblant_databases import SQLITE_DESTINATION
from semblant_databases.settings import SqliteDestination

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.feature(61)


class TestSqliteDestination(DestinationConformance):
    component = SQLITE_DESTINATION
    keeps_order = "a table is kept in the order of its whole-number key"
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.timestamp_ns": "moments are kept to the microsecond; what is finer is refused",
        "types.nan": "SQLite stores NaN as null, so that it is refused",
    }

    def settings(self, folder: Path) -> SqliteDestination:
        return SqliteDestination(path=str(folder / "shop.db"))

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        if not (folder / "shop.db").exists():
            return None
        connection = sqlite3.connect(folder / "shop.db")
        try:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone():
                return None
            quoted = table.replace('"', '""')
            cursor = connection.execute(f'SELECT * FROM "{quoted}"')
            rows, names = cursor.fetchall(), [column[0] for column in cursor.description]
        finally:
            connection.close()
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        made = []
        for name, values in zip(names, columns, strict=True):
            kind = wanted.field(name).type if name in wanted.names else pa.string()
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            made.append(pa.array([None if value is None else read(value, kind) for value in values], kind))
        return pa.table(made, names=names)

    def state(self, folder: Path) -> Mapping[str, str]:
        """Give every file, the database by what is in it: a transaction that is undone may move its pages."""
        found = {}
        for path in sorted(folder.rglob("*")):
            if path.name == "shop.db":
                connection = sqlite3.connect(path)
                found[path.name] = hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()
                connection.close()
            else:
                found[str(path.relative_to(folder))] = path.read_bytes().hex() if path.is_file() else "folder"
        return found


def read(value: Any, kind: pa.DataType) -> Any:
    """Read a stored value as what it was written for."""
    if pa.types.is_decimal(kind) or kind == pa.uint64():
        assert isinstance(value, str)
        return Decimal(value) if pa.types.is_decimal(kind) else int(value)
    if pa.types.is_boolean(kind):
        return bool(value)
    if pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(value)
    if pa.types.is_date(kind):
        return dt.date.fromisoformat(value)
    if pa.types.is_time(kind):
        return dt.time.fromisoformat(value)
    if pa.types.is_duration(kind):
        return dt.timedelta(microseconds=value)
    return json.loads(value) if pa.types.is_nested(kind) else value
