"""Can a classifier tell synthetic from real rows (classifier two-sample test)?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from semblant_reports.measure.confidence import area_under_curve, around, deviation_of
from semblant_reports.measure.forms import ColumnForm, Form
from semblant_reports.measure.sample import drawn
from semblant_reports.measure.threads import one_thread, quietly, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from semblant_reports.measure.sample import Sample


ROWS = 25_000
COLUMNS = 200
LEVELS = 250
FOLDS = 5
MANY = 10_000
"""From so many rows of each side on, three of the five tests are enough: they hardly differ."""
SMALLEST = 50
TELLING = 0.51
"""Below this area nothing gives the rows away, and no column is asked."""
DAY = 86_400


def detection_figures(
    sample: Sample, columns: Sequence[ColumnForm], seed: int, progress: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Train boosted trees to tell the rows apart on four fifths, test on the rest, five times (three with many rows).

    ``auc`` is the mean area under the ROC curve: 0.5 means that nothing gives the synthetic rows
    away, 1 that every row does. ``columns`` names those whose shuffling costs the classifier most.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    size = min(ROWS, sample.original.height, sample.synthetic.height)
    if sample.holdout is not None:
        size = min(size, max(SMALLEST, sample.holdout.height))
    if size < SMALLEST or not columns:
        return {"auc": None, "rows": size, "columns": [], "spread": None, "interval": None, "rounds": 0}
    rng = np.random.default_rng(seed)
    real, made = (drawn(frame, size, rng) for frame in (sample.original, sample.synthetic))
    features, categorical, owners = features_of(columns[:COLUMNS], pl.concat([real, made]))
    labels = np.repeat([0, 1], size)
    folds = np.concatenate([rng.permutation(size) % FOLDS, rng.permutation(size) % FOLDS])
    rounds = FOLDS if size < MANY else 3

    def test(fold: int) -> tuple[float, float, list[tuple[str, float]]]:
        """Learn from all folds but one, and test on that: the area, its deviation, and what the columns give away."""
        progress()
        held = folds == fold
        model = HistGradientBoostingClassifier(
            max_iter=150,
            max_depth=6,
            max_leaf_nodes=64,
            learning_rate=0.1,
            min_samples_leaf=5,
            l2_regularization=1.0,
            max_features=0.9,
            categorical_features=categorical,
            early_stopping=False,
            random_state=seed % 2**32,
        )
        with one_thread("openmp"):
            model.fit(features[~held], labels[~held])
            area, parts = area_under_curve(model.predict_proba(features[held])[:, 1], labels[held] == 1)
            told = fold == 0 and area > TELLING
            losses = _losses(model, features[held], labels[held] == 1, owners, area, rng) if told else []
        return area, deviation_of(parts), losses

    with quietly():  # a fold may lack a category; the trees cope
        found = side_by_side([partial(test, fold) for fold in range(rounds)])
    areas, deviations = [area for area, _, _ in found], [deviation for _, deviation, _ in found]
    losses = found[0][2]
    return {
        "auc": float(np.mean(areas)),
        "rows": size,
        "rounds": rounds,
        "spread": float(np.std(areas)),
        # the tests' rows are different ones, their errors as good as independent
        "interval": around(float(np.mean(areas)), float(np.sqrt(np.square(deviations).sum())) / rounds),
        "columns": [
            {"column": name, "loss": loss}
            for name, loss in sorted(losses, key=lambda item: -item[1])[:10]
            if loss > 0.001
        ],
    }


def features_of(
    columns: Sequence[ColumnForm], frame: pl.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """Give features, which of them are categories, and the column that each belongs to."""
    made: list[NDArray[np.float64]] = []
    kinds: list[bool] = []
    owners: list[str] = []

    def add(values: NDArray[np.float64], owner: str, *, category: bool = False) -> None:
        made.append(values)
        kinds.append(category)
        owners.append(owner)

    for column in columns:
        series = frame[column.key]
        if column.form is Form.CATEGORY:
            counted = (
                series.drop_nulls().rename("value").value_counts().sort(["count", "value"], descending=[True, False])
            )
            levels = counted.filter(pl.col("count") > 1)["value"].head(LEVELS).to_list()
            codes = dict(zip(levels, range(2, len(levels) + 2), strict=True))
            coded = (
                series.replace_strict(list(codes), list(codes.values()), default=1, return_dtype=pl.Int32)
                if codes
                else pl.Series([1] * len(series))
            )
            add(coded.set(series.is_null(), 0).to_numpy().astype(np.float64), column.name, category=True)
            if counted.height > LEVELS:
                add(series.str.len_chars().fill_null(-1).to_numpy().astype(np.float64), column.name)
        else:
            numbers = series.to_numpy().astype(np.float64)
            add(numbers, column.name)
            if column.form is Form.MOMENT:
                add(np.floor(numbers / DAY + 3) % 7, column.name)
                if not column.whole:
                    add(numbers % DAY, column.name)
    return np.column_stack(made), np.array(kinds), owners


def _losses(
    model: Any,
    features: NDArray[np.float64],
    positive: NDArray[np.bool_],
    owners: Sequence[str],
    base: float,
    rng: np.random.Generator,
) -> list[tuple[str, float]]:
    """Shuffle each column in turn and see what the classifier loses."""
    found = []
    for owner in dict.fromkeys(owners):
        shuffled = features.copy()
        places = [index for index, name in enumerate(owners) if name == owner]
        shuffled[:, places] = features[rng.permutation(len(features))][:, places]
        found.append((owner, base - area_under_curve(model.predict_proba(shuffled)[:, 1], positive)[0]))
    return found
