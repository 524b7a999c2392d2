"""What the step *transforming data* left, read back by training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from semblant.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path


def read_transformed(workspace: Path, path: Path) -> Any:
    """Read the description of transformed data, JSON; :class:`~semblant.errors.ModelError` where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        msg = f"no transformed data in '{workspace}'"
        raise ModelError(msg, fix="run the job again; the step is repeated") from exc
