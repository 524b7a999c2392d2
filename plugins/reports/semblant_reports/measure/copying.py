"""The copying check: is the synthetic data nearer to the training rows than to rows nobody trained on?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import polars.selectors as cs

from semblant_reports.measure.confidence import wilson
from semblant_reports.measure.neighbours import nearest, nearest_places
from semblant_reports.measure.sample import drawn
from semblant_reports.measure.space import points_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from semblant_reports.measure.forms import ColumnForm
    from semblant_reports.measure.sample import Sample

ROWS = 25_000
CONTROL = 5_000
"""Holdout rows whose distances tell what is usual."""
OPERATIONS = 4e11
"""Multiplications for one set of distances; with more columns fewer rows are asked about."""
TIE = 1e-6
SHARES = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""Of the rows: the extremes of distances are those of single rows, and not told."""


def copying_figures(
    sample: Sample, columns: Sequence[ColumnForm], seed: int, progress: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Measure distances to the closest record and identical matches.

    ``dcr_share`` is the share of synthetic rows that are nearer to a training row than to a holdout
    row, ties counted half: 0.5 is what rows from nobody's data would have. ``interval`` is its 95%
    interval. Without a holdout only identical matches are known.
    """
    figures: dict[str, Any] = {
        "identical": identical_matches(sample),
        "dcr_share": None,
        "interval": None,
        "rows": 0,
        "distances": {},
        "columns": len(columns),
    }
    if sample.holdout is None or not len(columns) or not sample.synthetic.height or not sample.original.height:
        return figures
    rng = np.random.default_rng(seed)
    size = min(sample.original.height, sample.holdout.height, ROWS)
    frames = [
        drawn(frame, min(size, frame.height), rng) for frame in (sample.original, sample.holdout, sample.synthetic)
    ]
    train, held, made = points_of(columns, sample.reference, frames)
    asked = min(len(made), max(1_000, int(OPERATIONS / (2 * size * train.shape[1]))))
    made = made[_chosen(len(made), asked, rng)]
    to_train, train_places = nearest_places(train, made, 2, progress)
    to_holdout, holdout_places = nearest_places(held, made, 2, progress)
    control = nearest(train, held[_chosen(len(held), min(asked, CONTROL), rng)], 2, progress)
    nearer = to_train[:, 0] < to_holdout[:, 0]
    winners = np.where(nearer, train_places, len(train) + holdout_places)
    share, interval = dcr_share(to_train[:, 0], to_holdout[:, 0], winners, len(train) + len(held))
    figures |= {
        "dcr_share": share,
        "interval": interval,
        "rows": len(made),
        "distances": {
            "synthetic_to_training": _described(to_train),
            "synthetic_to_holdout": _described(to_holdout),
            "holdout_to_training": _described(control),
        },
    }
    return figures


def dcr_share(
    to_train: NDArray[np.float64],
    to_holdout: NDArray[np.float64],
    winners: NDArray[np.intp] | None = None,
    candidates: int = 0,
) -> tuple[float, list[float]]:
    """Give the share nearer to training, ties half, and its 95% interval (Wilson).

    A training row that many synthetic rows are nearest to speaks for all of them at once. So the interval counts
    ``winners``, the nearest row of each synthetic row, by their effective number (Kish, 1965): had the
    ``candidates``, training and holdout rows, been dealt out the other way round, all of theirs would change sides.

    >>> dcr_share(np.array([0.0, 1.0]), np.array([1.0, 1.0]))[0]
    0.75
    """
    tie = np.abs(to_train - to_holdout) < TIE
    share = float(((to_train < to_holdout) & ~tie).mean() + tie.mean() / 2)
    count = float(len(to_train))
    if winners is not None and not tie.all():
        shared = np.unique(winners[~tie], return_counts=True)[1].astype(np.float64)
        won = float((~tie).sum())
        # the deal has a fixed number of each kind (finite population); a tie counts half whoever wins
        spread = float((shared**2).sum()) - (won**2 / candidates if candidates else 0.0)
        count = min(count, won**2 / max(spread, 1e-9) + float(tie.sum()))
    return share, wilson(share, count)


def identical_matches(sample: Sample) -> dict[str, float | None]:
    """Give the share of rows that occur word for word in the training rows, and what is usual.

    ``holdout`` is the same share among rows that nobody trained on: where values are few, identical
    rows are no copies. Without a holdout ``expected`` tells it: the share of training rows that occur
    more than once estimates how many fresh rows would be met (Good, 1953: what is unseen weighs as much
    as what was seen once).
    """
    if not sample.columns or not sample.synthetic.height or not sample.original.height:
        names = ("synthetic", "low", "high", "holdout", "expected", "synthetic_duplicates", "training_duplicates")
        return dict.fromkeys(names)
    train, made = _hashes(sample.original), _hashes(sample.synthetic)
    held = _hashes(sample.holdout) if sample.holdout is not None else None
    met = _met(made, train)
    return {
        "synthetic": met,
        "low": wilson(met, len(made))[0],
        "high": wilson(met, len(made))[1],
        "holdout": None if held is None else _met(held, train),
        "expected": 1 - int(train.is_unique().sum()) / len(train),
        "synthetic_duplicates": 1 - made.n_unique() / len(made),
        "training_duplicates": 1 - train.n_unique() / len(train),
    }


def same_content(sample: Sample) -> bool:
    """Tell whether synthetic and original rows are the same, in whatever order.

    Tables of more rows than are measured are taken to differ: their samples say nothing of the rest.
    """
    sizes = {sample.rows["original"], sample.rows["synthetic"], sample.original.height, sample.synthetic.height}
    if not sample.columns or len(sizes) != 1 or not sample.original.height:
        return False
    return _hashes(sample.original).sort().to_list() == _hashes(sample.synthetic).sort().to_list()


def _met(rows: pl.Series, known: pl.Series) -> float:
    """Give the share of rows that are among the known ones."""
    return int(rows.is_in(known.unique().implode()).sum()) / len(rows)


def _hashes(frame: pl.DataFrame) -> pl.Series:
    """Give one number per row; numbers that differ after the ninth decimal are the same."""
    return frame.with_columns(cs.float().round(9) + 0.0).hash_rows(seed=1)


def _chosen(count: int, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Give at most ``most`` of ``count`` places, in order."""
    return np.arange(count) if most >= count else np.sort(rng.permutation(count)[:most])


def _described(distances: NDArray[np.float64]) -> dict[str, Any]:
    """Give median and 5% quantile of the distance and of the ratio to the second neighbour's, and the distance's
    quantiles at :data:`SHARES`.
    """
    tiny = 1e-6
    first, second = distances[:, 0], distances[:, 1]
    ratio = np.where(np.isfinite(second), (first + tiny) / (second + tiny), 1.0)
    return {
        "median": float(np.median(first)),
        "p5": float(np.quantile(first, 0.05)),
        "ratio_median": float(np.median(ratio)),
        "ratio_p5": float(np.quantile(ratio, 0.05)),
        "quantiles": [round(float(value), 6) for value in np.quantile(first, SHARES)],
    }
