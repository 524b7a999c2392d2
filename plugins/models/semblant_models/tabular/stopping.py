"""When training ends by itself: it gains too little, or what it gains is memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semblant_models.schedule import Progress
    from semblant_models.tabular.recipe import Recipe

_COOLED_IN_VAIN = 2
"""Validations of the falling rate without a better one after which it ends: more of it is memory."""
LEAST_STEPS = 150
"""Steps before an early stop is thought of."""
TRANSFER = 0.35
"""What held-out rows must gain of each nat that training rows gain; below it the rest makes nearer copies."""
_COOLING_TRANSFER = 0.25
"""The same while the rate falls: that is short, and it is worth more to the rows drawn than to the loss."""


def early_stop(progress: Progress, recipe: Recipe) -> None:
    """End where the latest validations gained too little each, or gained on the training rows only.

    Where the last one was still the best, the rate falls for a share of the steps done first; where the loss
    rises already, a lower rate has nothing to win (0008). The gain is counted per validation, so that many small
    gains do not add up to go on for ever. With ``early_stop_delta: 0`` nothing ends it but the last step.
    """
    remembers = recipe.early_stop_delta > 0 and recipe.minds_memory and _remembers(progress, recipe.patience)
    if remembers and not (recipe.cools_first and recipe.adaptive):
        progress.stopped = "early stop"
        return
    if progress.cool_from is not None:
        if recipe.early_stop_delta == 0:
            return
        cooling = [entry for entry in progress.history if entry["step"] > progress.cool_from]
        if len(cooling) >= _COOLED_IN_VAIN and progress.best_step < cooling[-_COOLED_IN_VAIN]["step"]:
            progress.stopped = "early stop"
        return
    losses = [entry["validation_loss"] for entry in progress.history]
    enough = recipe.enough is not None and recipe.early_stop_delta > 0 and progress.step >= recipe.enough
    if not remembers and not enough and _gains(losses, progress, recipe):
        return
    if not recipe.adaptive or losses[-1] > min(losses):
        progress.stopped = "early stop"
        return
    progress.cool_from = progress.step
    progress.end = min(progress.end, progress.step + max(round(progress.step * recipe.cool_share), 1))


def _gains(losses: list[float], progress: Progress, recipe: Recipe) -> bool:
    """Tell whether the latest validations gained enough to go on, or are too few to say."""
    window = recipe.patience
    if progress.step < LEAST_STEPS or len(losses) <= window:
        return True
    gain = (min(losses[:-window]) - min(losses)) / window
    return gain > 0 and gain >= recipe.early_stop_delta * abs(min(losses))


def _remembers(progress: Progress, window: int) -> bool:
    """Tell whether little of what the training rows gained in the last validations came to held-out rows too."""
    if progress.step < LEAST_STEPS or len(progress.history) <= window:
        return False
    before, now = progress.history[-1 - window], progress.history[-1]
    if "seen_loss" not in before:
        return False
    gained, wanted = before["seen_loss"] - now["seen_loss"], TRANSFER
    if progress.cool_from is not None:
        wanted = _COOLING_TRANSFER
    return gained > 0 and before["validation_loss"] - now["validation_loss"] < wanted * gained
