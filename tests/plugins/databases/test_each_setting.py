"""Every setting of a database, changed alone: what the driver is told differs in that, or what comes back does."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pytest

import semblant_databases as databases
import semblant_sources
from semblant.errors import SemblantError
from semblant.settings import Secret
from semblant.testing.material import people, schema_of, shop
from semblant.vocabulary import WriteMode
from tests.plugins.databases.places import IMITATED, KINDS, DatabasePlace, place_of
from tests.plugins.databases.test_sets import read

pytestmark = [pytest.mark.feature(61, 62, 64, 66, 67)]

SQLITE = {c.name: c for c in semblant_sources.semblant_sources()}["sqlite"]
SOURCES = {c.name: c for c in (*databases.semblant_sources(), SQLITE)}
DESTINATIONS = {c.name: c for c in databases.semblant_destinations()}
OVER_THE_NETWORK = ("postgresql", "mysql", "mariadb", "sqlserver", "oracle")
WAY_IN = {"host": "h", "port": 7, "user": "ann", "database": "shop", "password": Secret("env:SEMBLANT_TEST_ONE")}
OTHERWISE = {
    "host": "elsewhere", "port": 8, "user": "bob", "database": "depot", "password": Secret("env:SEMBLANT_TEST_OTHER"),
    "tls": "verify", "timeout_seconds": 7.0,
}  # fmt: skip
TOLD = {
    "sqlserver": {
        "host": "Server", "port": "Server", "user": "UID", "password": "PWD", "database": "Database",
        "tls": "TrustServerCertificate", "timeout_seconds": "timeout",
    },
    "oracle": {
        "host": "host", "port": "port", "user": "user", "password": "password", "database": "service_name",
        "tls": "protocol ssl_server_dn_match", "timeout_seconds": "tcp_connect_timeout",
    },
    "postgresql": {
        "host": "host", "port": "port", "user": "user", "password": "password", "database": "database",
        "tls": "sslmode", "timeout_seconds": "connect_timeout",
    },
    "mysql": {
        "host": "host", "port": "port", "user": "user", "password": "password", "database": "database",
        "tls": "verified", "timeout_seconds": "connect_timeout",
    },
}  # fmt: skip
"""What of the driver's arguments a setting decides."""


class ToldError(Exception):
    """Stands for a connection: carries what the driver was told."""


