"""What every encoding has: fields of tokens, both ways, and a state in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pyarrow as pa


@frozen(kw_only=True)
class Field:
    """One token of a column.

    ``parent`` is the place, within the same encoding, of the field whose code decides which codes
    are possible here (the coarse part of a number, the group of a category); where ``loose``, it
    decides code 0 alone, and every other code that occurs stays possible beside it. ``phase`` orders
    the fields of a table: all of phase 0 come before all of phase 1. ``blocked`` codes are learned
    and never drawn.
    """

    cardinality: int
    phase: int = 0
    parent: int | None = None
    ordered: bool = False
    blocked: tuple[int, ...] = ()
    loose: bool = False


@frozen(kw_only=True)
class Sample:
    """What an encoding is fitted on: a uniform sample of a column's training rows.

    ``subjects`` (uint64, aligned with ``values``) is None when every row is a subject of its own.
    """

    values: pa.Array
    subjects: np.ndarray | None = None
    min_subjects: int = 10
    options: Mapping[str, Any] = field(factory=dict)
    column: str = ""


@frozen(kw_only=True)
class Draw:
    """What decoding needs beyond tokens: noise, and the place of the first row in the whole output."""

    rng: np.random.Generator
    first_row: int = 0
    all_rows: int = 0
    """Rows of the whole output, 0 where unknown: what is made unique is made so for that many."""


class Encoding(Protocol):
    """A fitted column: the only thing about the data that goes into the artefact."""

    kind: ClassVar[str]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The tokens of the column, in the order of the arrays below."""

    def encode(self, values: pa.Array) -> np.ndarray:
        """Give int32 tokens, shape (n, fields)."""

    def decode(self, tokens: np.ndarray, draw: Draw) -> pa.Array:
        """Make values from tokens, shape (n, fields); the column's own Arrow type."""

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON; ``from_dict`` of the class takes it back."""
