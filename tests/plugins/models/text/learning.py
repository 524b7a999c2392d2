"""Small trainings of the backend ``gru``, made once per setting, so that tests can share them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semblant.run import Run
from semblant.spec.training import ModelSpec, TextModelSpec
from semblant.training import GenerationRequest
from semblant.vocabulary import ModelSize
from semblant_models.text.gru.backend import GruBackend
from semblant_models.text.settings import GruSettings
from tests.plugins.models.text.tables import given_of, run_in, training_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.protocols import Model
    from semblant.training import TrainingTable

TINY = {"embedding": 16, "hidden": 24, "window": 16, "least_texts": 20}
"""Own settings of the backend that compile and train fast."""
_SUBJECTS = ("the tea", "this soup", "my order", "their bread", "the box")
_ENDS = {"good": ("was lovely", "tasted fresh", "made us smile"), "bad": ("was stale", "tasted awful", "made us ill")}


@cache
def reviews(rows: int = 800, seed: int = 4) -> pa.Table:
    """Give texts whose words follow the score beside them."""
    rng = np.random.default_rng(seed)
    scores = rng.choice(["good", "bad"], rows)
    texts = [f"{rng.choice(_SUBJECTS)} {rng.choice(_ENDS[score])} and {rng.choice(_ENDS[score])}." for score in scores]
    return pa.table({"score": scores, "text": texts})


def fit(training: TrainingTable, folder: Path, *, run: Run | None = None, own: Any = None, **settings: Any) -> Model:
    """Prepare and train in a folder; ``settings`` are those of ``model.text``, ``own`` those of the backend."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = ModelSpec(text=TextModelSpec(**{"size": ModelSize.SMALL, "max_epochs": 3, **settings}))
    backend, run = GruBackend(GruSettings(**(TINY | (own or {}))), spec), run or run_in(folder)
    return backend.fit(training, backend.prepare(training, run), run)


def trained(folder: Path, *, own: Any = None, **settings: Any) -> Model:
    """Learn the reviews."""
    return fit(training_table(reviews()), folder, own=own, **settings)


def written(
    model: Model, folder: Path, table: pa.Table, texts: tuple[str, ...] = ("text",), **request: Any
) -> pa.Table:
    """Write texts for the rows of a table."""
    given = given_of(table, texts)
    wanted = GenerationRequest(rows=given.num_rows, **{"seed": 7, "given": given, **request})
    return pa.Table.from_batches(list(model.generate(wanted, run_in(folder))))
