"""The object storages that the tests write to: settings of both sides, and everything that lies there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pyarrow as pa

from semblant.errors import SourceError
from semblant.remote.filesystem import open_filesystem
from semblant.retry import Retry
from semblant.settings import Secret
from semblant_destinations.objects.destination import Objects
from semblant_destinations.settings import AzureSettings, GcsSettings, ObjectsSettings, S3Settings
from semblant_sources.files.source import FilesSource
from semblant_sources.settings import AzureFilesSettings, GcsFilesSettings, ObjectFilesSettings, S3FilesSettings
from tests import servers

QUICK = Retry(sleep=lambda _: None)
"""Attempts without pauses."""

os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # else it asks stand-ins for a minute each time
KEYS = {"access_key": Secret("env:SEMBLANT_TEST_KEY"), "secret_key": Secret("env:SEMBLANT_TEST_SECRET")}
os.environ.setdefault("SEMBLANT_TEST_KEY", "id-of-the-test-key")
os.environ.setdefault("SEMBLANT_TEST_SECRET", "secret-of-the-test-key")


def prefix(folder: Path) -> str:
    """Give a prefix that only this test has."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:16]


class Store:
    """One kind of storage; :attr:`server` is set by a fixture."""

    scheme = "memory"
    destination: Any = ObjectsSettings
    source: Any = ObjectFilesSettings
    server = servers.Server("")

    def keys(self) -> dict[str, Any]:
        return {}

    def url(self, folder: Path) -> str:
        return f"{self.scheme}://{self.server.bucket}/{prefix(folder)}"

    def writing(self, folder: Path, **more: Any) -> Any:
        return self.destination(path=self.url(folder), **self.keys(), **more)

    def opened(self, folder: Path, **more: Any) -> Objects:
        return Objects(self.writing(folder, **more), retry=QUICK)

    def reading(self, folder: Path, **more: Any) -> FilesSource:
        return FilesSource(self.source(path=self.url(folder), **self.keys(), **more), retry=QUICK)

    def tables(self, folder: Path) -> dict[str, pa.Table]:
        """Read the whole set, as a reader who goes by the manifest; nothing where there is none."""
        try:
            source = self.reading(folder)
            schema = source.discover()
        except SourceError:
            return {}
        return {table.name: _whole(source, table.name) for table in schema}

    def objects(self, folder: Path) -> dict[str, str]:
        """Give a hash of every object below the prefix."""
        filesystem, path = open_filesystem(self.url(folder), self.writing(folder))
        filesystem.invalidate_cache()
        return {
            name[len(path.rstrip("/")) + 1 :]: hashlib.sha256(filesystem.cat_file(name)).hexdigest()
            for name in sorted(filesystem.find(path))
        }


def _whole(source: FilesSource, name: str) -> pa.Table:
    (table,) = [table for table in source.discover() if table.name == name]
    types = pa.schema([pa.field(column.name, column.type) for column in table.columns])
    return pa.Table.from_batches(list(source.read(name)), types)


class Memory(Store):
    """Of this process."""


class S3(Store):
    """moto."""

    scheme = "s3"
    destination = S3Settings
    source = S3FilesSettings

    def keys(self) -> dict[str, Any]:
        return {"endpoint": self.server.endpoint, "region": "us-east-1", **KEYS}


class Gcs(Store):
    """fake-gcs-server."""

    scheme = "gs"
    destination = GcsSettings
    source = GcsFilesSettings

    def keys(self) -> dict[str, Any]:
        return {"endpoint": self.server.endpoint, "project": "p", "anonymous": True}


class Azure(Store):
    """Azurite."""

    scheme = "az"
    destination = AzureSettings
    source = AzureFilesSettings

    def keys(self) -> dict[str, Any]:
        os.environ["SEMBLANT_TEST_AZURE"] = servers.azure_login(self.server)
        return {"connection_string": Secret("env:SEMBLANT_TEST_AZURE")}
