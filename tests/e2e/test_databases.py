"""Real databases, from server to server by one command: the server enforces every foreign key of what arrives."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.e2e.command import no_traceback, semblant
from tests.plugins.databases.conftest import mariadb, postgresql  # noqa: F401 - fixtures
from tests.plugins.databases.places import DatabasePlace, place_of
from tests.plugins.databases.relational import data_set
from tests.plugins.databases.test_sets import keys, read

pytestmark = [pytest.mark.nightly, pytest.mark.feature(61, 62, 64, 71)]


@pytest.mark.parametrize("name", ["northwind", "chinook"])
@pytest.mark.parametrize(("first", "second"), [("postgresql", "mariadb"), ("mariadb", "postgresql")])
def test_a_real_database_is_synthesized_from_server_to_server(
    first: str, second: str, name: str, request: pytest.FixtureRequest, tmp_path: Path, test_data: Path
) -> None:
    schema, tables = data_set(test_data, name)
    with place_of(first, request, tmp_path) as source, place_of(second, request, tmp_path) as destination:
        source.deliver(schema, tables)
        begun = time.monotonic()

        done = semblant(
            "run", source.url, "--destination", destination.url, "--size", "small", "--no-report",
            "--set", "model.max_epochs=5",
        )  # fmt: skip

        print(f"{name}, {first} to {second}: {time.monotonic() - begun:.0f} s")
        no_traceback(done)
        assert done.returncode == 0, done.stderr[-3000:]
        made, rows = read(destination)
        assert set(made.table_names) == set(schema.table_names)
        assert sum(table.num_rows for table in rows.values()) > 0
        declared, wanted = keys(made), keys(schema)
        assert {table: declared[table] for table in wanted} == wanted
        assert orphans(destination, wanted) == {}


def orphans(place: DatabasePlace, wanted: dict[str, tuple[object, ...]]) -> dict[str, int]:
    """Count rows whose key leads nowhere, by the server itself."""
    found = {}
    for child, (_, foreign) in wanted.items():
        assert isinstance(foreign, list)
        for own, parent, theirs in foreign:
            pairs = list(zip(own, theirs, strict=True))
            meet = " AND ".join(f"c.{place.quoted(a)} = p.{place.quoted(b)}" for a, b in pairs)
            whole = " AND ".join(f"c.{place.quoted(a)} IS NOT NULL" for a, _ in pairs)
            statement = (
                f"SELECT count(*) FROM {place.quoted(child)} c WHERE {whole} AND NOT EXISTS "
                f"(SELECT 1 FROM {place.quoted(parent)} p WHERE {meet})"
            )
            number = place.rows(statement)[0][0][0]
            if number:
                found[f"{child} {own}"] = int(number)
    return found
