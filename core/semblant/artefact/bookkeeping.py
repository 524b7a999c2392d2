"""The archive's own bookkeeping: dates, versions, headers and their order are exactly those that packing writes.

``zipfile`` believes the directory at the end and passes over much of the rest; here both must agree, byte by byte, so
that no change goes unseen and nothing hides between the files. Fields are those of the ZIP format (APPNOTE 6.3).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO
    from zipfile import ZipFile, ZipInfo

EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_END: Final = struct.Struct("<4s4H2LH")
_DATE: Final = (EPOCH[0] - 1980) << 9 | EPOCH[1] << 5 | EPOCH[2]
_MODE: Final = 0o600 << 16
_UTF8: Final = 0x800
_LARGE: Final = 0xFFFFFFFF
_ENTRY_BYTES: Final = 46
_LENGTHS_AT: Final = 28
_VERSION: Final = 20
_LARGE_VERSION: Final = 45


def faults(archive: ZipFile, file: IO[bytes]) -> Iterator[str]:
    """Give what is not as packing writes it; ``file`` is the archive's own, opened apart."""
    entries = sorted(archive.infolist(), key=lambda info: info.header_offset)
    systems = {info.create_system for info in entries}
    if len(systems) > 1 or not systems <= {0, 3}:
        yield "its entries come from different systems"
    at = 0
    for info in entries:
        if info.header_offset != at:
            yield f"something lies before '{info.filename}'"
            return
        yield from _entry_faults(info)
        file.seek(at)
        length, found = _local(info, file)
        if found:
            yield found
            return
        at += length + info.compress_size
    yield from _directory_faults(archive.infolist(), file, at)
    yield from _end_faults(file, at, len(entries))


def _entry_faults(info: ZipInfo) -> Iterator[str]:
    large = max(info.file_size, info.header_offset) >= _LARGE // 2
    versions = {_VERSION, _LARGE_VERSION} if large else {_VERSION}
    plain = (
        info.date_time == EPOCH
        and not info.comment
        and not info.internal_attr
        and not info.volume
        and not info.reserved
        and info.external_attr == _MODE
        and info.flag_bits in {0, _UTF8}
        and {info.create_version, info.extract_version} <= versions
    )
    if not plain or (info.extra and not large):
        yield f"the entry of '{info.filename}' was changed"


def _local(info: ZipInfo, file: IO[bytes]) -> tuple[int, str]:
    """Read the header before a file's content; give its length and what is wrong with it."""
    wrong = f"the header of '{info.filename}' was changed"
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size:
        return 0, wrong
    sign, version, flags, method, time, date, crc, packed, size, name_bytes, extra_bytes = _LOCAL.unpack(head)
    name = file.read(name_bytes)
    sizes = (packed, size) in {(info.compress_size, info.file_size), (_LARGE, _LARGE)}
    same = (
        sign == b"PK\x03\x04"
        and (version, flags, method) == (info.extract_version, info.flag_bits, info.compress_type)
        and (time, date, crc) == (0, _DATE, info.CRC)
        and name == _name(info)
        and sizes
        and (not extra_bytes or (packed, size) == (_LARGE, _LARGE))
    )
    return _LOCAL.size + name_bytes + extra_bytes, "" if same else wrong


def _directory_faults(entries: list[ZipInfo], file: IO[bytes], start: int) -> Iterator[str]:
    """Compare the lengths in the directory with what they measure: ``zipfile`` reads the last ones as far as it can."""
    file.seek(start)
    for info in entries:
        head = file.read(_ENTRY_BYTES)
        lengths = struct.unpack_from("<3H", head.ljust(_ENTRY_BYTES, b"\0"), _LENGTHS_AT)
        name = file.read(lengths[0])
        if name != _name(info) or lengths[1:] != (len(info.extra), len(info.comment)):
            yield f"the directory's entry of '{info.filename}' was changed"
            return
        file.seek(len(info.extra), 1)


def _name(info: ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "ascii", errors="replace")


def _end_faults(file: IO[bytes], start: int, entries: int) -> Iterator[str]:
    """Compare the record at the end with where the files end; larger archives have others before it."""
    end = file.seek(0, 2)
    file.seek(max(0, end - _END.size))
    record = file.read(_END.size)
    sign, disk, first_disk, here, total, size, offset, comment = _END.unpack(record.rjust(_END.size, b"\0"))
    large = total == 0xFFFF or _LARGE in {size, offset}
    right = (here, total, size, offset) == (entries, entries, end - _END.size - start, start) or large
    if sign != b"PK\x05\x06" or disk or first_disk or comment or not right:
        yield "its end was changed"