def told(kind: str, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> dict[str, Any]:
    """Give what the true driver would connect by."""
    module = {"mariadb": "mysql"}.get(kind, kind)
    heard: list[dict[str, Any]] = []

    def connect(*words: Any, **named: Any) -> Any:
        heard.append(_plain(words, named))
        raise ToldError

    driver = {"mysql": "pymysql.connect", "postgresql": "driver.connect"}.get(module, "driver.connect")
    with monkeypatch.context() as patch:
        patch.setattr(f"semblant_databases.{module}.connection.{driver}", connect)
        if module in IMITATED:
            patch.setattr(f"semblant_databases.{module}.connection.reach", lambda server, kind: None)
        component = SOURCES[kind]
        with contextlib.closing(component.create(component.settings(**settings))) as source, pytest.raises(ToldError):
            source.check()
    return heard[0]


def _plain(words: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """Give the arguments by name, those in a text taken apart."""
    from urllib.parse import parse_qsl, urlsplit

    found = {name: value for name, value in named.items() if name not in {"conv", "ssl"}}
    if "ssl" in named:
        found["verified"] = named["ssl"] is not None and named["ssl"].check_hostname
    for text in words:
        if "://" in text:
            url = urlsplit(text)
            found |= {"host": url.hostname, "port": url.port, "user": url.username, "password": url.password}
            found |= {"database": url.path, **dict(parse_qsl(url.query))}
        else:
            found |= dict(part.split("=", 1) for part in text.split(";"))
    return found


@pytest.fixture(autouse=True)
def _passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMBLANT_TEST_ONE", "first-password")
    monkeypatch.setenv("SEMBLANT_TEST_OTHER", "other-password")


@pytest.mark.parametrize("setting", OTHERWISE)
@pytest.mark.parametrize("kind", OVER_THE_NETWORK)
def test_a_setting_of_the_way_in_changes_what_the_driver_is_told_and_nothing_else(
    kind: str, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(kind, monkeypatch, **WAY_IN)
    after = told(kind, monkeypatch, **{**WAY_IN, setting: OTHERWISE[setting]})

    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert differing == set(TOLD[{"mariadb": "mysql"}.get(kind, kind)][setting].split())


@pytest.mark.parametrize("kind", OVER_THE_NETWORK)
def test_a_url_says_the_same_as_the_settings_and_they_win(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = SOURCES[kind].schemes[0]
    url = f"{scheme}://ann:env:SEMBLANT_TEST_ONE@h:7/shop?tls=verify&timeout_seconds=7"

    assert told(kind, monkeypatch, url=url) == told(kind, monkeypatch, **WAY_IN, tls="verify", timeout_seconds=7.0)
    assert told(kind, monkeypatch, url=url, user="bob") != told(kind, monkeypatch, url=url)


@pytest.mark.parametrize(
    ("kind", "tls", "wanted"),
    [
        ("sqlserver", "off", {"Encrypt": "no"}),
        ("sqlserver", "require", {"Encrypt": "yes", "TrustServerCertificate": "yes"}),
        ("sqlserver", "verify", {"Encrypt": "yes"}),
        ("oracle", "off", {"protocol": "tcp"}),
        ("oracle", "require", {"protocol": "tcps", "ssl_server_dn_match": False}),
        ("oracle", "verify", {"protocol": "tcps", "ssl_server_dn_match": True}),
        ("postgresql", "off", {"sslmode": "disable"}),
        ("postgresql", "require", {"sslmode": "require"}),
        ("postgresql", "verify", {"sslmode": "verify-full"}),
    ],
)
def test_each_kind_of_encryption_is_asked_of_the_driver(
    kind: str, tls: str, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = told(kind, monkeypatch, **WAY_IN, tls=tls)
    assert {name: heard[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("kind", "words"),
    [("sqlserver", "SET LOCK_TIMEOUT 7000"), ("oracle", "DDL_LOCK_TIMEOUT = 7")],
)
def test_locks_are_waited_for_as_long_as_an_answer(
    kind: str, words: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"semblant_databases.{kind}.connection"
    with place_of(kind, request, tmp_path) as place:
        said: list[str] = []
        run = pytest.importorskip(module).Connection.run

        def hearing(connection: Any, sql: str, *values: Any) -> None:
            said.append(sql)
            run(connection, sql, *values)

        monkeypatch.setattr(f"{module}.Connection.run", hearing)
        place.deliver(schema_of({"people": people(3)}), {"people": people(3)}, timeout_seconds=7.0)
    assert any(words in sql for sql in said)


def quoted(place: DatabasePlace, name: str) -> str:
    return f"[{name}]" if place.kind == "sqlserver" else place.quoted(name)


def selected(place: DatabasePlace, setting: str) -> tuple[Any, Any, Any]:
    """Give what is read without the setting, with it, and what was wanted of it."""
    everything = ("orders", "people")
    if setting == "tables":
        return read(place)[0].table_names, read(place, tables="people")[0].table_names, ("people",)
    if setting == "views":
        place.rows(f"CREATE VIEW few AS SELECT * FROM {place.quoted('people')}")
        return read(place)[0].table_names, read(place, views=True)[0].table_names, ("few", *everything)
    if setting in {"queries", "query"}:
        one = {"ids": f"SELECT {quoted(place, 'id')} FROM {quoted(place, 'people')}"}
        found = read(place, **{setting: one})
        return read(place)[0].table_names, (found[0].table_names, found[1]["ids"].column_names), (("ids",), ["id"])
    assert setting == "filters"
    few = read(place, filters={"people": f"{quoted(place, 'id')} < 5"})[1]
    return read(place)[1]["people"].num_rows, (few["people"].num_rows, few["orders"].num_rows), (5, 60)


SELECTING = [
    (kind, name)
    for kind in (*KINDS, *IMITATED)
    for name in ("tables", "views", "queries", "query", "filters")
    if name in attrs.fields_dict(SOURCES[kind].settings)
]


@pytest.mark.feature(71)
@pytest.mark.parametrize(("kind", "setting"), SELECTING)
def test_a_setting_of_the_choice_changes_what_is_read(
    kind: str, setting: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with place_of(kind, request, tmp_path) as place:
        place.deliver(schema_of(shop()), shop())
        if kind == "duckdb" and setting == "views":
            import duckdb

            with duckdb.connect(place.source["path"]) as connection:
                connection.execute("CREATE VIEW few AS SELECT * FROM people")
            assert read(place)[0].table_names == ("orders", "people")
            assert read(place, views=True)[0].table_names == ("few", "orders", "people")
            return
        without, found, wanted = selected(place, setting)
    assert without in (("orders", "people"), 20)
    assert found == wanted


@pytest.mark.parametrize("kind", ["postgresql", *IMITATED])
def test_the_schema_decides_where_tables_are_read_and_written(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with place_of(kind, request, tmp_path) as place, place_of(kind, request, tmp_path) as other:
        there = {"people": people(3)}
        there_too = place.with_user(schema=other.source["schema"])
        there_too.deliver(schema_of(there), there)
        assert (
            read(other)[1]["people"].num_rows == read(place, schema=other.source["schema"])[1]["people"].num_rows == 3
        )
        with pytest.raises(SemblantError, match="has no tables"):
            read(place)


@pytest.mark.parametrize("kind", [*KINDS, *IMITATED])
def test_the_id_of_a_delivery_makes_the_second_one_nothing(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    there = {"visits": pa.table({"n": pa.array([1, 2, 3], pa.int64())})}
    with place_of(kind, request, tmp_path) as place:
        rows = []
        for delivery in ("one", "one", "", ""):
            place.deliver(schema_of(there), there, WriteMode.APPEND, delivery=delivery)
            rows.append(read(place)[1]["visits"].num_rows)
    assert rows == [3, 3, 6, 9]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_file_and_how_long_its_lock_is_waited_for(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    there = {"people": people(3)}
    with place_of(kind, request, tmp_path) as place:
        place.deliver(schema_of(there), there)
        other = str(tmp_path / "other.db")
        place.deliver(schema_of(there), there, path=other)
        assert read(place, path=other)[1]["people"].num_rows == 3
        module = "sqlite3" if kind == "sqlite" else kind
        hold = (
            f"import {module}, time; c = {module}.connect({place.source['path']!r}); c.execute('BEGIN'); "
            "c.execute('INSERT INTO people SELECT * FROM people WHERE 1 = 0'); print(1, flush=True); time.sleep(60)"
        )
        with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline()
            begun = time.monotonic()
            with pytest.raises(SemblantError):
                place.deliver(schema_of(there), there, WriteMode.REPLACE, timeout_seconds=0.0)
            at_once = time.monotonic() - begun
            begun = time.monotonic()
            with pytest.raises(SemblantError):
                place.deliver(schema_of(there), there, WriteMode.REPLACE, timeout_seconds=2.0)
            waited = time.monotonic() - begun
            holder.kill()
    assert waited >= 1.9
    assert waited - at_once > 1


GOOGLE: dict[str, tuple[Any, str, Any]] = {
    "dataset": ("other.depot", "dataset", ("other", "depot")),
    "project": ("globex", "dataset", ("globex", "shop")),
    "location": ("EU", "location", "EU"),
    "service_account": (Secret("env:SEMBLANT_TEST_JSON"), "credentials", "Credentials"),
    "endpoint": ("http://127.0.0.1:1", "endpoint", "http://127.0.0.1:1"),
    "anonymous": (True, "credentials", "AnonymousCredentials"),
    "timeout_seconds": (7.0, "timeout", 7.0),
}
"""A value for each setting of BigQuery, what of the client it decides, and how that comes out."""


def asked(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> dict[str, Any]:
    """Give what Google's client is made with, and asked for."""
    heard: dict[str, Any] = {}

    class Client:
        def __init__(self, *, project: str, credentials: Any, location: str, client_options: Any) -> None:
            self.project = project
            heard["project"] = project
            heard["credentials"] = type(credentials).__name__
            heard["location"] = location
            heard["endpoint"] = getattr(client_options, "api_endpoint", None)

        def get_dataset(self, dataset: Any, *, retry: Any, timeout: float) -> Any:
            heard["dataset"] = (dataset.project, dataset.dataset_id)
            heard["timeout"] = timeout
            raise ToldError

    with monkeypatch.context() as patch:
        patch.setattr("semblant_databases.bigquery.connection.bigquery.Client", Client)
        patch.setattr(
            "semblant_databases.bigquery.connection.service_account.Credentials.from_service_account_info",
            lambda key, scopes: type("Credentials", (), {})(),
        )
        component = SOURCES["bigquery"]
        with contextlib.closing(component.create(component.settings(**settings))) as source, pytest.raises(ToldError):
            source.check()
    return heard


@pytest.mark.feature(65)
@pytest.mark.parametrize("setting", GOOGLE)
def test_a_setting_of_bigquery_changes_what_the_client_is_told(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("google.cloud.bigquery")
    monkeypatch.setenv("SEMBLANT_TEST_JSON", "{}")
    value, part, wanted = GOOGLE[setting]
    way_in: dict[str, Any] = {"project": "acme", "dataset": "shop"}

    before = asked(monkeypatch, **way_in)
    after = asked(monkeypatch, **{**way_in, setting: value})

    also = {"project"} if setting == "project" else set()
    assert {name for name in before if before[name] != after[name]} - also == {part}
    assert after[part] == wanted


def test_every_setting_of_a_database_is_among_those_above() -> None:
    seen = {"url", "schema", "delivery", "empty_texts", "path", *OTHERWISE}
    seen |= {"tables", "views", "queries", "query", "filters", *GOOGLE}
    for component in (*SOURCES.values(), *DESTINATIONS.values()):
        assert set(attrs.fields_dict(component.settings)) <= seen, component.name
