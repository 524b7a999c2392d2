"""How columns become tokens and back: one small class per kind of column."""

from __future__ import annotations

from semblant_models.tabular.encodings.choice import encoding_from_dict, fit_encoding
from semblant_models.tabular.encodings.encoding import Draw, Encoding, Field, Sample

__all__ = ["Draw", "Encoding", "Field", "Sample", "encoding_from_dict", "fit_encoding"]
