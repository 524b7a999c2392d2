"""How the budget of preprocessing is divided among its releases."""

from __future__ import annotations

import math

from attrs import frozen

COUNT, VOTE, VALUES, SINGLES, BOUNDS, COARSE, FINE = 0.5, 0.1, 2.0, 1.6, 0.3, 0.5, 0.6
"""Weights of the releases: the number of rows; and per column the votes for its step, the counts of its categories,
of its frequent single numbers, of powers of two, of coarse cells, of fine cells."""


@frozen(kw_only=True)
class Budget:
    """What preprocessing may spend, and what comes after it (which decides how many codes are worth having).

    >>> budget = Budget(rho=0.005, delta=1e-7, later=0.02, parts=10.0)
    >>> round(budget.deviation(1.0), 1)
    31.6
    """

    rho: float
    """Of all releases of preprocessing together."""
    delta: float
    """Of the partition selection of all columns together."""
    later: float
    """Rho of what is measured afterwards with the codes."""
    parts: float
    """Sum of the weights of all releases."""

    def deviation(self, weight: float) -> float:
        """Give the standard deviation of the noise of a release of sensitivity 1."""
        return math.sqrt(self.parts / (2.0 * self.rho * weight))
