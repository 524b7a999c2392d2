"""When training will probably end, from how the held-out loss has gained so far: for the time that is left.

Nobody knows beforehand when training stalls: of tables with as many rows, one stops after seven epochs, another
after sixteen. But gains fall like a power of the number of the validation (learning curves as power laws: Hestness
et al. 2017, *Deep Learning Scaling is Predictable, Empirically*, here along one training), so a line through their
logarithms tells when :mod:`~semblant_models.tabular.stopping` will find them too small, or find that they are memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from semblant_models.tabular.stopping import LEAST_STEPS, TRANSFER

if TYPE_CHECKING:
    from semblant_models.schedule import Progress
    from semblant_models.tabular.recipe import Recipe

_HELD = (-3.0, 1.0, 4)
"""Usual power of the gains on held-out rows; what it weighs against the gains seen, as a sum of squares of their
logarithmic numbers; and through how many of the latest the line is drawn."""
_SEEN = (-1.0, 0.36, 8)
"""The same for the rows that are trained on. All six were chosen on 36 trainings of 20 tables."""
_BEFOREHAND = 2.0
"""Gains that weigh as much as what was thought before there were any."""
_COOLED = 1.33
"""End of a training that cools down, against the step at which that began (at most 1.4)."""
_TINY = 0.05
"""A gain counts as no less than this part of what is too little: a single loss may rise."""
_NOTHING = 1e-9
"""What is too little in any case: where all columns are constant the loss is zero."""


def expected_end(progress: Progress, recipe: Recipe, usual: int) -> int:
    """Give the step at which training probably ends, never beyond the last one.

    :param usual: the step to expect as long as there are no gains to go by.
    """
    last = progress.end if recipe.stop_at is None else min(progress.end, recipe.stop_at)
    if recipe.early_stop_delta <= 0 or progress.cool_from is not None or progress.step >= last:
        return last
    last = int(min(last, recipe.longest))
    least = min(progress.step + recipe.validation_steps, last)
    if len(progress.history) < 2:
        return int(np.clip(usual, least, last))
    weight = len(progress.history) - 1
    gained = np.log(_stalled(progress, recipe, last))
    found = np.exp((weight * gained + _BEFOREHAND * np.log(max(usual, 1))) / (weight + _BEFOREHAND))
    return int(np.clip(found, least, last))


def _stalled(progress: Progress, recipe: Recipe, last: int) -> float:
    """Give the step at which the lines through the gains say that training ends."""
    held = np.array([entry["validation_loss"] for entry in progress.history])
    seen = np.array([entry.get("seen_loss", np.nan) for entry in progress.history])
    enough = max(recipe.early_stop_delta * abs(float(held.min())), _NOTHING)
    most = int(last // recipe.validation_steps) + 1
    gains = _continued(-np.diff(held), most, _TINY * enough, *_HELD)
    learned = _continued(-np.diff(seen), most, _TINY * enough, *_SEEN) if np.isfinite(seen).all() else gains
    window = recipe.patience
    first = max(len(held), window, -(-LEAST_STEPS // recipe.validation_steps))
    for number in range(first, len(gains)):
        gained = gains[number - window : number].sum()
        end = (number + 1) * recipe.validation_steps
        if gained < TRANSFER * learned[number - window : number].sum():
            return float(end)
        if gained < enough * window:
            return end * (_COOLED if recipe.adaptive else 1.0)
    return float(last)


def _continued(gains: np.ndarray, most: int, floor: float, usual: float, trust: float, latest: int) -> np.ndarray:
    """Give the gains seen, and those that come up to the ``most``-th validation, shape (most,) or all that were seen.

    >>> gains = 3.0 * np.arange(2.0, 8.0) ** -2
    >>> _continued(gains, 8, 1e-3, -2.0, 1.0, 4).round(3).tolist()
    [0.75, 0.333, 0.188, 0.12, 0.083, 0.061, 0.047, 0.037]
    """
    number = np.arange(2, len(gains) + 2)[-latest:]
    x, y = np.log(number), np.log(np.maximum(gains[-latest:], floor))
    across = x - x.mean()
    power = (across @ y + trust * usual) / (across @ across + trust)
    coming = np.arange(len(gains) + 2, most + 2)
    return np.concatenate([gains, np.exp(y.mean() + power * (np.log(coming) - x.mean()))])
