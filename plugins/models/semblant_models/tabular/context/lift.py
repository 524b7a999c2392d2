"""Rows that the protection of large numbers of rows takes away are given back to parents that have many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from attrs import asdict, frozen

from semblant_models.tabular.encodings import Draw

if TYPE_CHECKING:
    from semblant_models.tabular.encodings import Encoding

_TOP: Final = 0.8
"""Quantile of the numbers of rows but zero from which on they are lifted, where none is the largest below it."""
_MOST: Final = 2.0
"""Largest factor: one parent with most of all rows is not made up for by others."""
_DRAWS: Final = 8


@frozen
class Lift:
    """Multiplies numbers of rows from ``least`` on, so that on average there are as many rows as in the data.

    What fewer subjects have than the smallest group comes out smaller. Below sixty parents that took a tenth of all
    rows, and another tenth on each level below. Only the sum of all rows, which a generator tells anyway, is used.

    >>> Lift(least=2.0, factor=1.5).lifted(np.array([0.0, 1.0, 2.0, 4.0])).tolist()
    [0.0, 1.0, 3.0, 6.0]
    """

    least: float = 0.0
    factor: float = 1.0

    @classmethod
    def fit(cls, encoding: Encoding, numbers: np.ndarray) -> Lift:
        """Compare whole numbers of rows with what comes back of them."""
        rng, codes = np.random.default_rng(len(numbers)), encoding.encode(pa.array(numbers, pa.int64()))
        back = [encoding.decode(codes, Draw(rng=rng)).to_numpy(zero_copy_only=False) for _ in range(_DRAWS)]
        made = np.maximum(np.concatenate(back), 0.0)
        missing = float(_DRAWS * numbers.sum() - made.sum())
        if missing <= 0 or not (made > 0).any():
            return cls()
        least = min(float(made.max()), float(np.quantile(made[made > 0], _TOP)))
        return cls(least, min(1.0 + missing / float(made[made >= least].sum()), _MOST))

    def lifted(self, numbers: np.ndarray) -> np.ndarray:
        """Give numbers of rows, float64, as many or more."""
        return np.where(numbers >= self.least, numbers * self.factor, numbers)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return asdict(self)
