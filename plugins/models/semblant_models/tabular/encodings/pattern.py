"""Strings with a form (codes, phones, postal codes): form and beginning are learned, the rest is drawn in form."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant.errors import DataError
from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text
from semblant_models.tabular.encodings.encoding import Draw, Field, Sample
from semblant_models.tabular.encodings.form import MOST_LENGTH
from semblant_models.tabular.encodings.forms import Forms, salt_of


@define(eq=False)
class Pattern:
    """A string column whose values share forms.

    The first token is null or the form, the second the beginning (which carries most of the
    meaning of codes: an area, a country, a kind), or the whole value where many hold it.

    >>> column = Pattern.fit(Sample(values=pa.array([f"AB{i:04d}" for i in range(300)], pa.large_string())))
    >>> tokens = column.encode(pa.array(["AB0001"], pa.large_string()))
    >>> len(column.decode(tokens, Draw(rng=np.random.default_rng(0)))[0].as_py())
    6
    """

    kind: ClassVar[str] = "pattern"

    type: pa.DataType
    null: bool
    forms: Forms

    @classmethod
    def fit(cls, sample: Sample, *, keep: bool = False) -> Pattern:
        """Learn the forms; with ``keep`` a form and a character need one subject only, and no value is guarded.

        Raises:
            DataError: no value is short enough to have a form; names the column.
        """
        valid = sample.values.is_valid().to_numpy(zero_copy_only=False)
        subjects = None if sample.subjects is None else sample.subjects[valid]
        real = sample.values.drop_null()
        shortest = pc.min(pc.utf8_length(real)).as_py()
        if shortest is not None and shortest > MOST_LENGTH:
            msg = f"column '{sample.column}': no value has {MOST_LENGTH} characters or fewer, too long for a pattern"
            raise DataError(msg, fix=f"set 'encoding: text' for '{sample.column}', or exclude it with 'include: false'")
        salt = None if keep else salt_of(sample.column)
        forms = Forms.fit(real, subjects, 1 if keep else sample.min_subjects, salt)
        forms = forms.standing_back(real, subjects)
        return cls(type=sample.values.type, null=sample.values.null_count > 0, forms=forms)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Null or form, and the beginning where beginnings are shared."""
        forms, heads = self.forms.sizes
        out = [Field(cardinality=forms + int(self.null))]
        if heads > 1:
            out.append(Field(cardinality=heads, parent=0))
        return tuple(out) if len(out) > 1 or out[0].cardinality > 1 else ()

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens."""
        width = len(self.fields)
        tokens = np.zeros((len(values), width), np.int32)
        if not width:
            return tokens
        valid = values.is_valid().to_numpy(zero_copy_only=False)
        form, head = self.forms.read(values.drop_null())
        tokens[valid, 0] = form + int(self.null)
        if width > 1:
            tokens[valid, 1] = head
        return tokens

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Make strings of the tokens' forms."""
        rows = len(tokens)
        first = tokens[:, 0].astype(np.int64) if tokens.shape[1] else np.full(rows, int(self.null))
        missing = (first == 0) if self.null else np.zeros(rows, bool)
        form = np.maximum(first - int(self.null), 0)
        head = tokens[:, 1].astype(np.int64) if tokens.shape[1] > 1 else np.full(rows, -1)
        return pa.array(self.forms.draw(form, head, draw.rng), self.type, mask=missing)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"kind": self.kind, "type": type_to_text(self.type), "null": self.null, "forms": self.forms.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Pattern:
        """Take back what :meth:`to_dict` gave."""
        return cls(type=type_from_text(state["type"]), null=bool(state["null"]), forms=Forms.from_dict(state["forms"]))
