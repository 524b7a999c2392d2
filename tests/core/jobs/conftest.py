"""Scenes on both kinds of store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.jobs.scene import Scene
from tests.postgresql import Server, started

if TYPE_CHECKING:
    from collections.abc import Iterator

STORES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)]
"""Whole jobs cost seconds, so by day they run on one of them; tests/core/store tries both at every commit."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(tmp_path_factory) as found:
        yield found


def _made(kind: str, request: pytest.FixtureRequest, folder_name: str) -> Iterator[Scene]:
    folder = request.getfixturevalue("tmp_path_factory").mktemp(folder_name)
    url = f"sqlite:///{folder / 'store.db'}" if kind == "sqlite" else request.getfixturevalue("server").database()
    found = Scene(folder, url)
    yield found
    found.close()


@pytest.fixture(params=STORES)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """Give an empty scene, once on each kind of store."""
    yield from _made(request.param, request, "scene")


@pytest.fixture
def local(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """Give an empty scene on SQLite."""
    yield from _made("sqlite", request, "local")


@pytest.fixture(scope="module", params=STORES)
def shared(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """Give a scene for all tests of a module, once on each kind of store."""
    yield from _made(request.param, request, "shared")
