"""Oracle passes the kit against an imitation: no live server can be had (see ``imitation.oracle``)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from psycopg import sql

from semblant.schema import Schema
from semblant_databases import ORACLE_DESTINATION, ORACLE_SOURCE
from semblant_databases.settings import OracleDestination, OracleSource
from tests.plugins.databases import test_postgresql_conformance as postgresql

pytestmark = [pytest.mark.feature(61, 67)]

NO_LISTS = "lists are kept as JSON, which is read as text"
MICROSECONDS = "times are written in microseconds; what is finer is refused"
NO_QUOTES = "Oracle takes no quotation mark in a name"
EMPTY = "what is empty is null for Oracle; it is refused unless told otherwise"
TYPES = (
    (pa.types.is_boolean, "numeric(1,0)"), (lambda k: k == pa.int64(), "numeric(19,0)"),
    (lambda k: k == pa.uint64(), "numeric(20,0)"), (pa.types.is_integer, "numeric(9,0)"),
    (pa.types.is_decimal, "numeric(28,2)"), (pa.types.is_list, "text"), (pa.types.is_date, "timestamp(0)"),
    (pa.types.is_time, "interval"), (lambda k: pa.types.is_timestamp(k) and k.tz is not None, "timestamptz(6)"),
    (pa.types.is_timestamp, "timestamp(6)"),
)  # fmt: skip


def declared(kind: pa.DataType) -> str:
    return next((name for fits, name in TYPES if fits(kind)), postgresql.DECLARED(kind))


class Imitated:
    @pytest.fixture(autouse=True)
    def _imitated(self, imitated_oracle: dict[str, str]) -> None:
        self.settings_of = imitated_oracle


class TestOracleSource(Imitated, postgresql.TestPostgresqlSource):
    component = ORACLE_SOURCE
    keeps_types = "the tables of this test are made with fewer types than Arrow has"
    keeps_empty_strings = EMPTY
    declared = staticmethod(declared)
    not_kept: ClassVar[Mapping[str, str]] = {
        "types.struct": NO_LISTS,
        "types.list": NO_LISTS,
        "types.timestamp_ns": MICROSECONDS,
        "columns.quote": NO_QUOTES,
    }

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> Any:
        """Let our destination write: types of Oracle that say less than they hold are known by its comments."""
        place = self.place(folder)
        destination = ORACLE_DESTINATION.create(
            OracleDestination(**{**place, **self.settings_of}, empty_texts="as_null")
        )
        try:
            delivery = destination.open(schema, postgresql.REPLACE)
            for name, table in tables.items():
                for batch in table.to_batches(50_000):
                    delivery.write(name, batch)
            delivery.commit()
        finally:
            destination.close()
        return OracleSource(**{**place, **self.settings_of})

    def nowhere(self, folder: Path) -> Any:
        return OracleSource(host="127.0.0.1", port=self.server.port, user="scott", database="missing")


class TestOracleDestination(Imitated, postgresql.TestPostgresqlDestination):
    component = ORACLE_DESTINATION
    keeps_order = "a table is kept in the order of its key"
    keeps_types = "the imitation has fewer types than Arrow"
    keeps_empty_strings = EMPTY
    not_kept: ClassVar[Mapping[str, str]] = {"types.timestamp_ns": MICROSECONDS, "columns.quote": NO_QUOTES}

    def settings(self, folder: Path) -> Any:
        return OracleDestination(**{**self.place(folder), **self.settings_of})

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        with self.connect() as connection:
            if table not in self.tables(connection, folder):
                return None
            place = sql.Identifier(postgresql.schema_name(folder), table)
            cursor = connection.execute(sql.SQL("SELECT * FROM {}").format(place))
            rows, names = cursor.fetchall(), [column.name for column in cursor.description or ()]
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        made = []
        for name, values in zip(names, columns, strict=True):
            kind = wanted.field(name).type if name in wanted.names else None
            kind = kind.value_type if kind is not None and pa.types.is_dictionary(kind) else kind
            made.append(pa.array([None if value is None else read(value, kind) for value in values], kind))
        return pa.table(made, names=names)


def read(value: Any, kind: pa.DataType | None) -> Any:
    """Read a stored value as what it was written for."""
    if kind is None:
        return value
    if pa.types.is_boolean(kind):
        return bool(value)
    if pa.types.is_integer(kind):
        return int(value)
    if pa.types.is_date(kind):
        return value.date()
    if pa.types.is_time(kind):
        return (dt.datetime(1, 1, 1) + value).time()
    return json.loads(value) if pa.types.is_nested(kind) else value
