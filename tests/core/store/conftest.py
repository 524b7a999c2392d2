"""A store of each kind: SQLite in a file, and a real PostgreSQL where its server is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from semblant.store.database import Store
from tests.postgresql import Server, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(tmp_path_factory) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("server").database())


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store(url) as found:
        yield found
