"""Sets of tables with keys: all of them or none, once, enforced by the database, read back as they were."""

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from semblant.errors import DestinationError
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.testing.material import assert_same, people, schema_of, shop
from semblant.vocabulary import WriteMode
from tests.plugins.databases.places import DatabasePlace
from tests.plugins.databases.relational import data_set

REFUSED = {
    "postgresql": "foreign key", "mariadb": "foreign key", "sqlite": "foreign key", "duckdb": "foreign key",
}  # fmt: skip


def read(place: DatabasePlace, **settings: object) -> tuple[Schema, dict[str, pa.Table]]:
    with contextlib.closing(place.reader(**settings)) as source:
        schema = source.discover()
        found = {}
        for table in schema:
            arrow = pa.schema([pa.field(column.name, column.type) for column in table.columns])
            found[table.name] = pa.Table.from_batches(list(source.read(table.name)), arrow)
    return schema, found


def keys(schema: Schema, *, itself: bool = True) -> dict[str, tuple[object, ...]]:
    """Give all keys; DuckDB declares none of a table to itself."""
    return {
        table.name: (
            table.primary_key,
            sorted(
                (key.columns, key.references, key.referenced_columns)
                for key in table.foreign_keys
                if itself or key.references != table.name
            ),
        )
        for table in schema
    }


def in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in table.column_names])


@pytest.mark.feature(61, 71)
@pytest.mark.parametrize("name", ["northwind", "chinook"])
def test_a_real_database_comes_back_with_its_schema(place: DatabasePlace, name: str, test_data: Path) -> None:
    schema, tables = data_set(test_data, name)

    place.deliver(schema, tables)
    again, found = read(place)

    assert keys(again) == keys(schema, itself=place.kind != "duckdb")
    for table in schema:
        assert again.table(table.name).column_names == table.column_names
        kinds = [column.type for column in again.table(table.name).columns]
        if place.kind != "sqlite":
            assert kinds == [_kept_as(column.type, place.kind) for column in table.columns], table.name
            assert [c.nullable for c in again.table(table.name).columns] == [c.nullable for c in table.columns]
            assert again.table(table.name).comment == table.comment
        wanted = tables[table.name].cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))
        assert_same(in_order(found[table.name]), in_order(wanted), types=True)


def _kept_as(kind: pa.DataType, store: str) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_timestamp(kind) and store != "duckdb":
        return pa.timestamp("us", kind.tz)
    return kind


@pytest.mark.feature(61)
def test_a_foreign_key_that_leads_nowhere_is_refused_by_the_database(place: DatabasePlace) -> None:
    tables = shop()
    tables["orders"] = tables["orders"].set_column(1, "person", pa.array([7000 + n for n in range(60)], pa.int64()))

    with pytest.raises(DestinationError, match=REFUSED[place.kind]) as caught:
        place.deliver(schema_of(tables), tables)

    assert caught.value.fix
    if place.kind in {"postgresql", "mariadb"}:
        with pytest.raises(Exception, match="has no tables"):
            read(place)


@pytest.mark.parametrize("mode", ["append", "truncate"])
def test_a_foreign_key_that_leads_nowhere_is_refused_in_tables_that_are_there(place: DatabasePlace, mode: str) -> None:
    place.deliver(schema_of(shop()), shop())
    tables = {"people": people(5, first=100), "orders": shop()["orders"].slice(0, 3)}
    wrong = pa.array([4000, 4001, 4002], pa.int64())
    tables["orders"] = tables["orders"].set_column(1, "person", wrong).set_column(0, "order", wrong)

    with pytest.raises(DestinationError):
        place.deliver(schema_of(tables), tables, WriteMode(mode))

    assert read(place)[1]["orders"].num_rows == 60


def test_the_same_delivery_three_times_is_written_once(place: DatabasePlace) -> None:
    for _ in range(3):
        place.deliver(schema_of(shop()), shop(), WriteMode.APPEND, delivery="job-1")
    more = {"people": people(5, first=500)}
    place.deliver(schema_of(more), more, WriteMode.APPEND, delivery="job-2")
    place.deliver(schema_of(shop()), shop(), WriteMode.FAIL, delivery="job-1")

    schema, found = read(place)

    assert sorted(schema.table_names) == ["orders", "people"]
    assert (found["people"].num_rows, found["orders"].num_rows) == (25, 60)


