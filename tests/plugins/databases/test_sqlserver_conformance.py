"""SQL Server passes the kit against an imitation: no live server can be had (see ``imitation.sqlserver``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from semblant.schema import Schema
from semblant_databases import SQLSERVER_DESTINATION, SQLSERVER_SOURCE
from semblant_databases.settings import SqlserverDestination, SqlserverSource
from tests.plugins.databases import test_postgresql_conformance as postgresql

pytestmark = [pytest.mark.feature(61, 66)]

NO_NAN = "SQL Server has no numbers that are not finite; they are refused"
NO_LISTS = "lists are kept as JSON, which is read as text"
DURATIONS = "durations are whole numbers, which only the comment of our own destination tells from others"
TINY = "SQL Server has no number that close to zero; it is refused"
MICROSECONDS = "times are written in microseconds; what is finer is refused"
TYPES = (
    (pa.types.is_decimal, "numeric(28,2)"), (lambda k: k == pa.uint64(), "numeric(20,0)"),
    (lambda k: k == pa.uint8(), "sys.tinyint"), (pa.types.is_list, "text"), (pa.types.is_time, "time(6)"),
    (lambda k: pa.types.is_timestamp(k) and k.tz is not None, "timestamptz(6)"),
    (pa.types.is_timestamp, "timestamp(6)"),
)  # fmt: skip


def declared(kind: pa.DataType) -> str:
    return next((name for fits, name in TYPES if fits(kind)), postgresql.DECLARED(kind))


class Imitated:
    @pytest.fixture(autouse=True)
    def _imitated(self, imitated_sqlserver: dict[str, str]) -> None:
        self.settings_of = imitated_sqlserver


class TestSqlserverSource(Imitated, postgresql.TestPostgresqlSource):
    component = SQLSERVER_SOURCE
    keeps_types = "the tables of this test are made with fewer types than Arrow has"
    declared = staticmethod(declared)
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.struct": NO_LISTS,
        "types.list": NO_LISTS,
        "types.timestamp_ns": MICROSECONDS,
        "types.duration": DURATIONS,
    }

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> Any:
        made = super().put(folder, tables, schema)
        return SqlserverSource(**{**self.place(folder), **self.settings_of, "schema": made.schema})

    def nowhere(self, folder: Path) -> Any:
        return SqlserverSource(host="127.0.0.1", port=self.server.port, user="sa", database="missing")


class TestSqlserverDestination(Imitated, postgresql.TestPostgresqlDestination):
    component = SQLSERVER_DESTINATION
    keeps_order = "a table is kept in the order of its key"
    keeps_types = "the imitation has no types below 16 bits"
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.timestamp_ns": MICROSECONDS,
        "types.nan": NO_NAN,
        "types.infinity": NO_NAN,
        "types.float64": TINY,
        "types.duration": DURATIONS,
        "types.list": NO_LISTS,
        "types.struct": NO_LISTS,
    }

    def settings(self, folder: Path) -> Any:
        made = self.place(folder)
        return SqlserverDestination(**{**made, **self.settings_of})
