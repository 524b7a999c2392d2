"""Whether texts go with their rows: a bag-of-words classifier of real texts, asked about synthetic ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

_FEWEST = 40


def agreement(pairs: Mapping[str, tuple[pl.Series, pl.Series]], classes: Sequence[Any]) -> dict[str, Any]:
    """Give the AUC (mean over classes) of a classifier on holdout and on synthetic texts, and of the reverse.

    ``forward`` and ``reverse`` are the lifts over chance as shares of that of real texts: trained on real and
    asked about synthetic texts, and the other way round. All None where there is no holdout, or too little of it.
    """
    nothing = dict.fromkeys(("real", "synthetic", "learned", "forward", "reverse"))
    if "holdout" not in pairs:
        return nothing
    kept = {side: _kept(texts, labels, classes) for side, (texts, labels) in pairs.items()}
    if any(len(labels) < _FEWEST or len(set(labels)) < 2 for _, labels in kept.values()):
        return nothing
    real, forward, reverse = (
        _area(kept[learned], kept[tested])
        for learned, tested in (("original", "holdout"), ("original", "synthetic"), ("synthetic", "holdout"))
    )
    lift = real - 0.5
    shares = (None, None) if lift < 0.02 else ((forward - 0.5) / lift, (reverse - 0.5) / lift)
    return {
        "real": round(real, 4),
        "synthetic": round(forward, 4),
        "learned": round(reverse, 4),
        "forward": None if shares[0] is None else round(shares[0], 4),
        "reverse": None if shares[1] is None else round(shares[1], 4),
    }


def _kept(texts: pl.Series, labels: pl.Series, classes: Sequence[Any]) -> tuple[list[str], NDArray[np.int64]]:
    place = {value: number for number, value in enumerate(classes)}
    numbers = np.array([place.get(label, -1) for label in labels.to_list()], np.int64)
    found = np.flatnonzero(numbers >= 0)
    return texts[found].to_list(), numbers[found]


def _area(learned: tuple[list[str], NDArray[np.int64]], tested: tuple[list[str], NDArray[np.int64]]) -> float:
    """Train and test; gives the area under the curve, a mean over the classes."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(min_df=3, sublinear_tf=True)
    model = make_pipeline(words, LogisticRegression(C=3.0, max_iter=300))
    try:
        model.fit(*learned)
    except ValueError:  # no word is left that three texts hold
        return 0.5
    shares = model.predict_proba(tested[0])
    areas = [
        roc_auc_score(tested[1] == value, shares[:, at])
        for at, value in enumerate(model.classes_)
        if 0 < np.sum(tested[1] == value) < len(tested[1])
    ]
    return float(np.mean(areas)) if areas else 0.5
