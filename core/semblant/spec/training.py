"""The parts of the spec that say how models learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from semblant.settings import AUTO, Auto, setting
from semblant.vocabulary import Goal, ModelSize

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen(kw_only=True)
class TrainingSettings:
    """How a model is trained; the same nine settings for tables and for text."""

    max_epochs: int | Auto = setting(AUTO, help="passes over the data at most", ge=1, le=100_000, feature=(23, 38))
    max_minutes: float | None = setting(
        None, help="training stops after this time and keeps the best weights", gt=0, unit="minutes"
    )
    stopped_at_step: int | None = setting(
        None,
        help="training ends after this step, whatever the clock says; a run that was stopped, or ran out of its time, "
        "writes it into its effective spec, so that a rerun repeats it",
        ge=1,
        feature=(134,),
        unit="steps",
    )
    adaptive_learning_rate: bool = setting(True, help="rate chosen and lowered by itself", feature=(24, 39))
    learning_rate: float | Auto = setting(
        AUTO, help="needs 'adaptive_learning_rate: false'", gt=0, le=1, feature=(25, 40)
    )
    auto_batching: bool = setting(True, help="batch size from rows and memory", feature=(26, 41))
    batch_size: int | Auto = setting(AUTO, help="rows per step; needs 'auto_batching: false'", ge=1, feature=(27, 42))
    gradient_accumulation: int | Auto = setting(
        AUTO, help="batches added up per step; needs 'auto_batching: false', not with privacy", ge=1, feature=(28, 43)
    )
    validation_fraction: float = setting(0.1, help="share of subjects that validate", gt=0, le=0.5, feature=(29, 44))
    steps_between_validations: int | Auto = setting(
        AUTO, help="training steps between two validations", ge=1, feature=(30, 45)
    )
    early_stop_delta: float = setting(
        0.001,
        help="relative gain below which training stops: 0 full convergence, 0.001 balanced, 0.01 aggressive",
        ge=0,
        lt=1,
        feature=(31, 46),
    )


@frozen(kw_only=True)
class TextModelSpec(TrainingSettings):
    """The text model (only with a column of encoding 'text')."""

    backend: str = setting(AUTO, help="a model plugin of kind text, or auto")
    size: ModelSize = setting(ModelSize.MEDIUM, help="capacity of the text model", feature=(21,))
    settings: Mapping[str, Any] = setting(help="settings of the backend itself", factory=dict)


@frozen(kw_only=True)
class ModelSpec(TrainingSettings):
    """The tabular model, and below ``text`` the text model."""

    backend: str = setting(AUTO, help="a model plugin of kind tabular, or auto")
    size: ModelSize = setting(ModelSize.MEDIUM, help="capacity of the model", feature=(21,))
    goal: Goal = setting(Goal.ACCURACY, help="what training favours", feature=(130,))
    flexible_generation: bool = setting(
        False, help="train for any-order conditions (seeds, imputation); costs a little accuracy", feature=(220,)
    )
    min_subjects: int = setting(
        10, help="a category or extreme held by fewer subjects never comes out", ge=1, feature=(244,)
    )
    settings: Mapping[str, Any] = setting(help="settings of the backend itself", factory=dict)
    text: TextModelSpec = setting(help="the text model", factory=TextModelSpec)


@frozen(kw_only=True)
class PublicColumn:
    """What everybody may know of a column, so that it need not be found out at a cost."""

    values: tuple[Any, ...] | None = setting(None, help="all values that can occur")
    low: Any = setting(None, help="the least value; what is below counts as it")
    high: Any = setting(None, help="the greatest value; what is above counts as it")
    never_null: bool = setting(False, help="no value is missing")


@frozen(kw_only=True)
class PrivacySpec:
    """Differential privacy; of epsilon, noise multiplier and steps two are given and the third is computed."""

    epsilon: float | None = setting(None, help="<= 1 strong, <= 10 medium, above weak", gt=0, feature=(33,))
    delta: float | Auto = setting(AUTO, help="well below one over the number of subjects", gt=0, lt=1, feature=(34,))
    noise_multiplier: float | None = setting(None, help="in units of the clipping norm", gt=0, feature=(35,))
    steps: int | None = setting(None, help="training steps", ge=1)
    max_gradient_norm: float | Auto = setting(
        AUTO, help="the clipping norm; needs a batch size set by hand", gt=0, feature=(36,)
    )
    max_physical_batch_size: int | Auto = setting(AUTO, help="not with auto-batching", ge=1, feature=(37,))
    subjects: int | None = setting(
        None, help="the number of subjects, where it is public; counted with noise otherwise", ge=1
    )
    rows_per_subject: int | None = setting(
        None,
        help="rows of each table below the root that a subject contributes at most, further ones are left out at "
        "random; needed where tables hang on others",
        ge=1,
        le=10_000,
        feature=(240,),
    )
    total_epsilon: float | None = setting(
        None, help="what all private jobs on this source may spend together; refused beyond it", gt=0, feature=(243,)
    )
    public: Mapping[str, Mapping[str, PublicColumn]] = setting(
        help="per table and column what is known to everybody and costs nothing", factory=dict
    )
