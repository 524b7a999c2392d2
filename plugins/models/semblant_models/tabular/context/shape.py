"""The static shape of what a network is conditioned on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

CENTRE = 8192
"""Where a dense value of 0 lies among the codes of dense values."""
UNIT = 4096
"""Codes per unit of a dense value."""


@frozen(kw_only=True)
class ContextShape:
    """Tokens and dense values that a row is conditioned on; they stand behind the row's own tokens."""

    cardinality: tuple[int, ...]
    dense: int
    """Numbers in fixed point (see :func:`to_codes`)."""
    embedding: int
    width: int
    """Width of the vector that they become."""
    ordered: tuple[bool, ...] = ()
    """Which of the tokens are numbers."""
    direct: bool = False
    """Whether a row's tokens see the whole context also as it is, beside that vector: not its numbers only."""

    @property
    def columns(self) -> int:
        """Columns behind a row's own tokens."""
        return len(self.cardinality) + self.dense

    @property
    def numbers(self) -> int:
        """Numbers that are seen as they are: the dense ones, and the rank of each token that is a number."""
        return self.dense + sum(self.ordered)

    @property
    def inputs(self) -> int:
        """Numbers that go into the first layer."""
        return len(self.cardinality) * self.embedding + self.numbers

    @property
    def offsets(self) -> np.ndarray:
        """Where each token's rows begin in the embedding table; int32, shape (tokens,)."""
        return np.concatenate([[0], np.cumsum(self.cardinality)]).astype(np.int32)[:-1]


@frozen(kw_only=True)
class Seen:
    """What the rows of a network see of their context."""

    cardinality: Sequence[int]
    dense: int = 0
    ordered: Sequence[bool] = ()
    """Which of the tokens are numbers: their ranks are seen also as they are."""
    direct: bool = False
    """Whether all tokens are."""


def to_codes(values: np.ndarray) -> np.ndarray:
    """Write numbers from -2 to 2 as int16 in fixed point, so that tokens and numbers share one matrix.

    >>> to_codes(np.array([0.0, 0.5, 9.0])).tolist()
    [8192, 10240, 16384]
    """
    return np.asarray(np.rint(np.clip(values, -2.0, 2.0) * UNIT + CENTRE).astype(np.int16))
