"""Sequential trees: each column is drawn from a decision tree over the columns before it, as synthpop does.

Nowok, Raab and Dibben, "synthpop: Bespoke Creation of Synthetic Data in R", JSS 74(11), 2016. Two
things are done otherwise, for privacy: leaves hold counts of groups and never the values of rows, and
a category or extreme of fewer than ``min_subjects`` subjects never comes out.
"""

from __future__ import annotations

from attrs import frozen
from semblant import ModelType, hookimpl, setting


@frozen(kw_only=True)
class TreesSettings:
    """What stands in a spec under ``model.settings``."""

    min_leaf_rows: int = setting(10, help="rows that a leaf holds at least", ge=2, le=100_000)
    max_leaves: int = setting(4096, help="leaves of one tree at most", ge=2, le=65_536)
    bins: int = setting(64, help="groups that a number or date is cut into at most", ge=2, le=1024)
    smoothing: float = setting(0.1, help="rows of the whole table that are mixed into each leaf", ge=0, le=100)
    candidates: int = setting(16, help="candidates per row where later columns are given", ge=1, le=1024)


@hookimpl
def semblant_models() -> list[ModelType]:
    """Offer the backend ``trees``."""
    return [
        ModelType(
            name="trees",
            factory="semblant_trees.backend:TreesBackend",
            summary="one decision tree per column, given the columns before it (as synthpop); needs scikit-learn only",
            settings=TreesSettings,
            requires=("sklearn",),
            distribution="semblant-trees",
            capabilities={
                "context": False,
                "sequences": False,
                "conditions": True,
                "privacy": False,
                "checkpointing": True,
                "log_prob": True,
                "encodings": (
                    "categorical", "boolean", "number", "integer", "date", "datetime", "time", "duration",
                    "latitude", "longitude",
                ),
            },
        )
    ]  # fmt: skip
