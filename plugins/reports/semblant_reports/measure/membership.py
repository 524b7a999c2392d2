"""A membership attack: who holds the synthetic data guesses whether a person's row was among the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from semblant_reports.measure.confidence import area_under_curve, around, deviation_of, wilson
from semblant_reports.measure.neighbours import nearest
from semblant_reports.measure.sample import drawn
from semblant_reports.measure.space import points_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from semblant_reports.measure.forms import ColumnForm
    from semblant_reports.measure.sample import Sample

ROWS = 4_000
"""Members, and as many others, whose membership is guessed."""
KNOWN = 10_000
"""Rows of the population that the attacker knows, and synthetic rows."""
FEWEST = 40
FALSE_ALARMS = 0.01
_TINY = 1e-6


def membership_figures(
    sample: Sample, columns: Sequence[ColumnForm], seed: int, progress: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Attack by density ratio (DOMIAS; van Breugel, Sun, Qian and van der Schaar, 2023).

    A row is taken for a member the more, the denser the synthetic data is around it compared with the population.
    Density is told from the distance to the nearest row. Half of the holdout stands for the population, the other
    half are the rows that nobody trained on (the control). The baseline is the same attack without the synthetic
    data: where it finds members, training and holdout rows differ by themselves.

    :returns: ``auc`` (0.5 is a coin), its 95% ``interval``, ``tpr`` (members found at 1% false alarms) with
        ``tpr_interval``, ``baseline_auc``, ``baseline_interval``, and ``rows`` of each kind; all but ``rows`` are None
        where there is no holdout or too few rows.
    """
    names = ("auc", "interval", "tpr", "tpr_interval", "baseline_auc", "baseline_interval")
    nothing: dict[str, Any] = dict.fromkeys(names)
    held = sample.holdout
    if held is None or not len(columns) or min(held.height // 2, sample.original.height) < FEWEST:
        return nothing | {"rows": 0}
    if not sample.synthetic.height:
        return nothing | {"rows": 0}
    rng = np.random.default_rng([seed, 1])
    mixed = rng.permutation(held.height)
    size = min(ROWS, sample.original.height, held.height // 2)
    asked = [
        drawn(sample.original, size, rng),
        held[np.sort(mixed[:size])],
        held[np.sort(mixed[size : size + KNOWN])],
        drawn(sample.synthetic, KNOWN, rng),
    ]
    members, others, population, made = points_of(columns, sample.reference, asked)
    rows = np.vstack([members, others])
    usual = nearest(population, rows, 1, progress)[:, 0]
    near = nearest(made, rows, 1, progress)[:, 0]
    scores = np.log(usual + _TINY) - np.log(near + _TINY)
    positive = np.arange(len(rows)) < size
    area, parts = area_under_curve(scores, positive)
    baseline, baseline_parts = area_under_curve(usual, positive)
    found = _found(scores[positive], scores[~positive])
    return {
        "auc": round(area, 5),
        "interval": around(area, deviation_of(parts)),
        "tpr": round(found, 5),
        "tpr_interval": [round(bound, 5) for bound in wilson(found, size)],
        "baseline_auc": round(baseline, 5),
        "baseline_interval": around(baseline, deviation_of(baseline_parts)),
        "rows": size,
    }


def _found(members: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Give the share of members above the score that one other in a hundred exceeds; ties in proportion.

    >>> _found(np.arange(100.0), np.arange(100.0))
    0.01
    """
    allowed = FALSE_ALARMS * len(others)
    limit = np.sort(others)[max(0, len(others) - int(np.floor(allowed)) - 1)]
    above, at = float((others > limit).sum()), float((others == limit).sum())
    part = (allowed - above) / at
    return float((members > limit).mean() + part * (members == limit).mean())
