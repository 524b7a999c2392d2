"""Utility: does a model trained on synthetic rows predict real rows as well as one trained on real rows?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from attrs import frozen

from semblant_reports.measure.confidence import area_under_curve, around, deviation_of
from semblant_reports.measure.detection import features_of
from semblant_reports.measure.forms import ColumnForm, Form
from semblant_reports.measure.sample import drawn
from semblant_reports.measure.threads import one_thread, quietly, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from semblant_reports.measure.sample import Sample


ROWS = 25_000
COLUMNS = 100
CLASSES = 10
FEWEST = 200
TEST_SHARE = 0.3
ROUNDS = {2: 100, 3: 50}
"""Trees of each class: two classes need one tree a round, more need one each."""
TELLING = {"AUC": 0.55, "R²": 0.05}
"""A column that real rows predict no better than this cannot tell real from synthetic teaching."""
SAME = 0.98
"""Columns with a higher PhiK say the same in other words: neither predicts the other here."""
CLOSE = 0.5
"""PhiK from which on a column may be a function of another."""
PER_VALUE = 20
"""Rows per value that it takes to say so."""


@frozen(kw_only=True, eq=False)
class _Parts:
    """What both models learn from and are tested on."""

    real: pl.DataFrame
    made: pl.DataFrame
    test: pl.DataFrame


def told_twice(sample: Sample, phik: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set PhiK to one where a column is but a function of another, as a code is of its name: that predicts nothing.

    :param phik: of the original's columns, shape (columns, columns).
    :returns: a copy; the row is the column that the other one determines.
    """
    found = phik.copy()
    frame = sample.original
    distinct = [frame[column.key].n_unique() for column in sample.columns]
    for target, place in np.argwhere(phik >= CLOSE).tolist():
        if target == place or not 1 < distinct[target] <= distinct[place] <= frame.height / PER_VALUE:
            continue
        keys = [sample.columns[index].key for index in (place, target)]
        if frame.select(pl.struct(keys).n_unique()).item() == distinct[place]:
            found[target, place] = 1.0
    return found


def targets_of(sample: Sample, phik: NDArray[np.float64], min_subjects: int, most: int = 2) -> list[int]:
    """Choose the columns that others tell most about: at most ``most``, one of them a number if there is one.

    :param phik: PhiK of the original's columns, shape (columns, columns).
    """
    ranked = []
    for place, column in enumerate(sample.columns):
        known = sample.original[column.key].drop_nulls()
        if len(known) < FEWEST or column.form is Form.MOMENT:
            continue
        distinct = known.n_unique()
        numeric = column.form is Form.NUMBER and distinct > CLASSES
        if not numeric and len(_classes(known, min_subjects)) < 2:
            continue
        if not numeric and distinct > 3 * CLASSES:
            continue
        others = np.delete(phik[place], place)
        others = others[~np.isnan(others) & (others < SAME)]
        if len(others):
            ranked.append((float(np.sort(others)[-3:].mean()), place, numeric))
    ranked.sort(key=lambda item: (-item[0], item[1]))
    labels = [item for item in ranked if not item[2]][:most]
    numbers = [item for item in ranked if item[2]][:most]
    chosen = [*labels[: most - bool(numbers)], *numbers[:1]] if labels else numbers
    return sorted(place for _, place, _ in chosen[:most])


