"""Our models pass the kit that strangers' models pass."""

from __future__ import annotations

import pytest

import semblant_models
from semblant.spec.training import ModelSpec, TextModelSpec
from semblant.testing import TabularModelConformance, TextModelConformance
from semblant.vocabulary import ModelSize

BY_NAME = {kind.name: kind for kind in semblant_models.semblant_models()}
NAMES = ("column-ar", "dp-marginal", "gru", "ngram", "dp-text")
TABULAR, MARGINAL, GRU, NGRAM, PRIVATE_TEXT = (BY_NAME[name] for name in NAMES)


@pytest.mark.skipif(bool(TABULAR.missing()), reason="comes with the extra 'models'")
class TestColumnAr(TabularModelConformance):
    component = TABULAR
    spec = ModelSpec(size=ModelSize.SMALL, max_epochs=5, steps_between_validations=13)


@pytest.mark.skipif(bool(GRU.missing()), reason="comes with the extra 'models'")
class TestGru(TextModelConformance):
    component = GRU
    spec = ModelSpec(text=TextModelSpec(size=ModelSize.SMALL, max_epochs=5))


@pytest.mark.skipif(bool(MARGINAL.missing()), reason="comes with the extra 'models'")
class TestMarginal(TabularModelConformance):
    component = MARGINAL
    checkpoints = "all is measured in seconds, and no checkpoint kept"
    stops = "the few rounds are over at once"


class TestNgram(TextModelConformance):
    component = NGRAM
    checkpoints = "training takes seconds and keeps no checkpoint"
    stops = "counting texts has no middle"


class TestPrivateText(TextModelConformance):
    component = PRIVATE_TEXT
    checkpoints = "counting takes seconds and keeps no checkpoint"
    stops = "counting texts has no middle"
