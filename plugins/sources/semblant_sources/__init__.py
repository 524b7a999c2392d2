"""The default sources of Semblant; what each offers is listed here, nothing heavy is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.components import SourceType
from semblant.hookspecs import hookimpl
from semblant_sources.settings import (
    AzureFilesSettings,
    FilesSettings,
    GcsFilesSettings,
    ObjectFilesSettings,
    S3FilesSettings,
    SqliteSettings,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def _stored(
    name: str, settings: type, requires: tuple[str, ...], extra: str, schemes: tuple[str, ...], where: str
) -> SourceType:
    """Describe the files source for a place that wants keys."""
    return SourceType(
        name=name,
        factory="semblant_sources.files.source:FilesSource",
        summary=f"the tables in a bucket or prefix of {where}, by the manifest of the set where there is one",
        settings=settings,
        requires=requires,
        extra=extra,
        schemes=schemes,
        from_location="semblant_sources.files:from_location",
        capabilities={"snapshot": False, "column_pushdown": True},
    )


@hookimpl
def semblant_sources() -> Sequence[SourceType]:
    """Offer files (any number, in any of the usual formats) and SQLite databases."""
    return (
        SourceType(
            name="files",
            factory="semblant_sources.files.source:FilesSource",
            summary="CSV, Parquet, Arrow and JSON Lines files, compressed or not, from disk or any fsspec URL",
            settings=FilesSettings,
            requires=("polars", "pyarrow", "fsspec"),
            schemes=("file", "memory", "http", "https"),
            suffixes=(
                ".csv",
                ".tsv",
                ".tab",
                ".txt",
                ".parquet",
                ".pq",
                ".arrow",
                ".feather",
                ".ipc",
                ".arrows",
                ".jsonl",
                ".ndjson",
                ".json",
                ".gz",
                ".bz2",
                ".xz",
                ".zst",
                ".zip",
            ),
            from_location="semblant_sources.files:from_location",
            capabilities={"snapshot": False, "column_pushdown": True},
        ),
        _stored("s3", S3FilesSettings, ("s3fs",), "s3", ("s3", "s3a"), "Amazon S3 and what speaks its language"),
        _stored("gcs", GcsFilesSettings, ("gcsfs",), "gcs", ("gs", "gcs"), "Google Cloud Storage"),
        _stored("azure", AzureFilesSettings, ("adlfs",), "azure", ("az", "abfs", "abfss"), "Azure Blob Storage"),
        _stored("objects", ObjectFilesSettings, ("fsspec",), "", (), "any other place that fsspec opens"),
        SourceType(
            name="sqlite",
            factory="semblant_sources.sqlite.source:SqliteSource",
            summary="an SQLite database file, read in one consistent snapshot",
            settings=SqliteSettings,
            requires=("sqlalchemy", "pyarrow"),
            schemes=("sqlite",),
            suffixes=(".db", ".sqlite", ".sqlite3"),
            from_location="semblant_sources.sqlite:from_location",
            capabilities={"snapshot": True, "column_pushdown": True, "keys": True},
        ),
    )
