"""Auto-batching: the batch of the recipe, cut until a training step fits into the memory that is there.

A smaller batch is made up for by gradient accumulation, so that a step still learns from as many rows. What was
decided is kept beside the checkpoint, so that a resumed training does not decide again with other free memory,
and is reported among the settings used, which the engine writes into the effective spec.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import evolve

from semblant.atomic import write_json
from semblant.machine import available_memory
from semblant.settings import AUTO
from semblant_models.tabular.cost import step_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant_models.tabular.recipe import Recipe
    from semblant_models.tabular.shape import Shape

FILE = "batching.json"
SHARE = 0.5
"""Share of the free memory that a training step may take."""
LEAST_BATCH = 16


def batched(recipe: Recipe, spec: ModelSpec, shape: Shape, rows: int, run: Run) -> Recipe:
    """Give the recipe with the batch that is used, and say what differs from what was asked for.

    With ``auto_batching`` the memory that is free now decides once for this training.
    """
    if not spec.auto_batching:
        _tell(recipe, spec, rows, run)
        return recipe
    kept = _kept(run.workspace)
    if kept is None:
        memory = run.memory_bytes if run.memory_bytes is not None else available_memory()[0]
        kept = fitting(recipe.batch_size, recipe.accumulation, shape, int(memory * SHARE))
        write_json(run.workspace / FILE, {"batch_size": kept[0], "accumulation": kept[1]})
    if kept[0] < recipe.batch_size:
        run.notice(
            f"a training step takes {kept[1]} batches of {kept[0]} rows instead of one of {recipe.batch_size}, "
            "to fit into memory"
        )
    return evolve(recipe, batch_size=kept[0], accumulation=kept[1])


def fitting(batch: int, accumulation: int, shape: Shape, memory_bytes: int) -> tuple[int, int]:
    """Halve the batch and double the accumulation until a step fits, down to 16 rows; gives both.

    >>> from semblant_models.tabular.shape import Shape
    >>> wide = Shape(tokens=100, cardinality=(50,) * 100, parent=(-1,) * 100, embedding=8, hidden=64, summary=256,
    ...              flexible=False, heads=())
    >>> fitting(512, 1, wide, 2**28), fitting(512, 1, wide, 2**27)
    ((512, 1), (32, 16))
    """
    while batch % 2 == 0 and batch // 2 >= LEAST_BATCH and step_bytes(shape, batch) > memory_bytes:
        batch, accumulation = batch // 2, accumulation * 2
    return batch, accumulation


def _kept(workspace: Path) -> tuple[int, int] | None:
    try:
        found = json.loads((workspace / FILE).read_text(encoding="utf-8"))
        return int(found["batch_size"]), int(found["accumulation"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _tell(recipe: Recipe, spec: ModelSpec, rows: int, run: Run) -> None:
    """Say what a table with fewer rows than were asked for did to the batch."""
    if spec.batch_size != AUTO and recipe.batch_size < int(spec.batch_size):
        run.notice(
            f"a batch of {spec.batch_size} rows was asked for; there are {rows} training rows, "
            f"and {recipe.batch_size} of them make a batch",
            warning=True,
        )
    if spec.gradient_accumulation != AUTO and recipe.accumulation < int(spec.gradient_accumulation):
        run.notice(
            f"{spec.gradient_accumulation} batches of {recipe.batch_size} were to be added up per step; "
            f"the {rows} training rows make {recipe.accumulation}",
            warning=True,
        )
