"""Private training with a bug planted in it: each breaks the promise in a way that has been found in published code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define, evolve

from semblant.privacy import NullAccount
from semblant_models.privacy.noise import KEY_BYTES
from tests.plugins.models.privacy.auditing import Finding, Watched, audit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from semblant_models.privacy.descent.training import Weights


@define(eq=False)
class NoNoise(Watched):
    def noisy(self, total: Weights) -> Weights:
        self.descent = evolve(self.descent, noise_multiplier=0.0)
        return Watched.noisy(self, total)


@define(eq=False)
class HalfNoise(Watched):
    halved: bool = False

    def noisy(self, total: Weights) -> Weights:
        if not self.halved:
            self.descent, self.halved = evolve(self.descent, noise_multiplier=self.descent.noise_multiplier / 2), True
        return Watched.noisy(self, total)


@define(eq=False)
class NoClipping(Watched):
    def clipped(self, weights: Weights, tokens: np.ndarray, chosen: NDArray[np.int64]) -> Weights:
        clip = self.descent.clip
        self.descent = evolve(self.descent, clip=1e9)
        made = Watched.clipped(self, weights, tokens, chosen)
        self.descent = evolve(self.descent, clip=clip)
        return made


@define(eq=False)
class BatchClipping(NoClipping):
    """The mean of the batch is clipped, not each example."""

    def clipped(self, weights: Weights, tokens: np.ndarray, chosen: NDArray[np.int64]) -> Weights:
        made = NoClipping.clipped(self, weights, tokens, chosen)
        size = max(len(chosen), 1)
        length = np.sqrt(sum(float((value**2).sum()) for value in made.values())) / size
        return {name: value * min(1.0, self.descent.clip / max(length, 1e-12)) for name, value in made.items()}


@define(eq=False)
class Shuffled(Watched):
    """Batches of one size, drawn without replacement, accounted as Poisson batches."""

    def batch(self, rows: int) -> NDArray[np.int64]:
        return np.sort(np.random.default_rng().permutation(rows)[: self.descent.batch_size])


@define(eq=False)
class SameNoise(Watched):
    def noisy(self, total: Weights) -> Weights:
        self.noise = type(self.noise)(bytes(KEY_BYTES))
        return Watched.noisy(self, total)


@define(eq=False)
class LargerBatches(Watched):
    """Rows are chosen twice as often as is accounted."""

    def batch(self, rows: int) -> NDArray[np.int64]:
        return self.noise.poisson_batch(rows, self.descent.rate)


BUGS: dict[str, Callable[[float], Finding]] = {
    "no noise": lambda epsilon: audit(epsilon, NoNoise),
    "half of the noise": lambda epsilon: audit(epsilon, HalfNoise),
    "no clipping": lambda epsilon: audit(epsilon, NoClipping),
    "the batch is clipped, not the examples": lambda epsilon: audit(epsilon, BatchClipping),
    "shuffled batches accounted as Poisson ones": lambda epsilon: audit(epsilon, Shuffled),
    "the number of subjects is taken for twice as large": lambda epsilon: audit(
        epsilon, LargerBatches, claimed=lambda descent: evolve(descent, rows=2 * descent.rows)
    ),
    "the same noise at each step": lambda epsilon: audit(epsilon, SameNoise),
    "noise from a seed": lambda epsilon: audit(epsilon, key=bytes(KEY_BYTES)),
    "preprocessing that nobody charged": lambda epsilon: audit(epsilon, account=lambda _: NullAccount()),
    "training that is not composed with the rest": lambda epsilon: audit(epsilon, composed=False),
}
"""Per bug what audits it."""
