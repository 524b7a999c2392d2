"""All encodings of a table: record batches to tokens and back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define, evolve

from semblant.detection import together
from semblant.errors import ArtefactError, ModelError
from semblant.vocabulary import EncodingType
from semblant_models.tabular.encodings import Draw, Gap, encoding_from_dict, fit_encoding, fit_gap, gap_from_dict
from semblant_models.tabular.encodings.arrow import plain, restore, type_from_text, type_to_text
from semblant_models.tabular.layout import Layout
from semblant_models.tabular.pairs import PlacePair, find_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.training import ColumnPlan, TrainingTable
    from semblant_models.tabular.encodings import Encoding


@define(eq=False)
class TableEncoding:
    """The encodings of a table's columns, in table order, and the layout of their tokens."""

    names: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    reasons: tuple[str, ...]
    encodings: tuple[Encoding | Gap, ...]
    first: frozenset[int]
    layout: Layout
    pairs: tuple[PlacePair, ...] = ()
    """Latitudes and longitudes that are one place."""

    @classmethod
    def fit(cls, training: TrainingTable, sample: pa.Table, subjects: np.ndarray | None) -> TableEncoding:
        """Fit every column on the same sampled rows."""
        encodings: list[Encoding | Gap] = []
        plans = list(training.columns)
        for place, plan in enumerate(training.columns):
            values, gap = sample.column(place), _gap_of(place, training.columns, sample)
            if gap is None:
                encodings.append(fit_encoding(plan, values, subjects, training.min_subjects))
                continue
            anchors = plain(sample.column(gap.anchor))
            encodings.append(fit_gap(plan, values, anchors, gap, subjects, training.min_subjects))
            plans[place] = evolve(plan, reason=gap.reason)
        return evolve(
            cls.of(tuple(plans), tuple(encodings)),
            pairs=find_pairs(training.columns, encodings, sample, subjects, training.min_subjects),
        )

    @classmethod
    def of(cls, plans: tuple[ColumnPlan, ...], encodings: tuple[Encoding | Gap, ...]) -> TableEncoding:
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
        return self._places[column]

    @cached_property
    def _places(self) -> list[np.ndarray]:
        found = [np.flatnonzero(self.layout.column == column) for column in range(len(self.encodings))]
        return [at[np.argsort(self.layout.field[at])] for at in found]

    def encode(self, batch: pa.RecordBatch | pa.Table) -> np.ndarray:
        """Give int16 tokens in the layout's order, shape (n, tokens)."""
        out = np.zeros((batch.num_rows, self.layout.tokens), np.int16)
        for column in range(len(self.encodings)):
            at = self.places(column)
            if len(at):
                out[:, at] = self.encode_column(column, {c: batch.column(c) for c in self.needed(column)})
        return out

    def needed(self, column: int) -> tuple[int, ...]:
        """Give the columns whose values a column's tokens depend on: itself, and its anchor where it has one."""
        encoding = self.encodings[column]
        return (column, self.names.index(encoding.anchor)) if isinstance(encoding, Gap) else (column,)

    def encode_column(self, column: int, values: Mapping[int, pa.Array | pa.ChunkedArray]) -> np.ndarray:
        """Give int32 tokens of one column, shape (n, its tokens), from the values of the columns it needs."""
        encoding = self.encodings[column]
        if isinstance(encoding, Gap):
            return encoding.encode(*(plain(values[c]) for c in self.needed(column)))
        return encoding.encode(plain(values[column]))

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.RecordBatch:
        """Make a record batch of the table's schema from tokens, shape (n, tokens)."""
        made: list[pa.Array] = []
        for column, encoding in enumerate(self.encodings):
            own = np.ascontiguousarray(tokens[:, self.places(column)])
            if isinstance(encoding, Gap):
                made.append(encoding.decode(own, draw, made[self.needed(column)[1]]))
            else:
                made.append(encoding.decode(own, draw))
        for pair in self.pairs:
            pair.protect(made, draw.rng)
        arrays = [restore(array, kind) for array, kind in zip(made, self.types, strict=True)]
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
            "pairs": [pair.to_dict() for pair in self.pairs],
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> TableEncoding:
        """Take back what :meth:`to_dict` gave; damage raises :class:`ArtefactError`."""
        try:
            names, first = tuple(state["names"]), frozenset(int(i) for i in state["first"])
            types, reasons = tuple(type_from_text(t) for t in state["types"]), tuple(state["reasons"])
            states = list(state["encodings"])
            pairs = tuple(PlacePair.from_dict(pair) for pair in state.get("pairs", ()))
        except (KeyError, TypeError, ValueError) as exc:
            msg = "the description of the table's encodings is damaged"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc
        encodings = tuple(gap_from_dict(s) if s.get("kind") == Gap.kind else encoding_from_dict(s) for s in states)
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
            pairs=pairs,
        )


def _gap_of(place: int, plans: tuple[ColumnPlan, ...], sample: pa.Table) -> together.Gap | None:
    """Decide whether a moment is learned from another column's: as the spec says, else as the data say."""
    plan, days = plans[place], (EncodingType.DATE, EncodingType.DATETIME)
    wanted = plan.options.get("relative_to", "auto")
    if plan.encoding not in days or plan.rebalance or wanted is None:
        return None
    before = {p.name: plain(sample.column(p.name)) for p in plans[: place + 1] if p.encoding in days}
    before = {name: values for name, values in before.items() if not pa.types.is_null(values.type)}
    if plan.name not in before:
        return None
    if wanted == "auto":
        return together.find_gap(plan.name, before)
    if wanted == plan.name or wanted not in before:
        msg = f"column '{plan.name}' cannot be learned from '{wanted}': that is no date or datetime column before it"
        raise ModelError(msg, fix=f"name one of: {', '.join(n for n in before if n != plan.name) or 'none is there'}")
    return together.gap_to(str(wanted), before[plan.name], before[str(wanted)])
