"""Checkpoints: weights, averages, best weights, optimizer and progress; random state follows from step and seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from attrs import asdict

from semblant.atomic import atomic_folder
from semblant.errors import ArtefactError
from semblant_models.tabular.storage import read_arrays, read_json, write_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from semblant_models.schedule import Progress
    from semblant_models.tabular.stepping import State

FOLDER = "checkpoint"


def save_checkpoint(
    workspace: Path, state: State, best: dict[str, np.ndarray], progress: Progress, mark: dict[str, Any]
) -> None:
    """Replace the checkpoint below ``workspace``."""
    leaves = {f"state_{i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(state))}
    with atomic_folder(workspace / FOLDER) as folder:
        write_arrays(folder, "state", leaves)
        write_arrays(folder, "best", best)
        (folder / "progress.json").write_text(
            json.dumps({"mark": mark, "progress": asdict(progress)}), encoding="utf-8"
        )


def load_checkpoint(
    workspace: Path, like: State, mark: dict[str, Any]
) -> tuple[State, dict[str, np.ndarray], dict[str, Any]] | None:
    """Take up a checkpoint made with the same settings, data and seed; None where there is none of use."""
    folder = workspace / FOLDER
    if not folder.is_dir():
        return None
    try:
        stored = read_json(folder / "progress.json")
        arrays, best = read_arrays(folder, "state"), read_arrays(folder, "best")
    except ArtefactError:
        return None
    leaves, tree = jax.tree.flatten(like)
    found = [arrays.get(f"state_{i}") for i in range(len(leaves))]
    if stored.get("mark") != json.loads(json.dumps(mark)):
        return None
    if any(f is None or f.shape != leaf.shape for f, leaf in zip(found, leaves, strict=True)):
        return None
    typed = [np.asarray(f, leaf.dtype) for f, leaf in zip(found, leaves, strict=True)]
    state = jax.device_put(jax.tree.unflatten(tree, typed))
    return state, best, dict(stored["progress"])
