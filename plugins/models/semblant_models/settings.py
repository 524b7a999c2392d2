"""Settings of the model backends themselves; light, so that listing plugins stays fast."""

from __future__ import annotations

from attrs import frozen

from semblant.settings import setting


@frozen(kw_only=True)
class ColumnArSettings:
    """Expert settings of the tabular model; everything is chosen from the data when left alone."""

    hidden: int | None = setting(None, help="hidden units per token", ge=4, le=1024)
    embedding: int | None = setting(None, help="width of a token's embedding", ge=1, le=128)
    peak_rate: float | None = setting(None, help="highest learning rate", gt=0, le=1)
    input_dropout: float | None = setting(None, help="share of input tokens dropped in training", ge=0, lt=1)
    hidden_dropout: float | None = setting(
        None,
        help="share of hidden units dropped in training; null: from 0.3 up, per token, as its held-out loss asks",
        ge=0,
        lt=1,
    )
    weight_decay: float | None = setting(None, help="decoupled weight decay", ge=0, le=10)
    patience: int = setting(3, help="validations over which the gain is counted before it is too small", ge=1, le=1000)
    particles: int = setting(64, help="candidates per row for conditions that the order does not serve", ge=1, le=4096)


@frozen(kw_only=True)
class MarginalSettings:
    """Expert settings of the marginal backend."""

    preprocessing_share: float | None = setting(
        None, help="share of the budget for single columns: bounds, categories, counts", gt=0, lt=1
    )
    selection_share: float = setting(
        0.15, help="share of the rest that goes into choosing what is measured", gt=0, lt=1
    )
