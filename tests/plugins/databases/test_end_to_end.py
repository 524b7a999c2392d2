"""From database to database by one command, as a user types it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pyarrow as pa
import pytest

from semblant.engine import Engine
from semblant.errors import SemblantError
from semblant.testing.material import people, schema_of, shop
from semblant.vocabulary import WriteMode
from tests.e2e.command import no_traceback, semblant
from tests.plugins.databases.places import DatabasePlace, place_of
from tests.plugins.databases.test_sets import read


@pytest.mark.feature(2, 61, 62, 64, 71)
@pytest.mark.parametrize(("first", "second"), [("postgresql", "mariadb")])
def test_one_command_learns_from_one_database_and_writes_to_another(
    first: str, second: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with place_of(first, request, tmp_path) as source, place_of(second, request, tmp_path) as destination:
        source.deliver(schema_of({"people": people(300)}), {"people": people(300)})
        words = ["--records", "50", "--size", "small", "--no-report", "--set", "model.max_epochs=1"]

        done = semblant("run", source.url, "--destination", destination.url, *words)

        no_traceback(done)
        assert done.returncode == 0, done.stderr[-3000:]
        schema, found = read(destination)
        assert schema.table("people").primary_key == ("id",)
        assert found["people"].num_rows == 50
        assert found["people"].column_names == people(1).column_names
        again = semblant("run", source.url, "--destination", destination.url, *words)
        assert again.returncode == 3
        assert "'people' is already in" in again.stderr


@pytest.mark.feature(61, 62, 64, 71)
def test_every_database_is_named_by_its_url(place: DatabasePlace) -> None:
    with contextlib.closing(place.writer()) as destination:
        destination.open(schema_of({"people": people(3)}), WriteMode.FAIL).commit()
    engine = Engine()

    found, settings = engine.host.for_location("destination", place.url)
    with contextlib.closing(found.create(found.settings(**settings))) as named:
        named.check()
        assert found.name == place.kind
    found_source, source_settings = engine.host.for_location("source", place.url)
    with contextlib.closing(found_source.create(found_source.settings(**source_settings))) as named_source:
        assert named_source.discover().table_names == ("people",)


@pytest.mark.feature(63, 71)
def test_mysql_is_a_kind_of_its_own_with_a_url_of_its_own(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """MySQL's protocol and SQL, spoken to MariaDB: no MySQL server could be had."""
    from attrs import evolve

    with place_of("mariadb", request, tmp_path) as place:
        mysql = evolve(place, kind="mysql", url=place.url.replace("mariadb://", "mysql://"))
        mysql.deliver(schema_of(shop()), shop())
        mysql.deliver(schema_of(shop()), shop(), WriteMode.REPLACE)
        found, settings = Engine().host.for_location("source", mysql.url)
        with contextlib.closing(found.create(found.settings(**settings))) as named:
            assert found.name == "mysql"
            assert named.discover().table("orders").foreign_keys[0].references == "people"
            assert named.count("orders") == 60


@pytest.mark.feature(72)
def test_write_access_is_proven_before_any_work_and_leaves_nothing(place: DatabasePlace) -> None:
    with contextlib.closing(place.writer()) as destination:
        destination.check()

    with pytest.raises(Exception, match="has no tables|there is no file|no SQLite file|does not exist"):
        read(place)


@pytest.mark.feature(61)
@pytest.mark.parametrize("change", ["dropped", "renamed", "gone", "nulls", "retyped"])
def test_what_changed_between_looking_and_writing_is_named(server: DatabasePlace, change: str) -> None:
    server.deliver(schema_of({"people": people(3)}), {"people": people(3)})
    quoted = server.quoted("people")
    server.rows(
        {
            "dropped": f"ALTER TABLE {quoted} DROP COLUMN height",
            "renamed": f"ALTER TABLE {quoted} RENAME COLUMN height TO tall",
            "gone": f"DROP TABLE {quoted}",
            "nulls": f"ALTER TABLE {quoted} ADD COLUMN needed int",
            "retyped": f"ALTER TABLE {quoted} DROP COLUMN height, ADD COLUMN height date",
        }[change]
    )
    more = people(4, first=10)

    if change == "gone":
        server.deliver(schema_of({"people": more}), {"people": more}, WriteMode.APPEND)
        assert read(server)[1]["people"].num_rows == 4
        return
    with pytest.raises(SemblantError) as caught:
        server.deliver(schema_of({"people": more}), {"people": more}, WriteMode.APPEND)
    assert caught.value.fix
    assert ("needed" if change == "nulls" else "height") in caught.value.message
    assert read(server)[1]["people"].num_rows == 3


def test_a_large_flush_is_sent_in_parts(server: DatabasePlace) -> None:
    table = pa.table({"id": pa.array(range(300_000), pa.int64())})
    server.deliver(schema_of({"many": table}), {"many": table})

    assert read(server)[1]["many"]["id"].to_pylist() == list(range(300_000))
