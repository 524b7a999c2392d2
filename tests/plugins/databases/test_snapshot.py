"""One consistent state is read while others write, and what changed between looking and running is named (D7, D8)."""

from __future__ import annotations

import contextlib
import itertools
import threading
from typing import Any

import pyarrow as pa
import pytest

from semblant.errors import SemblantError
from semblant.schema import Column, ForeignKey, Schema, Table
from semblant.testing.material import people, schema_of, shop
from semblant.vocabulary import WriteMode
from tests.plugins.databases.places import DatabasePlace
from tests.plugins.databases.test_sets import read

pytestmark = [pytest.mark.feature(61, 62, 64, 71)]
CHAIN = ("a", "b", "c", "d")


def chain() -> Schema:
    """Give four tables, each of which refers to the one before."""
    found = []
    for place, name in enumerate(CHAIN):
        before = CHAIN[place - 1] if place else ""
        key = ForeignKey(columns=("up",), references=before, referenced_columns=("id",))
        columns = (Column(name="id", type=pa.int64()), Column(name="up", type=pa.int64()))
        found.append(Table(name=name, columns=columns, primary_key=("id",), foreign_keys=(key,) if before else ()))
    return Schema(tables=found)


class Writers(threading.Thread):
    """Writes whole families of rows, one transaction after the other, and takes older ones away."""

    def __init__(self, place: DatabasePlace, numbers: itertools.count[int]) -> None:
        super().__init__(daemon=True)
        self.place, self.numbers, self.over, self.done, self.fault = place, numbers, threading.Event(), 0, ""

    def run(self) -> None:
        connection = self.place.connect()
        cursor = connection.cursor()
        try:
            while not self.over.is_set():
                number = next(self.numbers)
                cursor.execute("BEGIN")
                for name in CHAIN:
                    cursor.execute(f"INSERT INTO {name} VALUES ({number}, {number})")
                if number % 3 == 0:
                    for name in reversed(CHAIN):
                        cursor.execute(f"DELETE FROM {name} WHERE id = {number}")
                cursor.execute("COMMIT")
                self.done += 1
        except Exception as exc:  # noqa: BLE001 - told in the thread that asserts
            self.fault = repr(exc)
        finally:
            connection.close()


def orphans_while_others_write(server: DatabasePlace, transactions: int) -> int:
    """Read all four tables again and again, from the child to the parent, until so many transactions went by."""
    rows = pa.table({"id": pa.array(range(2_000), pa.int64()), "up": pa.array(range(2_000), pa.int64())})
    server.deliver(chain(), dict.fromkeys(CHAIN, rows))
    writers = [Writers(server, itertools.count(first, 2)) for first in (10_000, 10_001)]
    for writer in writers:
        writer.start()
    orphans = 0
    try:
        while sum(writer.done for writer in writers) < transactions and not any(w.fault for w in writers):
            before = sum(writer.done for writer in writers)
            found: dict[str, set[Any]] = {}
            with contextlib.closing(server.reader()) as source:
                for name in ("a", "d", "b", "c"):
                    found[name] = set(pa.Table.from_batches(list(source.read(name)))["id"].to_pylist())
                    until = sum(writer.done for writer in writers) + 2
                    while sum(writer.done for writer in writers) < until and not any(w.fault for w in writers):
                        writers[0].over.wait(0.001)
            assert sum(writer.done for writer in writers) > before
            orphans += sum(len(found[child] - found[parent]) for parent, child in itertools.pairwise(CHAIN))
    finally:
        for writer in writers:
            writer.over.set()
            writer.join(30)
    assert [writer.fault for writer in writers] == ["", ""]
    return orphans


def test_what_is_read_while_others_write_holds_no_orphan(server: DatabasePlace) -> None:
    assert orphans_while_others_write(server, 10) == 0


@pytest.mark.nightly
def test_what_is_read_during_a_hundred_transactions_holds_no_orphan(server: DatabasePlace) -> None:
    assert orphans_while_others_write(server, 100) == 0


