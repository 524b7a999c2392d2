"""Rows with the columns of other tables beside them that a constraint names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from semblant.constraints.checking import as_frame
from semblant.constraints.outside import found_outside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pyarrow as pa

    from semblant.constraints.outside import Outside
    from semblant.schema import Schema, Table
    from semblant.spec.constraints import Constraint


def joined(
    constraint: Constraint,
    table: Table,
    schema: Schema,
    originals: Collection[str],
    load: Callable[[str, tuple[str, ...]], pa.Table],
) -> pa.Table:
    """Give the rows of a table with the columns of others that a constraint names beside them.

    Of lines it is their sum; null where there are none, or one of them is null.

    :param load: gives some columns of all rows of a table.
    """
    beyond = [name for name in dict.fromkeys(constraint.columns) if name not in table.column_names]
    outer = [found_outside(name, table, schema, originals)[0] for name in beyond]
    own = [name for name in dict.fromkeys(constraint.columns) if name not in beyond]
    keys = [name for o in outer for name in (o.path[0].referenced_columns if o.lines else o.path[0].columns)]
    frame = _frame(load(table.name, tuple(dict.fromkeys([*own, *keys]))))
    for o in outer:
        frame = _with_lines(frame, o, load) if o.lines else _with_row_above(frame, o, load)
    return frame.select(list(dict.fromkeys(constraint.columns))).to_arrow()


def _with_lines(frame: pl.DataFrame, outer: Outside, load: Callable[[str, tuple[str, ...]], pa.Table]) -> pl.DataFrame:
    key = outer.path[0]
    lines = _frame(load(outer.table, (*dict.fromkeys([*key.columns, outer.column]),)))
    value = pl.col(outer.column)
    total = pl.when(value.is_null().any()).then(None).otherwise(value.sum()).alias(outer.name)
    sums = lines.group_by(list(key.columns)).agg(total)
    kinds = [frame.schema[name] for name in key.referenced_columns]
    sums = sums.with_columns(pl.col(name).cast(kind) for name, kind in zip(key.columns, kinds, strict=True))
    above, below = list(key.referenced_columns), list(key.columns)
    return frame.join(sums, how="left", left_on=above, right_on=below, maintain_order="left")


def _with_row_above(
    frame: pl.DataFrame, outer: Outside, load: Callable[[str, tuple[str, ...]], pa.Table]
) -> pl.DataFrame:
    at = list(outer.path[0].columns)
    for step, key in enumerate(outer.path):
        last = step + 1 == len(outer.path)
        wanted = (outer.column,) if last else outer.path[step + 1].columns
        there = _frame(load(key.references, tuple(dict.fromkeys([*key.referenced_columns, *wanted]))))
        names = {name: f"\0{step}:{name}" for name in wanted}
        keys = [f"\0key{step}:{i}" for i in range(len(at))]
        kinds = [frame.schema[name] for name in at]
        renamed = there.select(
            [
                pl.col(n).cast(kind, strict=False).alias(k)
                for n, k, kind in zip(key.referenced_columns, keys, kinds, strict=True)
            ]
            + [pl.col(n).alias(names[n]) for n in wanted]
        ).unique(keys, keep="first", maintain_order=True)
        frame = frame.join(renamed, how="left", left_on=at, right_on=keys, maintain_order="left")
        at = [names[name] for name in wanted]
    return frame.rename({at[0]: outer.name})


def _frame(table: pa.Table) -> pl.DataFrame:
    return as_frame(table, tuple(table.column_names))
