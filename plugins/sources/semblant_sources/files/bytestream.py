"""Bytes of a file, decompressed by what they are and not by what the file is called."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tempfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, cast

import pyarrow as pa

from semblant.errors import DataError, SemblantError, SourceError
from semblant.remote.faults import Cause, cause_of, fault
from semblant.revealed import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant_sources.files.place import Place

_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
_CHUNK = 1 << 20


def compression_of(head: bytes) -> str | None:
    r"""Name the compression that the first bytes announce.

    >>> compression_of(b"\x1f\x8b\x08")
    'gzip'
    """
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def open_plain(place: Place) -> IO[bytes]:
    """Open a file for reading, decompressed where it is compressed."""
    raw = place.open()
    head = raw.read(6)
    raw.seek(0)
    kind = compression_of(head)
    if kind is None:
        return raw
    if kind == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb"))
    if kind == "bz2":
        return bz2.BZ2File(raw)
    if kind == "xz":
        return lzma.LZMAFile(raw)
    if kind == "zstd":
        return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")  # type: ignore[no-any-return]
    return _only_member(place, raw)


def _only_member(place: Place, raw: IO[bytes]) -> IO[bytes]:
    try:
        archive = zipfile.ZipFile(raw)
    except zipfile.BadZipFile as exc:
        msg = f"'{place}' is a damaged ZIP archive: {exc}"
        raise SourceError(msg, fix="copy the file again") from exc
    members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith(("__MACOSX/", "."))]
    if any(m.filename == "[Content_Types].xml" for m in members):
        msg = f"'{place}' is an Office document, not a file of plain data"
        raise DataError(msg, fix="save the sheet as CSV or Parquet")
    if len(members) != 1:
        names = ", ".join(f"'{m.filename}'" for m in members[:5])
        msg = f"'{place}' is a ZIP archive with {len(members)} files ({names}); one is expected"
        raise DataError(msg, fix="unpack the archive and name the folder")
    if members[0].flag_bits & 0x1:
        msg = f"'{place}' is an encrypted ZIP archive"
        raise SourceError(msg, fix="unpack it first")
    return archive.open(members[0])


def chunks(place: Place, size: int = _CHUNK) -> Iterator[bytes]:
    """Yield the decompressed bytes; damage becomes a :class:`SourceError`."""
    with reading(place), open_plain(place) as stream:
        while data := stream.read(size):
            yield data


def head_of(place: Place, size: int = _CHUNK) -> bytes:
    """Give the first decompressed bytes."""
    parts: list[bytes] = []
    have = 0
    for chunk in chunks(place, min(size, _CHUNK)):
        parts.append(chunk)
        have += len(chunk)
        if have >= size:
            break
    return b"".join(parts)[:size]


class reading:  # noqa: N801 - used as a verb in a with statement
    """Turn what goes wrong while reading a file into an error that names it."""

    def __init__(self, place: Place) -> None:
        """Remember the file."""
        self._place = place

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        """Translate the error."""
        place = self._place
        if exc is not None:
            clean(exc)
        if isinstance(exc, Exception) and place.remote and _of_the_driver(exc):
            raise fault(exc, SourceError, doing="reading", place=str(place), credentials=place.credentials) from exc
        if isinstance(exc, (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)):
            msg = f"'{place}' is truncated or damaged: {exc}"
            raise SourceError(msg, fix="copy or download the file again") from exc
        if isinstance(exc, FileNotFoundError):
            raise place.missing() from exc
        if isinstance(exc, PermissionError):
            msg = f"'{place}' may not be read: permission denied"
            raise SourceError(msg, fix="give yourself read permission, or name another file") from exc
        if isinstance(exc, IsADirectoryError):
            msg = f"'{place}' is a folder, not a file"
            raise SourceError(msg) from exc
        if isinstance(exc, OSError):
            msg = f"'{place}' cannot be read: {exc}"
            raise SourceError(msg, fix="copy or download the file again, or check the connection") from exc


def _of_the_driver(exc: Exception) -> bool:
    """Tell a fault of an object storage from damaged content."""
    if isinstance(exc, SemblantError | FileNotFoundError | IsADirectoryError):
        return False
    return cause_of(exc) is not Cause.OTHER or "/site-packages/" in _raised_in(exc)


def _raised_in(exc: Exception) -> str:
    """Give the file that raised: a driver's own classes of errors are many and have no common root."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else trace.tb_frame.f_code.co_filename


def seekable(place: Place) -> IO[bytes]:
    """Open a file so that one can jump in it; a compressed one is unpacked into a nameless temporary file first."""
    with reading(place):
        raw = place.open()
        if compression_of(raw.read(6)) is None:
            raw.seek(0)
            return raw
        raw.close()
    unpacked: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    for chunk in chunks(place):
        unpacked.write(chunk)
    unpacked.seek(0, io.SEEK_SET)
    return unpacked
