"""Constraints that the data seem to keep: proposed with the share of rows that do, never switched on by themselves."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import frozen

from semblant.constraints.checking import as_frame, decimals_of, kept
from semblant.settings.unstructure import unstructure
from semblant.spec.constraints import Combinations, Constraint, Dependency, Inequality, Sum, constraint_of
from semblant.vocabulary import EncodingType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant.detection.model import ColumnDetection

ROWS = 20_000
_LEAST_ROWS = 50
_HOLDS = 0.995
_ANYWAY = 0.99
"""An order that holds between different rows in as many cases says nothing about a row."""
_MOMENTS, _CATEGORIES, _NUMBERS = 8, 30, 30
"""Columns of a kind that are compared at most."""
_MOST_VALUES = 2_000
_ROWS_PER_VALUE = 5
_MOST_PARTS = 6


@frozen(kw_only=True)
class ProposedConstraint:
    """A constraint, and the rows seen that keep it."""

    constraint: Constraint
    kept: int
    rows: int

    @property
    def reason(self) -> str:
        """How well it holds, in words."""
        if self.kept == self.rows:
            return f"holds in all {self.rows:,} rows seen"
        return f"holds in {self.kept:,} of the {self.rows:,} rows seen"

    def as_dict(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        written = unstructure(self.constraint, omit_defaults=True)
        return {"constraint": written, "kept": self.kept, "rows": self.rows, "reason": self.reason}


def propose_constraints(
    columns: Mapping[str, ColumnDetection], table: pa.Table, keys: frozenset[str] = frozenset()
) -> tuple[ProposedConstraint, ...]:
    """Look for order between moments, values that follow from others, and sums.

    :param columns: how the columns would be learned.
    :param table: the first rows of the table.
    :param keys: columns that are left alone.

    >>> import pyarrow as pa
    >>> from semblant.detection.model import ColumnDetection
    >>> data = pa.table({"a": range(60), "b": [7] * 60, "sum": range(7, 67)})
    >>> number = ColumnDetection(encoding=EncodingType.INTEGER, reason="")
    >>> [str(found.constraint) for found in propose_constraints(dict.fromkeys(data.column_names, number), data)]
    ['a + b = sum']
    """
    if table.num_rows < _LEAST_ROWS:
        return ()
    known = {name: found for name, found in columns.items() if name in table.column_names and name not in keys}
    candidates = [*_orders(known, table), *_sums(known, table), *_followings(known, table)]
    found = []
    for constraint in candidates:
        held = int(kept(constraint, table).sum())
        if held >= _HOLDS * table.num_rows:
            found.append(ProposedConstraint(constraint=constraint, kept=held, rows=table.num_rows))
    return tuple(found)


def _orders(columns: Mapping[str, ColumnDetection], table: pa.Table) -> Iterator[Constraint]:
    kinds = {name: table.schema.field(name).type for name in columns}
    moments = [n for n, kind in kinds.items() if pa.types.is_date(kind) or pa.types.is_timestamp(kind)][:_MOMENTS]
    for one, other in itertools.combinations(moments, 2):
        if any(pa.types.is_timestamp(kinds[n]) and kinds[n].tz for n in (one, other)) and kinds[one] != kinds[other]:
            continue
        for low, high in ((one, other), (other, one)):
            constraint = constraint_of(Inequality(low=low, high=high))
            strictly = constraint_of(Inequality(low=low, high=high, strict=True))
            both = table.select([low, high]).drop_null().combine_chunks()
            if both.num_rows < _LEAST_ROWS or kept(strictly, both).mean() < 1 - _HOLDS:
                continue
            turned = pa.concat_arrays([both.column(1).chunk(0)[1:], both.column(1).chunk(0)[:1]])
            mixed = both.set_column(1, high, turned)
            if kept(constraint, mixed).mean() < _ANYWAY:
                yield constraint


def _sums(columns: Mapping[str, ColumnDetection], table: pa.Table) -> Iterator[Constraint]:
    """Propose totals of two columns, and of the columns that stand directly before or after."""
    kinds = {name: table.schema.field(name).type for name in columns}
    names = [n for n, k in kinds.items() if pa.types.is_integer(k) or pa.types.is_floating(k)]
    names = [name for name in names if columns[name].encoding is not EncodingType.IDENTIFIER][:_NUMBERS]
    frame = as_frame(table, tuple(names)).drop_nulls() if names else pl.DataFrame()
    if frame.height < _LEAST_ROWS:
        return
    values = {name: frame[name].cast(pl.Float64).to_numpy() for name in names}
    taken: set[str] = set()
    for total in names:
        allowed = 0.51 * 10.0 ** -decimals_of(frame, (total,))
        for parts in _parts(names, total):
            if taken & {total, *parts} or np.ptp(values[total]) == 0:
                continue
            least = sum(1 for name in parts if np.ptp(values[name]) > 0)
            off = np.abs(sum(values[name] for name in parts) - values[total])
            if least and all(values[name].any() for name in parts) and np.mean(off <= allowed) >= _HOLDS:
                taken |= {total, *parts}
                yield constraint_of(Sum(parts=parts, total=total))
                break


def _parts(names: list[str], total: str) -> Iterator[tuple[str, ...]]:
    place = names.index(total)
    for size in range(2, _MOST_PARTS + 1):
        if place >= size:
            yield tuple(names[place - size : place])
        if place + size < len(names):
            yield tuple(names[place + 1 : place + 1 + size])
    yield from itertools.combinations([name for name in names if name != total], 2)


def _followings(columns: Mapping[str, ColumnDetection], table: pa.Table) -> Iterator[Constraint]:
    """Propose columns of categories that decide others; both ways, and they are one combination."""
    wanted = (EncodingType.CATEGORICAL, EncodingType.INTEGER, EncodingType.BOOLEAN)
    names = [name for name, found in columns.items() if found.encoding in wanted][:_CATEGORIES]
    frame = as_frame(table, tuple(names)) if names else pl.DataFrame()
    sizes = {name: frame[name].n_unique() for name in names}
    names = [n for n in names if 1 < sizes[n] <= min(_MOST_VALUES, table.num_rows // _ROWS_PER_VALUE)]
    decided: set[str] = set()
    for one, other in itertools.permutations(names, 2):
        if sizes[one] <= 2 or sizes[one] < sizes[other] or other in decided or one in decided:
            continue
        constraint = constraint_of(Dependency(columns=(one,), determines=(other,)))
        share = kept(constraint, table).mean()
        if share < _HOLDS or _by_chance(frame[other]) > _HOLDS:
            continue
        decided.add(other)
        yield constraint_of(Combinations(columns=(one, other))) if sizes[one] == sizes[other] else constraint


def _by_chance(values: pl.Series) -> float:
    """Give the share of the most frequent value: a column that is nearly constant follows from anything."""
    return float(values.value_counts()["count"].max() or 0) / max(len(values), 1)  # type: ignore[arg-type]
