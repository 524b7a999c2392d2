"""Columns of other tables that a constraint names: ``TABLE.COLUMN``, and how a row comes by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from attrs import frozen

from semblant.constraints.checking import as_frame
from semblant.relations import LinkKind, links_of
from semblant.spec.constraints import Inequality, Sum

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    import pyarrow as pa

    from semblant.schema import ForeignKey, Schema, Table
    from semblant.spec.constraints import Constraint

_DEEPEST = 16


@frozen(kw_only=True)
class Outside:
    """A column of another table."""

    name: str
    """As the constraint writes it."""
    table: str
    column: str
    path: tuple[ForeignKey, ...]
    """The keys that lead there, first the one of the constraint's own table; of lines the one that leads from them."""
    lines: bool = False
    """Whether many rows of the other table belong to one of this: children, whose values are added."""


def splits(name: str) -> list[tuple[str, str]]:
    """Give every table and column that a name may mean: both may hold dots themselves.

    >>> splits("a.b.c")
    [('a', 'b.c'), ('a.b', 'c')]
    """
    parts = name.split(".")
    return [(".".join(parts[:i]), ".".join(parts[i:])) for i in range(1, len(parts))]


def found_outside(name: str, table: Table, schema: Schema, originals: Collection[str]) -> list[Outside]:
    """Give what a name that is no column of ``table`` may mean; several where more than one way leads there.

    Upwards lead keys to the parent and to lookups, their parents and lookups; downwards the keys of children.
    """
    out: list[Outside] = []
    for target, column in splits(name):
        if target not in schema or target == table.name or column not in schema.table(target).column_names:
            continue
        ways = _ways(table, target, schema, originals)
        out += [Outside(name=name, table=target, column=column, path=path) for path in ways]
        below = links_of(schema.table(target), originals)
        keys = [link.key for link in below if link.kind is LinkKind.PARENT and link.key.references == table.name]
        out += [Outside(name=name, table=target, column=column, path=(key,), lines=True) for key in keys]
    return out


def _ways(table: Table, target: str, schema: Schema, originals: Collection[str]) -> list[tuple[ForeignKey, ...]]:
    """Give the shortest ways up to a table."""
    ways: list[tuple[tuple[ForeignKey, ...], Table]] = [((), table)]
    for _ in range(_DEEPEST):
        ways = [
            ((*path, link.key), schema.table(link.key.references))
            for path, here in ways
            for link in links_of(here, originals)
            if link.kind in (LinkKind.PARENT, LinkKind.LOOKUP) and link.key.references in schema
        ]
        if found := [path for path, here in ways if here.name == target]:
            return found
    return []


def is_across(constraint: Constraint, columns: Collection[str]) -> bool:
    """Tell whether a constraint names columns beyond those of its table."""
    return not set(columns).issuperset(constraint.columns)


def keeps_across(constraint: Constraint, columns: Collection[str], outer: Iterable[Outside]) -> bool:
    """Tell whether a constraint is of a kind that is kept across tables: an order, or a total of lines."""
    rule, beyond = constraint.rule, list(outer)
    if isinstance(rule, Inequality):
        return len(beyond) == 1 and not beyond[0].lines
    return isinstance(rule, Sum) and len(rule.parts) == 1 and rule.total in columns and all(o.lines for o in beyond)


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
