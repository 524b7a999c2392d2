"""Auto-batching: the texts that are learned side by side, halved until a step fits into the memory that is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import evolve

from semblant.atomic import write_json
from semblant.machine import available_memory

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.run import Run
    from semblant_models.text.gru.recipe import Recipe
    from semblant_models.text.gru.shape import Shape

FILE = "batching.json"
_SHARE = 0.5
"""Share of the free memory that a training step may take."""
_LEAST = 8


def batched(recipe: Recipe, shape: Shape, run: Run) -> Recipe:
    """Give the recipe with the batch that fits; accumulation makes up for what was cut, once per training."""
    kept = _kept(run.workspace)
    if kept is None:
        memory = run.memory_bytes if run.memory_bytes is not None else available_memory()[0]
        kept = fitting(recipe, shape, int(memory * _SHARE))
        write_json(run.workspace / FILE, {"batch_size": kept[0], "accumulation": kept[1]})
    if kept[0] < recipe.batch_size:
        run.notice(
            f"a training step takes {kept[1]} batches of {kept[0]} texts instead of one of {recipe.batch_size}, "
            "to fit into memory"
        )
    return evolve(recipe, batch_size=kept[0], accumulation=kept[1])


def fitting(recipe: Recipe, shape: Shape, memory_bytes: int) -> tuple[int, int]:
    """Halve the batch and double the accumulation until a step fits, down to 8 texts; gives both."""
    batch, accumulation = recipe.batch_size, recipe.accumulation
    while batch % 2 == 0 and batch // 2 >= _LEAST and step_bytes(shape, batch, recipe.time) > memory_bytes:
        batch, accumulation = batch // 2, accumulation * 2
    return batch, accumulation


def step_bytes(shape: Shape, batch: int, time: int) -> int:
    """Estimate what a step holds: scores of all tokens three times, the states of a layer twenty times, the weights."""
    weights = 6 * shape.parameters
    positions = batch * time
    return 4 * (positions * (3 * shape.tokens + 20 * shape.width * shape.layers) + weights)


def _kept(workspace: Path) -> tuple[int, int] | None:
    try:
        found = json.loads((workspace / FILE).read_text(encoding="utf-8"))
        return int(found["batch_size"]), int(found["accumulation"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
