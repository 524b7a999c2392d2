"""Make hostile or invisible characters in names and values visible before they reach a screen."""

from __future__ import annotations

import unicodedata

_JOINERS = frozenset("\u200d\ufe0f\ufe0e")
"""Parts of emoji and of scripts that need them; harmless."""
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _shown(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _HIDDEN:
        return character
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(text: object, *, limit: int | None = None, keep_lines: bool = False) -> str:
    r"""Give text that moves no cursor, sets no colour and turns no direction of writing.

    Control, format and private characters become escapes (``\x1b``); letters of any script and
    emoji stay. ``limit`` cuts to that many characters, ending in an ellipsis. ``keep_lines`` leaves
    line ends alone, for texts of our own that have several lines.

    >>> visible("red\x1b[31m")
    'red\\x1b[31m'
    >>> visible("顧客 🛒")
    '顧客 🛒'
    >>> visible("a long comment", limit=8)
    'a long …'
    """
    whole = str(text)
    if limit is not None and len(whole) > limit:
        whole = whole[: max(limit - 1, 0)] + "…"
    if whole.isascii() and whole.isprintable():
        return whole
    return "".join(character if keep_lines and character == "\n" else _shown(character) for character in whole)
