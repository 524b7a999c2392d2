"""Primary keys: the engine makes them, unique by construction and in the form of the originals.

A form is learned from the key column (integer, UUID or string shapes) and says nothing about any
single key: constants of a shape are shared by ``min_subjects`` keys or more. Key *i* is
``(a * i + b) mod capacity`` with ``gcd(a, capacity) = 1``, a bijection, so that any number of keys
streams without a memory of those already made.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import asdict, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

_SAMPLE = 200_000
_ALPHABETS = {
    "0": "0123456789",
    "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "a": "abcdefghijklmnopqrstuvwxyz",
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
}
_MAX_CAPACITY = 2**62


class KeyForm(Protocol):
    """A learned form of keys."""

    kind: ClassVar[str]

    def make(self, start: int, rows: int, seed: int) -> pa.Array:
        """Make keys number ``start`` to ``start + rows``; the same seed gives the same keys."""


@frozen
class SequentialKey:
    """Whole numbers without gaps."""

    kind: ClassVar[str] = "sequential"
    first: int = 1

    def make(self, start: int, rows: int, seed: int) -> pa.Array:
        """Count on.

        >>> SequentialKey(1).make(0, 3, seed=0).to_pylist()
        [1, 2, 3]
        """
        del seed
        return pa.array(np.arange(start, start + rows, dtype=np.int64) + self.first)


@frozen
class IntegerKey:
    """Whole numbers spread over the digits that the originals have."""

    kind: ClassVar[str] = "integer"
    digits: int
    most: int = 2**63 - 1
    """The largest number that the column's type holds."""

    def make(self, start: int, rows: int, seed: int) -> pa.Array:
        """Draw without repetition among all numbers of ``digits`` digits that the type holds."""
        low = 10 ** (self.digits - 1) if self.digits > 1 else 0
        capacity = 10**self.digits - low
        while capacity < start + rows:
            low, capacity = low + capacity, capacity * 10
        return pa.array(_scatter(start, rows, max(min(capacity, self.most - low + 1), start + rows), seed) + low)


@frozen
class UuidKey:
    """Random UUIDs, version 4 (RFC 9562, section 5.4)."""

    kind: ClassVar[str] = "uuid"
    upper: bool = False
    hyphens: bool = True

    def make(self, start: int, rows: int, seed: int) -> pa.Array:
        """Draw 122 random bits per key: two keys are equal with a chance below 1e-18 for a billion keys."""
        raw = np.random.default_rng([seed, start]).integers(0, 256, (rows, 16), dtype=np.uint8)
        raw[:, 6] = (raw[:, 6] & 0x0F) | 0x40
        raw[:, 8] = (raw[:, 8] & 0x3F) | 0x80
        nibbles = np.stack([raw >> 4, raw & 15], axis=2).reshape(rows, 32)
        alphabet = _ALPHABETS["H" if self.upper else "h"]
        text = np.frombuffer(alphabet.encode(), np.uint8)[nibbles]
        if self.hyphens:
            hyphen = np.full((rows, 1), ord("-"), np.uint8)
            parts = [
                text[:, :8],
                hyphen,
                text[:, 8:12],
                hyphen,
                text[:, 12:16],
                hyphen,
                text[:, 16:20],
                hyphen,
                text[:, 20:],
            ]
            text = np.concatenate(parts, axis=1)
        return pa.array(np.ascontiguousarray(text).view(f"S{text.shape[1]}").ravel().astype(str))


@frozen
class ShapeKey:
    """Strings of fixed shapes: constants and classes of characters (``CUST-00000``, ``AB12``)."""

    kind: ClassVar[str] = "shape"
    constants: str
    """One character per place; a space where the class decides."""
    classes: str
    """One class per place (0 A a h H); a space where the constant stands."""

    def make(self, start: int, rows: int, seed: int) -> pa.Array:
        """Write numbers in mixed radix over the free places; a place is added when they run out."""
        constants, classes = self.constants, self.classes
        while _capacity(classes) < start + rows:
            constants, classes = constants + " ", classes + "0"
        free = [i for i, c in enumerate(classes) if c != " "]
        radix = [len(_ALPHABETS[classes[i]]) for i in free]
        used = len(free)
        while math.prod(radix[:used]) > _MAX_CAPACITY:
            used -= 1
        number = _scatter(start, rows, math.prod(radix[:used]), seed)
        letters = np.tile(np.array([ord(c) for c in constants], np.uint32), (rows, 1))
        random = np.random.default_rng([seed, start])
        for place, base in zip(free, radix, strict=True):
            alphabet = np.array([ord(c) for c in _ALPHABETS[classes[place]]], np.uint32)
            if place in free[:used]:
                number, digit = np.divmod(number, base)
            else:
                digit = random.integers(0, base, rows)
            letters[:, place] = alphabet[digit]
        return pa.array(np.ascontiguousarray(letters).view(f"<U{letters.shape[1]}").ravel())


