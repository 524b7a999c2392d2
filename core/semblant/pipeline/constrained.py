"""Learn a table so that its constraints hold: leave out rows that break them, reshape the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve, frozen

from semblant.constraints.checking import as_frame, kept
from semblant.constraints.guarded import GuardedModel
from semblant.constraints.outside import is_across
from semblant.constraints.shaping import Shaping
from semblant.errors import ArtefactError, DataError
from semblant.events import Step
from semblant.pipeline.organize import batch_rows, rows_of, stream
from semblant.pipeline.steps import fingerprint
from semblant.pipeline.text_columns import as_tabular, is_text, with_buckets
from semblant.settings.structure import unstructure
from semblant.spec.constraints import Combinations, Constraint, Dependency, Sum, Unique
from semblant.vocabulary import ColumnTreatment, EncodingType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from semblant.pipeline.steps import Steps
    from semblant.plan import TablePlan
    from semblant.protocols import Model
    from semblant.run import Run

TRAIN = "train.parquet"
_KEPT = "kept.parquet"
_COUNTS = "broken.json"


@frozen(kw_only=True)
class Reshaped:
    """A table as it is learned: its plan, its rows, and the way back."""

    plan: TablePlan
    path: Path
    shaping: Shaping
    mark: str
    """Fingerprint of rows and constraints."""

    def guarded(self, model: Model) -> GuardedModel:
        """Give the model of the table itself."""
        return GuardedModel(model=model, shaping=self.shaping)


def reshape(plan: TablePlan, train_path: Path, steps: Steps, mark: str, *, every_row: bool = False) -> Reshaped | None:
    """Reshape the rows that a tabular backend learns from; None for a table without constraints.

    With ``every_row`` those that break a constraint stay: where something else is aligned with the rows.
    """
    own = tuple(c for c in plan.constraints if not (isinstance(c.rule, Sum) and is_across(c, plan.table.column_names)))
    if not own:
        return None
    plan = evolve(plan, constraints=own)
    plans = tuple(map(as_tabular, plan.columns))
    _refuse_texts(plan)
    columns = [(p.name, str(p.type), str(p.encoding), str(p.treatment)) for p in plans]
    stamp = fingerprint("constraints", mark, columns, [unstructure(c) for c in plan.constraints], every_row)

    def work(run: Run) -> None:
        counts = _keep_rows(plan, train_path, run, every_row=every_row)
        path, least = run.workspace / _KEPT, plan.model.min_subjects
        if all(p.treatment is ColumnTreatment.KEEP for p in plans):
            least = 1
        schema = pa.schema([pa.field(p.name, p.type) for p in plans])
        shaping = Shaping.fit(plan.constraints, schema, lambda names: pq.read_table(path, columns=list(names)), least)
        numbered = [p.name for p in plans if p.encoding is EncodingType.IDENTIFIER]
        shaping.identifiers = tuple(name for name in numbered if name not in shaping.reshaped)
        _write(path, shaping, plan, run)
        path.unlink()
        shaping.save(run.workspace)
        (run.workspace / _COUNTS).write_text(json.dumps(counts), encoding="utf-8")

    folder = steps.perform(Step.TRANSFORM, f"{plan.name} (constraints)", stamp, work)
    for number, count in enumerate(json.loads((folder / _COUNTS).read_text(encoding="utf-8"))):
        if count:
            rows = rows_of(train_path)
            message = (
                f"{count:,} of {rows:,} rows of table '{plan.name}' break the constraint {plan.constraints[number]}"
            )
            stay = every_row or isinstance(plan.constraints[number].rule, Unique)
            steps.run.notice(f"{message}; {'they stay' if stay else 'they are not learned from'}", warning=True)
    shaping = Shaping.load(folder)
    if shaping is None:
        msg = f"the reshaped rows of table '{plan.name}' are gone"
        raise ArtefactError(msg, fix="run the job again")
    return Reshaped(plan=evolve(plan, columns=shaping.plans(plans)), path=folder / TRAIN, shaping=shaping, mark=stamp)


def with_constraints(model: Model, folder: Path) -> Model:
    """Give a loaded model its constraints back, where it has any."""
    shaping = Shaping.load(folder)
    return model if shaping is None else GuardedModel(model=model, shaping=shaping)


def _refuse_texts(plan: TablePlan) -> None:
    texts = {p.name for p in plan.columns if is_text(p)}
    for constraint in plan.constraints:
        if found := texts & set(constraint.columns):
            name = min(found)
            msg = f"the constraint {constraint} of table '{plan.name}' is about '{name}', which is free text"
            raise DataError(msg, fix=f"write encoding: categorical (or pattern) for '{name}', or remove the constraint")


def _keep_rows(plan: TablePlan, train_path: Path, run: Run, *, every_row: bool) -> list[int]:
    """Write the rows that keep every constraint, as far as rows can; gives the rows that break each."""
    names = [p.name for p in plan.columns]
    counts = [0] * len(plan.constraints)
    tests = [_test(constraint, train_path) for constraint in plan.constraints]
    total, done, left = rows_of(train_path), 0, 0
    writer: pq.ParquetWriter | None = None
    batches: Iterator[pa.RecordBatch] = with_buckets(stream(train_path, names, batch_rows(plan.table)), plan.columns)
    try:
        for batch in batches:
            table = pa.Table.from_batches([batch])
            mask = np.ones(table.num_rows, bool)
            for place, test in enumerate(tests):
                held = test(table)
                counts[place] += int((~held).sum())
                if not every_row and not isinstance(plan.constraints[place].rule, Unique):
                    mask &= held
            if writer is None:
                writer = pq.ParquetWriter(run.workspace / _KEPT, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table.filter(pa.array(mask)))
            done += table.num_rows
            left += int(mask.sum())
            run.progress(done, 2 * total)
    finally:
        if writer is not None:
            writer.close()
    if left == 0:
        worst = plan.constraints[int(np.argmax(counts))]
        msg = f"no row of table '{plan.name}' keeps its constraints; most break {worst}"
        raise DataError(msg, fix="look whether the columns are the ones that were meant, or remove the constraint")
    return counts


def _test(constraint: Constraint, path: Path) -> Callable[[pa.Table], np.ndarray]:
    """Give what tells the rows of a batch that keep a constraint, with the whole table in view."""
    rule = constraint.rule
    if isinstance(rule, Combinations) or is_across(constraint, pq.read_schema(path).names):
        return lambda table: np.ones(table.num_rows, bool)
    if not isinstance(rule, Dependency | Unique):
        return lambda table: kept(constraint, table)
    names = list(dict.fromkeys(constraint.columns))
    whole = pq.read_table(path, columns=names)
    if isinstance(rule, Unique):
        mask, at = kept(constraint, whole), [0]

        def part(table: pa.Table) -> np.ndarray:
            at[0] += table.num_rows
            return mask[at[0] - table.num_rows : at[0]]

        return part
    allowed = as_frame(whole.filter(pa.array(kept(constraint, whole))), tuple(names)).unique()

    def follows(table: pa.Table) -> np.ndarray:
        frame = as_frame(table, tuple(names)).with_row_index("\0row")
        found = frame.join(allowed, on=names, how="semi", nulls_equal=True)["\0row"].to_numpy()
        mask = np.zeros(frame.height, bool)
        mask[found] = True
        return mask

    return follows


def _write(path: Path, shaping: Shaping, plan: TablePlan, run: Run) -> None:
    done, total = 0, rows_of(path)
    writer: pq.ParquetWriter | None = None
    try:
        for batch in stream(path, None, batch_rows(plan.table)):
            table = shaping.forward(pa.Table.from_batches([batch]))
            if writer is None:
                writer = pq.ParquetWriter(run.workspace / TRAIN, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table)
            done += table.num_rows
            run.progress(total + done, 2 * total)
    finally:
        if writer is not None:
            writer.close()


__all__ = ["Reshaped", "reshape", "with_constraints"]
