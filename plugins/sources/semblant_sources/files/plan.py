"""How a column of a text file is read: the type, how its cells are understood, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from semblant_sources.files.kinds import is_sentinel
from semblant_sources.files.matching import among, stripped

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from semblant_sources.files.kinds import Kind


class UnfitCellError(Exception):
    """A cell is not of the type that the rows before it showed; ``row`` counts within the batch."""

    def __init__(self, row: int, text: str) -> None:
        """Keep the place and the text."""
        super().__init__(row, text)
        self.row = row
        self.text = text


@frozen(kw_only=True)
class ColumnPlan:
    """A column with its type; ``kind`` is None for text."""

    name: str
    index: int
    type: pa.DataType
    kind: Kind | None = None
    parse: Callable[[pl.Series], pl.Series] | None = None
    """Instead of the kind's own; for whole numbers with separators."""
    missing: frozenset[str] = frozenset()
    """Texts that are read as missing, beside the usual words for it."""
    trim: bool = False
    notes: tuple[str, ...] = ()

    def cast(self, cells: pa.Array) -> pa.Array:
        """Turn texts into values of :attr:`type`.

        :raises UnfitCellError: for the first cell that is neither of the kind nor missing.
        """
        if self.kind is None:
            if not self.trim:
                return cells
            return stripped(pl.Series(pl.from_arrow(cells))).to_arrow().cast(self.type)
        texts = stripped(pl.Series(pl.from_arrow(cells)))
        absent = texts.is_null() | is_sentinel(texts).fill_null(value=True)
        if self.missing:
            absent |= among(texts, self.missing).fill_null(value=True)
        known = texts.zip_with(~absent, pl.Series([None], dtype=pl.String).new_from_index(0, len(texts)))
        values = (self.parse or self.kind.parse)(known)
        unfit = (values.is_null() | ~self.kind.conforms(known).fill_null(value=False)) & ~absent
        if unfit.any():
            row = int(unfit.arg_true()[0])
            raise UnfitCellError(row, cells[row].as_py())
        return values.to_arrow().cast(self.type)
