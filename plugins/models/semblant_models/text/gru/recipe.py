"""From the settings and the size of the data to the numbers that training uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from semblant.settings import AUTO
from semblant.vocabulary import ModelSize

if TYPE_CHECKING:
    from semblant.spec.training import TextModelSpec
    from semblant_models.text.settings import GruSettings

_SIZES = {ModelSize.SMALL: (96, 192, 1), ModelSize.MEDIUM: (128, 256, 1), ModelSize.LARGE: (192, 384, 2)}
"""Width of embeddings, of the state, and layers."""
PIECES = {ModelSize.SMALL: 2048, ModelSize.MEDIUM: 4096, ModelSize.LARGE: 8192}
_VISITS = 4_800_000
"""Tokens learned from at most, over all epochs, unless the user says how many epochs."""
_EPOCHS = 12
"""Passes at most: few texts are known by heart after more of them."""
_FEW_TOKENS = 150_000
"""Below, more is dropped in training, and unlikely words are not drawn: they are mostly mistakes."""
_LEAST_STEPS = 2500
"""Steps that few texts may be learned for, however many passes that takes; the early stop ends it before."""
_STEPS_PER_EPOCH = 40
"""Steps that an epoch has at least, if the texts allow it."""


@frozen(kw_only=True)
class Recipe:
    """What training uses, after every ``auto`` is decided."""

    narrow: int
    width: int
    layers: int
    batch_size: int
    accumulation: int
    time: int
    max_epochs: int
    max_minutes: float | None
    stop_at: int | None
    learning_rate: float
    adaptive: bool
    input_dropout: float
    dropout: float
    top_p: float
    weight_decay: float
    average_decay: float
    clip: float
    validation_steps: int | None
    """None: once per epoch."""
    early_stop_delta: float
    patience: int

    @classmethod
    def of(cls, spec: TextModelSpec, settings: GruSettings, tokens: int) -> Recipe:
        """Decide for so many training tokens."""
        narrow, width, layers = _SIZES[spec.size]
        time = settings.window
        batch = 64
        while batch > 8 and tokens < batch * time * _STEPS_PER_EPOCH:
            batch //= 2
        accumulation = 1
        if not spec.auto_batching:
            batch = batch if spec.batch_size == AUTO else int(spec.batch_size)
            accumulation = 1 if spec.gradient_accumulation == AUTO else int(spec.gradient_accumulation)
        per_epoch = max(tokens // (batch * time * accumulation), 1)
        most = max(_EPOCHS, -(-_LEAST_STEPS // per_epoch))
        epochs = min(max(round(_VISITS / max(tokens, 1)), 2), most)
        if spec.max_epochs != AUTO:
            epochs = int(spec.max_epochs)
        few = tokens < _FEW_TOKENS
        rate = settings.peak_rate or 0.003
        if spec.learning_rate != AUTO and not spec.adaptive_learning_rate:
            rate = float(spec.learning_rate)
        return cls(
            narrow=settings.embedding or narrow,
            width=settings.hidden or width,
            layers=settings.layers or layers,
            batch_size=batch,
            accumulation=accumulation,
            time=time,
            max_epochs=epochs,
            max_minutes=spec.max_minutes if spec.stopped_at_step is None else None,
            stop_at=spec.stopped_at_step,
            learning_rate=rate,
            adaptive=spec.adaptive_learning_rate,
            input_dropout=_chosen(settings.input_dropout, 0.25 if few else 0.1),
            dropout=_chosen(settings.dropout, 0.5 if few else 0.3),
            top_p=_chosen(settings.top_p, 0.85 if few else 0.98),
            weight_decay=0.02,
            average_decay=0.99,
            clip=1.0,
            validation_steps=None if spec.steps_between_validations == AUTO else int(spec.steps_between_validations),
            early_stop_delta=spec.early_stop_delta,
            patience=settings.patience,
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the recipe as JSON."""
        return asdict(self)


def _chosen(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