def utility_figures(
    sample: Sample,
    target: int,
    phik: NDArray[np.float64],
    seed: int,
    min_subjects: int,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Predict one column from all others by boosted trees, and test both models on the same real rows.

    ``real`` and ``synthetic`` hold the scores of the models (AUC, the mean over classes; R² for numbers), ``gap`` how
    much the synthetic one falls behind, with its 95% ``interval`` from the test rows.
    """
    column = sample.columns[target]
    known = sample.original[column.key].drop_nulls()
    numeric = column.form is Form.NUMBER and known.n_unique() > CLASSES
    skip = {place for place in range(len(sample.columns)) if phik[target, place] >= SAME} | {target}
    others = [item for place, item in enumerate(sample.columns) if place not in skip][:COLUMNS]
    figures: dict[str, Any] = {
        "column": column.name,
        "measure": "R²" if numeric else "AUC",
        "classes": 0,
        "set_aside": [sample.columns[place].name for place in sorted(skip - {target})],
        "tested_on": "holdout" if sample.holdout is not None else "a part of the original rows",
        **dict.fromkeys(("rows", "test_rows"), 0),
        **dict.fromkeys(("real", "synthetic", "gap", "interval", "reason")),
        "telling": False,
    }
    parts = _parts(sample, column, np.random.default_rng([seed, target]))
    figures |= {"rows": parts.made.height, "test_rows": parts.test.height}
    if min(parts.real.height, parts.made.height, parts.test.height) < FEWEST // 2 or not others:
        return figures | {"reason": "too few rows or columns to learn from"}
    features, categorical, _ = features_of(others, pl.concat([parts.real, parts.made, parts.test]))
    cuts = np.cumsum([parts.real.height, parts.made.height])
    tables = np.split(features, cuts)
    if numeric:
        figures |= _numbers(parts, column.key, tables, categorical, seed, progress)
    else:
        figures |= _labels(parts, column.key, tables, categorical, seed, min_subjects, progress)
    return figures | {"telling": figures["gap"] is not None and figures["real"] > TELLING[figures["measure"]]}


def _parts(sample: Sample, column: ColumnForm, rng: np.random.Generator) -> _Parts:
    """Draw rows whose target is known; without a holdout a part of the original is kept for the test."""
    original, made = (frame.drop_nulls(column.key) for frame in (sample.original, sample.synthetic))
    if sample.holdout is not None:
        test = sample.holdout.drop_nulls(column.key)
    else:
        mixed = rng.permutation(original.height)
        cut = int(TEST_SHARE * original.height)
        original, test = original[np.sort(mixed[cut:])], original[np.sort(mixed[:cut])]
    size = min(ROWS, original.height, made.height)
    return _Parts(real=drawn(original, size, rng), made=drawn(made, size, rng), test=drawn(test, ROWS, rng))


def _labels(
    parts: _Parts,
    key: str,
    tables: Sequence[NDArray[np.float64]],
    categorical: NDArray[np.bool_],
    seed: int,
    min_subjects: int,
    progress: Callable[[], None],
) -> dict[str, Any]:
    """Classify; classes that few hold are left out of both."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    classes = _classes(parts.real[key].cast(pl.String), min_subjects)
    codes = dict(zip(classes, range(len(classes)), strict=True))
    wanted = [
        frame[key].cast(pl.String).replace_strict(list(codes), list(codes.values()), default=-1).to_numpy()
        for frame in (parts.real, parts.made, parts.test)
    ]
    tested = wanted[2] >= 0
    present = [code for code in range(len(classes)) if 0 < (wanted[2][tested] == code).sum() < tested.sum()]
    made = sorted(set(wanted[1][wanted[1] >= 0].tolist()))
    if len(present) < 2 or len(classes) < 2:
        return {"reason": "the test rows hold fewer than two of its classes"}
    if len(made) < 2:
        return {"classes": len(classes), "reason": "the synthetic rows hold fewer than two of its classes"}

    def taught(table: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Learn from one side; gives the probability of each class for the test rows."""
        progress()
        model = HistGradientBoostingClassifier(
            max_iter=ROUNDS[2 if len(classes) == 2 else 3], **_settings(categorical, seed)
        )
        with one_thread("openmp"):
            model.fit(table[labels >= 0], labels[labels >= 0])
            found = model.predict_proba(tables[2][tested])
        whole = np.zeros((len(found), len(classes)))
        whole[:, model.classes_] = found
        return whole

    with quietly():  # a side may lack a category; the trees cope
        scores = side_by_side([partial(taught, *side) for side in zip(tables[:2], wanted[:2], strict=True)])
    tests = wanted[2][tested]
    if len(classes) == 2:
        present = [1]
    areas, errors = [], []
    for side in scores:
        known = [area_under_curve(side[:, code], tests == code) for code in present]
        areas.append(float(np.mean([area for area, _ in known])))
        errors.append(np.mean([part for _, part in known], axis=0))
    return {"classes": len(classes), **_gap(areas, errors)}


def _numbers(
    parts: _Parts,
    key: str,
    tables: Sequence[NDArray[np.float64]],
    categorical: NDArray[np.bool_],
    seed: int,
    progress: Callable[[], None],
) -> dict[str, Any]:
    """Predict a number; one with a long tail by its logarithm."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    wanted = [frame[key].to_numpy().astype(np.float64) for frame in (parts.real, parts.made, parts.test)]
    centred = wanted[0] - wanted[0].mean()
    skewed = wanted[0].min() >= 0 and float((centred**3).mean()) > 3 * float((centred**2).mean()) ** 1.5
    if skewed:
        wanted = [np.log1p(np.maximum(numbers, 0)) for numbers in wanted]
    spread = (wanted[2] - wanted[2].mean()) ** 2
    if not spread.mean() > 0:
        return {"reason": "it is the same in all test rows"}

    def taught(table: NDArray[np.float64], numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Learn from one side; gives the squared errors of the test rows."""
        progress()
        model = HistGradientBoostingRegressor(max_iter=ROUNDS[2], **_settings(categorical, seed))
        with one_thread("openmp"):
            found: NDArray[np.float64] = (model.fit(table, numbers).predict(tables[2]) - wanted[2]) ** 2
        return found

    with quietly():
        sides = side_by_side([partial(taught, *side) for side in zip(tables[:2], wanted[:2], strict=True)])
    scores = [1 - float(missed.mean() / spread.mean()) for missed in sides]
    errors = [
        (spread * (1 - score) - missed) / spread.mean() / len(missed)
        for score, missed in zip(scores, sides, strict=True)
    ]
    return _gap(scores, errors)


def _gap(scores: Sequence[float], errors: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    """Give both scores and how far the second falls behind; the test rows are the same, so much error cancels."""
    gap = scores[0] - scores[1]
    return {
        "real": round(scores[0], 5),
        "synthetic": round(scores[1], 5),
        "gap": round(gap, 5),
        "interval": around(gap, deviation_of(errors[0] - errors[1]), low=-10.0, high=10.0),
    }


def _settings(categorical: NDArray[np.bool_], seed: int) -> Mapping[str, Any]:
    """Give the settings of both models."""
    return {
        "max_leaf_nodes": 31,
        "learning_rate": 0.1,
        "min_samples_leaf": 20,
        "l2_regularization": 1.0,
        "categorical_features": categorical,
        "early_stopping": False,
        "random_state": seed % 2**32,
    }


def _classes(known: pl.Series, min_subjects: int) -> list[str]:
    """Give the most frequent classes that enough rows hold."""
    counted = (
        known.cast(pl.String)
        .rename("value")
        .value_counts()
        .filter(pl.col("count") >= max(min_subjects, 10))
        .sort(["count", "value"], descending=[True, False])
    )
    return counted["value"].head(CLASSES).to_list()
