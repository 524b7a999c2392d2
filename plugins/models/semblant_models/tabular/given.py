"""Putting given values into drawn rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semblant.detection.together import microseconds
from semblant_models.tabular.encodings import Gap
from semblant_models.tabular.encodings.arrow import plain, restore
from semblant_models.tabular.encodings.gap import shifted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant_models.tabular.table import TableEncoding


def put_given(
    encoding: TableEncoding, batch: pa.RecordBatch, given: Mapping[int, tuple[pa.Array, np.ndarray]]
) -> pa.RecordBatch:
    """Put given values in: per column plain values, and the rows, bool, shape (n,), that have one.

    Where a moment is given and the one that it was learned from is not, that one moves with it, so that
    the time between them is the drawn one.
    """
    if not given:
        return batch
    arrays = [plain(column) for column in batch.columns]
    moves: dict[int, np.ndarray] = {}
    for column in range(len(arrays) - 1, -1, -1):
        drawn, own = arrays[column], encoding.encodings[column]
        if column in moves:
            arrays[column] = shifted(drawn, moves[column])
        if column in given:
            values, there = given[column]
            arrays[column] = pc.if_else(pa.array(there), values, arrays[column])
        if isinstance(own, Gap) and (column in moves or column in given):
            both = pc.and_(drawn.is_valid(), arrays[column].is_valid()).to_numpy(zero_copy_only=False)
            by = np.where(both, microseconds(arrays[column]) - microseconds(drawn), 0)
            anchor = encoding.needed(column)[1]
            moves[anchor] = moves.get(anchor, np.zeros(len(by), np.int64)) + by
    made = [restore(array, kind) for array, kind in zip(arrays, encoding.types, strict=True)]
    return pa.RecordBatch.from_arrays(made, schema=encoding.schema)


def given_tokens(
    encoding: TableEncoding, given: Mapping[int, tuple[pa.Array, np.ndarray]], rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give codes, int32, and which of them are given, bool, both of shape (rows, tokens).

    A moment that is learned from another one is given where both are.
    """
    codes = np.zeros((rows, encoding.layout.tokens), np.int32)
    mask = np.zeros((rows, encoding.layout.tokens), bool)
    for column in given:
        at, needed = encoding.places(column), encoding.needed(column)
        if len(at) and all(c in given for c in needed):
            codes[:, at] = encoding.encode_column(column, {c: given[c][0] for c in needed})
            mask[:, at] = np.logical_and.reduce([given[c][1] for c in needed])[:, None]
    return codes, mask
