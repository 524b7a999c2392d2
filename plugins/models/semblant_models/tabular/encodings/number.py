"""Numbers, times and durations: a scale, with missing values and infinities as codes of their own."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text
from semblant_models.tabular.encodings.domain import Domain
from semblant_models.tabular.encodings.encoding import Draw, Field, Sample
from semblant_models.tabular.encodings.scale import Scale
from semblant_models.tabular.encodings.subjects import holders, too_few

_SPECIALS = ("null", "nan", "+inf", "-inf")
_DAY_STEPS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@define(eq=False)
class Number:
    """A column of integers, floats, decimals, times of day or durations.

    >>> sample = Sample(values=pa.array([1.5, 2.5, None] * 20))
    >>> number = Number.fit(sample)
    >>> number.decode(number.encode(pa.array([2.5, None])), Draw(rng=np.random.default_rng(0))).to_pylist()
    [2.5, None]
    """

    kind: ClassVar[str] = "number"

    type: pa.DataType
    domain: Domain
    specials: tuple[str, ...]
    """Missing values and infinities that occur, one code each, before the scale's codes."""
    scale: Scale | None
    """None when no finite value occurs."""

    @classmethod
    def fit(cls, sample: Sample, *, decimals: int | None = None, keep: bool = False, open_ends: bool = False) -> Number:
        """Learn from a sample; ``decimals`` fixes the digits after the point, ``keep`` lifts the protection.

        With ``open_ends`` any number of the type may occur: outermost values of few rows are spread beyond their bound.
        """
        values = sample.values
        marks = _marks(values)
        present = [s for s in _SPECIALS if (marks == _SPECIALS.index(s)).any()]
        least = 1 if keep else sample.min_subjects
        for name in ("+inf", "-inf"):
            if name in present:
                rows = marks == _SPECIALS.index(name)
                who = None if sample.subjects is None else sample.subjects[rows]
                if holders(np.zeros(int(rows.sum()), np.int64), who, 1)[0] < least:
                    present.remove(name)
        finite = marks < 0
        if "null" in present and too_few(finite, sample.subjects, least):
            finite[:] = False
        scale, domain = None, Domain(form="int")
        if finite.any():
            real = values.filter(pa.array(finite))
            subjects = None if sample.subjects is None else sample.subjects[finite]
            domain = Domain.fit(real, decimals, subjects=subjects, least=least)
            scale = Scale.fit(
                domain.numbers(real),
                subjects,
                least,
                steps=_steps(values.type, domain.unit),
                keep=keep,
                limits=domain.limits(values.type) if open_ends else None,
            )
        return cls(type=values.type, domain=domain, specials=tuple(present), scale=scale)

    @property
    def fields(self) -> tuple[Field, ...]:
        """One token, or two: the run of a value and the item in it."""
        sizes = self.scale.cardinalities if self.scale else ()
        extra = len(self.specials)
        if not sizes:
            return (Field(cardinality=extra),) if extra > 1 else ()
        if len(sizes) == 1:
            return (Field(cardinality=sizes[0] + extra, ordered=True),) if sizes[0] + extra > 1 else ()
        return (
            Field(cardinality=sizes[0] + extra, ordered=True),
            Field(cardinality=sizes[1], phase=1, parent=0, ordered=True),
        )

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens; a rare infinity becomes the outermost value, an unforeseen null the first code."""
        width = len(self.fields)
        tokens = np.zeros((len(values), width), np.int32)
        if not width:
            return tokens
        marks = _marks(values)
        for mark, name in enumerate(_SPECIALS):
            if name in self.specials:
                tokens[marks == mark, 0] = self.specials.index(name)
            elif self.scale and name == "+inf":
                tokens[marks == mark, 0] = self.fields[0].cardinality - 1
            elif self.scale and name == "-inf":
                tokens[marks == mark, 0] = len(self.specials)
        finite = marks < 0
        if self.scale and finite.any():
            codes = self.scale.encode(self.domain.numbers(values.filter(pa.array(finite))))
            codes[:, 0] += len(self.specials)
            tokens[finite] = codes
        return tokens

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Make values; positions inside a cell are drawn."""
        rows, extra = len(tokens), len(self.specials)
        if tokens.shape[1] == 0:
            tokens = np.full((rows, 1), 0, np.int32)
        codes = tokens.astype(np.int64)
        finite = codes[:, 0] >= extra
        if self.scale is None:
            array = pa.nulls(rows, self.type)
        else:
            codes[:, 0] = np.maximum(codes[:, 0] - extra, 0)
            array = self.domain.values(self.scale.decode(codes, draw.rng), self.type)
        for place, name in enumerate(self.specials):
            rows_of = (tokens[:, 0] == place) & ~finite
            if rows_of.any():
                scalar = pa.scalar(None if name == "null" else float(name), self.type)
                array = pc.if_else(pa.array(rows_of), scalar, array)
        return array

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "kind": self.kind,
            "type": type_to_text(self.type),
            "domain": self.domain.to_dict(),
            "specials": list(self.specials),
            "scale": self.scale.to_dict() if self.scale else None,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Number:
        """Take back what :meth:`to_dict` gave."""
        return cls(
            type=type_from_text(state["type"]),
            domain=Domain(**state["domain"]),
            specials=tuple(state["specials"]),
            scale=Scale.from_dict(state["scale"]) if state["scale"] else None,
        )


def _marks(values: pa.Array) -> np.ndarray:
    """Give the index of the special that a value is, -1 for a finite value."""
    marks = np.full(len(values), -1, np.int8)
    marks[values.is_null().to_numpy(zero_copy_only=False)] = 0
    if pa.types.is_floating(values.type):
        floats = pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False).astype(np.float64)
        marks[np.isnan(floats)] = 1
        marks[floats == np.inf] = 2
        marks[floats == -np.inf] = 3
    return marks


def _steps(kind: pa.DataType, unit: int) -> tuple[int, ...]:
    """Give the units to which times and durations are rounded, empty for other types."""
    if not (pa.types.is_time(kind) or pa.types.is_duration(kind) or pa.types.is_timestamp(kind)):
        return ()
    second = _DAY_STEPS[kind.unit]
    fine = [10**k for k in range(0, 9, 3) if 10**k < second]
    steps = [*fine, *(second * s for s in (1, 5, 15, 60, 300, 900, 1800, 3600, 86400))]
    return tuple(sorted({max(s // unit, 1) for s in steps if s % unit == 0} | {1}))
