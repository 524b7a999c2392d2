"""Which format a file has: by its first bytes, then by its ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semblant.errors import DataError, SourceError
from semblant_sources.files.arrow_table import ArrowTable, ParquetTable
from semblant_sources.files.bytestream import head_of
from semblant_sources.files.charset import detect_charset
from semblant_sources.files.dialect import Dialect, complete_rows, sniff
from semblant_sources.files.json_table import JsonTable

if TYPE_CHECKING:
    from semblant_sources.files.place import Place
    from semblant_sources.files.source import FileTable
    from semblant_sources.settings import FilesSettings

SUFFIXES = (
    ".csv",
    ".tsv",
    ".tab",
    ".txt",
    ".parquet",
    ".pq",
    ".arrow",
    ".arrows",
    ".feather",
    ".ipc",
    ".jsonl",
    ".ndjson",
    ".json",
)
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_HEAD = 65_536
_REFUSED = {
    b"SQLite format 3\x00": ("an SQLite database", "use the source type sqlite"),
    b"\xd0\xcf\x11\xe0": ("an old Office document", "save the sheet as CSV or Parquet"),
    b"%PDF": ("a PDF document", "name a file of data"),
    b"FEA1": ("a Feather file of version 1", "write it again as Feather 2 or Parquet"),
    b"\x89HDF": ("an HDF5 file", "save the table as Parquet"),
    b"Obj\x01": ("an Avro file", "save the table as Parquet"),
    b"ORC": ("an ORC file", "save the table as Parquet"),
}


def known_ending(name: str) -> str | None:
    """Give the ending that tells the format, compression apart; None when it is not known.

    >>> known_ending("orders.csv.gz"), known_ending("notes.md")
    ('.csv', None)
    """
    lower = name.lower()
    for packed in _PACKED:
        if lower.endswith(packed):
            lower = lower[: -len(packed)]
            break
    else:
        packed = ""
    ending = next((suffix for suffix in SUFFIXES if lower.endswith(suffix)), None)
    return ending if ending or not packed or "." in lower else packed


def stem_of(name: str) -> str:
    """Give the table name of a file: without the ending and the compression.

    >>> stem_of("Order Details.parquet"), stem_of("adult_raw.csv.gz"), stem_of("v1.2.csv")
    ('Order Details', 'adult_raw', 'v1.2')
    """
    stem = name
    for endings in (_PACKED, SUFFIXES):
        ending = next((e for e in endings if stem.lower().endswith(e)), "")
        if ending and len(stem) > len(ending):
            stem = stem[: -len(ending)]
    return stem


def table_of(name: str, place: Place, settings: FilesSettings, *, strict: bool) -> FileTable | None:
    """Make the reader of a file.

    :param strict: whether the file was named by its user; if not, one that holds no table gives None.
    :raises SourceError: when the file cannot be opened.
    :raises DataError: when its format is none of ours.
    """
    head = head_of(place, _HEAD)
    form = settings.format
    if form in ("auto", "parquet") and head.startswith(b"PAR1"):
        return ParquetTable(name, place)
    if form in ("auto", "arrow") and head.startswith(b"ARROW1"):
        return ArrowTable(name, place, stream=False)
    if form in ("auto", "arrow") and head.startswith(b"\xff\xff\xff\xff"):
        return ArrowTable(name, place, stream=True)
    ending = known_ending(place.name)
    _refuse_foreign(place, head, form, ending)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if form == "jsonl" or (
        form == "auto" and (ending in (".jsonl", ".ndjson", ".json") or _looks_like_json(head, start))
    ):
        if ending == ".json" and not strict and not _looks_like_table(head, start):
            return None
        return JsonTable(name, place)
    if ending == ".txt" and not strict and not _is_delimited(head, settings, place):
        return None
    from semblant_sources.files.text_table import TextTable  # polars, which the binary formats do without

    return TextTable(name, place, settings)


def _refuse_foreign(place: Place, head: bytes, form: str, ending: str | None) -> None:
    for magic, (what, fix) in _REFUSED.items():
        if head.startswith(magic):
            raise DataError(f"'{place}' is {what}", fix=fix)
    wanted = {
        ".parquet": "parquet",
        ".pq": "parquet",
        ".arrow": "arrow",
        ".arrows": "arrow",
        ".feather": "arrow",
        ".ipc": "arrow",
    }
    kind = form if form in ("parquet", "arrow") else wanted.get(ending or "") if form == "auto" else None
    if kind is not None:
        what = "empty" if not head else f"no {kind.capitalize()} file"
        msg = f"'{place}' is {what}: it begins with {head[:8]!r}" if head else f"'{place}' is empty"
        raise SourceError(msg, fix="write the file again, or set format")


def _looks_like_json(head: bytes, start: bytes) -> bool:
    return start == b"{" and b'":' in head.split(b"\n", 1)[0].replace(b'" :', b'":')


def _looks_like_table(head: bytes, start: bytes) -> bool:
    """Tell a list of objects, or one object per line, from a configuration file."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start == b"[":
        return text[1:].lstrip()[:1] == b"{"
    lines = [line.strip() for line in text.split(b"\n") if line.strip()]
    return start == b"{" and len(lines) > 1 and all(line.startswith(b"{") for line in lines[:2])


def _is_delimited(head: bytes, settings: FilesSettings, place: Place) -> bool:
    charset = detect_charset(head)
    text = head.decode(charset.codec, "replace")
    try:
        dialect: Dialect = sniff(text, settings, place, whole=len(head) < _HEAD)
    except DataError:
        return False
    rows = complete_rows(dialect, text, whole=len(head) < _HEAD)
    return len(rows) > 1 and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1