_FORMS: dict[str, type] = {form.kind: form for form in (SequentialKey, IntegerKey, UuidKey, ShapeKey)}


def key_as_dict(form: KeyForm) -> dict[str, Any]:
    """Give a JSON-ready dict of a form."""
    return {"kind": form.kind, **asdict(form)}  # type: ignore[arg-type]


def key_from_dict(data: dict[str, Any]) -> KeyForm:
    """Rebuild a form; ``KeyError`` or ``TypeError`` when the dict is none."""
    settings = {name: value for name, value in data.items() if name != "kind"}
    form: KeyForm = _FORMS[data["kind"]](**settings)
    return form


def learn_key(batches: Iterable[pa.RecordBatch], kind: pa.DataType, min_subjects: int) -> KeyForm | None:
    """Learn the form of a single-column key from batches of that column; None when it has no form of its own.

    A key without a form (a float, a date, free text) is learned as a feature and made unique by redrawing.
    """
    if pa.types.is_integer(kind):
        return _learn_integer(batches, min(int(np.iinfo(kind.to_pandas_dtype()).max), 2**63 - 1))
    if isinstance(kind, pa.UuidType):
        return UuidKey()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _learn_string(batches, min_subjects)
    return None


def cast_key(keys: pa.Array, kind: pa.DataType) -> pa.Array:
    """Give made keys the column's own type."""
    if isinstance(kind, pa.UuidType):
        raw = [bytes.fromhex(text.replace("-", "")) for text in keys.to_pylist()]
        return pa.ExtensionArray.from_storage(kind, pa.array(raw, pa.binary(16)))
    return keys.cast(kind)


def _learn_integer(batches: Iterable[pa.RecordBatch], most: int) -> KeyForm:
    low, high, rows = None, None, 0
    for batch in batches:
        found = pc.min_max(batch.column(0)).as_py()
        if found["min"] is None:
            continue
        low = found["min"] if low is None else min(low, found["min"])
        high = found["max"] if high is None else max(high, found["max"])
        rows += batch.num_rows
    if low is None or high is None or (low >= 0 and high - low < 1.2 * rows + 10 and low <= rows):
        return SequentialKey(0 if low == 0 else 1)
    return IntegerKey(min(18, len(str(abs(high)))), most)


def _learn_string(batches: Iterable[pa.RecordBatch], min_subjects: int) -> KeyForm | None:
    values: list[str] = []
    for batch in batches:
        values.extend(value for value in batch.column(0).to_pylist() if value is not None)
        if len(values) >= _SAMPLE:
            break
    if not values:
        return None
    lengths = Counter(map(len, values))
    length, held = lengths.most_common(1)[0]
    if length == 0 or length > 64 or held < 0.5 * len(values):
        return None
    kept = np.array([value for value in values if len(value) == length])
    letters = kept.view(np.uint32).reshape(len(kept), length)
    form = _uuid_form(kept[0]) if all(map(_looks_like_uuid, values[:1000])) else None
    return form or _shape_of(letters, min_subjects)


def _shape_of(letters: np.ndarray, min_subjects: int) -> KeyForm | None:
    constants, classes = "", ""
    for place in range(letters.shape[1]):
        found, counts = np.unique(letters[:, place], return_counts=True)
        if len(found) == 1 and counts[0] >= min_subjects:
            constants, classes = constants + chr(found[0]), classes + " "
            continue
        characters = {chr(code) for code in found}
        fitting = [name for name in "0Aahh" if characters <= set(_ALPHABETS[name])] or [
            name for name in "H" if characters <= set(_ALPHABETS[name])
        ]
        if not fitting:
            return None
        constants, classes = constants + " ", classes + fitting[0]
    return ShapeKey(constants, classes) if classes.strip() else None


def _looks_like_uuid(text: str) -> bool:
    plain = text.replace("-", "")
    return len(plain) == 32 and len(text) in (32, 36) and all(c in "0123456789abcdefABCDEF" for c in plain)


def _uuid_form(text: str) -> UuidKey:
    return UuidKey(upper=text != text.lower(), hyphens="-" in text)


def _capacity(classes: str) -> int:
    return math.prod(len(_ALPHABETS[c]) for c in classes if c != " ")


def _scatter(start: int, rows: int, capacity: int, seed: int) -> np.ndarray:
    """Give ``rows`` different numbers below ``capacity``: an affine bijection, in Python's integers when large."""
    factor = max(1, int(capacity * 0.618_033_988_749_895)) | 1
    while math.gcd(factor, capacity) != 1:
        factor += 2
    offset = seed % capacity
    if factor * (start + rows) + offset < 2**63:
        return (np.arange(start, start + rows, dtype=np.int64) * factor + offset) % capacity
    return np.array([(i * factor + offset) % capacity for i in range(start, start + rows)], np.int64)
