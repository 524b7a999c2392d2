"""How good synthetic texts are: words, lengths, agreement with the row, and what is only repeated."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = r"[\p{L}\p{M}\p{N}'’]+"


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """Split texts into words, in lower case."""
    found: list[list[str]] = pl.Series(texts, dtype=pl.String).str.to_lowercase().str.extract_all(_WORD).to_list()
    return found


def variation(first: Sequence[Any], other: Sequence[Any]) -> float:
    """Give the total variation between two samples of discrete values."""
    one, two = Counter(first), Counter(other)
    total = (sum(one.values()) or 1, sum(two.values()) or 1)
    return 0.5 * sum(abs(one[key] / total[0] - two[key] / total[1]) for key in one.keys() | two.keys())


def distributions(real: Sequence[str], made: Sequence[str]) -> dict[str, float]:
    """Give the total variation of signs, of word lengths, and of text lengths in quarters of a doubling."""
    lengths = [[int(4 * np.log2(len(text) + 1)) for text in texts] for texts in (real, made)]
    sizes = [[min(len(word), 20) for words in words_of(texts) for word in words] for texts in (real, made)]
    return {
        "characters_tv": variation("".join(real), "".join(made)),
        "word_length_tv": variation(*sizes),
        "length_tv": variation(*lengths),
    }


def grams(texts: Sequence[str], size: int = 3) -> list[tuple[str, ...]]:
    """Give the runs of ``size`` words of all texts."""
    return [tuple(words[i : i + size]) for words in words_of(texts) for i in range(len(words) - size + 1)]


def shared_grams(holdout: Sequence[str], real: Sequence[str], made: Sequence[str]) -> dict[str, float]:
    """Give the share of 3-grams that the holdout has: of real texts, of synthetic ones, and their ratio."""
    known = set(grams(holdout))
    shares = [float(np.mean([gram in known for gram in grams(texts)] or [False])) for texts in (real, made)]
    return {"grams_real": shares[0], "grams_synthetic": shares[1], "grams_ratio": shares[1] / max(shares[0], 1e-9)}


def agreement(
    train: tuple[Sequence[str], Sequence[str]],
    holdout: tuple[Sequence[str], Sequence[str]],
    made: tuple[Sequence[str], Sequence[str]],
) -> dict[str, float]:
    """Give the lift in AUC over chance of a bag-of-words classifier, as a share of that of real data.

    ``forward``: trained on real, tested on synthetic texts; ``reverse``: the other way round.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline

    def auc(learned: tuple[Sequence[str], Sequence[str]], tested: tuple[Sequence[str], Sequence[str]]) -> float:
        model = make_pipeline(TfidfVectorizer(min_df=3, sublinear_tf=True), LogisticRegression(C=3.0, max_iter=400))
        model.fit(list(learned[0]), list(learned[1]))
        shares = model.predict_proba(list(tested[0]))
        classes = list(model[-1].classes_)
        if len(classes) == 2:
            return float(roc_auc_score(np.array(tested[1]) == classes[1], shares[:, 1]))
        kept = [row for row, label in enumerate(tested[1]) if label in classes]
        labels = np.array(tested[1])[kept]
        areas = [
            roc_auc_score(labels == name, shares[kept, at])
            for at, name in enumerate(classes)
            if 0 < np.sum(labels == name) < len(kept)
        ]
        return float(np.mean(areas))

    real, forward, reverse = auc(train, holdout), auc(train, made), auc(made, holdout)
    return {
        "auc_real": real,
        "auc_forward": forward,
        "auc_reverse": reverse,
        "forward": (forward - 0.5) / (real - 0.5),
        "reverse": (reverse - 0.5) / (real - 0.5),
    }


def longest_runs(texts: Sequence[str], others: Sequence[str], most: int = 60) -> np.ndarray:
    """Give, per text, the words of its longest run that stands in one of the others."""
    found = np.zeros(len(texts), np.int64)
    split, known = words_of(texts), words_of(others)
    left = list(range(len(split)))
    for size in range(1, most + 1):
        there = {hash(tuple(words[i : i + size])) for words in known for i in range(len(words) - size + 1)}
        left = [
            row
            for row in left
            if any(hash(tuple(split[row][i : i + size])) in there for i in range(len(split[row]) - size + 1))
        ]
        found[left] = size
        if not left:
            break
    return found


def copies(train: Sequence[str], holdout: Sequence[str], made: Sequence[str]) -> dict[str, float]:
    """Give the texts that stand in the training data once, and the longest common runs, 99th percentile."""
    once = {text for text, count in Counter(train).items() if count == 1}
    count = min(len(train), len(holdout))
    return {
        "verbatim": float(sum(text in once for text in made)),
        "run_p99_train": float(np.percentile(longest_runs(made, train), 99)),
        "run_p99_holdout": float(np.percentile(longest_runs(made, holdout), 99)),
        "run_p99_train_alike": float(np.percentile(longest_runs(made, list(train)[:count]), 99)),
        "run_p99_real": float(np.percentile(longest_runs(holdout, train), 99)),
    }
