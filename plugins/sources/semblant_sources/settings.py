"""Settings of the default sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from semblant.remote.settings import AnyAccess, AzureAccess, GcsAccess, S3Access
from semblant.settings import setting
from semblant.settings.valued import Valued

if TYPE_CHECKING:
    from collections.abc import Mapping


def _listed(value: Any) -> Any:
    """Take one name for a list of one."""
    return (value,) if isinstance(value, str) else tuple(value)


def _text(value: Any) -> Any:
    """Take a path object for its text."""
    return str(value) if value is not None else None


@frozen(kw_only=True, eq=False, repr=False)
class FilesSettings(Valued):
    """Where the files are and, where the defaults guess wrong, how they are written.

    >>> FilesSettings(path="orders.csv").path
    ('orders.csv',)
    """

    path: tuple[str, ...] = setting(
        help="a file, a folder, a glob or an fsspec URL (file://, memory://, https://, s3://); a list is allowed",
        converter=_listed,
        feature=(2,),
    )
    format: Literal["auto", "csv", "parquet", "arrow", "jsonl"] = setting(
        "auto", help="auto looks at the content, not only at the ending"
    )
    delimiter: str = setting("auto", help="auto, one character, or the word tab, comma, semicolon, pipe or space")
    quote: str = setting("auto", help="auto, one character, or none")
    escape: str = setting("auto", help="auto, one character that takes the next one literally (often \\), or none")
    encoding: str = setting("auto", help="auto, or a codec name such as utf-8, utf-16, cp1252, shift_jis")
    decimal: Literal["auto", ".", ","] = setting("auto", help="the decimal mark of numbers")
    date_order: Literal["auto", "dmy", "mdy"] = setting(
        "auto", help="how 03/04/2024 is read; auto decides by the whole column and leaves text where it cannot"
    )
    header_row: int | Literal["auto", "none"] = setting(
        "auto", help="line of the column names, counted after skip_rows; none when there are no names", ge=1
    )
    header_rows: int = setting(1, help="lines that the column names take; their texts are joined", ge=1, le=10)
    skip_rows: int | Literal["auto"] = setting("auto", help="lines before the header that are no data", ge=0)
    null_values: tuple[str, ...] = setting(
        (), help="texts that mean a missing value in every column, beside the empty cell", converter=_listed
    )
    types: Mapping[str, str] = setting(
        help="column: type, where another than the found one is wanted: string, int64, float64, bool, date, datetime",
        factory=dict,
    )
    trim: bool = setting(False, help="take blanks off both ends of text cells")
    bad_rows: Literal["stop", "skip"] = setting(
        "stop", help="what happens with a line that has too many or too few cells; skipped ones are counted in a note"
    )
    suspicious_rows: Literal["stop", "keep"] = setting(
        "stop", help="what happens with lines that look shifted or like the header of another table"
    )
    type_rows: int | Literal["all"] = setting(
        "all",
        help="rows that types are decided on; with less than all, a later cell that does not fit stops the reading",
        ge=1,
    )
    table: str | None = setting(None, help="name of the table when one file is read; its stem otherwise")
    overrides: Mapping[str, Mapping[str, Any]] = setting(
        help="table: settings of its own among those above, for one file of a folder", factory=dict
    )


@frozen(kw_only=True, eq=False, repr=False)
class S3FilesSettings(S3Access, FilesSettings):
    """Settings of the source ``s3``: those of files, and how to get into the bucket.

    >>> S3FilesSettings(path="s3://lake/shop").path
    ('s3://lake/shop',)
    """


@frozen(kw_only=True, eq=False, repr=False)
class GcsFilesSettings(GcsAccess, FilesSettings):
    """Settings of the source ``gcs``."""


@frozen(kw_only=True, eq=False, repr=False)
class AzureFilesSettings(AzureAccess, FilesSettings):
    """Settings of the source ``azure``."""


@frozen(kw_only=True, eq=False, repr=False)
class ObjectFilesSettings(AnyAccess, FilesSettings):
    """Settings of the source ``objects``."""


@frozen(kw_only=True, eq=False, repr=False)
class SqliteSettings(Valued):
    """Which SQLite database, and what of it.

    >>> SqliteSettings(path="shop.db").views
    False
    """

    path: str | None = setting(None, help="the database file", converter=_text)
    url: str | None = setting(None, help="or its SQLAlchemy URL, sqlite:///shop.db")
    tables: tuple[str, ...] = setting((), help="tables to read; all of them when empty", converter=_listed)
    views: bool = setting(False, help="read views as tables too")
    query: Mapping[str, str] = setting(help="name: SELECT statement, read as a table of that name", factory=dict)
    timeout_seconds: float = setting(30.0, help="how long to wait for a writer's lock", ge=0, unit="seconds")
