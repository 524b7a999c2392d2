"""Singling out, linkability and attribute inference: three risks of synthetic data, each with control and baseline.

Definitions as in Anonymeter (Giomi, Boenisch, Wehmeyer and Tasnadi, "A unified framework for quantifying privacy risk
in synthetic data", 2023), which takes them from Opinion 05/2014 of the Article 29 Working Party. Each attack is done on
training rows, and again on rows that nobody trained on (the control): what succeeds on both is knowledge about the
population, and no leak. The baseline guesses without the synthetic rows' dependence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from semblant_reports.measure.confidence import wilson
from semblant_reports.measure.forms import Form
from semblant_reports.measure.neighbours import nearest_places
from semblant_reports.measure.sample import drawn
from semblant_reports.measure.space import points_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from semblant_reports.measure.forms import ColumnForm
    from semblant_reports.measure.sample import Sample

ATTACKS = 500
"""Guesses of each kind."""
ROWS = 5_000
"""Rows that are singled out among, and synthetic rows that are searched."""
PREDICATE, MOST_PREDICATE = 0.8, 12
"""Share of the columns, and columns at most, of a predicate that is to single somebody out."""
LEVELS = 100
"""Parts of equal mass that a number is told by in a predicate."""
SECRETS = 8
"""Columns that are inferred at most."""
FEWEST = 40
NAMES = ("singling out", "linkability", "attribute inference")


def attack_figures(
    sample: Sample,
    columns: Sequence[ColumnForm],
    seed: int,
    progress: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Do the three attacks.

    :param columns: those that count for distances.
    :returns: per attack ``name``, ``rate`` with ``interval`` (95%), ``control``, ``control_interval``, ``baseline`` and
        ``risk``, the part of the control's failures that the attack on training rows does not share, from 0 to 1;
        empty without a holdout, or with too few rows or columns.
    """
    held = sample.holdout
    few = min(sample.original.height, 0 if held is None else held.height, sample.synthetic.height)
    if held is None or few < FEWEST or len(columns) < 2:
        return []
    rng = np.random.default_rng([seed, 2])
    size = min(few, ROWS)
    progress()
    seen = [drawn(frame, size, rng) for frame in (sample.original, held, sample.synthetic)]
    made = [_compared("singling out", *_singled_out(_levels(columns, sample.reference, seen), rng))]
    guesses = min(ATTACKS, size)
    frames = [drawn(sample.original, guesses, rng), drawn(held, guesses, rng), drawn(sample.synthetic, ROWS, rng)]
    made.append(_compared("linkability", *_linked(sample, columns, frames, rng, progress)))
    made.append(_compared("attribute inference", *_inferred(sample, columns, frames, rng, progress)))
    return made


Outcome = tuple["NDArray[np.bool_]", "NDArray[np.bool_]", float]
"""Whether each guess on training rows, and on the control, was right; and the baseline's share."""


def _compared(name: str, hits: NDArray[np.bool_], control: NDArray[np.bool_], baseline: float) -> dict[str, Any]:
    rate, usual = float(hits.mean()), float(control.mean())
    return {
        "name": name,
        "rate": round(rate, 5),
        "interval": [round(bound, 5) for bound in wilson(rate, len(hits))],
        "control": round(usual, 5),
        "control_interval": [round(bound, 5) for bound in wilson(usual, len(control))],
        "baseline": round(baseline, 5),
        "risk": round(max(0.0, (rate - usual) / (1 - usual)) if usual < 1 else 0.0, 5),
        "attacks": len(hits),
    }


def _levels(columns: Sequence[ColumnForm], reference: Any, frames: Sequence[Any]) -> list[NDArray[np.int64]]:
    """Give the level of each value: numbers in hundredths of the reference, categories by themselves; -1 is missing."""
    made: list[list[NDArray[np.int64]]] = [[] for _ in frames]
    for column in columns:
        known = reference[column.key].drop_nulls()
        if column.form is Form.CATEGORY:
            levels = known.unique().sort().to_list()
            codes = dict(zip(levels, range(len(levels)), strict=True))
            found = [frame[column.key].replace_strict(codes, default=-1, return_dtype=pl.Int64) for frame in frames]
            places = [one.fill_null(-1).to_numpy() for one in found]
        else:
            edges: Any = np.unique(np.quantile(known.to_numpy(), np.linspace(0, 1, LEVELS + 1))) if len(known) else []
            numbers = [frame[column.key].to_numpy().astype(np.float64) for frame in frames]
            places = [np.where(np.isnan(one), -1, np.searchsorted(edges, one, "right")) for one in numbers]
        for part, place in zip(made, places, strict=True):
            part.append(place)
    return [np.stack(part) for part in made]


def _singled_out(sides: list[NDArray[np.int64]], rng: np.random.Generator) -> Outcome:
    """Guess predicates (most columns of a synthetic row) that hold for exactly one row."""
    original, holdout, made = sides
    width = min(max(2, round(PREDICATE * len(made))), MOST_PREDICATE, len(made))
    chosen = rng.integers(0, made.shape[1], ATTACKS)
    sets = [rng.permutation(len(made))[:width] for _ in range(ATTACKS)]

    def alone(rows: NDArray[np.int64], source: NDArray[np.int64]) -> NDArray[np.bool_]:
        matching = (
            np.all(rows[columns] == source[columns, at][:, None], axis=0)
            for at, columns in zip(chosen, sets, strict=True)
        )
        return np.array([int(found.sum()) == 1 for found in matching])

    mixed = np.stack([rng.permutation(row) for row in made])
    return alone(original, made), alone(holdout, made), float(alone(original, mixed).mean())


def _linked(
    sample: Sample,
    columns: Sequence[ColumnForm],
    frames: Sequence[Any],
    rng: np.random.Generator,
    progress: Callable[[], None],
) -> Outcome:
    """Guess that two halves of a row belong together, because the same synthetic row is nearest to both."""
    order = rng.permutation(len(columns))
    halves = [[columns[i] for i in order[: len(order) // 2]], [columns[i] for i in order[len(order) // 2 :]]]
    near = []
    for half in halves:
        members, others, made = points_of(half, sample.reference, frames)
        near.append([nearest_places(made, rows, 1, progress)[1] for rows in (members, others)])
    hits, control = (near[0][side] == near[1][side] for side in (0, 1))
    mixed = near[0][0] == rng.permutation(near[1][0])
    return hits, control, float(mixed.mean())


def _inferred(
    sample: Sample,
    columns: Sequence[ColumnForm],
    frames: Sequence[Any],
    rng: np.random.Generator,
    progress: Callable[[], None],
) -> Outcome:
    """Guess a column's class from the synthetic row that is nearest in all others."""
    from semblant_reports.measure.binning import classes_of, code_matrix

    secrets = rng.permutation(len(columns))[:SECRETS]
    right: list[list[NDArray[np.bool_]]] = [[], []]
    usual = []
    for place in secrets:
        column = columns[place]
        rest = [other for other in columns if other is not column]
        *asked, made = points_of(rest, sample.reference, frames)
        classes = [classes_of(column, sample.reference[column.key])]
        members, others, known = (code_matrix(classes, frame)[0] for frame in frames)
        for side, (points, truth) in enumerate(zip(asked, (members, others), strict=True)):
            guess = known[nearest_places(made, points, 1, progress)[1]]
            right[side].append(guess == truth)
        usual.append(float((members == np.bincount(known.astype(np.int64)).argmax()).mean()))
    return np.concatenate(right[0]), np.concatenate(right[1]), float(np.mean(usual))
