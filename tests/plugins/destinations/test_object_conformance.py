"""Our object storages pass the kit: in memory at every commit, against the servers that can be had here every night.

``test_objects`` shows at every commit what matters most against the same servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import semblant_sources
from semblant.remote.filesystem import open_filesystem
from semblant.schema import Schema
from semblant.testing import DestinationConformance, SourceConformance
from semblant_destinations import AZURE, GCS, OBJECTS, S3
from tests.plugins.destinations import stores

SOURCES = {component.name: component for component in semblant_sources.semblant_sources()}


class FromStore(SourceConformance):
    """Tables that another program put there: Parquet files below a prefix."""

    store: ClassVar[stores.Store]

    def put(self, folder: Path, tables: Mapping[str, pa.Table], schema: Schema) -> Any:
        filesystem, path = open_filesystem(self.store.url(folder), self.store.writing(folder))
        for name, table in tables.items():
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, row_group_size=20_000)
            filesystem.pipe_file(f"{path.rstrip('/')}/{name}.parquet", sink.getvalue().to_pybytes())
        return self.store.source(path=self.store.url(folder), **self.store.keys())

    def nowhere(self, folder: Path) -> Any:
        return self.store.source(path=f"{self.store.url(folder)}-missing", **self.store.keys())


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


class TestMemorySource(FromStore):
    component = SOURCES["objects"]
    store = stores.Memory()


@pytest.mark.nightly
@pytest.mark.usefixtures("s3_server")
class TestS3Source(FromStore):
    component = SOURCES["s3"]
    store = stores.S3()


@pytest.mark.nightly
@pytest.mark.usefixtures("gcs_server")
class TestGcsSource(FromStore):
    component = SOURCES["gcs"]
    store = stores.Gcs()


@pytest.mark.nightly
@pytest.mark.usefixtures("azure_server")
class TestAzureSource(FromStore):
    component = SOURCES["azure"]
    store = stores.Azure()
