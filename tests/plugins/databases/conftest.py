"""The servers, one of each per run, started by the first test that asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests import servers as servers_of_stores
from tests.plugins.databases import servers
from tests.plugins.databases.emulated import place_in
from tests.plugins.databases.places import IMITATED, KINDS, SERVERS, DatabasePlace, place_of
from tests.plugins.databases.servers import RunningServer
from tests.servers import Server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[RunningServer]:
    """Give a PostgreSQL server, or skip where it is not installed."""
    with servers.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[RunningServer]:
    """Give a MariaDB server, or skip where it is not installed."""
    with servers.mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def bigquery() -> Iterator[Server]:
    """Give an emulator of BigQuery, or skip where there is none."""
    with servers_of_stores.bigquery() as server:
        yield server


@pytest.fixture
def imitated_sqlserver(postgresql: RunningServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Put an imitation over PostgreSQL in the place of SQL Server's driver; give settings that reach it."""
    from tests.plugins.databases.imitation import sqlserver, sys_views

    _with_views(postgresql, "sys", sys_views.STATEMENTS)
    monkeypatch.setattr("semblant_databases.sqlserver.connection.connected", sqlserver.connected)
    return {"user": "sa", "database": "shop"}


@pytest.fixture
def imitated_oracle(postgresql: RunningServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Put an imitation over PostgreSQL in the place of Oracle's driver; give settings that reach it."""
    from tests.plugins.databases.imitation import all_views, oracle

    _with_views(postgresql, "ora", all_views.STATEMENTS)
    monkeypatch.setattr("semblant_databases.oracle.connection.connected", oracle.connected)
    return {"user": "scott", "database": "shop"}


def _with_views(server: RunningServer, schema: str, statements: Sequence[str]) -> None:
    import psycopg

    with psycopg.connect(f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres") as connection:
        if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchall():
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(params=IMITATED)
def imitated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabasePlace]:
    """Give an empty place in each kind of database that no server can be had for, in turn."""
    with place_of(request.param, request, tmp_path) as found:
        yield found


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabasePlace]:
    """Give an empty place in each kind of database in turn."""
    with place_of(request.param, request, tmp_path) as found:
        yield found


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabasePlace]:
    """Give an empty place on each kind of server in turn."""
    with place_of(request.param, request, tmp_path) as found:
        yield found


@pytest.fixture
def dataset(bigquery: Server, tmp_path: Path) -> DatabasePlace:
    """Give an empty dataset in the emulator of BigQuery."""
    place = place_in(bigquery, tmp_path)
    url = f"bigquery://acme/{place['dataset']}?endpoint={bigquery.endpoint}&anonymous=true"
    return DatabasePlace(kind="bigquery", source=place, destination=place, url=url, connect=lambda: None, mark="`")
