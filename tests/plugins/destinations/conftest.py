"""Object storages that live as long as the test run; a test that asks for one is skipped where it cannot be had."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.plugins.destinations import stores


@pytest.fixture(scope="session")
def s3_server() -> Iterator[servers.Server]:
    with servers.s3() as server:
        stores.S3.server = server
        yield server


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[servers.Server]:
    with servers.gcs() as server:
        stores.Gcs.server = server
        yield server


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.azure(tmp_path_factory.mktemp("azurite")) as server:
        stores.Azure.server = server
        yield server
