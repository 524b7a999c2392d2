"""The encoding of scalars inside a nested column: found like that of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from semblant.detection.columns import detect_column
from semblant.detection.profile import profile_table
from semblant.schema import Column, Table
from semblant.training import ColumnPlan
from semblant.vocabulary import ColumnTreatment, EncodingType
from semblant_models.tabular.encodings.encoding import Sample
from semblant_models.tabular.encodings.written import Written, format_of

if TYPE_CHECKING:
    import numpy as np

    from semblant_models.tabular.encodings.encoding import Encoding


def fit_leaf(name: str, values: pa.Array, subjects: np.ndarray, least: int, *, keep: bool, repeated: bool) -> Encoding:
    """Fit scalars without nulls; ``repeated`` ones stand several times in a row and are no identifiers.

    Dates and timestamps written as text are learned as moments. Free text is learned as categories where
    enough subjects share them, else by its forms.
    """
    from semblant_models.tabular.encodings.choice import fit_encoding

    column = Column(name=name, type=values.type)
    profile = profile_table(
        Table(name="values", columns=(column,)), iter([pa.record_batch([values], names=[name])])
    ).columns[name]
    encoding, reason, _ = detect_column(column, profile)
    if pa.types.is_large_string(values.type) and encoding is not EncodingType.CATEGORICAL:
        form = format_of(values)
        if form is not None:
            sample = Sample(values=values, subjects=subjects, min_subjects=least, column=name)
            return Written.fit(sample, form, keep=keep)
    if encoding is EncodingType.TEXT or (repeated and encoding is EncodingType.IDENTIFIER):
        encoding = EncodingType.CATEGORICAL
    treatment = ColumnTreatment.KEEP if keep else ColumnTreatment.SYNTHESIZE
    plan = ColumnPlan(name=name, type=values.type, encoding=encoding, reason=reason, treatment=treatment)
    return fit_encoding(plan, values, subjects, least)
