"""What strings look like: character classes, and kinds that can be told by form alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

_MOST_SHAPES = 64
_SHAPED_CHARACTERS = 64


def shapes_of(sample: pa.Array) -> tuple[tuple[str, int], ...]:
    r"""Count character classes of a bounded sample, most frequent first.

    Upper-case letters become ``A``, others ``a``, digits ``9``; all else stays. Only the first 64
    characters of a value count.

    >>> import pyarrow as pa
    >>> shapes_of(pa.array(["AB-12", "XY-99", "q"]))
    (('AA-99', 2), ('a', 1))
    """
    counts = Counter(value[:_SHAPED_CHARACTERS].translate(_CLASSES) for value in sample.to_pylist())
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_SHAPES])


class _Classes(dict[int, int]):
    """The class of each character, found once."""

    def __missing__(self, code: int) -> int:
        sign = chr(code)
        kind = "9" if sign.isdecimal() else "A" if sign.isupper() else "a" if sign.isalpha() else sign
        self[code] = ord(kind)
        return self[code]


_CLASSES = _Classes()


def collapsed(shape: str) -> str:
    """Shorten runs of one class to one sign: ``AA-999`` and ``A-9`` become ``A-9``.

    >>> collapsed("Aaaa 99.9")
    'Aa 9.9'
    """
    return re.sub(r"([Aa9])\1+", r"\1", shape)


def kinds_of(sample: pa.Array) -> dict[str, float]:
    """Give the share of a bounded sample of strings that each recogniser accepts; zero shares are left out.

    >>> import pyarrow as pa
    >>> kinds_of(pa.array(["ann@example.org", "bob@example.com"]))
    {'email': 1.0}
    """
    values = [value for value in sample.to_pylist() if value]
    if not values:
        return {}
    shares = {name: sum(map(accepts, values)) / len(values) for name, accepts in RECOGNISERS.items()}
    return {name: share for name, share in shares.items() if share > 0}


def luhn(digits: str) -> bool:
    """Check the last digit of a card number (ISO/IEC 7812-1, annex B).

    >>> luhn("4539578763621486"), luhn("4539578763621487")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def iban(text: str) -> bool:
    """Check the form and check digits of an IBAN (ISO 13616: remainder of 97 is 1).

    >>> iban("GB82 WEST 1234 5698 7654 32")
    True
    """
    packed = text.replace(" ", "").upper()
    if not _IBAN.fullmatch(packed):
        return False
    return int("".join(str(int(sign, 36)) for sign in packed[4:] + packed[:4])) % 97 == 1


def _card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    return bool(_CARD.fullmatch(digits)) and luhn(digits)


def _phone(text: str) -> bool:
    """A leading +, brackets, or groups of digits; a bare number is only one beside a telling name."""
    digits = sum(sign.isdigit() for sign in text)
    if not (7 <= digits <= 15 and _PHONE.fullmatch(text.strip())) or _DATE.match(text) or _SSN.fullmatch(text):
        return False
    return (
        text.lstrip().startswith("+")
        or "(" in text
        or (text[0] == "0" and len(re.findall(r"\d+", text)) > 1)
        or bool(_GROUPED_PHONE.fullmatch(text.strip()))
    )


def _json(text: str) -> bool:
    stripped = text.strip()
    if not stripped or stripped[0] not in "{[":
        return False
    try:
        return isinstance(json.loads(stripped), dict | list)
    except ValueError:
        # a long value was cut: its beginning has to do
        return len(text) >= 500 and bool(re.match(r'\s*(\{\s*"[^"]*"\s*:|\[\s*[\[{"\d-])', text))
    except RecursionError:
        return False


def _address(text: str) -> bool:
    return len(text) <= 200 and any(sign.isdigit() for sign in text) and bool(_STREET.search(text))


def _matches(pattern: str, flags: int = 0) -> Callable[[str], bool]:
    compiled = re.compile(pattern, flags)
    return lambda text: compiled.fullmatch(text.strip()) is not None


_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_CARD = re.compile(r"[3-6]\d{12,18}")
_PHONE = re.compile(r"\+?[\d\s().\-/]+(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_GROUPED_PHONE = re.compile(r"\d{3}[-. ]\d{3}[-. ]\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?")
_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_STREET = re.compile(
    r"\b(?:street|st\.?|avenue|ave\.?|road|rd\.?|lane|ln\.?|drive|dr\.?|boulevard|blvd\.?|court|ct\.?|square|sq\.?"
    r"|rue|avda\.?|av\.|calle|via|viale|piazza|rua|plaza|place|pl\.?|way|p\.?\s?o\.? box|postfach|ul\.)(?=\s|,|$|\d)"
    r"|(?:stra(?:ße|sse)|str\.|weg|platz|allee|gasse|laan|straat|vägen|gatan|gade|veien)(?=\s|,|$)",
    re.IGNORECASE,
)

RECOGNISERS: dict[str, Callable[[str], bool]] = {
    "uuid": _matches(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE),
    "email": _matches(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+"),
    "url": _matches(r"(?:https?|ftp)://\S+|www\.\S+", re.IGNORECASE),
    "ip": _matches(
        r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=.*::|(?:[^:]*:){7})[0-9a-f:]{3,39}",
        re.IGNORECASE,
    ),
    "mac": _matches(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE),
    "iban": iban,
    "card": _card,
    "ssn": _matches(_SSN.pattern),
    "phone": _phone,
    "address": _address,
    "number": _matches(r"[-+]?(?:\d+|\d{1,3}(?:[, ]\d{3})+)(?:[.,]\d+)?(?:e[-+]?\d+)?\s*%?", re.IGNORECASE),
    "digits": _matches(r"\d+"),
    "date": _matches(
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[ T]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?: \d{1,2}:\d{2}.*)?"
        rf"|{_MONTHS} \d{{1,2}},? \d{{4}}|\d{{1,2}}[ -]{_MONTHS}[ -]\d{{2,4}}",
        re.IGNORECASE,
    ),
    "boolean": _matches(r"true|false|yes|no|y|n|t|f|0|1", re.IGNORECASE),
    "json": _json,
}
"""By name, functions that tell whether one string is of that kind."""
