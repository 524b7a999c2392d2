"""Releases that are recorded once and played again over a neighbouring table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from semblant.privacy import NullAccount
from semblant_models.privacy.preprocessing.releases import Releases, SeededNoise

if TYPE_CHECKING:
    from collections.abc import Sequence


class Recorded(Releases):
    """Keeps the exact vectors that it was handed, and what it gave for them."""

    def __init__(self, seed: int = 0, reach: float = 1.0) -> None:
        super().__init__(NullAccount(), SeededNoise(np.random.default_rng(seed)), reach=reach)
        self.exact: list[tuple[str, list[np.ndarray], float]] = []
        self.given: list[list[np.ndarray] | list[tuple[np.ndarray, np.ndarray]]] = []

    def noisy(
        self, what: str, vectors: Sequence[np.ndarray], deviations: Sequence[float], *, sensitivity: float = 1.0
    ) -> list[np.ndarray]:
        given = super().noisy(what, vectors, deviations, sensitivity=sensitivity)
        self.exact.append((what, [np.array(v, float) for v in vectors], sensitivity * self.reach))
        self.given.append(given)
        return given

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
        given = super().frequent(what, vectors, deviations, delta=delta, public=public, least=least, chances=chances)
        self.exact.append((what, [np.array(v, float) for v in vectors], self.reach))
        self.given.append(given)
        return given


class Replayed(Recorded):
    """Hands out what another one gave, whatever the data are: the same releases over a neighbouring table."""

    def __init__(self, first: Recorded, seed: int = 0) -> None:
        super().__init__(seed, first.reach)
        self._first = first

    def noisy(
        self, what: str, vectors: Sequence[np.ndarray], deviations: Sequence[float], *, sensitivity: float = 1.0
    ) -> list[np.ndarray]:
        super().noisy(what, vectors, deviations, sensitivity=sensitivity)
        return self._again(what)  # type: ignore[return-value]

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
        super().frequent(what, vectors, deviations, delta=delta, public=public, least=least, chances=chances)
        return self._again(what)  # type: ignore[return-value]

    def _again(self, what: str) -> list[np.ndarray] | list[tuple[np.ndarray, np.ndarray]]:
        place = len(self.exact) - 1
        assert self._first.exact[place][0] == what, "another release than over the first table"
        return self._first.given[place]


def moved(first: Recorded, other: Recorded) -> list[tuple[str, float, float]]:
    """Give per vector what was released, how far (L2) the exact ones are apart, and what is claimed of it."""
    out = []
    for (what, one, claimed), (_, two, _) in zip(first.exact, other.exact, strict=True):
        for left, right in zip(one, two, strict=True):
            size = max(left.size, right.size)
            a, b = (np.pad(v.reshape(-1), (0, size - v.size)) for v in (left, right))
            out.append((what, float(np.linalg.norm(a - b)), claimed))
    return out
