"""What can be set on the destinations; light, so that listing plugins loads nothing else."""

from __future__ import annotations

from attrs import frozen

from semblant.remote.settings import AnyAccess, AzureAccess, GcsAccess, S3Access
from semblant.settings import setting
from semblant.settings.valued import Valued

FORMATS = ("parquet", "csv", "jsonl", "arrow")
COMPRESSIONS = ("auto", "none", "snappy", "zstd", "gzip", "lz4")


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class _FolderPath(Valued):
    path: str = setting(help="the folder; made when it does not exist", feature=(59,))


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class _StorePath(Valued):
    path: str = setting(help="URL of the bucket and prefix, such as s3://bucket/prefix", feature=(59, 68))


@frozen(kw_only=True, slots=False, eq=False, repr=False)
class TableFormat(Valued):
    """How the tables are written, whatever the place."""

    format: str = setting("parquet", help="kind of file per table", choices=FORMATS, feature=(73, 110))
    compression: str = setting(
        "auto",
        help="auto: zstd for parquet, none for the others; csv and jsonl know gzip and zstd, arrow zstd and lz4",
        choices=COMPRESSIONS,
    )
    delimiter: str = setting(",", help="one character between the fields of a csv file")
    spreadsheet_guard: bool = setting(
        False, help="csv: put ' before texts that a spreadsheet would run as a formula (= + - @ tab CR |)"
    )
    delivery: str = setting("", help="an id of what is delivered: the same id is never appended twice")


@frozen(kw_only=True, eq=False, repr=False)
class FolderSettings(TableFormat, _FolderPath):
    """Settings of the destination ``folder``."""

    spreadsheet_guard: bool = setting(
        True, help="csv: put ' before texts that a spreadsheet would run as a formula (= + - @ tab CR |)"
    )


@frozen(kw_only=True, eq=False, repr=False)
class StorageSettings(Valued):
    """Settings of the destination ``storage``."""

    name: str = setting(help="name of the synthetic dataset", feature=(60,))
    home: str | None = setting(None, help="the application home; the user's own when null")
    delivery: str = setting("", help="an id of what is delivered: the same id is never appended twice")


@frozen(kw_only=True, eq=False, repr=False)
class S3Settings(S3Access, TableFormat, _StorePath):
    """Settings of the destination ``s3``."""


@frozen(kw_only=True, eq=False, repr=False)
class GcsSettings(GcsAccess, TableFormat, _StorePath):
    """Settings of the destination ``gcs``."""


@frozen(kw_only=True, eq=False, repr=False)
class AzureSettings(AzureAccess, TableFormat, _StorePath):
    """Settings of the destination ``azure``."""


@frozen(kw_only=True, eq=False, repr=False)
class ObjectsSettings(AnyAccess, TableFormat, _StorePath):
    """Settings of the destination ``objects``."""


StoreSettings = S3Settings | GcsSettings | AzureSettings | ObjectsSettings
