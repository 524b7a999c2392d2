"""Which rows keep a constraint: one vectorised rule per kind, for any table that has the columns.

The table may be a joined one: a constraint between a parent and its children is checked on the
children with the parent's columns beside them.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from semblant.settings import AUTO
from semblant.spec.constraints import Dependency, Exclusive, Inequality, Range, Sum, Unique

if TYPE_CHECKING:
    from semblant.spec.constraints import Bound, Constraint

_MOST_DECIMALS = 9
_FLOAT_NOISE = 1e-9


def violations(constraint: Constraint, table: pa.Table, original: pa.Table | None = None) -> int:
    """Count the rows of a table that break a constraint.

    :param constraint: the rule; the table has all its columns.
    :param table: the rows to look at.
    :param original: the rows whose combinations of values are allowed (``combinations``, ``dependency``); without
        them no combination counts as unseen.

    >>> from semblant.spec.constraints import Inequality, constraint_of
    >>> rule = constraint_of(Inequality(low="a", high="b"))
    >>> violations(rule, pa.table({"a": [1, 2, None], "b": [1, 1, 1]}))
    1
    """
    return int((~kept(constraint, table, original)).sum())


def kept(constraint: Constraint, table: pa.Table, original: pa.Table | None = None) -> np.ndarray:
    """Tell which rows keep a constraint; bool, shape (rows,).

    A null makes a comparison, a sum and uniqueness not applicable, as in SQL: such rows keep the rule.
    In combinations and dependencies a null is a value like others. Of rows that repeat a unique value
    the first one keeps the rule; of rows that break a dependency those with the most frequent value do. A deciding
    value that the original does not have (a new name) may decide anything, as long as it is the same in all rows.
    """
    rule = constraint.rule
    frame = as_frame(table, constraint.columns)
    if isinstance(rule, Inequality):
        mask = frame.select(_ordered(frame, rule)).to_series()
    elif isinstance(rule, Range):
        mask = frame.select(_within(frame.schema[rule.column], rule)).to_series()
    elif isinstance(rule, Sum):
        mask = _adds_up(frame, rule)
    elif isinstance(rule, Exclusive):
        mask = frame.select(_exclusive(frame, rule)).to_series()
    elif isinstance(rule, Unique):
        some_null = pl.any_horizontal(pl.col(rule.columns).is_null())
        mask = frame.select(some_null | pl.struct(rule.columns).is_first_distinct()).to_series()
    elif isinstance(rule, Dependency):
        mask = _follows(frame, rule)
        if original is not None:
            known = as_frame(original, constraint.columns)
            mask = mask & (_seen(frame, constraint.columns, known) | ~_seen(frame, rule.columns, known))
    else:
        mask = _seen(frame, rule.columns, as_frame(original, rule.columns)) if original is not None else _all(frame)
    return np.asarray(mask.fill_null(value=True).to_numpy(), bool)


def as_frame(table: pa.Table, columns: tuple[str, ...]) -> pl.DataFrame:
    """Give the columns as a frame; values of dictionaries count as themselves."""
    names = list(dict.fromkeys(columns))
    arrays = []
    for name in names:
        column = table.column(name)
        arrays.append(column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column)
    frame = pl.from_arrow(pa.table(arrays, names=names))
    assert isinstance(frame, pl.DataFrame)
    return frame


def bound(value: Bound, kind: pl.DataType) -> pl.Expr:
    """Give a constant of a range as a value of the column's type; text is read as a date or time.

    :raises ValueError: when it is no such value.
    """
    if isinstance(value, str) and kind.is_temporal():
        made = pl.Series([value])
        try:
            if kind == pl.Date:
                return pl.lit(made.str.to_date(strict=True).item())
            if kind == pl.Time:
                return pl.lit(made.str.to_time(strict=True).item())
            if isinstance(kind, pl.Datetime):
                moment = made.str.to_datetime(time_unit=kind.time_unit, time_zone=kind.time_zone, strict=True)
                return pl.lit(moment.item(), dtype=kind)
        except pl.exceptions.PolarsError as exc:
            msg = f"'{value}' is no {str(kind).lower()}"
            raise ValueError(msg) from exc
    if isinstance(value, str) or not (kind.is_numeric() or kind.is_decimal()):
        msg = f"{value!r} cannot be compared with a column of type {str(kind).lower()}"
        raise ValueError(msg)
    return pl.lit(value)


def tolerance_of(rule: Sum, frame: pl.DataFrame) -> float:
    """Give the largest difference allowed between a sum and its total."""
    if rule.tolerance != AUTO:
        return float(rule.tolerance)
    if not any(frame.schema[name].is_float() for name in rule.columns):
        return 0.0
    return 0.5 * 10.0 ** -decimals_of(frame, rule.columns)


def decimals_of(frame: pl.DataFrame, columns: tuple[str, ...]) -> int:
    """Give the decimals that the numbers of some columns are written with, at most nine for floats."""
    scales = [kind.scale for name in columns if isinstance(kind := frame.schema[name], pl.Decimal)]
    return max([_float_decimals(frame, columns), *scales])


def _float_decimals(frame: pl.DataFrame, columns: tuple[str, ...]) -> int:
    for digits in range(_MOST_DECIMALS):
        near = [
            ((pl.col(name).round(digits) - pl.col(name)).abs() <= pl.col(name).abs() * _FLOAT_NOISE + 1e-12).all()
            for name in columns
            if frame.schema[name].is_float()
        ]
        if not near or all(frame.select(expression).item() for expression in near):
            return digits
    return _MOST_DECIMALS


def _ordered(frame: pl.DataFrame, rule: Inequality) -> pl.Expr:
    low, high = (_comparable(frame, name, rule) for name in (rule.low, rule.high))
    return low < high if rule.strict else low <= high


def _comparable(frame: pl.DataFrame, name: str, rule: Inequality) -> pl.Expr:
    """Compare a date with a moment as the date's midnight, a decimal with a number as a number."""
    kinds = [frame.schema[column] for column in rule.columns]
    if any(kind.is_decimal() for kind in kinds) and len(set(kinds)) > 1:
        return pl.col(name).cast(pl.Float64)
    moments = [kind for kind in kinds if isinstance(kind, pl.Datetime)]
    if frame.schema[name] == pl.Date and moments:
        return pl.col(name).cast(pl.Datetime(moments[0].time_unit)).dt.replace_time_zone(moments[0].time_zone)
    return pl.col(name)


