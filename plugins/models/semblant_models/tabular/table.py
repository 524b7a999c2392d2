"""All encodings of a table: record batches to tokens and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define

from semblant.errors import ArtefactError
from semblant_models.tabular.encodings import Draw, encoding_from_dict, fit_encoding
from semblant_models.tabular.encodings.arrow import plain, restore, type_from_text, type_to_text
from semblant_models.tabular.layout import Layout

if TYPE_CHECKING:
    from semblant.training import ColumnPlan, TrainingTable
    from semblant_models.tabular.encodings import Encoding


@define(eq=False)
class TableEncoding:
    """The encodings of a table's columns, in table order, and the layout of their tokens."""

    names: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    reasons: tuple[str, ...]
    encodings: tuple[Encoding, ...]
    first: frozenset[int]
    layout: Layout

    @classmethod
    def fit(cls, training: TrainingTable, sample: pa.Table, subjects: np.ndarray | None) -> TableEncoding:
        """Fit every column on the same sampled rows."""
        encodings = []
        for place, plan in enumerate(training.columns):
            encodings.append(fit_encoding(plan, sample.column(place), subjects, training.min_subjects))
        return cls.of(training.columns, tuple(encodings))

    @classmethod
    def of(cls, plans: tuple[ColumnPlan, ...], encodings: tuple[Encoding, ...]) -> TableEncoding:
        """Put fitted encodings together."""
        first = frozenset(i for i, plan in enumerate(plans) if plan.rebalance)
        return cls(
            names=tuple(p.name for p in plans),
            types=tuple(p.type for p in plans),
            reasons=tuple(f"{p.encoding}: {p.reason}" if p.reason else str(p.encoding) for p in plans),
            encodings=encodings,
            first=first,
            layout=Layout.of(encodings, first),
        )

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the table."""
        return pa.schema([pa.field(n, t) for n, t in zip(self.names, self.types, strict=True)])

    def places(self, column: int) -> np.ndarray:
        """Give the places of a column's tokens in the layout, in field order."""
        at = np.flatnonzero(self.layout.column == column)
        return at[np.argsort(self.layout.field[at])]

    def encode(self, batch: pa.RecordBatch | pa.Table) -> np.ndarray:
        """Give int16 tokens in the layout's order, shape (n, tokens)."""
        out = np.zeros((batch.num_rows, self.layout.tokens), np.int16)
        for column, encoding in enumerate(self.encodings):
            at = self.places(column)
            if len(at):
                out[:, at] = encoding.encode(plain(batch.column(column)))
        return out

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.RecordBatch:
        """Make a record batch of the table's schema from tokens, shape (n, tokens)."""
        arrays = []
        for column, (encoding, kind) in enumerate(zip(self.encodings, self.types, strict=True)):
            at = self.places(column)
            arrays.append(restore(encoding.decode(np.ascontiguousarray(tokens[:, at]), draw), kind))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def summary(self) -> dict[str, Any]:
        """Give JSON-ready facts per column: encoding, tokens, reason."""
        columns = {}
        for column, name in enumerate(self.names):
            at = self.places(column)
            columns[name] = {
                "encoding": self.encodings[column].kind,
                "tokens": [int(c) for c in self.layout.cardinality[at]],
                "reason": self.reasons[column],
            }
        return {"columns": columns, "tokens": self.layout.tokens}

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "names": list(self.names),
            "types": [type_to_text(t) for t in self.types],
            "reasons": list(self.reasons),
            "first": sorted(self.first),
            "encodings": [e.to_dict() for e in self.encodings],
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> TableEncoding:
        """Take back what :meth:`to_dict` gave; damage raises :class:`ArtefactError`."""
        try:
            names, first = tuple(state["names"]), frozenset(int(i) for i in state["first"])
            types, reasons = tuple(type_from_text(t) for t in state["types"]), tuple(state["reasons"])
            states = list(state["encodings"])
        except (KeyError, TypeError, ValueError) as exc:
            msg = "the description of the table's encodings is damaged"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc
        encodings = tuple(encoding_from_dict(s) for s in states)
        if not len(names) == len(types) == len(reasons) == len(encodings):
            msg = "the description of the table's encodings has missing columns"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy")
        return cls(
            names=names,
            types=types,
            reasons=reasons,
            encodings=encodings,
            first=first,
            layout=Layout.of(encodings, first),
        )
