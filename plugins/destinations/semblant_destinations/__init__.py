"""The default destinations of Semblant; what each offers is listed here, nothing heavy is imported."""

from __future__ import annotations

from semblant.components import DestinationType
from semblant.hookspecs import hookimpl
from semblant_destinations.settings import (
    FORMATS,
    AzureSettings,
    FolderSettings,
    GcsSettings,
    ObjectsSettings,
    S3Settings,
    StorageSettings,
)

_MODES = ("fail", "replace", "append", "truncate")
_OBJECTS = "semblant_destinations.objects.destination:Objects"
_FROM_URL = "semblant_destinations.objects.destination:from_location"
_MANIFEST_LAST = (
    "all tables are uploaded under temporary keys, then one manifest makes the set final for whoever goes by it, then "
    "each table is copied to its own key; a delivery cut short is finished by the next one"
)

FOLDER = DestinationType(
    name="folder",
    factory="semblant_destinations.folder:Folder",
    summary="files in a folder of this machine: Parquet, CSV, JSON Lines or Arrow",
    settings=FolderSettings,
    schemes=("file",),
    from_location="semblant_destinations.folder:from_location",
    atomic=(
        "a new folder appears by one rename; in an existing one all files are staged, a journal makes the set final, "
        "and a publication cut short is finished when the folder is next opened"
    ),
    capabilities={"modes": _MODES, "formats": FORMATS},
)

STORAGE = DestinationType(
    name="storage",
    factory="semblant_destinations.storage:Storage",
    summary="the application's own storage (default): Parquet in the application home, listed and kept by name",
    settings=StorageSettings,
    atomic=FOLDER.atomic,
    capabilities={"modes": _MODES, "formats": ("parquet",), "default": True},
)

S3 = DestinationType(
    name="s3",
    factory=_OBJECTS,
    summary="Amazon S3 and what speaks its language: one object per table, its key the table's name",
    settings=S3Settings,
    requires=("s3fs",),
    extra="s3",
    schemes=("s3", "s3a"),
    from_location=_FROM_URL,
    atomic=_MANIFEST_LAST,
    capabilities={"modes": _MODES, "formats": FORMATS},
)

GCS = DestinationType(
    name="gcs",
    factory=_OBJECTS,
    summary="Google Cloud Storage: one object per table, its key the table's name",
    settings=GcsSettings,
    requires=("gcsfs",),
    extra="gcs",
    schemes=("gs", "gcs"),
    from_location=_FROM_URL,
    atomic=_MANIFEST_LAST,
    capabilities={"modes": _MODES, "formats": FORMATS},
)

AZURE = DestinationType(
    name="azure",
    factory=_OBJECTS,
    summary="Azure Blob Storage: one object per table, its key the table's name",
    settings=AzureSettings,
    requires=("adlfs",),
    extra="azure",
    schemes=("az", "abfs", "abfss"),
    from_location=_FROM_URL,
    atomic=_MANIFEST_LAST,
    capabilities={"modes": _MODES, "formats": FORMATS},
)

OBJECTS = DestinationType(
    name="objects",
    factory=_OBJECTS,
    summary="any other place that fsspec opens (memory, SFTP, HDFS, WebDAV): one object per table",
    settings=ObjectsSettings,
    requires=("fsspec",),
    schemes=("memory",),
    from_location=_FROM_URL,
    atomic=_MANIFEST_LAST,
    capabilities={"modes": _MODES, "formats": FORMATS},
)


@hookimpl
def semblant_destinations() -> list[DestinationType]:
    """Offer the local folder, the application storage and the object storages."""
    return [FOLDER, STORAGE, S3, GCS, AZURE, OBJECTS]
