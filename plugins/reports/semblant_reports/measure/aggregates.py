"""Parents with their children summed up, so that a classifier can look at whole families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from semblant_reports.measure.detection import detection_figures
from semblant_reports.measure.forms import ColumnForm, Form
from semblant_reports.measure.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from semblant_reports.measure.relations import Family

PARENTS = 15_000
COLUMNS = 40
"""Columns of the child, and of the parent, that are looked at."""


def aggregated_detection(
    original: Family,
    synthetic: Family,
    columns: tuple[Sequence[ColumnForm], Sequence[ColumnForm]],
    seed: int,
    check: Callable[[], None],
) -> dict[str, Any]:
    """Tell synthetic from real parents by their own columns, their number of children and what these are like.

    Of a number the children's mean, spread, extremes, first and last, mean step and share of missing values count; of
    a category the first and how many different ones there are. Needs scikit-learn.

    :param columns: compared columns of parent and child.
    """
    from importlib.util import find_spec

    nothing: dict[str, Any] = {"auc": None, "rows": 0, "columns": [], "interval": None}
    if find_spec("sklearn") is None:
        return nothing
    rng = np.random.default_rng(seed)
    size = min(PARENTS, len(original.counts), len(synthetic.counts))
    above, below = (list(part)[:COLUMNS] for part in columns)
    frames: list[pl.DataFrame] = []
    forms: list[ColumnForm] = []
    for family in (original, synthetic):
        rows = np.sort(rng.permutation(len(family.counts))[:size])
        made = list(_summed(family, rows, above, below))
        forms = [form for form, _ in made]
        frames.append(pl.DataFrame([series.alias(form.key) for form, series in made]))
        check()
    sample = Sample(
        columns=tuple(forms),
        original=frames[0],
        synthetic=frames[1],
        holdout=None,
        rows={"original": len(original.counts), "synthetic": len(synthetic.counts)},
        subjects=None,
    )
    found = detection_figures(sample, forms, seed, check)
    return {name: found[name] for name in nothing}


def _summed(
    family: Family, rows: NDArray[np.int64], above: Sequence[ColumnForm], below: Sequence[ColumnForm]
) -> list[tuple[ColumnForm, pl.Series]]:
    """Give one value per chosen parent and figure."""
    found = [(_named(family.parent, form, "", form.form), family.column(family.parent, form, rows)) for form in above]
    place = np.full(len(family.counts), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    owner = np.where(family.owner >= 0, place[np.maximum(family.owner, 0)], -1)
    children = np.flatnonzero(owner >= 0)
    counted = pl.Series(family.counts[rows]).cast(pl.Float64)
    found.append((_named(family.child, None, "number", Form.NUMBER), counted))
    parents = pl.DataFrame({"parent": np.arange(len(rows))})
    for form in below:
        values = pl.DataFrame({"parent": owner[children], "value": family.column(family.child, form, children)})
        value = pl.col("value")
        if form.form is Form.CATEGORY:
            parts = {"different": value.n_unique(), "first": value.first()}
        else:
            parts = {
                "mean": value.mean(),
                "spread": value.std(),
                "smallest": value.min(),
                "largest": value.max(),
                "first": value.first(),
                "last": value.last(),
                "step": value.diff().mean(),
                "falls": (value.diff() < 0).mean(),
                "missing": value.is_null().mean(),
            }
        grouped = values.group_by("parent").agg(**parts)
        joined = parents.join(grouped, on="parent", how="left", maintain_order="left")
        for name in parts:
            kind = form.form if name == "first" else Form.NUMBER
            series = joined[name]
            found.append(
                (
                    _named(family.child, form, name, kind),
                    series if kind is Form.CATEGORY else series.cast(pl.Float64),
                )
            )
    return found


def _named(table: str, form: ColumnForm | None, figure: str, kind: Form) -> ColumnForm:
    """Name a figure by table and column."""
    whose = f"{table}.{form.name}" if form is not None else table
    name = f"{whose}: {figure}" if figure else whose
    return ColumnForm(name=name, path=(name,), form=Form.NUMBER if kind is Form.MOMENT and figure else kind)
