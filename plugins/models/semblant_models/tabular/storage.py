"""Arrays and JSON in a folder: written whole or not at all, read with every shape checked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from semblant.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MEND = "train the generator again or fetch an undamaged copy"
_MOST_JSON = 512 * 2**20


def write_arrays(folder: Path, name: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Write float32 arrays to ``NAME.safetensors``."""
    # not ascontiguousarray, which turns a number into a list of one: a checkpoint would never fit again
    data = {key: np.asarray(value, order="C") for key, value in arrays.items()}
    (folder / f"{name}.safetensors").write_bytes(save(data))


def read_arrays(folder: Path, name: str, shapes: Mapping[str, tuple[int, ...]] | None = None) -> dict[str, np.ndarray]:
    """Read float32 arrays; with ``shapes``, exactly those names and shapes must be there.

    Raises:
        ArtefactError: the file is missing or damaged, or does not hold what it should.
    """
    path = folder / f"{name}.safetensors"
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError, ValueError, KeyError) as exc:
        msg = f"the model file '{path.name}' cannot be read"
        raise ArtefactError(msg, fix=_MEND) from exc
    if shapes is not None:
        for key in sorted(set(shapes) | set(arrays)):
            found = arrays[key].shape if key in arrays else None
            if key not in shapes or found != tuple(shapes[key]) or arrays[key].dtype != np.float32:
                msg = f"the model file '{path.name}' holds '{key}' as {found}, expected {shapes.get(key)} in float32"
                raise ArtefactError(msg, fix=_MEND)
            if not np.isfinite(arrays[key]).all():
                msg = f"the model file '{path.name}' holds numbers in '{key}' that are not finite"
                raise ArtefactError(msg, fix=_MEND)
    return dict(arrays)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; anything else raises :class:`ArtefactError`."""
    try:
        if path.stat().st_size > _MOST_JSON:
            msg = f"the model file '{path.name}' is too large to be true"
            raise ArtefactError(msg, fix=_MEND)
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        msg = f"the model file '{path.name}' cannot be read"
        raise ArtefactError(msg, fix=_MEND) from exc
    if not isinstance(data, dict):
        msg = f"the model file '{path.name}' does not hold an object"
        raise ArtefactError(msg, fix=_MEND)
    return data
