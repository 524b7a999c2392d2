"""Learning the codes of a table, stage by stage: each stage is one release over all columns that need it.

Number of rows and steps of numbers; frequent values; powers of two that hold the rest; coarse cells in these;
fine cells in the coarse ones. A declared fact takes the place of its release. Every row adds at most one to one
count of each vector, so each vector has sensitivity 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define, evolve, field, frozen

from semblant_models.privacy.preprocessing import budget as weights
from semblant_models.privacy.preprocessing.cells import Cells, even, octaves, settled, spanned, within
from semblant_models.privacy.preprocessing.codes import ColumnCodes, grouped
from semblant_models.privacy.preprocessing.grid import Grid, is_numeric, raw_numbers, steps_of, votes
from semblant_models.privacy.preprocessing.kinds import Ranges, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from semblant_models.privacy.preprocessing.budget import Budget
    from semblant_models.privacy.preprocessing.facts import PublicFacts
    from semblant_models.privacy.preprocessing.releases import Releases

_SURE = 3.1
"""Standard deviations above which a count among some hundred is hardly noise."""
_SURE_OF_MANY = 3.8
"""The same where a column has a hundred counts, most of them empty: noise passes it in one of a hundred columns."""
_BESIDE = 2.0
"""The same for a power of two beside one that holds data."""
_SURE_AFAR = 5.0
"""The same for a power of two that lies far from those that hold the data."""
_DISTINCT = 3.3
"""Standard deviations by which a cell stands apart from its siblings."""
_STEP_SHARE = 0.98
"""Share of the values that the step of a column must divide."""
_HELD, _LEAST_CELLS = 3.5, 8
"""Deviations of its noise that a cell would hold, were all rows spread evenly, and cells at least (decision 0024)."""
_MOST_CELLS = 60_000
_NUMBERS, _POWER = 1.0, 0.3
"""Codes of a column of numbers: this factor times this power of rows over the noise of a pair (decision 0017)."""
_MOST_CODES, _LEAST_CODES = 32, 4
_WHOLE = 1e-6
_LEAST_GRAIN = 0.1
"""Share of numbers that must be heaped on a step to be drawn there on purpose."""


@frozen(eq=False)
class _Stage:
    """A stage that splits cells further."""

    name: str
    weight: float
    """Of its release."""
    most: int
    """Cells that would hold all rows evenly, at most."""
    single: int = 0
    """Whole numbers that a former cell spans at most to be counted one by one."""


_COARSE, _FINE = _Stage("coarse", weights.COARSE, 48), _Stage("fine", weights.FINE, 128, single=32)


@define(eq=False)
class _Column:
    """What is known of a column between two stages."""

    name: str
    values: pa.Array
    facts: PublicFacts
    numeric: bool
    step: float | None = None
    votes: np.ndarray = field(factory=lambda: np.zeros(0))
    """Noisy numbers of values per public step that divides them, falling."""
    vote_deviation: float = 0.0
    known: pa.Array | None = None
    known_counts: np.ndarray = field(factory=lambda: np.zeros(0))
    null: bool = False
    null_count: float = 0.0
    cells: Cells | None = None

    @property
    def grid(self) -> Grid:
        return Grid(self.values.type, self.step)

    @property
    def what(self) -> str:
        return f"'{self.name}'"

    @property
    def declared(self) -> bool:
        """Whether both ends of the range are public."""
        return self.facts.low is not None and self.facts.high is not None

    def ends(self) -> tuple[float, float]:
        """Give the declared range on the grid."""
        low, high = self.grid.numbers(pa.array([self.facts.low, self.facts.high], self.values.type))
        return float(low), float(high)

    def numbers(self) -> np.ndarray:
        """Give the numbers that are there, float64; what lies outside of a declared range becomes its end."""
        numbers = self.grid.numbers(self.values)
        numbers = numbers[~np.isnan(numbers)]
        return np.asarray(np.clip(numbers, *self.ends())) if self.declared else numbers

    def remaining(self) -> np.ndarray:
        """Give the numbers that are no frequent single number, float64."""
        numbers = self.numbers()
        return np.asarray(numbers if self.known is None else numbers[~np.isin(numbers, self.singles)])

    @property
    def singles(self) -> np.ndarray:
        """Give the frequent single numbers, rising."""
        if self.known is None or not len(self.known):
            return np.zeros(0)
        return np.sort(self.grid.numbers(self.known))


def learn_codes(
    columns: Sequence[tuple[str, pa.Array, PublicFacts]],
    rows: int,
    budget: Budget,
    releases: Releases,
    *,
    least: float = 1.0,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[float, list[ColumnCodes]]:
    """Learn the codes of all columns from noisy counts.

    :param columns: name, plain values and public facts of each; of types that :func:`~.table.obstacle` passes.
    :param rows: exact number of rows; only its noisy count is used.
    :param least: fewer rows never make a value known, whatever the noise.
    :param told: hears what is done; may raise.
    :returns: noisy number of rows, at least 1, and the codes.
    """
    work = [_Column(name, values, facts, is_numeric(values.type)) for name, values, facts in columns]
    told("counting rows")
    total = _count_and_steps(work, rows, budget, releases)
    told("counting values")
    _frequent(work, budget, releases, least)
    told("finding bounds")
    _bounds(work, budget, releases, total)
    for cells in (_COARSE, _FINE):
        told(f"counting {cells.name} cells")
        _refine(work, budget, releases, total, cells)
    return total, [_codes(column, budget, total) for column in work]


def weight_of(kind: pa.DataType, facts: PublicFacts) -> float:
    """Give the weights of all releases that a column may need."""
    if not is_numeric(kind):
        return weights.VALUES
    bounds = 0.0 if facts.low is not None and facts.high is not None else weights.BOUNDS
    return weights.VOTE + weights.SINGLES + bounds + weights.COARSE + weights.FINE


def _count_and_steps(work: list[_Column], rows: int, budget: Budget, releases: Releases) -> float:
    voting = [c for c in work if c.numeric and len(steps_of(c.values.type)) > 1]
    for column in work:
        if column.numeric and column not in voting:
            column.step = steps_of(column.values.type)[0]
    vectors = [np.array([rows])] + [votes(raw_numbers(c.values), steps_of(c.values.type)) for c in voting]
    scales = [budget.deviation(weights.COUNT)] + [budget.deviation(weights.VOTE)] * len(voting)
    noisy = releases.noisy(_named("number of rows, and steps of numbers", voting), vectors, scales)
    for column, counts in zip(voting, noisy[1:], strict=True):
        steps = steps_of(column.values.type)
        column.votes, column.vote_deviation = counts[:-1], scales[1]
        found = np.where(counts > _SURE * scales[1], counts, 0.0)
        enough = np.cumsum(found)[:-1] >= _STEP_SHARE * max(float(found.sum()), 1e-9)
        finest = None if pa.types.is_floating(column.values.type) else steps[-1]
        column.step = steps[int(np.argmax(enough))] if enough.any() else finest
        if pa.types.is_integer(column.values.type) and column.step != 1.0 and not found.any():
            column.step = 1.0
    return max(float(noisy[0][0]), 1.0)


def _frequent(work: list[_Column], budget: Budget, releases: Releases, least: float) -> None:
    declared = [c for c in work if c.facts.values is not None or pa.types.is_boolean(c.values.type)]
    open_ = [c for c in work if c not in declared]
    exact = []
    for column in declared:
        listed = (False, True) if column.facts.values is None else column.facts.values
        column.known = pa.array(list(listed), column.values.type)
        exact.append(_counted(column, column.known))
        if column.facts.values is not None:
            releases.account.public(f"values of {column.what}")
    scale = budget.deviation(weights.VALUES)
    for column, noisy in zip(
        declared, releases.noisy(_named("counts of values", declared), exact, [scale] * len(exact)), strict=True
    ):
        _known(column, np.arange(len(noisy)), noisy, scale)
    candidates, vectors, scales = [], [], []
    for column in open_:
        values = column.values
        if column.numeric and column.step is not None:
            unique, counts = np.unique(column.numbers(), return_counts=True)
            values = column.grid.values(unique)
        elif column.numeric:
            values, counts = values.slice(0, 0), np.zeros(0, np.int64)
        else:
            found = values.drop_null().value_counts()
            values, counts = found.field("values"), found.field("counts").to_numpy(zero_copy_only=False)
        candidates.append(values)
        missing = int(np.isnan(raw_numbers(column.values)).sum()) if column.numeric else column.values.null_count
        vectors.append(np.concatenate([[missing], counts]))
        scales.append(budget.deviation(weights.SINGLES if column.numeric else weights.VALUES))
    found_ = releases.frequent(
        _named("missing and frequent values", open_),
        vectors,
        scales,
        delta=budget.delta / max(len(open_), 1),
        public=1,
        least=least,
    )
    for column, values, (kept, noisy), deviation in zip(open_, candidates, found_, scales, strict=True):
        order = np.argsort(-noisy[1:], kind="stable") if not column.numeric else np.arange(len(kept) - 1)
        column.known = values.take(pa.array(kept[1:][order] - 1, pa.int64()))
        _known(column, np.arange(len(kept)), np.concatenate([noisy[:1], noisy[1:][order]]), deviation)


def _counted(column: _Column, known: pa.Array) -> np.ndarray:
    cells = Values(known, null=True, rest=True)
    return np.roll(np.bincount(cells.places(column.values), minlength=len(cells))[:-1], 1)


def _known(column: _Column, kept: np.ndarray, noisy: np.ndarray, deviation: float) -> None:
    """Take in noisy counts: the first is that of the missing values."""
    column.null = not column.facts.never_null and float(noisy[0]) > _SURE * deviation
    column.null_count = float(noisy[0]) if column.null else 0.0
    column.known_counts = noisy[1 : len(kept)]


def _bounds(work: list[_Column], budget: Budget, releases: Releases, total: float) -> None:
    scale = budget.deviation(weights.BOUNDS)
    sought = []
    for column in work:
        if not column.numeric or column.facts.values is not None:
            continue
        if column.declared:
            releases.account.public(f"range of {column.what}")
        left = total - float(column.known_counts.sum()) - column.null_count
        if left < _SURE * budget.deviation(weights.SINGLES) * np.sqrt(len(column.known_counts) + 2):
            continue
        if column.declared:
            column.cells = even(*column.ends(), _COARSE.most, whole=column.step is not None)
        else:
            sought.append(column)
    grids = []
    for column in sought:
        low, high = column.grid.limits()
        grids.append(octaves(whole=column.step is not None, low=low, high=high))
    vectors = [grid.histogram(column.remaining()) for grid, column in zip(grids, sought, strict=True)]
    found = releases.noisy(_named("powers of two", sought), vectors, [scale] * len(sought))
    for column, grid, noisy in zip(sought, grids, found, strict=True):
        measured = grid.measured(noisy, scale**2, grid)
        column.cells = spanned(measured, _BESIDE * scale, _SURE_OF_MANY * scale, _SURE_AFAR * scale, column.singles)


def _refine(work: list[_Column], budget: Budget, releases: Releases, total: float, stage: _Stage) -> None:
    scale = budget.deviation(stage.weight)
    parts = int(np.clip(total / (_HELD * scale), _LEAST_CELLS, stage.most))
    having = [(c, c.cells) for c in work if c.cells is not None]
    finer = []
    for column, cells in having:
        declared = not np.isfinite(cells.variances).any()
        made = cells if declared else cells.split(parts, total, whole=column.step is not None, single=stage.single)
        finer.append(made if column.step is None else made.without(column.singles))
    vectors = [cells.histogram(column.remaining()) for cells, (column, _) in zip(finer, having, strict=True)]
    noisy = releases.noisy(_named(f"{stage.name} cells", [c for c, _ in having]), vectors, [scale] * len(having))
    for (column, former), cells, found in zip(having, finer, noisy, strict=True):
        measured = cells.measured(found, scale**2, former)
        flat = measured.flattened(former, _DISTINCT)
        # what is split once more is averaged with its parts by the variance of the count itself
        column.cells = flat if stage is _FINE else evolve(flat, variances=measured.variances)


def _codes(column: _Column, budget: Budget, total: float) -> ColumnCodes:
    deviation = budget.deviation(weights.SINGLES if column.numeric else weights.VALUES)
    pair = np.sqrt(8.0 / budget.later)
    parts = int(np.clip(_NUMBERS * (total / pair) ** _POWER, _LEAST_CODES, _MOST_CODES))
    ranged = column.numeric and column.facts.values is None
    cells, counts = _ranges(column, total) if ranged else _values(column, total, deviation)
    code = grouped(cells, counts, max(_SURE * deviation, total / parts**2 / 4), parts)
    return ColumnCodes(cells, counts, code, deviation**2)


def _values(column: _Column, total: float, deviation: float) -> tuple[Values, np.ndarray]:
    known = column.known if column.known is not None else column.values.slice(0, 0)
    counts = [*column.known_counts, *([column.null_count] if column.null else [])]
    left = total - float(sum(counts))
    closed = column.facts.values is not None or pa.types.is_boolean(column.values.type)
    rest = not closed and bool(not counts or left > _SURE * deviation * np.sqrt(len(counts) + 1))
    cells = Values(known, column.null, rest)
    if not len(cells):
        cells, counts = Values(known, null=True, rest=False), [total]
    return cells, settled(np.array([*counts, *([left] if rest else [])]), total)


def _ranges(column: _Column, total: float) -> tuple[Ranges, np.ndarray]:
    singles = column.singles
    order = np.argsort(column.grid.numbers(column.known)) if column.known is not None else np.zeros(0, int)
    low, high, counts = singles, singles, column.known_counts[order]
    if column.cells is not None:
        edges, inside = column.cells.edges, column.cells.counts.copy()
        spread = np.sqrt(column.cells.variances)
        inside[~within(inside, spread, _SURE) | (inside < _SURE * spread / 2)] = 0.0
        left = max(total - float(counts.sum()) - column.null_count, 0.0)
        inside = settled(inside, left)
        keep = inside > 0
        if not keep.any() and not len(singles):
            keep[:] = True
        low, high = np.concatenate([low, edges[:-1][keep]]), np.concatenate([high, edges[1:][keep]])
        counts = np.concatenate([counts, inside[keep]])
    by_value = np.lexsort((high, low))
    low, high, counts = low[by_value], high[by_value], np.maximum(counts[by_value], 0.0)
    if column.null or not len(low):
        counts = np.append(counts, column.null_count if len(low) else total)
    null = column.null or not len(low)
    return Ranges(column.grid, low, high, null, _grains(column)), counts * (total / max(float(counts.sum()), 1e-9))


def _grains(column: _Column) -> tuple[tuple[float, float], ...]:
    """Give how often numbers that are not known singly are multiples of which whole step, from the votes.

    A share of multiples is what falls on them by chance at finer grains, and what is heaped there on purpose.
    """
    if not len(column.votes) or column.step is None:
        return ()
    steps = np.array(steps_of(column.values.type))
    held = column.votes.copy()
    if column.known is not None and len(column.known):
        order = np.argsort(column.grid.numbers(column.known))
        multiples = column.singles[:, None] * column.step / steps
        which = np.argmax(np.abs(multiples - np.round(multiples)) < _WHOLE, axis=1)
        np.subtract.at(held, which, column.known_counts[order])
    coarse = steps >= column.step * (1 - 1e-9)
    steps, held = steps[coarse] / column.step, np.maximum(held[coarse], 0.0)
    # a heap that may be the noise of the votes, or of the single numbers taken off, is none
    held[:-1][held[:-1] < _SURE * np.sqrt(2.0) * column.vote_deviation] = 0.0
    if len(steps) < 2 or held.sum() <= 0:
        return ()
    share = np.cumsum(held) / held.sum()
    chance = np.minimum(steps[None] / steps[:, None], 1.0)
    weight = np.maximum(np.linalg.solve(chance, share), 0.0)
    weight[weight < _LEAST_GRAIN] = 0.0
    if weight[:-1].sum() <= 0:
        return ()
    return tuple(
        (float(step), float(part)) for step, part in zip(steps, weight / weight.sum(), strict=True) if part > 0
    )


def _named(what: str, columns: Sequence[Any]) -> str:
    return f"{what} of {', '.join(c.what for c in columns)}" if columns else what
