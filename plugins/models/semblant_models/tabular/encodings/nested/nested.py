"""The encoding of a nested column: one tree of places, each with tokens of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
from attrs import define, evolve

from semblant.errors import DataError, ModelError
from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text
from semblant_models.tabular.encodings.nested.arrow_form import arrow_of, shred_arrow
from semblant_models.tabular.encodings.nested.fit import MOST_TOKENS, Fitting
from semblant_models.tabular.encodings.nested.json_form import Writing, parsed, shred_json, texts_of
from semblant_models.tabular.encodings.nested.node import Node

if TYPE_CHECKING:
    from semblant_models.tabular.encodings.encoding import Draw, Field, Sample
    from semblant_models.tabular.encodings.nested.shred import Shred

_FITTED_ROWS = 100_000


@define(eq=False)
class Nested:
    """A column of lists, structs, maps or JSON texts.

    >>> from semblant_models.tabular.encodings import Draw, Sample
    >>> values = pa.array(['{"a": 1, "b": []}', '{"a": null}', None] * 20, pa.large_string())
    >>> column = Nested.fit(Sample(values=values))
    >>> made = column.decode(column.encode(values), Draw(rng=np.random.default_rng(0)))
    >>> made.equals(values)
    True
    """

    kind: ClassVar[str] = "nested"

    type: pa.DataType
    root: Node
    writing: Writing | None = None
    """How JSON texts are written; None for Arrow types."""

    @classmethod
    def fit(cls, sample: Sample, *, keep: bool = False) -> Nested:
        """Learn every place; ``options['leave_out']`` names paths that stay empty.

        Where lists make too many fields, ever shorter ones are learned, and longer ones are cut.

        Raises:
            DataError: too many fields.
            ModelError: bytes inside, or two fields of one name.
        """
        values, subjects = sample.values, sample.subjects
        if subjects is None:
            subjects = np.arange(len(values), dtype=np.uint64)
        if len(values) > _FITTED_ROWS:
            pick = np.linspace(0, len(values) - 1, _FITTED_ROWS).astype(np.int64)
            values, subjects = values.take(pa.array(pick)), subjects[pick]
        kind = values.type
        left_out = frozenset(map(str, sample.options.get("leave_out", ())))
        _refuse(kind, sample.column, left_out)
        writing = None
        if pa.types.is_large_string(kind):
            writing = Writing.seen_in(values.drop_null().slice(0, 1000).to_pylist())
        fitting = Fitting(
            column=sample.column,
            least=1 if keep else sample.min_subjects,
            keep=keep,
            left_out=left_out,
        )
        shred = _shred(values)
        root = fitting.node(shred, subjects)
        while root.width() > MOST_TOKENS and fitting.most > 1:
            fitting = evolve(fitting, most=fitting.most // 2)
            root = fitting.node(shred, subjects)
        if root.width() > MOST_TOKENS:
            msg = f"column '{sample.column}' has {root.width():,} fields when taken apart, at most {MOST_TOKENS}"
            fix = f"leave parts of '{sample.column}' out with 'options: {{leave_out: [PATH]}}', or exclude it"
            raise DataError(f"{msg} can be learned", fix=fix)
        return cls(type=kind, root=root, writing=writing)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The tokens of every place, from the outside in."""
        out: list[Field] = []
        self.root.lay(out, None)
        return tuple(out)

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens; what was not learned (a rare key, a late element) is left out."""
        out: list[np.ndarray] = []
        self.root.encode(_shred(values), out)
        return np.stack(out, axis=1) if out else np.zeros((len(values), 0), np.int32)

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Put values together, in the column's type or as JSON in the manner of the data."""
        shred = self.root.decode(iter(tokens.T), draw, np.ones(len(tokens), bool))
        return texts_of(shred, self.writing) if self.writing else arrow_of(shred, self.type)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "kind": self.kind,
            "type": type_to_text(self.type),
            "root": self.root.to_dict(),
            "writing": self.writing.to_dict() if self.writing else None,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Nested:
        """Take back what :meth:`to_dict` gave."""
        return cls(
            type=type_from_text(state["type"]),
            root=Node.from_dict(state["root"]),
            writing=Writing(**state["writing"]) if state["writing"] else None,
        )


def _shred(values: pa.Array) -> Shred:
    return shred_json(parsed(values.to_pylist())) if pa.types.is_large_string(values.type) else shred_arrow(values)


def _refuse(kind: pa.DataType, column: str, left_out: frozenset[str], path: str = "") -> None:
    """Refuse what cannot be taken apart, by name."""
    if path and path in left_out:
        return
    reason = ""
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        reason = "holds bytes"
    elif pa.types.is_union(kind) or pa.types.is_run_end_encoded(kind):
        reason = f"is of type {kind}"
    elif pa.types.is_struct(kind) and len({kind.field(i).name for i in range(kind.num_fields)}) < kind.num_fields:
        reason = "has two fields of one name"
    if reason:
        where = f" at '{path}'" if path else ""
        msg = f"column '{column}'{where} {reason} and cannot be taken apart"
        raise ModelError(msg, fix=f"exclude '{column}' with 'include: false', or take the part out of the source")
    for index in range(kind.num_fields):
        name = kind.field(index).name
        below = (f"{path}.{name}" if path else name) if pa.types.is_struct(kind) else f"{path}[]"
        _refuse(kind.field(index).type, column, left_out, below)
