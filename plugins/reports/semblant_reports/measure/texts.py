"""What is measured of a text column: lengths, words, what goes with the row, and what is only repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from semblant_reports.measure.forms import Form
from semblant_reports.measure.runs import Words, longest_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from semblant_reports.measure.forms import ColumnForm
    from semblant_reports.measure.sample import Sample

ROWS = 5_000
"""Texts per side of which runs, words and labels are measured."""
_FEWEST = 30
_MOST_CLASSES = 8
_TELLING = 6
_CLASS_ROWS = 30
_LENGTHS = 4
"""Classes per doubling of a length."""


def text_figures(sample: Sample, column: ColumnForm, least: int, check: Callable[[], None]) -> dict[str, Any]:
    """Measure one text column; nothing of it but words that ``least`` subjects of the original hold is told."""
    sides = {"original": sample.original[column.key], "synthetic": sample.synthetic[column.key]}
    if sample.holdout is not None:
        sides["holdout"] = sample.holdout[column.key]
    written = {side: texts.filter((texts.str.len_chars() > 0).fill_null(value=False)) for side, texts in sides.items()}
    if min(len(written["original"]), len(written["synthetic"])) < _FEWEST:
        return {"column": column.name, "note": f"fewer than {_FEWEST} texts"}
    words = {side: Words.of(texts.head(ROWS)) for side, texts in written.items()}
    check()
    known = common_words(sample, column, least)
    figures: dict[str, Any] = {
        "column": column.name,
        "note": "",
        "sizes": {side: _sizes(texts, words[side]) for side, texts in written.items()},
        "differences": {
            side: _differences(written["original"].head(ROWS), written[side].head(ROWS), words["original"], words[side])
            for side in written
            if side != "original"
        },
        "vocabulary": _vocabulary(words, known),
    }
    check()
    figures["copies"] = _copies(sample, column, written, words, least)
    check()
    figures["labels"] = [
        _label(sample, column, label, known, least, check) for label in labels_of(sample, column, known, least)
    ]
    return figures


def common_words(sample: Sample, column: ColumnForm, least: int) -> pl.Series:
    """Give the words that ``least`` subjects of the original hold."""
    words = Words.of(sample.original[column.key])
    owners = words.rows if sample.subjects is None else sample.subjects[words.rows]
    frame = pl.DataFrame({"word": words.words, "owner": owners}).unique().group_by("word").len("held")
    return frame.filter(pl.col("held") >= least)["word"].sort()


def _sizes(texts: pl.Series, words: Words) -> dict[str, Any]:
    lengths = texts.str.len_chars().to_numpy()
    per_text = np.bincount(words.rows, minlength=words.texts)
    return {
        "texts": len(texts),
        "characters": _rounded(float(lengths.mean())),
        "median": _rounded(float(np.median(lengths))),
        "high": _rounded(float(np.quantile(lengths, 0.9))),
        "words": _rounded(float(per_text.mean())),
    }


def _rounded(number: float) -> float:
    return float(f"{number:.2g}")


def variation(
    first: Sequence[Any] | NDArray[Any] | pl.Series, other: Sequence[Any] | NDArray[Any] | pl.Series
) -> float:
    """Give the total variation between two samples of discrete values.

    >>> variation([1, 1, 2, 2], [1, 1, 1, 2])
    0.25
    """
    counts = [pl.Series("value", values).value_counts(name="n") for values in (first, other)]
    shares = [count.with_columns(pl.col("n") / pl.col("n").sum()) for count in counts]
    both = shares[0].join(shares[1], on="value", how="full", coalesce=True)
    gaps = (both["n"].fill_null(0.0) - both["n_right"].fill_null(0.0)).abs()
    return 0.5 * float(gaps.to_numpy().sum())


def _differences(original: pl.Series, other: pl.Series, words: Words, more: Words) -> dict[str, float]:
    """Give the total variation of text lengths, signs, and word lengths."""
    lengths = [np.floor(_LENGTHS * np.log2(texts.str.len_chars().to_numpy() + 1.0)) for texts in (original, other)]
    signs = [texts.str.split("").explode() for texts in (original, other)]
    sizes = [side.words.str.len_chars().clip(0, 25) for side in (words, more)]
    return {
        "length": round(variation(*lengths), 4),
        "characters": round(variation(*signs), 4),
        "word_length": round(variation(*sizes), 4),
    }


def _vocabulary(words: dict[str, Words], known: pl.Series) -> dict[str, Any]:
    """Give the share of words, by their occurrences, that are common in the original, and of runs that are real."""
    found: dict[str, Any] = {"common": len(known)}
    found["shares"] = {side: round(_share(some.words, known), 4) for side, some in words.items()}
    found["used"] = round(_share(known, words["synthetic"].words.unique()), 4)
    if "holdout" in words:
        there = np.unique(words["holdout"].runs(3))
        found["runs"] = {
            side: round(float(np.isin(words[side].runs(3), there).mean()), 4) if len(words[side].runs(3)) else None
            for side in ("original", "synthetic")
        }
    return found


def _share(words: pl.Series, known: pl.Series) -> float:
    """Give the share of words that are among the known ones."""
    return float(np.mean(words.is_in(known.implode()).to_numpy())) if len(words) else 0.0


def _copies(
    sample: Sample, column: ColumnForm, written: dict[str, pl.Series], words: dict[str, Words], least: int
) -> dict[str, Any]:
    """Give texts that few subjects wrote and that came again, and the longest runs in common with either side."""
    original = sample.original[column.key]
    owners = np.arange(len(original)) if sample.subjects is None else sample.subjects
    frame = pl.DataFrame({"text": original, "owner": owners}).filter(pl.col("text").str.len_chars() > 0)
    few = frame.group_by("text").agg(pl.col("owner").n_unique().alias("held")).filter(pl.col("held") < least)["text"]
    found: dict[str, Any] = {
        side: {"texts": int(texts.is_in(few.implode()).sum()), "of": len(texts)}
        for side, texts in written.items()
        if side != "original"
    }
    if "holdout" not in words:
        return found | {"runs": {"training": _high(longest_runs(words["synthetic"], words["original"]))}}
    # as many texts on either side: a run is the longer, the more texts there are to find it in
    count = min(len(written["original"]), len(written["holdout"]), ROWS)
    training = Words.of(written["original"].sample(count, seed=0))
    held = Words.of(written["holdout"].head(count))
    return found | {
        "runs": {
            "training": _high(longest_runs(words["synthetic"], training)),
            "holdout": _high(longest_runs(words["synthetic"], held)),
            "real": _high(longest_runs(held, training)),
        },
        "against": count,
    }


def _high(runs: NDArray[np.int64]) -> dict[str, float]:
    return {"median": float(np.median(runs)), "high": float(np.quantile(runs, 0.99))} if len(runs) else {}


def labels_of(sample: Sample, column: ColumnForm, known: pl.Series, least: int) -> list[ColumnForm]:
    """Choose the column of few values that the common words tell most about, if they tell anything."""
    words = Words.of(sample.original[column.key].head(ROWS))
    frame = (
        pl.DataFrame({"row": words.rows, "word": words.words}).unique().filter(pl.col("word").is_in(known.implode()))
    )
    held = frame.group_by("word").len("n").sort(["n", "word"], descending=[True, False]).head(500)
    frame = frame.join(held, on="word")
    best: list[tuple[float, ColumnForm]] = []
    for other in sample.columns:
        if other.key == column.key or other.form is not Form.CATEGORY:
            continue
        values = sample.original[other.key].head(ROWS)
        counts = values.drop_nulls().value_counts(name="n")
        usual = counts.filter(pl.col("n") >= max(_CLASS_ROWS, least))
        if not 2 <= usual.height <= _MOST_CLASSES or usual["n"].sum() < 0.8 * len(values):
            continue
        table = frame.with_columns(label=values[frame["row"].to_numpy()]).drop_nulls("label")
        table = table.join(usual.rename({usual.columns[0]: "label", "n": "rows"}), on="label")
        cells = table.group_by(["word", "label"]).agg(pl.len().alias("n"), pl.col("rows").first())
        rate = cells.join(held.rename({"n": "all"}), on="word").with_columns(
            expected=pl.col("all") * pl.col("rows") / usual["n"].sum()
        )
        excess = ((rate["n"] - rate["expected"]) ** 2 / rate["expected"]).sum() / max(rate.height, 1)
        if excess > 2.0:
            best.append((float(excess), other))
    best.sort(key=lambda pair: -pair[0])
    return [other for _, other in best[:1]]


def _label(
    sample: Sample, column: ColumnForm, label: ColumnForm, known: pl.Series, least: int, check: Callable[[], None]
) -> dict[str, Any]:
    """Measure how texts go with one column: the words that tell its values, and what a classifier makes of them."""
    from semblant_reports.measure.agreement import agreement

    counts = (
        sample.original[label.key].drop_nulls().value_counts(name="n").sort(["n", label.key], descending=[True, False])
    )
    classes = counts.filter(pl.col("n") >= max(_CLASS_ROWS, least))[label.key].to_list()
    sides = {"original": sample.original, "synthetic": sample.synthetic} | (
        {} if sample.holdout is None else {"holdout": sample.holdout}
    )
    pairs = {
        side: (frame[column.key].head(ROWS).fill_null(""), frame[label.key].head(ROWS)) for side, frame in sides.items()
    }
    telling = {side: _telling(*pairs[side], classes, known) for side in ("original", "synthetic")}
    check()
    return {
        "label": label.name,
        "words": [
            {"value": str(value), "original": telling["original"][value], "synthetic": telling["synthetic"][value]}
            for value in classes
        ],
        **agreement(pairs, classes),
    }


def _telling(texts: pl.Series, labels: pl.Series, classes: list[Any], known: pl.Series) -> dict[Any, list[str]]:
    """Give per class the words that are more frequent there than elsewhere, by their log-odds with a prior."""
    words = Words.of(texts)
    frame = pl.DataFrame({"row": words.rows, "word": words.words}).unique()
    frame = frame.filter(pl.col("word").is_in(known.implode()))
    frame = frame.with_columns(label=labels[frame["row"].to_numpy()])
    found: dict[Any, list[str]] = {}
    for value in classes:
        inside, outside = (int((labels == value).sum()), int((labels != value).sum()))
        counts = frame.group_by("word").agg(
            (pl.col("label") == value).sum().alias("a"), (pl.col("label") != value).sum().alias("b")
        )
        rate = counts.with_columns(
            odds=((pl.col("a") + 1.0) / (inside + 2.0)).log() - ((pl.col("b") + 1.0) / (outside + 2.0)).log(),
            error=(1.0 / (pl.col("a") + 1.0) + 1.0 / (pl.col("b") + 1.0)).sqrt(),
        )
        rate = rate.with_columns(score=pl.col("odds") / pl.col("error")).filter(pl.col("score") > 2.0)
        found[value] = rate.sort(["score", "word"], descending=[True, False]).head(_TELLING)["word"].to_list()
    return found
