"""Our object storages pass the kit: in memory at every commit, against the servers that can be had here every night.

``test_objects`` shows at every commit what matters most against the same servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from semblant.testing import DestinationConformance
from semblant_destinations import AZURE, GCS, OBJECTS, S3
from tests.plugins.destinations import stores


class InStore(DestinationConformance):
    store: ClassVar[stores.Store]

    def settings(self, folder: Path) -> Any:
        return self.store.writing(folder)

    def read_back(self, folder: Path, table: str, wanted: pa.Schema) -> pa.Table | None:
        return self.store.tables(folder).get(table)

    def state(self, folder: Path) -> Mapping[str, str]:
        return self.store.objects(folder)


class TestMemory(InStore):
    component = OBJECTS
    store = stores.Memory()


@pytest.mark.nightly
@pytest.mark.usefixtures("s3_server")
class TestS3(InStore):
    component = S3
    store = stores.S3()


@pytest.mark.nightly
@pytest.mark.usefixtures("gcs_server")
class TestGcs(InStore):
    component = GCS
    store = stores.Gcs()


@pytest.mark.nightly
@pytest.mark.usefixtures("azure_server")
class TestAzure(InStore):
    component = AZURE
    store = stores.Azure()
