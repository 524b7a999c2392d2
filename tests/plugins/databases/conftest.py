"""The servers, one of each per run, started by the first test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.databases import servers
from tests.plugins.databases.places import KINDS, SERVERS, DatabasePlace, place_of
from tests.plugins.databases.servers import RunningServer


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
