"""Names of tables, jobs and generators as file names, and back.

What some file system forbids is percent-encoded as in a URL; everything else, letters of all
scripts included, stays readable.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

MAXIMUM_BYTES = 200
"""Longest encoded name; leaves room for endings and hidden prefixes in the usual 255."""

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%]|^\.|^ |[. ]$')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(?=$|\.)")


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def encode(name: str) -> str:
    """Give a file name, without ending, from which :func:`decode` makes ``name`` again.

    :raises ValueError: for an empty name, one that is no valid Unicode, and one that is too long.

    >>> encode("order lines"), encode("a/b"), encode(".."), encode("con")
    ('order lines', 'a%2Fb', '%2E%2E', '%63on')
    """
    if not name:
        msg = "it is empty"
        raise ValueError(msg)
    try:
        name.encode()
    except UnicodeEncodeError as exc:
        msg = f"character {exc.start + 1} is half of a surrogate pair"
        raise ValueError(msg) from exc
    text = _FORBIDDEN.sub(lambda match: _percent(match[0]), name)
    if _RESERVED.match(text):
        text = _percent(text[0]) + text[1:]
    if len(text.encode()) > MAXIMUM_BYTES:
        msg = f"it takes {len(text.encode())} bytes as a file name and {MAXIMUM_BYTES} are allowed"
        raise ValueError(msg)
    return text


def decode(file_name: str) -> str:
    """Give the name that :func:`encode` was given; a name that it never made comes back unchanged.

    >>> decode("a%2Fb"), decode("100%")
    ('a/b', '100%')
    """
    name = unquote(file_name, errors="strict") if _decodable(file_name) else file_name
    return name if name and _made(name, file_name) else file_name


def _decodable(file_name: str) -> bool:
    try:
        unquote(file_name, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _made(name: str, file_name: str) -> bool:
    try:
        return encode(name) == file_name
    except ValueError:
        return False
