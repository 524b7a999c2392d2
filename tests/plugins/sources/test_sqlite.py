"""The SQLite source: declared keys, verified types, one snapshot, named errors."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sqlite3
import stat
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from semblant.errors import ConfigError, DataError, SourceError
from semblant_sources.settings import SqliteSettings
from semblant_sources.sqlite import from_location
from semblant_sources.sqlite.source import SqliteSource
from tests.plugins.sources.reading import read_all


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "my shop.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(SHOP)
    connection.close()
    return path


SHOP = """
create table customer (
    id integer primary key, name text not null, born date, seen datetime, vip boolean, note);
create table "order line" (shop int, number int, customer int references customer, "unit price" numeric(10, 2),
    amount real, picture blob, mixed int, primary key (shop, number));
create table delivery (
    shop int, number int, day text, foreign key (shop, number) references "order line" (shop, number));
create view rich as select name from customer where vip;
insert into customer values
    (1, 'Ann', '1990-01-02', '2024-01-02 03:04:05', 1, 5),
    (2, 'Bob', null, null, 0, 'x'),
    (3, '', '2000-12-31', '2024-01-02T03:04', null, 2.5);
insert into "order line" values (1, 2, 1, 2, 1, x'00ff', 1), (1, 1, 3, 2.5, 2, null, 'two');
insert into delivery values (1, 1, 'Monday');
"""


def opened(path, **settings):
    return SqliteSource(SqliteSettings(path=str(path), **settings))


@pytest.mark.feature(2)
def test_tables_types_and_keys(shop):
    source = opened(shop)
    schema = source.discover()
    assert schema.table_names == ("customer", "delivery", "order line")
    customer, delivery, line = schema
    assert {c.name: str(c.type) for c in customer.columns} == {
        "id": "int64",
        "name": "string",
        "born": "date32[day]",
        "seen": "timestamp[us]",
        "vip": "bool",
        "note": "string",
    }
    assert {c.name: str(c.type) for c in line.columns} == {
        "shop": "int64",
        "number": "int64",
        "customer": "int64",
        "unit price": "double",
        "amount": "double",
        "picture": "binary",
        "mixed": "string",
    }
    assert customer.primary_key == ("id",)
    assert line.primary_key == ("shop", "number")
    assert [(f.columns, f.references, f.referenced_columns) for f in line.foreign_keys] == [
        (("customer",), "customer", ("id",))
    ]
    assert [(f.columns, f.references, f.referenced_columns) for f in delivery.foreign_keys] == [
        (("shop", "number"), "order line", ("shop", "number"))
    ]
    assert [c.nullable for c in customer.columns[:3]] == [False, False, True]
    assert any("'mixed' is declared INT and mixes 1 integers, 1 texts" in note for note in line.notes)
    source.close()


def read_everything(source):
    for table in source.discover():
        read_all(source, table.name)


def test_values_come_out_whole(shop):
    source = opened(shop)
    assert read_all(source, "customer").to_pydict() == {
        "id": [1, 2, 3],
        "name": ["Ann", "Bob", ""],
        "born": [dt.date(1990, 1, 2), None, dt.date(2000, 12, 31)],
        "seen": [dt.datetime(2024, 1, 2, 3, 4, 5), None, dt.datetime(2024, 1, 2, 3, 4)],
        "vip": [True, False, None],
        "note": ["5", "x", "2.5"],
    }
    assert read_all(source, "order line", batch_rows=1).to_pydict()["mixed"] == ["1", "two"]
    source.close()


def test_only_the_wanted_columns_come_and_rows_keep_their_order(shop):
    source = opened(shop)
    (batch,) = source.read("order line", ["number", "shop"])
    assert batch.to_pydict() == {"number": [2, 1], "shop": [1, 1]}
    source.close()


def test_a_reader_sees_one_state(shop):
    with sqlite3.connect(shop) as writer:
        writer.execute("pragma journal_mode = wal")
        source = opened(shop)
        source.check()
        writer.execute("insert into customer (id, name) values (9, 'late')")
        writer.commit()
        assert source.count("customer") == 3
        assert read_all(source, "customer").num_rows == 3
        source.close()
        fresh = opened(shop)
        assert fresh.count("customer") == 4
        fresh.close()
    writer.close()


def test_nothing_can_be_written(shop):
    source = opened(shop, query={"q": "select 1"})
    source.discover()
    with pytest.raises(SourceError, match=r"readonly|read-only"):
        source._open().rows("delete from customer")
    source.close()


def test_views_tables_and_queries_are_chosen(shop):
    for settings, names in (
        ({"views": True}, ("customer", "delivery", "order line", "rich")),
        ({"tables": ("rich",)}, ("rich",)),
        ({"query": {"adults": "select id, born from customer;"}}, ("adults",)),
        ({"tables": ("customer",), "query": {"n": "select count(*) as n from customer"}}, ("customer", "n")),
    ):
        source = opened(shop, **settings)
        assert source.discover().table_names == names
        for name in names:
            read_all(source, name)
        source.close()


def test_a_key_to_a_table_that_is_not_read_is_left_out_with_a_note(shop):
    source = opened(shop, tables=("delivery",))
    (delivery,) = source.discover()
    assert delivery.foreign_keys == ()
    assert any("points to 'order line', which is not read" in note for note in delivery.notes)
    source.close()


@pytest.mark.parametrize(
    ("declared", "values", "type_", "read"),
    [
        ("integer", [2**63 - 1, -(2**63)], "int64", [2**63 - 1, -(2**63)]),
        ("real", [1, 2.5], "double", [1.0, 2.5]),
        ("numeric", [2**60, 0.5], "string", [str(2**60), "0.5"]),
        ("integer", ["a", "b"], "string", ["a", "b"]),
        ("date", ["2024-01-01", "soon"], "string", ["2024-01-01", "soon"]),
        ("date", [20240101], "int64", [20240101]),
        ("boolean", [0, 2], "int64", [0, 2]),
        ("text", ["007", "2024-01-01"], "string", ["007", "2024-01-01"]),
        ("blob", [b"\x00", "x"], "binary", [b"\x00", b"x"]),
        ("", [1, None], "int64", [1, None]),
        ("timestamp", ["2024-01-01T00:00:00Z"], "timestamp[us, tz=UTC]", [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)]),
        ("text", ["😀", "x\x00y"], "string", ["😀", "x\x00y"]),
        ("integer", [], "int64", []),
        ("varchar(9)", [None], "string", [None]),
        ("datetime", [None], "timestamp[us]", [None]),
        ("double", [float("inf")], "double", [float("inf")]),
    ],
)
def test_types_are_verified_against_the_data(tmp_path, declared, values, type_, read):
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"create table t (x {declared})")
        connection.executemany("insert into t values (?)", [(value,) for value in values])
    connection.close()
    source = opened(path)
    table = read_all(source)
    source.close()
    assert str(table.schema.field("x").type) == type_
    assert table["x"].to_pylist() == read


@pytest.mark.parametrize("name", ['a "b" c', "select", "'; drop table t; --", "Größe 😀", "a.b", "x[1]", "100%"])
def test_hostile_names_are_quoted(tmp_path, name):
    path = tmp_path / "t.db"
    quoted = '"' + name.replace('"', '""') + '"'
    with sqlite3.connect(path) as connection:
        connection.execute(f"create table {quoted} ({quoted} int primary key)")
        connection.execute(f"insert into {quoted} values (7)")
    connection.close()
    source = opened(path)
    assert read_all(source, name).to_pydict() == {name: [7]}
    source.close()


def test_a_column_called_rowid_does_not_change_the_order(tmp_path):
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "create table t (rowid int, x int); create index i on t (x); insert into t values (9, 2), (8, 1);"
        )
    connection.close()
    source = opened(path)
    assert pa.Table.from_batches(source.read("t", ["x"])).to_pydict() == {"x": [2, 1]}
    source.close()


def test_a_table_without_rowid_and_a_full_text_table(tmp_path):
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "create table w (k text primary key, v int) without rowid; insert into w values ('b', 1), ('a', 2);"
            "create virtual table f using fts5(body); insert into f values ('hello');"
        )
    connection.close()
    source = opened(path)
    assert source.discover().table_names == ("f", "w")
    assert read_all(source, "w").to_pydict() == {"k": ["a", "b"], "v": [2, 1]}
    source.close()


@pytest.mark.parametrize(
    ("prepare", "settings", "error", "message"),
    [
        (None, {}, SourceError, "there is no file or folder"),
        (b"", {}, SourceError, "has no tables"),
        (b"a,b\n1,2\n" * 100, {}, SourceError, "is no SQLite database"),
        ("cut", {}, SourceError, "is damaged"),
        ("shop", {"tables": ("custmer",)}, DataError, "has no table 'custmer'"),
        ("shop", {"query": {"q": "selec 1"}}, DataError, "a statement cannot be run"),
        ("shop", {"query": {"q": "select nope from customer"}}, DataError, "no such column"),
        ("shop", {"query": {"customer": "select 1"}, "tables": ("customer",)}, DataError, "name of a table"),
        ("latin", {}, DataError, "not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, prepare, settings, error, message):
    path = tmp_path / "t.db"
    if isinstance(prepare, bytes):
        path.write_bytes(prepare)
    elif prepare is not None:
        with sqlite3.connect(path) as connection:
            connection.executescript(SHOP)
            if prepare == "cut":
                connection.executemany("insert into customer (name) values (?)", [("x" * 900,)] * 900)
            if prepare == "latin":
                connection.execute("insert into customer (name) values (cast(x'ff41' as text))")
        connection.close()
        if prepare == "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = opened(path, **settings)
    with pytest.raises(error, match=message):
        read_everything(source)
    source.close()


def test_a_missing_database_gets_the_nearest_name(shop):
    with pytest.raises(SourceError) as caught:
        opened(shop.with_name("my shp.db")).check()
    assert caught.value.fix == "did you mean 'my shop.db'?"


def test_a_writer_that_holds_the_file_is_named(shop):
    with sqlite3.connect(shop, isolation_level=None) as writer:
        writer.execute("begin exclusive")
        source = opened(shop, timeout_seconds=0)
        with pytest.raises(SourceError, match="locked by a writer"):
            source.check()
        writer.execute("rollback")
    writer.close()


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(SourceError, match="is a folder"):
        opened(tmp_path).check()


def test_urls_and_paths(shop):
    source = SqliteSource(SqliteSettings(url=f"sqlite:///{shop}"))
    assert source.discover().table_names == ("customer", "delivery", "order line")
    source.close()
    assert from_location("sqlite:///x.db") == {"path": str(Path("x.db").absolute())}
    for wrong in (
        {},
        {"path": "a", "url": "sqlite:///a"},
        {"url": "sqlite://"},
        {"url": "postgresql://x/y"},
        {"url": "::"},
    ):
        with pytest.raises(ConfigError):
            SqliteSource(SqliteSettings(path=wrong.get("path"), url=wrong.get("url"))).check()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_database_without_permission_is_named(shop):
    shop.chmod(stat.S_IWUSR)
    with pytest.raises(SourceError, match="cannot be opened"):
        opened(shop).check()


def test_chinook(test_data):
    source = opened(test_data / "dev" / "relational" / "chinook" / "chinook.sqlite")
    schema = source.discover()
    assert len(schema.tables) == 11
    assert schema.table("PlaylistTrack").primary_key == ("PlaylistId", "TrackId")
    assert schema.table("Employee").foreign_keys[0].references == "Employee"
    assert str(schema.table("Invoice").column("InvoiceDate").type) == "timestamp[us]"
    assert sum(source.count(name) or 0 for name in schema.table_names) == sum(
        read_all(source, name).num_rows for name in schema.table_names
    )
    source.close()


def test_what_our_destination_declares_comes_back_exactly(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE t (n DECIMAL_TEXT(38,2), t TIME_TEXT, d DURATION_MICROSECONDS_INT, odd TIME_TEXT)"
        )
        row = ["123456789012345678901234567890123456.01", "23:59:59.999999", -5, "x"]
        connection.execute("INSERT INTO t VALUES (?, ?, ?, ?)", row)
        connection.execute("INSERT INTO t VALUES (NULL, NULL, NULL, NULL)")
    connection.close()

    with contextlib.closing(SqliteSource(SqliteSettings(path=str(path)))) as source:
        table = pa.Table.from_batches(list(source.read("t")))

    assert table.schema.types == [pa.decimal128(38, 2), pa.time64("us"), pa.duration("us"), pa.string()]
    assert table.to_pylist()[0] == {
        "n": Decimal("123456789012345678901234567890123456.01"),
        "t": dt.time(23, 59, 59, 999999),
        "d": dt.timedelta(microseconds=-5),
        "odd": "x",
    }


def test_what_sqlite_rounds_is_told_and_what_is_read_is_not_rounded_again(tmp_path):
    with sqlite3.connect(tmp_path / "odd.db") as connection:
        connection.executescript(
            "CREATE TABLE t (wide DECIMAL(38,10), price NUMERIC(10,2), big BIGINT, mixed NUMERIC, odd);"
            "INSERT INTO t VALUES ('12345678901234567890123.5', 1.25, 9007199254740993, 9007199254740993, 'x');"
            "INSERT INTO t VALUES (NULL, 3, -9223372036854775808, 0.30000000000000004, 0.30000000000000004);"
            "INSERT INTO t VALUES (1, NULL, NULL, 0.5, 9007199254740993)"
        )
    connection.close()
    source = opened(tmp_path / "odd.db")
    table = source.discover().table("t")
    found = pa.Table.from_batches(source.read("t")).to_pydict()
    source.close()

    assert found["big"] == [9007199254740993, -(2**63), None]
    assert found["mixed"] == ["9007199254740993", "0.30000000000000004", "0.5"]
    assert found["odd"] == ["x", "0.30000000000000004", "9007199254740993"]
    assert found["price"] == [1.25, 3.0, None]
    told = " ".join(table.notes)
    assert "'wide' is declared DECIMAL(38,10), and SQLite keeps it as floating numbers" in told
    assert "'price'" not in told
