"""What the training of tables and that of texts have in common: where it stands, its rate, and who may end it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from attrs import define, field

if TYPE_CHECKING:
    from semblant.run import Run

_LAST_RATE = 0.02


class Schedule(Protocol):
    """What of a recipe says how training goes on."""

    @property
    def learning_rate(self) -> float:
        """The highest rate."""

    @property
    def adaptive(self) -> bool:
        """Whether the rate falls by itself."""

    @property
    def stop_at(self) -> int | None:
        """The step at which an earlier run was stopped."""

    @property
    def max_minutes(self) -> float | None:
        """The time that training may take."""


@define
class Progress:
    """Where training stands: all that a checkpoint holds besides arrays."""

    step: int = 0
    best_loss: float = math.inf
    best_step: int = 0
    cool_from: int | None = None
    """Step at which the early stop began to lower the rate."""
    end: int = 0
    expected: int = 0
    """Step at which it will probably end."""
    factor: float = 1.0
    """Halved whenever the loss was not finite."""
    restarts: int = 0
    lost: int = 0
    """Steps that were done and thrown away at such restarts."""
    seconds: float = 0.0
    stopped: str = ""
    """Why training ended before its last step: ``early stop``, ``time``, ``asked``, or ``as before``: at the step
    at which an earlier run was stopped."""
    dropout: list[float] = field(factory=list)
    """Share of hidden units that each token drops now."""
    history: list[dict[str, float]] = field(factory=list)

    @property
    def done(self) -> int:
        """Steps that were done, those thrown away included: a rerun that stops at this number does the same."""
        return self.step + self.lost


def rate_of(progress: Progress, recipe: Schedule, step: int, per_epoch: int, total: int) -> float:
    """Give the learning rate of a step: warm-up, then cosine to 2 % (constant where it was set by hand)."""
    warm = max(min(per_epoch, total // 10), 1)
    rate = recipe.learning_rate * progress.factor * min(1.0, 0.1 + 0.9 * step / warm)
    if recipe.adaptive:
        rate *= _cosine((step - warm) / max(total - warm, 1))
        if progress.cool_from is not None:
            rate *= _cosine((step - progress.cool_from) / max(progress.end - progress.cool_from, 1))
    return rate


def stop_from_outside(progress: Progress, recipe: Schedule, run: Run) -> None:
    """Note it where somebody or the clock wants training to end, or an earlier run ended here."""
    if recipe.stop_at is not None and progress.done >= recipe.stop_at:
        progress.stopped = "as before"
    elif run.stop_training.is_set():
        progress.stopped = "asked"
    elif recipe.max_minutes is not None and progress.seconds >= recipe.max_minutes * 60:
        progress.stopped = "time"


def _cosine(share: float) -> float:
    return _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(max(share, 0.0), 1.0)))
