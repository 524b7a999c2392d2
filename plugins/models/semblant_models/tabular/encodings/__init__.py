"""How columns become tokens and back: one small class per kind of column."""

from __future__ import annotations

from semblant_models.tabular.encodings.choice import encoding_from_dict, fit_encoding, fit_gap, gap_from_dict
from semblant_models.tabular.encodings.encoding import Draw, Encoding, Field, Sample
from semblant_models.tabular.encodings.gap import Gap

__all__ = [
    "Draw",
    "Encoding",
    "Field",
    "Gap",
    "Sample",
    "encoding_from_dict",
    "fit_encoding",
    "fit_gap",
    "gap_from_dict",
]
