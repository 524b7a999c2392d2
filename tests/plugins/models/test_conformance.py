"""Our models pass the kit that strangers' models pass."""

from __future__ import annotations

import pytest

import semblant_models
from semblant.spec.training import ModelSpec, TextModelSpec
from semblant.testing import TabularModelConformance, TextModelConformance
from semblant.vocabulary import ModelSize

TABULAR, GRU, NGRAM = semblant_models.semblant_models()


@pytest.mark.skipif(bool(TABULAR.missing()), reason="comes with the extra 'models'")
class TestColumnAr(TabularModelConformance):
    component = TABULAR
    spec = ModelSpec(size=ModelSize.SMALL, max_epochs=5, steps_between_validations=13)


@pytest.mark.skipif(bool(GRU.missing()), reason="comes with the extra 'models'")
class TestGru(TextModelConformance):
    component = GRU
    spec = ModelSpec(text=TextModelSpec(size=ModelSize.SMALL, max_epochs=5))


class TestNgram(TextModelConformance):
    component = NGRAM
    checkpoints = "training takes seconds and keeps no checkpoint"
    stops = "counting texts has no middle"
