"""From the settings and the size of the data to the numbers that training uses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from semblant.settings import AUTO
from semblant.vocabulary import Goal, ModelSize

if TYPE_CHECKING:
    from semblant.spec.training import ModelSpec
    from semblant_models.settings import ColumnArSettings

_WIDTH = {ModelSize.SMALL: (32, 8), ModelSize.MEDIUM: (64, 8), ModelSize.LARGE: (128, 12)}
_NARROWER = {250: 8, 1_000: 4, 5_000: 2}
"""Below so many rows the width is divided: a wide network remembers few rows and gains nothing (decision 0030)."""
_LEAST_WIDTH = 8
_ENOUGH_EPOCHS = 14
"""How often each row of a table that is not small is looked at before the rate falls, whatever is still gained: later
looks make nearer copies, not better rows (decision 0031)."""
_VISITS = {Goal.ACCURACY: 4_000_000, Goal.SPEED: 1_000_000}


@frozen(kw_only=True)
class Recipe:
    """What training uses, after every ``auto`` is decided."""

    hidden: int
    embedding: int
    batch_size: int
    accumulation: int
    max_epochs: int
    max_minutes: float | None
    stop_at: int | None
    """The step at which an earlier run was stopped; the clock decides nothing then."""
    learning_rate: float
    adaptive: bool
    input_dropout: float
    hidden_dropout: float
    adaptive_dropout: bool
    """Whether each token's rate follows its held-out loss, from ``hidden_dropout`` up."""
    weight_decay: float
    average_decay: float
    clip: float
    validation_steps: int
    early_stop_delta: float
    patience: int
    minds_memory: bool
    """Whether training also ends where held-out rows gain little of what training rows gain."""
    cools_first: bool = False
    """Whether the rate falls before it ends for that, where held-out rows gain at all."""
    cool_share: float = 0.4
    """How long the rate falls, as a share of the steps done."""
    enough: int | None = None
    """The step from which the rate falls whatever is still gained."""
    flexible: bool
    any_order_share: float

    @classmethod
    def of(cls, spec: ModelSpec, settings: ColumnArSettings, rows: int) -> Recipe:
        """Decide for ``rows`` training rows."""
        hidden, embedding = _WIDTH[spec.size]
        if spec.goal is Goal.SPEED:
            hidden = max(hidden // 2, 16)
        small = rows < 5_000
        for most, by in _NARROWER.items():
            if rows < most:
                hidden = max(hidden // by, _LEAST_WIDTH)
                break
        batch = 512 if rows >= 8_000 else max(16, 2 ** ((max(rows, 1) // 24).bit_length()))
        if rows > 500_000:
            batch = 1024
        accumulation = 1
        if not spec.auto_batching:
            batch = batch if spec.batch_size == AUTO else int(spec.batch_size)
            accumulation = 1 if spec.gradient_accumulation == AUTO else int(spec.gradient_accumulation)
        batch = max(1, min(batch, max(rows // accumulation, 1)))
        accumulation = max(1, min(accumulation, rows // batch))
        visits = _VISITS[spec.goal]
        epochs = min(max(round(visits / max(rows, 1)), 4), 150)
        if spec.max_epochs != AUTO:
            epochs = int(spec.max_epochs)
        steps_per_epoch = max(rows // (batch * accumulation), 1)
        every = max(1, min(steps_per_epoch, 400)) if steps_per_epoch >= 20 else min(steps_per_epoch * 4, 40)
        if spec.steps_between_validations != AUTO:
            every = int(spec.steps_between_validations)
        enough = _ENOUGH_EPOCHS * steps_per_epoch if spec.max_epochs == AUTO and not small else None
        rate = settings.peak_rate or 0.005
        if spec.learning_rate != AUTO and not spec.adaptive_learning_rate:
            rate = float(spec.learning_rate)
        return cls(
            hidden=settings.hidden or hidden,
            embedding=settings.embedding or embedding,
            batch_size=batch,
            accumulation=accumulation,
            max_epochs=epochs,
            max_minutes=spec.max_minutes if spec.stopped_at_step is None else None,
            stop_at=spec.stopped_at_step,
            learning_rate=rate,
            adaptive=spec.adaptive_learning_rate,
            input_dropout=settings.input_dropout if settings.input_dropout is not None else (0.15 if small else 0.05),
            hidden_dropout=settings.hidden_dropout if settings.hidden_dropout is not None else 0.3,
            adaptive_dropout=settings.hidden_dropout is None,
            weight_decay=settings.weight_decay if settings.weight_decay is not None else (1.0 if small else 0.01),
            average_decay=0.99,
            clip=5.0,
            validation_steps=every,
            early_stop_delta=spec.early_stop_delta,
            patience=settings.patience if spec.early_stop_delta > 0 else 4 * settings.patience,
            minds_memory=True,
            enough=enough,
            flexible=spec.flexible_generation,
            any_order_share=0.4,
        )

    @property
    def longest(self) -> float:
        """The step at which training has ended at the latest, for having looked at its rows often enough."""
        if self.enough is None or self.early_stop_delta <= 0:
            return math.inf
        cools = max(round(self.enough * self.cool_share), 1) if self.adaptive else 0
        return self.enough + self.validation_steps + cools

    def to_dict(self) -> dict[str, Any]:
        """Give the recipe as JSON."""
        return asdict(self)
