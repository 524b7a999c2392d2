"""Rows that the protection of large numbers of rows takes away are given back to parents that have most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from attrs import asdict, frozen

from semblant_models.tabular.encodings import Draw

if TYPE_CHECKING:
    from semblant_models.tabular.encodings import Encoding

_MOST: Final = 1.0
"""Largest mean excess: one parent with most of all rows is not made up for by others."""
_DRAWS: Final = 8


@frozen
class Lift:
    """Gives the largest numbers of rows a tail, so that on average there are as many rows as in the data.

    What fewer subjects have than the smallest group comes out as the largest number that is held by enough. Below sixty
    parents that took a tenth of all rows, and another tenth on each level below. The excess over that number is drawn
    from an exponential distribution: of all with this mean the one that says no more (Jaynes 1957). Its mean follows
    from the sum of all rows, which a generator tells anyway.

    >>> lift = Lift(least=4.0, excess=0.5)
    >>> lift.lifted(np.array([0.0, 1.0, 3.0]), np.random.default_rng(0)).tolist()
    [0.0, 1.0, 3.0]
    >>> float(lift.lifted(np.full(100_000, 4.0), np.random.default_rng(0)).mean().round(1))
    6.0
    """

    least: float = 0.0
    """The number that larger ones come out as."""
    excess: float = 0.0
    """Mean excess over it, as a share of it."""

    @classmethod
    def fit(cls, encoding: Encoding, numbers: np.ndarray) -> Lift:
        """Compare whole numbers of rows with what comes back of them."""
        rng, codes = np.random.default_rng(len(numbers)), encoding.encode(pa.array(numbers, pa.int64()))
        back = [encoding.decode(codes, Draw(rng=rng)).to_numpy(zero_copy_only=False) for _ in range(_DRAWS)]
        made = np.maximum(np.concatenate(back), 0.0)
        missing = float(_DRAWS * numbers.sum() - made.sum())
        if missing <= 0 or not (made > 0).any():
            return cls()
        least = float(made.max())
        return cls(least, min(missing / float(made[made >= least].sum()), _MOST))

    def lifted(self, numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Give numbers of rows, float64, as many or more."""
        if not self.excess:
            return numbers
        tail = numbers * (1.0 + self.excess * rng.exponential(size=len(numbers)))
        return np.where(numbers >= self.least, tail, numbers)

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return asdict(self)
