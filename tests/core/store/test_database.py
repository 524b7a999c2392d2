from __future__ import annotations

import re
import sqlite3
import threading

import pytest
from sqlalchemy import create_engine, inspect, text

from semblant.errors import ConfigError
from semblant.home import Home
from semblant.store.database import Store, store_url
from semblant.store.faults import NotThereError, StoreError, TakenError
from semblant.store.migrations import MIGRATIONS, VERSION_TABLE, version_of
from semblant.store.tables import METADATA

_DOUBLE = re.compile("DOUBLE( PRECISION)?|REAL")


def layout(url):
    """Give every table of a database with its columns, types and keys."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    found = {}
    look = inspect(engine)
    for table in look.get_table_names():
        if table == VERSION_TABLE:
            continue
        found[table] = (
            sorted(
                (column["name"], _DOUBLE.sub("double", str(column["type"])), column["nullable"])
                for column in look.get_columns(table)
            ),
            sorted(look.get_pk_constraint(table)["constrained_columns"]),
            sorted(tuple(entry["column_names"]) for entry in look.get_unique_constraints(table)),
            sorted((entry["name"], tuple(entry["column_names"])) for entry in look.get_indexes(table)
                   if not entry.get("duplicates_constraint")),
            sorted((tuple(key["constrained_columns"]), key["referred_table"], str(key["options"]))
                   for key in look.get_foreign_keys(table)),
        )  # fmt: skip
    engine.dispose()
    return found


def test_the_migrations_make_what_the_code_works_with(url, tmp_path, request):
    Store(url).close()
    other = f"sqlite:///{tmp_path / 'other.db'}" if url.startswith("sqlite") else None
    if other is None:
        other = request.getfixturevalue("server").database()
    engine = create_engine(other.replace("postgresql:", "postgresql+psycopg:"))
    METADATA.create_all(engine)
    engine.dispose()
    assert layout(url) == layout(other)


def test_a_store_of_the_first_version_is_brought_up_to_date_with_what_it_holds(url):
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        version_of(connection)
        for statement in MIGRATIONS[0]:
            connection.execute(text(statement))
        connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (1)"))
        connection.execute(text("INSERT INTO catalogs VALUES ('i', 'old', '', '{}', '', 'ann', 1, 1)"))
    engine.dispose()
    with Store(url) as store:
        assert [entry.name for entry in store.catalogs.list()] == ["old"]
        assert "used" in str(layout(url)["tasks"])


def test_opening_again_changes_nothing_and_a_newer_store_is_refused(url):
    with Store(url) as store:
        store.connectors.create("a", type="files", settings={})
    with Store(url) as store:
        assert [entry.name for entry in store.connectors.list()] == ["a"]
        with store.writing() as connection:
            connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES ({len(MIGRATIONS) + 1})"))
    with pytest.raises(StoreError, match="newer Semblant"):
        Store(url)


def test_eight_processes_may_open_a_new_store_at_once(url):
    faults = []

    def open_it():
        try:
            Store(url).close()
        except Exception as exc:  # noqa: BLE001
            faults.append(exc)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_transaction_that_fails_leaves_nothing(store):
    def spoiled():
        with store.writing() as connection:
            connection.execute(text("INSERT INTO quotas VALUES ('', 'rows', 1)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        spoiled()
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM quotas")).scalar() == 0


def test_sqlite_is_in_wal_mode_and_lies_in_the_home(tmp_path, monkeypatch):
    monkeypatch.delenv("SEMBLANT_STORE", raising=False)
    home = Home(tmp_path / "home")
    Store.of(home).close()
    with sqlite3.connect(home.root / "store.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.parametrize(
    ("given", "part"), [("mysql://u:geheim@h/d", "cannot be kept in 'mysql'"), ("nonsense", "no URL")]
)
def test_a_wrong_url_is_refused_without_its_password(monkeypatch, tmp_path, given, part):
    monkeypatch.setenv("SEMBLANT_STORE", given)
    with pytest.raises(ConfigError, match=part) as caught:
        store_url(Home(tmp_path))
    assert "geheim" not in str(caught.value)


def test_a_server_that_is_not_there_is_named_without_the_password():
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as caught:
        Store("postgresql+psycopg://ann:geheim@127.0.0.1:1/db")
    assert "127.0.0.1:1/db" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "store.db").write_text("not a database at all, but long enough to be one" * 20, encoding="utf-8")
    with pytest.raises(StoreError, match="store.db"):
        Store(f"sqlite:///{tmp_path / 'store.db'}")


def test_a_connector_is_created_read_changed_listed_and_deleted(store):
    made = store.connectors.create("shop", type="postgresql", settings={"host": "h", "password": "env:PW"})
    assert store.connectors.get("shop") == made
    changed = store.connectors.update("shop", new_name="store", settings={"host": "other"}, kind="source")
    assert (changed.id, changed.name, changed.settings, changed.kind) == (
        made.id,
        "store",
        {"host": "other"},
        "source",
    )
    assert changed.changed >= made.changed
    store.connectors.create("another", type="files", settings={})
    assert [entry.name for entry in store.connectors.list()] == ["another", "store"]
    store.connectors.delete("store")
    with pytest.raises(NotThereError, match="no connector 'store'"):
        store.connectors.get("store")


def test_names_are_taken_once_and_missed_ones_get_a_hint(store):
    store.connectors.create("customers", type="files", settings={})
    store.connectors.create("orders", type="files", settings={})
    with pytest.raises(TakenError, match="'customers' already"):
        store.connectors.create("customers", type="files", settings={})
    with pytest.raises(TakenError):
        store.connectors.update("orders", new_name="customers")
    with pytest.raises(NotThereError, match="did you mean 'customers'"):
        store.connectors.delete("custmers")