def test_a_second_writer_is_told_that_there_is_a_first(place: DatabasePlace) -> None:
    with contextlib.closing(place.writer()) as one, contextlib.closing(place.writer()) as other:
        first = one.open(schema_of({"people": people(3)}), WriteMode.FAIL)
        with pytest.raises(DestinationError, match="another delivery") as caught:
            other.open(schema_of({"visits": people(3)}), WriteMode.FAIL)
        first.abort()
        other.open(schema_of({"visits": people(3)}), WriteMode.FAIL).abort()
    assert caught.value.fix


def test_new_and_old_tables_appear_together(place: DatabasePlace) -> None:
    place.deliver(schema_of({"people": people(20)}), {"people": people(20)})
    tables = {"people": people(5, first=100), "visits": people(7)}

    place.deliver(schema_of(tables), tables, WriteMode.APPEND)

    assert {name: table.num_rows for name, table in read(place)[1].items()} == {"people": 25, "visits": 7}


def test_a_table_that_refers_to_itself_and_a_ring_of_tables_are_filled_again(server: DatabasePlace) -> None:
    boss = ForeignKey(columns=("boss",), references="staff", referenced_columns=("id",))
    columns = (Column(name="id", type=pa.int64()), Column(name="boss", type=pa.int64()))
    schema = Schema(tables=[Table(name="staff", columns=columns, primary_key=("id",), foreign_keys=(boss,))])
    rows = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "boss": pa.array([3, 1, None], pa.int64())})

    server.deliver(schema, {"staff": rows})
    server.deliver(schema, {"staff": rows.slice(0, 0)}, WriteMode.REPLACE)
    server.deliver(schema, {"staff": rows}, WriteMode.REPLACE)

    assert read(server)[1]["staff"].num_rows == 3


def test_comments_and_enums_are_kept(server: DatabasePlace) -> None:
    columns = (
        Column(name="id", type=pa.int64(), comment="the number, it's unique"),
        Column(name="colour", type=pa.string(), enum=("red", "it's blue"), comment="of the paint"),
    )
    schema = Schema(tables=[Table(name="paint", columns=columns, primary_key=("id",), comment="all paints")])
    rows = pa.table({"id": pa.array([1, 2], pa.int64()), "colour": ["red", "it's blue"]})

    server.deliver(schema, {"paint": rows})
    server.deliver(schema, {"paint": rows}, WriteMode.REPLACE)
    again = read(server)[0].table("paint")

    assert again.comment == "all paints"
    assert [(c.comment, c.enum) for c in again.columns] == [(c.comment, c.enum) for c in columns]
    with pytest.raises(DestinationError):
        server.deliver(schema, {"paint": rows.set_column(1, "colour", pa.array(["red", "green"]))}, WriteMode.TRUNCATE)


def test_a_table_of_another_shape_gives_way_with_its_children(place: DatabasePlace) -> None:
    place.deliver(schema_of(shop()), shop())
    wider = {"people": people(20).append_column("more", pa.array(range(20), pa.int32())), "orders": shop()["orders"]}

    place.deliver(schema_of(wider), wider, WriteMode.REPLACE)
    schema, found = read(place)

    assert schema.table("people").column_names[-1] == "more"
    assert keys(schema) == keys(schema_of(shop()))
    assert found["orders"].num_rows == 60


def test_exact_values_of_keys_survive(place: DatabasePlace) -> None:
    table = pa.table(
        {
            "id": pa.array([2**53 + 1, 2**63 - 1, -(2**63)], pa.int64()),
            "amount": pa.array([Decimal("9" * 36 + ".99"), Decimal("-0.01"), None], pa.decimal128(38, 2)),
            "at": pa.array([dt.datetime(2024, 3, 31, 2, 30, tzinfo=dt.UTC), None, None], pa.timestamp("us", "UTC")),
            "text": ["", None, "NULL"],
        }
    )
    place.deliver(schema_of({"exact": table}), {"exact": table})

    found = read(place)[1]["exact"].sort_by("id")

    assert_same(found.cast(table.schema), table.sort_by("id"), types=True)
