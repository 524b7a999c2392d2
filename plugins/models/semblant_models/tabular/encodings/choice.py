"""Which encoding a column gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from semblant.errors import ArtefactError, ModelError
from semblant.vocabulary import ColumnTreatment, EncodingType
from semblant_models.tabular.encodings.arrow import plain, plain_type
from semblant_models.tabular.encodings.categorical import Categorical
from semblant_models.tabular.encodings.encoding import Encoding, Sample
from semblant_models.tabular.encodings.gap import Gap
from semblant_models.tabular.encodings.identifier import Identifier
from semblant_models.tabular.encodings.moment import Moment
from semblant_models.tabular.encodings.nested import Nested
from semblant_models.tabular.encodings.number import Number
from semblant_models.tabular.encodings.pattern import Pattern
from semblant_models.tabular.encodings.written import Written

if TYPE_CHECKING:
    import numpy as np

    from semblant.detection import together
    from semblant.training import ColumnPlan

_NUMERIC = (
    EncodingType.NUMBER,
    EncodingType.INTEGER,
    EncodingType.LATITUDE,
    EncodingType.LONGITUDE,
    EncodingType.TIME,
    EncodingType.DURATION,
)
_KINDS: dict[str, Any] = {c.kind: c for c in (Categorical, Number, Moment, Pattern, Identifier, Nested, Written)}
_NESTED = (EncodingType.JSON, EncodingType.LIST, EncodingType.STRUCT)


def fit_encoding(
    plan: ColumnPlan, values: pa.Array | pa.ChunkedArray, subjects: np.ndarray | None, min_subjects: int
) -> Encoding:
    """Fit the encoding that ``plan`` asks for on sampled values.

    Raises:
        ModelError: the column's type does not go with its encoding; names the column and what to do.
    """
    kind = plain_type(plan.type)
    keep = plan.treatment is ColumnTreatment.KEEP
    if not _fits(plan.encoding, kind):
        msg = f"column '{plan.name}' of type {plan.type} cannot be learned as '{plan.encoding}'"
        raise ModelError(msg, fix=f"set another encoding for '{plan.name}', or exclude it with 'include: false'")
    sample = Sample(
        values=plain(values), subjects=subjects, min_subjects=min_subjects, options=plan.options, column=plan.name
    )
    if plan.encoding in (EncodingType.CATEGORICAL, EncodingType.BOOLEAN, EncodingType.BINARY):
        return _categories(sample, keep=keep)
    if plan.encoding in _NESTED:
        return Nested.fit(sample, keep=keep)
    if plan.encoding in _NUMERIC:
        any_number = plan.encoding in (EncodingType.NUMBER, EncodingType.INTEGER)
        return Number.fit(sample, decimals=plan.options.get("decimals"), keep=keep, open_ends=any_number)
    if plan.encoding in (EncodingType.DATE, EncodingType.DATETIME):
        return Moment.fit(sample, keep=keep)
    if plan.encoding is EncodingType.PATTERN:
        return Pattern.fit(sample, keep=keep)
    return Identifier.fit(sample, keep=keep)


def fit_gap(
    plan: ColumnPlan,
    values: pa.Array | pa.ChunkedArray,
    anchors: pa.Array,
    gap: together.Gap,
    subjects: np.ndarray | None,
    min_subjects: int,
) -> Gap:
    """Fit a moment on its difference to the plain ``anchors`` of the same rows."""
    sample = Sample(values=plain(values), subjects=subjects, min_subjects=min_subjects, column=plan.name)
    keep = plan.treatment is ColumnTreatment.KEEP
    return Gap.fit(sample, anchors, anchor=gap.anchor, daily=gap.daily, keep=keep)


def encoding_from_dict(state: dict[str, Any]) -> Encoding:
    """Take back an encoding of any kind; an unknown one raises :class:`ArtefactError`."""
    kind = _kind_of(state.get("kind", ""))
    if kind is None:
        msg = f"the model file holds an encoding '{state.get('kind')}' that this version does not know"
        raise ArtefactError(msg, fix="install the version of semblant that made it, or a newer one")
    try:
        made: Encoding = kind.from_dict(state)
    except (KeyError, TypeError, ValueError, pa.ArrowException) as exc:
        msg = f"the model file holds a damaged '{kind.kind}' encoding"
        raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc
    return made


def _kind_of(name: str) -> Any:
    if name == "private":  # learned elsewhere, by noisy counts; its package imports this one
        from semblant_models.privacy.descent.encoding import PrivateCodes

        return PrivateCodes
    return _KINDS.get(name)


def gap_from_dict(state: dict[str, Any]) -> Gap:
    """Take back a gap; damage raises :class:`ArtefactError`."""
    try:
        return Gap.from_dict(state)
    except (KeyError, TypeError, ValueError, pa.ArrowException) as exc:
        msg = "the model file holds a damaged 'gap' encoding"
        raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc


def _categories(sample: Sample, *, keep: bool) -> Encoding:
    """Fit categories; where every value is rare, the form is learned instead, or the size of numbers."""
    categories = Categorical.fit(sample, keep=keep)
    kind = sample.values.type
    if len(categories.values) or sample.values.null_count == len(sample.values):
        return categories
    if pa.types.is_large_string(kind):
        return Pattern.fit(sample)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Number.fit(sample)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return Moment.fit(sample)
    return categories


def _fits(encoding: EncodingType, kind: pa.DataType) -> bool:
    text, number = pa.types.is_large_string(kind), pa.types.is_integer(kind) or pa.types.is_floating(kind)
    decimal = pa.types.is_decimal(kind)
    if encoding in (EncodingType.CATEGORICAL, EncodingType.BOOLEAN, EncodingType.BINARY):
        return not pa.types.is_nested(kind)
    if encoding in _NESTED:
        return bool(text if encoding is EncodingType.JSON else pa.types.is_nested(kind))
    if encoding in _NUMERIC:
        return bool(number or decimal or pa.types.is_temporal(kind) or pa.types.is_null(kind))
    if encoding in (EncodingType.DATE, EncodingType.DATETIME):
        return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_null(kind))
    if encoding is EncodingType.PATTERN:
        return bool(text)
    whole = pa.types.is_integer(kind) or (decimal and kind.scale == 0)
    bytes_ = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return encoding is EncodingType.IDENTIFIER and bool(text or whole or bytes_)
