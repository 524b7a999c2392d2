"""The one door of noisy counts: each release is charged before its noise is drawn."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Protocol

import dp_accounting
import numpy as np
from attrs import define

from semblant_models.privacy.account import BudgetAccount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.privacy import PrivacyAccount

_NORMAL = NormalDist()


class Noise(Protocol):
    """Where noise comes from: :class:`~semblant_models.privacy.noise.NoiseStream`, or what a test injects."""

    def gaussian(self, scale: float, shape: tuple[int, ...] = ()) -> np.ndarray:
        """Draw normal noise of standard deviation ``scale``, float64."""
        ...

    def seed(self) -> int:
        """Give 63 bits to start an ordinary generator with, for what needs no secrecy."""
        ...


@define
class SeededNoise:
    """Noise of a run without a promise: repeatable, and no protection against who knows the seed.

    >>> SeededNoise(np.random.default_rng(0)).gaussian(2.0, (3,)).shape
    (3,)
    """

    rng: np.random.Generator

    def gaussian(self, scale: float, shape: tuple[int, ...] = ()) -> np.ndarray:
        """Draw normal noise."""
        return self.rng.normal(0.0, scale, shape)

    def seed(self) -> int:
        """Draw 63 bits."""
        return int(self.rng.integers(2**63 - 1))


@define
class Releases:
    """Adds noise to counts and charges for it.

    ``deviation`` is the standard deviation of the noise in rows. Every vector that is released must change by at
    most ``sensitivity`` (L2) when one row is added or removed, so by ``reach`` times as much for a subject; several
    vectors released together are charged as the one Gaussian mechanism that they are (1 / s**2 adds up).
    """

    account: PrivacyAccount
    noise: Noise
    precision: float = 0.0
    """Sum of (sensitivity / deviation) ** 2 of all releases: rho is half of it."""
    delta: float = 0.0
    """Spent beside it."""
    reach: float = 1.0
    """Rows that one subject adds or takes away at most: a vector changes by this factor more than by a single row."""
    named: str = ""
    """Stands before the name of each release: what it belongs to."""

    def noisy(
        self, what: str, vectors: Sequence[np.ndarray], deviations: Sequence[float], *, sensitivity: float = 1.0
    ) -> list[np.ndarray]:
        """Release several count vectors with Gaussian noise.

        :returns: float64 arrays of the shapes of ``vectors``.
        """
        if not vectors:
            return []
        self._charge(what, deviations, sensitivity * self.reach, 0.0)
        return [
            np.asarray(vector, np.float64) + self.noise.gaussian(deviation, np.shape(vector))
            for vector, deviation in zip(vectors, deviations, strict=True)
        ]

    def frequent(
        self,
        what: str,
        vectors: Sequence[np.ndarray],
        deviations: Sequence[float],
        *,
        delta: float,
        public: int = 0,
        least: float = 1.0,
        chances: int = 1,
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Release which of unknown values are frequent, with their noisy counts (Gaussian partition selection).

        A value held by one row alone stays below ``1 + s * z`` but with probability ``delta`` per vector, where z is
        the quantile of ``1 - delta`` (Korolova et al. 2009; Swanberg et al. 2023 with Gaussian noise); a row adds one
        value to each vector. A subject of k rows adds k at most to one value, or has k values: ``k + s * z`` with the
        quantile of ``1 - delta / k``.

        :param public: so many cells at the front of each vector are known to exist and always kept.
        :param least: counts below it are not told either, whatever the noise.
        :param chances: values that a row may add to each vector, where its whole change has length 1 still.
        :returns: per vector the positions that are kept, rising, and their noisy counts.
        """
        if not vectors:
            return []
        self._charge(what, deviations, self.reach, delta * len(vectors))
        out = []
        for counts, deviation in zip(vectors, deviations, strict=True):
            noisy = np.asarray(counts, np.float64) + self.noise.gaussian(deviation, np.shape(counts))
            bound = max(threshold(deviation, delta / (self.reach * chances), self.reach), least)
            kept = np.flatnonzero((noisy > bound) | (np.arange(len(noisy)) < public))
            out.append((kept, noisy[kept]))
        return out

    def _charge(self, what: str, deviations: Sequence[float], sensitivity: float, delta: float) -> None:
        precision = sum((sensitivity / deviation) ** 2 for deviation in deviations)
        event, what = dp_accounting.GaussianDpEvent(precision**-0.5), self.named + what
        self.precision += precision
        self.delta += delta
        if delta and isinstance(self.account, BudgetAccount):
            self.account.charge(event, what, delta=delta)
        else:
            self.account.charge(event, what)


def threshold(deviation: float, delta: float, held: float = 1.0) -> float:
    """Give what a noisy count must exceed so that ``held`` rows alone exceed it with probability ``delta``.

    >>> round(threshold(10.0, 1e-6), 1)
    48.5
    """
    return held + deviation * _NORMAL.inv_cdf(1.0 - delta)
