"""Nested values taken apart, level by level: what stands at a place in each row, and what is inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field

if TYPE_CHECKING:
    import pyarrow as pa

ABSENT, NULL = 0, 1
STATES = ("absent", "null", "value", "boolean", "integer", "number", "text", "raw", "record", "list")
"""What can stand at a place. ``value`` is a scalar of an Arrow type; the next four are those of JSON; ``raw`` is
text that should be JSON and is not."""
STATE = {name: place for place, name in enumerate(STATES)}
RECORD, LIST = STATE["record"], STATE["list"]


@define(eq=False)
class Shred:
    """One place of a nested column in ``n`` rows.

    ``state``: int8, shape (n,), places in ``STATES``. ``scalars``: per kind an array of n values, null where
    something else stands. ``members``: per name what stands in the records, n rows each. ``lengths``: int64,
    shape (n,), 0 where there is no list. ``elements``: what stands in the lists, one row per element.
    """

    state: np.ndarray
    scalars: dict[str, pa.Array] = field(factory=dict)
    members: dict[str, Shred] = field(factory=dict)
    lengths: np.ndarray = field(factory=lambda: np.zeros(0, np.int64))
    elements: Shred | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.state)


def element_rows(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the row of each element and its position in its list, for lists of these lengths.

    >>> [part.tolist() for part in element_rows(np.array([2, 0, 1]))]
    [[0, 0, 2], [0, 1, 0]]
    """
    rows = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    return rows, np.arange(len(rows)) - starts[rows]
