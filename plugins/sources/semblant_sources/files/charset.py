"""Which encoding a text file has, and its text as a stream of UTF-8 bytes."""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING

from attrs import frozen

from semblant.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semblant_sources.files.place import Place

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = frozenset(
    {"cp1252", "latin_1", "iso8859_15", "iso8859_9", "cp1254", "cp1250", "cp437", "cp850", "mac_roman", "hp_roman8"}
)
_MULTIBYTE = frozenset({"shift_jis", "cp932", "euc_jp", "gb18030", "gbk", "gb2312", "big5", "cp949", "euc_kr"})
_LINE_END = re.compile(r"\r\n|\r|\n")


@frozen
class Charset:
    """An encoding and, where it was guessed, the words that say so."""

    codec: str
    note: str = ""


class UndecodableError(Exception):
    """A byte that the encoding does not know; the line is counted from 1."""

    def __init__(self, codec: str, line: int, byte: bytes) -> None:
        """Keep where it is."""
        super().__init__(codec, line, byte)
        self.codec = codec
        self.line = line
        self.byte = byte


def detect_charset(head: bytes) -> Charset:
    """Guess the encoding from the first bytes: a BOM, zeros at every second place, else UTF-8.

    >>> detect_charset("é".encode("utf-16")).codec
    'utf-16'
    """
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return Charset(codec)
    sample = head[:4096]
    if len(sample) >= 8:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        half = len(sample) // 2
        if odd > half * 0.7 and even < half * 0.1:
            return Charset("utf-16-le", "the file has no byte order mark; it was read as UTF-16 (little endian)")
        if even > half * 0.7 and odd < half * 0.1:
            return Charset("utf-16-be", "the file has no byte order mark; it was read as UTF-16 (big endian)")
    return Charset("utf-8")


def fallback_charset(sample: bytes, line: int) -> Charset:
    """Choose what to read a file with that is not UTF-8; ``line`` is the first that says so.

    A single-byte Western text cannot be told from its neighbours by a few letters, so Windows-1252 is
    taken unless the evidence for another script is strong.
    """
    high = sum(1 for byte in sample if byte >= 0x80)
    best = None
    if high >= 32:
        from charset_normalizer import from_bytes

        best = from_bytes(sample[:262_144]).best()
    if best is not None and best.encoding not in _WESTERN and _trusted(best.encoding, best.chaos, best.coherence):
        return Charset(
            best.encoding, f"the file is not UTF-8 (line {line}); it was read as {best.encoding}, which is a guess"
        )
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return Charset("latin-1", f"the file is not UTF-8 (line {line}); it was read as latin-1 (ISO 8859-1)")
    return Charset("cp1252", f"the file is not UTF-8 (line {line}); it was read as cp1252 (Windows Western)")


def _trusted(encoding: str, chaos: float, coherence: float) -> bool:
    return chaos < 0.1 and (encoding in _MULTIBYTE or coherence >= 0.5)


def checked_codec(name: str, place: Place) -> Charset:
    """Take an encoding that the user set."""
    try:
        return Charset(codecs.lookup(name).name)
    except LookupError as exc:
        msg = f"the encoding '{name}' set for '{place}' is unknown"
        raise DataError(msg, fix="use a codec name such as utf-8, utf-16, cp1252 or shift_jis") from exc


def decoded(data: Iterator[bytes], codec: str, place: Place) -> Iterator[str]:
    """Decode chunk by chunk; counts lines so that a fault can be placed."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if codec == "utf-8" else codec)()
    line = 1
    last = ""
    for chunk in data:
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as exc:
            before = exc.object[: exc.start].decode(
                codec if codec not in ("utf-16", "utf-32") else "latin-1", "replace"
            )
            raise UndecodableError(codec, line + _ends(last, before), exc.object[exc.start : exc.end]) from exc
        except UnicodeError as exc:
            raise UndecodableError(codec, line, chunk[:2]) from exc
        if "\0" in text:
            where = line + _ends(last, text[: text.index("\0")])
            msg = f"'{place}' has a NUL byte in line {where}: it is not a plain text file"
            raise DataError(msg, fix="remove the NUL bytes, or set encoding (utf-16 files hold many of them)")
        line += _ends(last, text)
        last = text[-1:] or last
        yield text
    try:
        tail = decoder.decode(b"", final=True)
    except UnicodeDecodeError as exc:
        raise UndecodableError(codec, line, exc.object[exc.start : exc.end]) from exc
    if tail:
        yield tail


def _ends(last: str, text: str) -> int:
    """Count line ends, a CRLF that is split over two chunks once."""
    if not text:
        return 0
    found = text.count("\n")
    if "\r" in text:
        found += text.count("\r") - text.count("\r\n")
    return found - 1 if last == "\r" and text[0] == "\n" else found


class Utf8Stream(io.RawIOBase):
    """Text as UTF-8 bytes for a parser, from the line after ``skip_lines`` on.

    Remembers the last characters, by which an open quote at the end is known.
    """

    def __init__(self, text: Iterator[str], skip_lines: int = 0) -> None:
        """Take decoded chunks."""
        self._text = text
        self._skip = skip_lines
        self._buffer = memoryview(b"")
        self.tail = ""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, target: object) -> int:
        """Fill the buffer with what comes next."""
        view = memoryview(target).cast("B")  # type: ignore[arg-type]
        while not len(self._buffer):
            text = next(self._text, None)
            if text is None:
                return 0
            if self._skip:
                text = self._skipped(text)
            if text.strip():
                self.tail = text[-64:]
            self._buffer = memoryview(text.encode("utf-8", "surrogatepass"))
        size = min(len(view), len(self._buffer))
        view[:size] = self._buffer[:size]
        self._buffer = self._buffer[size:]
        return size

    def _skipped(self, text: str) -> str:
        """Cut the lines that are to be skipped off the front."""
        while text.endswith("\r"):  # a CRLF must not be split
            more = next(self._text, None)
            if more is None:
                break
            text += more
        position = 0
        while self._skip:
            end = _LINE_END.search(text, position)
            if end is None:
                return ""
            position = end.end()
            self._skip -= 1
        return text[position:]
