"""Which private backend suits a job, by what is public of it: epsilon and the number of columns, never the rows.

Measured on adult (decision 0016): up to epsilon 3 marginals are nearer in single columns and pairs and take half of the
time; above, rows of gradients are harder to tell from real ones, because they reach beyond pairs. Wide tables have more
pairs than a small budget can measure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from semblant.settings import AUTO

if TYPE_CHECKING:
    from semblant.spec.training import PrivacySpec

MOST_EPSILON: Final = 3.0
MOST_COLUMNS: Final = 32
_SUITS, _DOES, _NOT = 1.0, 0.5, 0.0


def gradients(privacy: PrivacySpec, columns: int) -> float:
    """Say how well DP-SGD suits: always somewhat.

    >>> from semblant.spec.training import PrivacySpec
    >>> [gradients(PrivacySpec(epsilon=e), 14) > marginals(PrivacySpec(epsilon=e), 14) for e in (0.5, 3, 4)]
    [False, False, True]
    """
    del privacy, columns
    return _DOES


def marginals(privacy: PrivacySpec, columns: int) -> float:
    """Say how well noisy marginals suit: best at small epsilon and few columns, not at all for a number of steps."""
    by_hand = {privacy.max_gradient_norm, privacy.max_physical_batch_size} != {AUTO}
    by_steps = by_hand or privacy.noise_multiplier is not None or privacy.steps is not None
    small = not by_steps and privacy.epsilon is not None and privacy.epsilon <= MOST_EPSILON
    return _SUITS if small and columns <= MOST_COLUMNS else _NOT
