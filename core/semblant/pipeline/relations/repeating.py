"""Rows as they are learned where columns echo another row, and made rows with what they repeat put in."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import asdict, evolve, frozen

from semblant.events import Step
from semblant.pipeline.organize import TRAIN, batch_rows, stream
from semblant.pipeline.relations.echoes import Echo, column_of, comparable, equal, found_echoes
from semblant.pipeline.relations.generating import NUMBERS, read_numbers
from semblant.pipeline.steps import fingerprint
from semblant.pipeline.text_columns import DATA
from semblant.training import ColumnPlan
from semblant.vocabulary import EncodingType, Role

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from semblant.artefact.generator import GeneratorTable
    from semblant.pipeline.relations.frames import Relations
    from semblant.pipeline.steps import Steps
    from semblant.plan import TablePlan
    from semblant.run import Run

_ECHOES = "repeats.json"


@frozen(kw_only=True)
class Shown:
    """A table as it is learned: columns that repeat another row are left out, or are null where they do."""

    plan: TablePlan
    path: Path
    mark: str
    """Fingerprint of the rows."""
    echoes: tuple[Echo, ...] = ()


def shown_rows(plan: TablePlan, path: Path, relations: Relations, steps: Steps, mark: str) -> Shown:
    """Find the columns that repeat a row that the table's rows refer to, and write the rows as they are learned.

    A private run must not look; nothing is left out of it.
    """
    if steps.run.privacy.private:
        return Shown(plan=plan, path=path, mark=mark)

    def work(run: Run) -> None:
        found = found_echoes(plan, path, relations, plan.model.min_subjects)
        (run.workspace / _ECHOES).write_text(json.dumps([asdict(echo) for echo in found]), encoding="utf-8")
        if any(not echo.always for echo in found):
            _write(plan, path, run.workspace / TRAIN, found, relations)

    options = {column.name: dict(column.options) for column in plan.columns}
    stamp = fingerprint("repeats", mark, options, [str(constraint) for constraint in plan.constraints])
    folder = steps.perform(Step.TRANSFORM, f"{plan.name} (repeats)", stamp, work)
    echoes = tuple(Echo(**found) for found in json.loads((folder / _ECHOES).read_text(encoding="utf-8")))
    if not echoes:
        return Shown(plan=plan, path=path, mark=mark)
    for echo in echoes:
        told = f"column '{echo.column}' of table '{plan.name}' repeats '{echo.source}' of {echo.link}"
        steps.run.notice(f"{told} in {echo.share:.0%} of the rows, and so do the made ones")
    written = folder / TRAIN if (folder / TRAIN).is_file() else path
    return Shown(plan=shown_plan(plan, echoes), path=written, mark=fingerprint(mark, stamp), echoes=echoes)


def shown_plan(plan: TablePlan, echoes: Sequence[Echo]) -> TablePlan:
    """Give the plan of what is learned: flags beside the columns that repeat something, not those that always do."""
    by_name = {echo.column: echo for echo in echoes}
    columns: list[ColumnPlan] = []
    for column in plan.columns:
        echo = by_name.get(column.name)
        if echo is None:
            columns.append(column)
        elif not echo.always:
            reason = f"tells which rows repeat '{echo.source}' of the row that {echo.link} leads to"
            flag = ColumnPlan(name=echo.flag, type=pa.bool_(), encoding=EncodingType.BOOLEAN, reason=reason)
            columns += [flag, evolve(column, role=Role.FEATURE)]
    texts = any(column.encoding is EncodingType.TEXT for column in columns)
    return evolve(plan, columns=tuple(columns), text_backend=plan.text_backend if texts else "")


def _write(plan: TablePlan, path: Path, target: Path, echoes: Sequence[Echo], relations: Relations) -> None:
    """Write the rows as they are learned: null where they repeat another's value, with a flag that says so."""
    partial = [echo for echo in echoes if not echo.always]
    sources = {echo.column: _source(plan.name, echo, relations) for echo in partial}
    writer: pq.ParquetWriter | None = None
    done = 0
    try:
        for batch in stream(path, None, batch_rows(plan.table)):
            table = pa.Table.from_batches([batch])
            for echo in partial:
                values, numbers = sources[echo.column]
                table = _shown(table, echo, values, numbers[done : done + batch.num_rows])
            if writer is None:
                writer = pq.ParquetWriter(target, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table)
            done += batch.num_rows
    finally:
        if writer is not None:
            writer.close()


def _shown(table: pa.Table, echo: Echo, values: pa.Array, numbers: np.ndarray) -> pa.Table:
    place = table.schema.get_field_index(echo.column)
    column, own = table.column(place), comparable(table.column(place))
    assert own is not None
    there = np.flatnonzero(numbers >= 0)
    same = np.zeros(table.num_rows, bool)
    same[there] = equal(own.take(pa.array(there)), values.take(pa.array(numbers[there])))
    kept = pc.if_else(pa.array(same), pa.scalar(None, column.type), column)
    return table.set_column(place, table.schema.field(place), kept).append_column(echo.flag, pa.array(same))


def _source(name: str, echo: Echo, relations: Relations) -> tuple[pa.Array, np.ndarray]:
    """Give the values of the other table, and the row there that each row refers to."""
    link = next(link for link in relations.members[name].links if link.name == echo.link)
    values = column_of(relations.members[link.key.references].path, echo.source)
    assert values is not None
    return values, relations.numbers(name, link)


@frozen(kw_only=True)
class Repeating:
    """Puts what rows repeat into the made rows of a table."""

    entry: GeneratorTable
    relations: Relations
    given: pa.Table | None = None
    """Given rows of the table: their values stay."""

    def write(self, rows: Path, run: Run) -> None:
        """Write ``data.parquet`` into ``run.workspace`` from the one in ``rows``; numbers of references go along."""
        schema, numbers, done = self.entry.schema(), read_numbers(self.entry, rows), 0
        shutil.copyfile(rows / NUMBERS, run.workspace / NUMBERS)
        links = {facts.link.name: facts.key.references for facts in self.entry.links}
        sources = {e.column: column_of(self.relations.members[links[e.link]].path, e.source) for e in self.entry.echoes}
        with pq.ParquetWriter(run.workspace / DATA, schema, compression="zstd", compression_level=1) as writer:
            for batch in stream(rows / DATA):
                table = pa.Table.from_batches([batch])
                for echo in self.entry.echoes:
                    here = numbers[echo.link][done : done + batch.num_rows]
                    given = None if self.given is None else self.given.slice(done, batch.num_rows)
                    table = _put(table, echo, sources[echo.column], here, given, schema.field(echo.column).type)
                writer.write_table(table.select(schema.names).cast(schema))
                done += batch.num_rows


def _put(
    table: pa.Table,
    echo: Echo,
    values: pa.Array,
    numbers: np.ndarray,
    given: pa.Table | None,
    kind: pa.DataType,
) -> pa.Table:
    there = (numbers >= 0) & (numbers < len(values))
    repeats = there if echo.always else there & table.column(echo.flag).to_numpy().astype(bool)
    if given is not None and echo.column in given.column_names:
        repeats = repeats & given.column(echo.column).is_null().to_numpy()
    taken = values.take(pa.array(np.where(there, numbers, 0), mask=~there)).cast(kind)
    place = table.schema.get_field_index(echo.column)
    own = table.column(place)
    own = own.cast(kind) if own.type == kind or not echo.always else pa.nulls(table.num_rows, kind)
    return table.set_column(place, pa.field(echo.column, kind), pc.if_else(pa.array(repeats), taken, own))
