"""The servers, one of each per run, started by the first test that asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.plugins.databases import servers
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
