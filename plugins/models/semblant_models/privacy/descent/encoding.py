"""Privately learned codes of a column in the form that the tabular model asks of an encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from attrs import define

from semblant_models.privacy.preprocessing.codes import ColumnCodes
from semblant_models.privacy.preprocessing.kinds import Ranges
from semblant_models.tabular.encodings.encoding import Draw, Field

if TYPE_CHECKING:
    import pyarrow as pa


@define(eq=False)
class PrivateCodes:
    """One token of a column: its code, learned from noisy counts and public facts alone."""

    kind: ClassVar[str] = "private"

    codes: ColumnCodes

    @property
    def fields(self) -> tuple[Field, ...]:
        """One token, or none where there is a single code."""
        if self.codes.size < 2:
            return ()
        return (Field(cardinality=self.codes.size, ordered=isinstance(self.codes.cells, Ranges)),)

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens, shape (n, fields)."""
        if not self.fields:
            return np.zeros((len(values), 0), np.int32)
        return self.codes.encode(values)[:, None]

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Make values of tokens, shape (n, fields)."""
        codes = tokens[:, 0] if tokens.shape[1] else np.zeros(len(tokens), np.int64)
        return self.codes.decode(codes.astype(np.int64), draw.rng)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"kind": self.kind, "codes": self.codes.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> PrivateCodes:
        """Take back what :meth:`to_dict` gave."""
        return cls(ColumnCodes.from_dict(state["codes"]))
