"""The backend passes the kit."""

from __future__ import annotations

from semblant.testing import TabularModelConformance
from semblant_trees import semblant_models


class TestTrees(TabularModelConformance):
    """All checks of tabular models."""

    component = semblant_models()[0]
