"""Identifiers: never a learned value, always unique, in the form of the data."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text
from semblant_models.tabular.encodings.encoding import Draw, Field, Sample
from semblant_models.tabular.encodings.forms import Forms, salt_of

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_DASHES = (8, 13, 18, 23)


@define(eq=False)
class Identifier:
    """A column of names for things: numbered integers, random UUIDs or codes in the data's forms.

    The only token says whether there is a value. Values are made from the number of the row, so
    that they are unique over a whole generation, however it is cut into batches.

    >>> column = Identifier.fit(Sample(values=pa.array([f"A-{i:05d}" for i in range(500)], pa.large_string())))
    >>> made = column.decode(column.encode(pa.array(["x"] * 100)), Draw(rng=np.random.default_rng(0)))
    >>> len(made.unique()), made[0].as_py()[:2]
    (100, 'A-')
    """

    kind: ClassVar[str] = "identifier"

    type: pa.DataType
    null: bool
    form: str
    """``integer``, ``uuid``, ``bytes`` or ``code``."""
    digits: int = 0
    """For integers: decimal digits of the usual value; 0: numbered from 1. For bytes: their usual number."""
    upper: bool = False
    forms: Forms | None = None

    @classmethod
    def fit(cls, sample: Sample, *, keep: bool = False) -> Identifier:
        """Learn the form from a sample; no value is kept, whatever the treatment, nor guarded with ``keep``."""
        kind, real = sample.values.type, sample.values.drop_null()
        null = sample.values.null_count > 0
        if _is_bytes(kind):
            lengths = pc.binary_length(real).to_numpy(zero_copy_only=False)
            usual = int(np.bincount(lengths).argmax()) if len(real) else 16
            return cls(type=kind, null=null, form="bytes", digits=usual)
        if not pa.types.is_large_string(kind):
            numbers = pc.abs(pc.cast(real, pa.decimal256(76, 0), safe=False)) if pa.types.is_decimal(kind) else real
            digits = 0
            if len(real) and (pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
                lengths = pc.utf8_length(pc.cast(numbers, pa.string())).to_numpy(zero_copy_only=False)
                usual = int(np.bincount(lengths).argmax())
                dense = len(str(max(len(real), 1))) + 1
                digits = usual if usual > dense else 0
            return cls(type=kind, null=null, form="integer", digits=digits)
        if len(real):
            lower = pc.utf8_lower(real)
            if pc.all(pc.match_substring_regex(lower, _UUID)).as_py():
                return cls(type=kind, null=null, form="uuid", upper=not pc.all(pc.equal(lower, real)).as_py())
        subjects = (
            None
            if sample.subjects is None
            else sample.subjects[sample.values.is_valid().to_numpy(zero_copy_only=False)]
        )
        forms = Forms.fit(real, subjects, sample.min_subjects, None if keep else salt_of(sample.column))
        return cls(type=kind, null=null, form="code", forms=forms)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Whether there is a value, where some are missing."""
        return (Field(cardinality=2),) if self.null else ()

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens: 0 for a null."""
        if not self.null:
            return np.zeros((len(values), 0), np.int32)
        return np.asarray(values.is_valid().to_numpy(zero_copy_only=False).astype(np.int32)[:, None])

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Make unique values from the places of the rows."""
        rows = len(tokens)
        missing = tokens[:, 0] == 0 if self.null else np.zeros(rows, bool)
        places = np.arange(draw.first_row, draw.first_row + rows)
        if self.form == "integer":
            start, most = 10 ** (min(self.digits, 18) - 1) if self.digits else 1, _most(self.type)
            numbers = (places + start).astype(np.int64)
            if rows and int(numbers.max()) > most:
                numbers %= most + 1
            made = pa.array(numbers, pa.int64(), mask=missing)
            # to Arrow an int64 has 19 digits: a narrower decimal does not take it directly
            return (made.cast(pa.decimal128(19, 0)) if pa.types.is_decimal(self.type) else made).cast(self.type)
        if self.form == "bytes":
            made = _bytes(places, self.digits, draw.rng)
            return pa.array(made, pa.binary(), mask=missing).cast(self.type)
        if self.form == "uuid":
            return pa.array(_uuids(rows, draw.rng, upper=self.upper), self.type, mask=missing)
        assert self.forms is not None
        return pa.array(self.forms.unique(places, draw.rng, draw.all_rows), self.type, mask=missing)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "kind": self.kind,
            "type": type_to_text(self.type),
            "null": self.null,
            "form": self.form,
            "digits": self.digits,
            "upper": self.upper,
            "forms": self.forms.to_dict() if self.forms else None,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Identifier:
        """Take back what :meth:`to_dict` gave."""
        return cls(
            type=type_from_text(state["type"]),
            null=bool(state["null"]),
            form=state["form"],
            digits=int(state["digits"]),
            upper=bool(state["upper"]),
            forms=Forms.from_dict(state["forms"]) if state["forms"] else None,
        )


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _bytes(places: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """Give random bytes as an object array, 16 of them as a version-4 UUID; few of them count the rows."""
    made = rng.integers(0, 256, (len(places), max(length, 1)), dtype=np.uint8)
    if length == 16:
        made[:, 6] = made[:, 6] % 16 + 0x40
        made[:, 8] = made[:, 8] % 64 + 0x80
    elif length < 12:
        numbers = places.astype(">u8").view(np.uint8).reshape(len(places), 8)
        made[:, -min(length, 8) :] = numbers[:, -min(length, 8) :]
    out = np.empty(len(places), object)
    out[:] = [row.tobytes() for row in made]
    return out


def _most(kind: pa.DataType) -> int:
    """Give the largest whole number that a type holds and that is an int64."""
    if pa.types.is_decimal(kind):
        whole: int = 10 ** max(int(kind.precision) - int(kind.scale), 1)
        return min(whole, 2**63) - 1
    return min(int(np.iinfo(kind.to_pandas_dtype()).max), 2**63 - 1)


def _uuids(rows: int, rng: np.random.Generator, *, upper: bool) -> np.ndarray:
    """Give random version-4 UUIDs as an object array of text."""
    digits = rng.integers(0, 16, (rows, 32), dtype=np.uint8)
    digits[:, 12] = 4
    digits[:, 16] = 8 + digits[:, 16] % 4
    alphabet = np.frombuffer(b"0123456789ABCDEF" if upper else b"0123456789abcdef", np.uint8)
    text = np.full((rows, 36), ord("-"), np.uint8)
    text[:, [i for i in range(36) if i not in _DASHES]] = alphabet[digits]
    return text.view("S36")[:, 0].astype("U36").astype(object)
