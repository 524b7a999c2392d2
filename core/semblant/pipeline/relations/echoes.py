"""Columns that echo a row that they refer to: an order's city is its customer's, a line's price its product's.

What a row repeats is not learned twice. The model learns whether a row repeats the value, and the value where it does
not; what it repeats is taken from the made row that it belongs to. So copies agree to the letter, however rare or
protected the value is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import frozen

from semblant.relations import LinkKind
from semblant.vocabulary import ColumnTreatment, EncodingType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from semblant.pipeline.relations.frames import Relations
    from semblant.plan import TablePlan
    from semblant.training import ColumnPlan

_SAMPLE = 20_000
_GAIN = 0.3
"""How much of what chance leaves open must be repeated."""
_KINDS = frozenset({LinkKind.PARENT, LinkKind.LOOKUP})


@frozen(kw_only=True)
class Echo:
    """A column that repeats a column of the rows that a link leads to."""

    column: str
    link: str
    """Name of the link."""
    source: str
    """The column there."""
    share: float
    """Share of the rows that repeat it."""
    always: bool = False
    """Whether no other value is learned: too few subjects hold one."""

    @property
    def flag(self) -> str:
        """Name of the column that says which rows repeat the value."""
        return f"\0same:{self.column}"


def found_echoes(plan: TablePlan, path: Path, relations: Relations, least: int) -> tuple[Echo, ...]:
    """Look which columns of a table repeat one of a parent or a lookup.

    A column qualifies where more of it repeats the other than two columns do that have nothing to do with each
    other: (same - chance) / (1 - chance) is at least .3, as in Cohen's kappa, and ``least`` subjects do so. A date
    qualifies only where it always does, since dates of one parent are learned as a rising sequence.
    """
    candidates = {column.name: column for column in plan.columns if _may_echo(plan, column)}
    subjects = relations.subjects(plan.name)
    best: dict[str, Echo] = {}
    for link in plan.links:
        if link.kind not in _KINDS or not candidates:
            continue
        numbers, target = relations.numbers(plan.name, link), relations.members[link.key.references]
        rows = np.flatnonzero(numbers >= 0)
        if len(rows) < least:
            continue
        names = [name for name in pq.read_schema(target.path).names if name not in link.key.referenced_columns]
        for name, source in _alike(path, list(candidates), target.path, names, rows, numbers):
            own, theirs = column_of(path, name), column_of(target.path, source)
            if own is None or theirs is None:
                continue
            same = np.zeros(len(numbers), bool)
            same[rows] = equal(own.take(pa.array(rows)), theirs.take(pa.array(numbers[rows])))
            echo = _echo(candidates[name], link.name, source, same, subjects, least)
            if echo is not None and echo.share > (best[name].share if name in best else 0.0):
                best[name] = echo
    return tuple(best.values())


def _alike(
    path: Path, names: Sequence[str], target: Path, sources: Sequence[str], rows: np.ndarray, numbers: np.ndarray
) -> Iterator[tuple[str, str]]:
    """Give the pairs of columns that repeat each other on a sample of rows, by Cohen's kappa."""
    rng = np.random.default_rng(0)
    shown = np.sort(rng.choice(rows, min(len(rows), _SAMPLE), replace=False))
    here = numbers[shown]
    own = {name: _taken(path, name, shown) for name in names}
    for source in sources:
        theirs, others = _taken(target, source, here), _taken(target, source, rng.permutation(here))
        for name, values in own.items():
            if values is None or theirs is None or others is None or values.type != theirs.type:
                continue
            same, chance = float(equal(values, theirs).mean()), float(equal(values, others).mean())
            if same - chance >= _GAIN * (1.0 - chance) and same > chance:
                yield name, source


def _taken(path: Path, name: str, rows: np.ndarray) -> pa.Array | None:
    values = column_of(path, name)
    return None if values is None else values.take(pa.array(rows))


def _may_echo(plan: TablePlan, column: ColumnPlan) -> bool:
    named = {name for constraint in plan.constraints for name in constraint.columns}
    wanted = column.options.get("repeats", True)
    return (
        wanted is not False
        and column.treatment is ColumnTreatment.SYNTHESIZE
        and column.name not in (*plan.table.primary_key, *named)
        and not column.rebalance
        and column.encoding is not EncodingType.BOOLEAN
    )


def _echo(
    column: ColumnPlan, link: str, source: str, same: np.ndarray, subjects: np.ndarray, least: int
) -> Echo | None:
    if len(np.unique(subjects[same])) < least:
        return None
    always = len(np.unique(subjects[~same])) < least
    if pa.types.is_temporal(column.type) and not always:
        return None
    return Echo(column=column.name, link=link, source=source, share=float(same.mean()), always=always)


def comparable(values: pa.ChunkedArray) -> pa.Array | None:
    """Give a column in a type in which equal values are equal; None where values cannot be compared.

    >>> comparable(pa.chunked_array([pa.array(["a", None]).dictionary_encode()])).type
    DataType(large_string)
    """
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType) or pa.types.is_nested(kind) or pa.types.is_boolean(kind):
        return None
    if pa.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    return (values.cast(pa.large_string()) if pa.types.is_string(kind) else values).combine_chunks()


def with_flags(schema: pa.Schema, echoes: Sequence[Echo]) -> pa.Schema:
    """Add the flags that made rows carry until what they repeat is put in."""
    return pa.schema([*schema, *(pa.field(echo.flag, pa.bool_()) for echo in echoes if not echo.always)])


def column_of(path: Path, name: str) -> pa.Array | None:
    """Read a column of a file so that it can be compared."""
    return comparable(pq.read_table(path, columns=[name]).column(0))


def equal(left: pa.Array, right: pa.Array) -> np.ndarray:
    """Tell where two arrays hold the same, bool; two missing values are the same.

    >>> equal(pa.array([1, None, None]), pa.array([1, None, 2])).tolist()
    [True, True, False]
    """
    same = pc.fill_null(pc.equal(left, right), fill_value=False)
    both = pc.and_(left.is_null(), right.is_null())
    return np.asarray(pc.or_(same, both).to_numpy(zero_copy_only=False), bool)