def _within(kind: pl.DataType, rule: Range) -> pl.Expr:
    held = pl.lit(value=True)
    column = pl.col(rule.column)
    if rule.min is not None:
        least = bound(rule.min, kind)
        held = held & (column > least if rule.strict else column >= least)
    if rule.max is not None:
        most = bound(rule.max, kind)
        held = held & (column < most if rule.strict else column <= most)
    return pl.when(column.is_null()).then(statement=True).otherwise(held)


def _adds_up(frame: pl.DataFrame, rule: Sum) -> pl.Series:
    exact = all(frame.schema[name].is_integer() for name in rule.columns)
    to = pl.Int64 if exact else pl.Float64
    total = reduce(lambda x, y: x + y, [pl.col(name).cast(to) for name in rule.parts])
    allowed = tolerance_of(rule, frame)
    off = (total - pl.col(rule.total).cast(to)).abs()
    return frame.select(off <= allowed + (0 if exact else _FLOAT_NOISE * (1 + total.abs()))).to_series()


def _set(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Tell whether a column says something: not null, and not false, zero or an empty text."""
    column, kind = pl.col(name), frame.schema[name]
    if kind == pl.Boolean:
        return column.fill_null(value=False)
    if kind.is_numeric():
        return (column != 0).fill_null(value=False)
    if kind == pl.String:
        return (column != "").fill_null(value=False)
    return column.is_not_null()


def _exclusive(frame: pl.DataFrame, rule: Exclusive) -> pl.Expr:
    number = pl.sum_horizontal([_set(frame, name).cast(pl.Int32) for name in rule.columns])
    return number == 1 if rule.exactly_one else number <= 1


def _follows(frame: pl.DataFrame, rule: Dependency) -> pl.Series:
    """Tell which rows have the value that is most frequent for what decides it; of equals, the one seen first."""
    keys = list(rule.columns)
    values = [name for name in dict.fromkeys(rule.determines) if name not in keys]
    if not values:
        return _all(frame)
    place, times = "\0place", "\0times"
    counted = frame.group_by([*keys, *values], maintain_order=True).agg(pl.len().alias(times))
    best = (
        counted.with_row_index(place)
        .sort([times, place], descending=[True, False])
        .unique(keys, keep="first", maintain_order=True)
        .select([*keys, *values])
    )
    return _seen(frame, (*keys, *values), best)


def _seen(frame: pl.DataFrame, columns: tuple[str, ...], allowed: pl.DataFrame) -> pl.Series:
    """Tell which rows hold values that ``allowed`` holds together; nulls count as equal."""
    names, place = list(dict.fromkeys(columns)), "\0row"
    common = {name: frame.schema[name] for name in names}
    known = allowed.select([pl.col(name).cast(common[name]) for name in names]).unique()
    found = frame.with_row_index(place).join(known, on=names, how="semi", nulls_equal=True)[place]
    mask = np.zeros(frame.height, bool)
    mask[found.to_numpy()] = True
    return pl.Series(mask)


def _all(frame: pl.DataFrame) -> pl.Series:
    return pl.Series(np.ones(frame.height, bool))
