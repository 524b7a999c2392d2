"""How long the steps of a job will probably take, beside each other: from its plan, before anything was measured.

What the backend estimates for a table is taken where it does; for the rest stand seconds that were measured on two
processors, by cells (rows times columns). Only their proportions matter once the job has a pace of its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from semblant.events import Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.plan import Plan, TablePlan

_SECONDS: Final = {
    Step.ORGANIZE: 0.4,
    Step.ANALYZE: 0.4,
    Step.TRANSFORM: 0.4,
    Step.TRAIN: 6.0,
    Step.GENERATE: 1.5,
    Step.GENERATE_TEXT: 3.0,
    Step.PACKAGE: 0.2,
    Step.DELIVER: 0.5,
    Step.ARCHIVE: 0.2,
    Step.REPORT: 3.0,
}
_PER_CELL: Final = {Step.ORGANIZE: 2e-7, Step.ANALYZE: 2e-7, Step.TRANSFORM: 1e-6, Step.DELIVER: 2e-7}
_PER_ROOT_OF_CELLS: Final = 0.02
"""A report's sections look at samples: 600 rows take 4 s, Adult (586,000 cells) 18 s, 5 million cells about 50 s.

Each table that is synthesized has sections of its own: eight small ones take 30 s.
"""
_KNOWN: Final = {
    Step.TRAIN: "training_seconds",
    Step.GENERATE: "generation_seconds",
    Step.GENERATE_TEXT: "generation_seconds",
}
_BEGUN: Final = 1.0
"""From the beginning of generating to its first rows, which backends do not count: what draws them is compiled."""
_TEXT: Final = 20.0
"""Training on texts, where nobody estimates it."""


def forecast(step: Step, table: Mapping[str, Any] | None, tables: Sequence[Mapping[str, Any]], *, text: bool) -> float:
    """Give the seconds that a step will probably take.

    :param table: of the plan, with ``cells`` and the estimates ``training_seconds`` and ``generation_seconds``, for
        its texts ``text_training_seconds`` and ``text_generation_seconds``, as far as they are known; None for the
        steps of the whole job.
    :param text: the step is about the table's texts.

    >>> forecast(Step.TRAIN, {"training_seconds": 90.0}, [], text=False)
    90.0
    >>> forecast(Step.REPORT, None, [{"cells": 250_000}, {"cells": 900, "copied": True}], text=False)
    13.0
    """
    if table is None:
        cells = [other.get("cells") or 0 for other in tables]
        if step is not Step.REPORT:
            return _SECONDS[step] + _PER_CELL.get(step, 0.0) * sum(cells)
        shown = [size for size, other in zip(cells, tables, strict=True) if not other.get("copied")]
        return _SECONDS[step] * max(len(shown), 1) + _PER_ROOT_OF_CELLS * sum(math.sqrt(size) for size in shown)
    known = _KNOWN.get(step)
    if known is not None and table.get(f"text_{known}" if text else known):
        begun = _BEGUN if step in {Step.GENERATE, Step.GENERATE_TEXT} else 0.0
        return begun + max(float(table[f"text_{known}" if text else known]), 0.1)
    if text:
        return _TEXT if step is Step.TRAIN else _SECONDS[step]
    return _SECONDS[step] + _PER_CELL.get(step, 0.0) * (table.get("cells") or 0)


def startup_of(table: Mapping[str, Any] | None, training_seconds: float) -> float:
    """Give the seconds of training that pass before its first epoch, as the backend estimates them.

    >>> startup_of({"startup_seconds": 6.0}, 20.0), startup_of({}, 20.0), startup_of({"startup_seconds": 9.0}, 5.0)
    (6.0, 0.0, 4.5)
    """
    known = float((table or {}).get("startup_seconds") or 0.0)
    return min(known, 0.9 * training_seconds)


def estimates(plan: Plan, table: TablePlan) -> dict[str, Any]:
    """Give what is known beforehand of the time that a table takes; nothing of private data."""
    if plan.spec.privacy is not None:
        return {}
    found: dict[str, Any] = {"cells": (table.rows or 0) * len(table.table.columns)}
    cost = None if plan.assessment is None else plan.assessment.tables.get(table.name)
    if cost is not None:
        found |= {"training_seconds": cost.training_seconds, "generation_seconds": cost.generation_seconds}
        found |= {name: cost.details[name] for name in ("epochs", "startup_seconds") if cost.details.get(name)}
    texts = None if plan.assessment is None else plan.assessment.texts.get(table.name)
    if texts is not None:
        found |= {"text_training_seconds": texts.training_seconds, "text_generation_seconds": texts.generation_seconds}
        found |= {"text_epochs": texts.details["epochs"]} if texts.details.get("epochs") else {}
    return found
