"""Totals of lines: once the rows below are made, a row's total is what they add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define

from semblant.constraints.checking import as_frame, decimals_of
from semblant.constraints.guarded import GuardedModel
from semblant.constraints.outside import found_outside, is_across
from semblant.errors import ConfigError
from semblant.pipeline.relations.learning import Total
from semblant.pipeline.text_columns import DATA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from semblant.artefact.generator import GeneratorTable
    from semblant.plan import TablePlan
    from semblant.protocols import Model
    from semblant.run import Run
    from semblant.schema import Schema

LINES = "lines.parquet"


def totals_of(plan: TablePlan, schema: Schema, originals: Collection[str]) -> tuple[Total, ...]:
    """Give the totals that the constraints of a table declare."""
    found = []
    for constraint in plan.constraints:
        if constraint.sum is not None and is_across(constraint, plan.table.column_names):
            outer = found_outside(constraint.sum.parts[0], plan.table, schema, originals)[0]
            key = outer.path[0]
            link = f"{','.join(key.columns)}>{key.references}"
            found.append(Total(column=constraint.sum.total, lines=outer.table, part=outer.column, link=link))
    return tuple(found)


def refuse_fixed(
    tables: Collection[GeneratorTable],
    given: Mapping[str, pa.Table],
    models: Mapping[str, tuple[Model | None, Model | None]],
) -> None:
    """Refuse given totals whose lines cannot give way.

    :raises ConfigError: the lines are given too, are totals themselves, or are part of other constraints.
    """
    by_name = {entry.table.name: entry for entry in tables}
    for name, rows in given.items():
        for total in by_name[name].totals:
            if total.column not in rows.column_names or rows.column(total.column).null_count == rows.num_rows:
                continue
            model = models[total.lines][0]
            bound = isinstance(model, GuardedModel) and any(total.part in c.columns for c in model.shaping.constraints)
            told = total.part in given[total.lines].column_names if total.lines in given else False
            if bound or told or any(own.column == total.part for own in by_name[total.lines].totals):
                why = "given, too" if told else "bound by other constraints"
                lines = f"'{total.lines}.{total.part}'"
                msg = f"'{total.column}' of table '{name}' is given, and its lines, {lines}, are {why}"
                raise ConfigError(msg, fix=f"leave '{total.column}' out: it is computed from the lines")


@define(kw_only=True)
class Adding:
    """Brings one total and its lines together."""

    total: Total
    above: Path
    below: Path
    numbers: np.ndarray
    """Row of the upper table that each line belongs to, negative where there is none."""
    given: np.ndarray
    """Which totals were given, bool, one per row of the upper table."""

    def write(self, run: Run) -> None:
        """Write both tables anew: the upper one as ``data.parquet``, the lines as ``lines.parquet``."""
        total = self.total
        wanted = pq.read_table(self.above, columns=[total.column]).column(0)
        parts = pq.read_table(self.below, columns=[total.part]).column(0)
        wanted, parts = added(wanted, parts, self.numbers, self.given)
        _rewrite(self.above, run.workspace / DATA, total.column, wanted)
        _rewrite(self.below, run.workspace / LINES, total.part, parts)


def added(
    wanted: pa.ChunkedArray, parts: pa.ChunkedArray, numbers: np.ndarray, given: np.ndarray
) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Give totals and lines that go together: totals follow from lines, lines give way where a total is given.

    A row without lines, or with a line that is null, keeps the total that it has.

    >>> totals, lines = pa.chunked_array([[1, 9]]), pa.chunked_array([[2, 3, 1, 2]])
    >>> owner = np.array([0, 0, 1, 1])
    >>> [values.to_pylist() for values in added(totals, lines, owner, np.array([False, True]))]
    [[5, 9], [2, 3, 3, 6]]
    """
    rows, values, total = len(wanted), _numbers(parts), _numbers(wanted)
    owned = numbers >= 0
    owner = np.where(owned, numbers, 0)
    count = np.bincount(owner[owned], minlength=rows)
    unknown = np.bincount(owner[owned & np.isnan(values)], minlength=rows) > 0
    there = (count > 0) & ~unknown
    fixed = given & there & ~np.isnan(total)
    digits = decimals_of(as_frame(pa.table({"x": parts}), ("x",)), ("x",))
    if fixed.any():
        gives = owned & fixed[owner]
        values = _scaled(values, owner, gives, total, digits)
        parts = _put(parts, values, gives)
    sums = np.round(np.bincount(owner[owned], np.nan_to_num(values[owned]), minlength=rows), digits)
    return _put(wanted, sums, there & ~fixed), parts


def _scaled(values: np.ndarray, owner: np.ndarray, here: np.ndarray, wanted: np.ndarray, digits: int) -> np.ndarray:
    """Scale lines so that they add up to what is wanted; the largest of each takes what rounding leaves over."""
    out, rows = values.copy(), np.flatnonzero(here)
    at = owner[rows]
    sums = np.bincount(at, values[rows], minlength=len(wanted))[at]
    count = np.bincount(at, minlength=len(wanted))[at]
    flat = np.abs(sums) < 1e-12
    out[rows] = np.round(wanted[at] * np.where(flat, 1.0 / count, values[rows] / np.where(flat, 1.0, sums)), digits)
    left = wanted - np.bincount(at, out[rows], minlength=len(wanted))
    order = rows[np.lexsort((np.abs(out[rows]), at))]
    last = order[np.append(owner[order][1:] != owner[order][:-1], True)[: len(order)]]
    out[last] = np.round(out[last] + left[owner[last]], digits)
    return out


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.cast(values, pa.float64(), safe=False).to_numpy(), np.float64)


def _put(values: pa.ChunkedArray, numbers: np.ndarray, here: np.ndarray) -> pa.ChunkedArray:
    kind = values.type
    safe = np.where(here, numbers, 0.0)
    new = pa.array(np.rint(safe).astype(np.int64) if pa.types.is_integer(kind) else safe)
    new = pc.round(new, kind.scale) if pa.types.is_decimal(kind) else new
    return pa.chunked_array([pc.if_else(pa.array(here), new.cast(kind), values.combine_chunks())])


def _rewrite(path: Path, out: Path, name: str, values: pa.ChunkedArray) -> None:
    """Write a table again with another column, a batch at a time."""
    done = 0
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        place = schema.get_field_index(name)
        with pq.ParquetWriter(out, schema, compression="zstd", compression_level=1) as writer:
            for batch in file.iter_batches():
                rows = pa.Table.from_batches([batch])
                part = values.slice(done, batch.num_rows).cast(schema.field(place).type)
                writer.write_table(rows.set_column(place, schema.field(place), part).cast(schema))
                done += batch.num_rows