WRITING: dict[str, tuple[str, str]] = {
    "a column was dropped": ("ALTER TABLE {t} DROP COLUMN height", "height"),
    "a column was renamed": ("ALTER TABLE {t} RENAME COLUMN height TO tall", "height"),
    "a column was added": ("ALTER TABLE {t} ADD COLUMN needed int", "needed"),
    "a type is another": ("ALTER TABLE {t} DROP COLUMN height, ADD COLUMN height date", "height"),
    "a number became narrower": ("ALTER TABLE {t} DROP COLUMN height, ADD COLUMN height smallint", "height"),
    "a number keeps fewer places": ("ALTER TABLE {t} DROP COLUMN height, ADD COLUMN height decimal(9,1)", "height"),
    "nulls are not allowed": ("DELETE FROM {t} WHERE height IS NULL; ALTER TABLE {t} {strict}", "height"),
    "a text became short": ("ALTER TABLE {t} DROP COLUMN name, ADD COLUMN name varchar(3)", "name"),
}


@pytest.mark.parametrize("change", WRITING)
def test_what_changed_before_writing_is_named_with_a_way_out(server: DatabasePlace, change: str) -> None:
    server.deliver(schema_of({"people": people(30)}), {"people": people(30)})
    strict = {
        "postgresql": "ALTER COLUMN height SET NOT NULL",
        "mariadb": "MODIFY height double NOT NULL",
    }[server.kind]
    statements, word = WRITING[change]
    server.rows(*statements.format(t=server.quoted("people"), strict=strict).split("; "))
    more = people(30, first=100)

    with pytest.raises(SemblantError) as caught:
        server.deliver(schema_of({"people": more}), {"people": more}, WriteMode.APPEND)

    assert caught.value.fix
    assert word in caught.value.message or "too long" in caught.value.message
    assert server.rows(f"SELECT count(*) FROM {server.quoted('people')} WHERE id >= 100")[0][0][0] == 0


READING: dict[str, tuple[str, str]] = {
    "the table is gone": ("DROP TABLE {t}", "people"),
    "the table has another name": ("ALTER TABLE {t} RENAME TO {u}", "did you mean 'peoples'"),
    "the column of a filter is gone": ("ALTER TABLE {t} DROP COLUMN height", "height"),
}


@pytest.mark.parametrize("change", READING)
def test_what_changed_before_reading_is_named_with_a_way_out(server: DatabasePlace, change: str) -> None:
    server.deliver(schema_of(shop()), shop())
    statement, word = READING[change]
    server.rows(f"DROP TABLE {server.quoted('orders')}")
    server.rows(statement.format(t=server.quoted("people"), u=server.quoted("peoples")))

    with pytest.raises(SemblantError) as caught:
        read(server, tables=("people",), filters={"people": "height > 1"})

    assert word in str(caught.value)
    assert caught.value.fix


def test_a_right_that_was_taken_away_is_named(server: DatabasePlace) -> None:
    server.deliver(schema_of({"people": people(3)}), {"people": people(3)})
    schema, database = server.source.get("schema"), server.source["database"]
    server.rows(
        *(
            ("DROP ROLE IF EXISTS once", "CREATE ROLE once LOGIN", f"GRANT USAGE ON SCHEMA {schema} TO once")
            if server.kind == "postgresql"
            else ("CREATE OR REPLACE USER 'once'@'%'", f"GRANT CREATE ON {database}.* TO 'once'@'%'")
        )
    )
    try:
        reader = server.with_user(user="once").reader(tables=("people",))
        told = pytest.raises(SemblantError, match="may not do that|there is no table 'people'")
        with contextlib.closing(reader) as source, told as caught:
            list(source.read("people"))
        assert caught.value.fix
    finally:
        if server.kind == "postgresql":
            server.rows(f"REVOKE ALL ON SCHEMA {schema} FROM once", "DROP ROLE once")
