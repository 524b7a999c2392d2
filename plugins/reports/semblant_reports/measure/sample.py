"""The rows that are measured: bounded samples of original, synthetic and holdout in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from attrs import frozen

from semblant.vocabulary import EncodingType, Role
from semblant_reports.measure.forms import ColumnForm, forms_of, values_of
from semblant_reports.measure.subjects import subjects_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from semblant.report.inputs import Database, ReportInputs, TableData

ROWS = 100_000
CELLS = 40_000_000
"""Rows times columns of one sample; very wide tables are measured on fewer rows."""


@frozen(kw_only=True, eq=False)
class Sample:
    """One table's rows, as many as are measured, and how many there are."""

    columns: tuple[ColumnForm, ...]
    original: pl.DataFrame
    synthetic: pl.DataFrame
    holdout: pl.DataFrame | None
    rows: dict[str, int]
    """Rows of ``original``, ``synthetic`` and ``holdout`` in full."""
    subjects: NDArray[np.int64] | None
    """The subject of each original row; None when every row is one of its own."""
    absent: tuple[str, ...] = ()
    """Columns that the synthetic table does not have."""
    identifiers: tuple[str, ...] = ()
    """Columns that are made anew and not compared: keys and identifiers."""

    @property
    def reference(self) -> pl.DataFrame:
        """Training and holdout rows together."""
        return self.original if self.holdout is None else pl.concat([self.original, self.holdout])


def drawn(frame: pl.DataFrame, rows: int, rng: np.random.Generator) -> pl.DataFrame:
    """Draw at most ``rows`` rows without repeats, in their order."""
    return frame if rows >= frame.height else frame[np.sort(rng.permutation(frame.height)[:rows])]


def take(inputs: ReportInputs, name: str) -> Sample:
    """Load a table of the report, at most :data:`ROWS` rows of each side."""
    original = inputs.original.tables[name]
    compared, identifiers = compared_columns(inputs, name)
    limit = min(ROWS, max(2_000, CELLS // max(1, len(compared))))
    table = original.load(tuple(compared), limit)
    columns = tuple(forms_of(table.schema, compared))
    synthetic = inputs.synthetic.tables[name]
    absent = tuple(column for column in compared if column not in _names(inputs.synthetic, name))
    holdout = inputs.holdout.tables.get(name) if inputs.holdout is not None else None
    rows = {"original": original.rows, "synthetic": synthetic.rows}
    held: pl.DataFrame | None = None
    if holdout is not None and inputs.holdout is not None and holdout.rows:
        rows["holdout"] = holdout.rows
        held = _frame(_load(holdout, compared, _names(inputs.holdout, name), limit), columns)
    return Sample(
        columns=columns,
        original=_frame(table, columns),
        synthetic=_frame(_load(synthetic, compared, _names(inputs.synthetic, name), limit), columns),
        holdout=held,
        rows=rows,
        subjects=subjects_of(inputs.original, name, limit, inputs.copied),
        absent=absent,
        identifiers=tuple(identifiers),
    )


def compared_columns(inputs: ReportInputs, name: str) -> tuple[list[str], list[str]]:
    """Give the columns of a table that are compared, and the keys and identifiers that are not."""
    described = inputs.original.schema.table(name)
    keys = {*described.primary_key, *(column for key in described.foreign_keys for column in key.columns)}
    plans = inputs.columns.get(name)
    if plans:
        made = {
            plan.name for plan in plans if plan.role is not Role.FEATURE or plan.encoding is EncodingType.IDENTIFIER
        }
        learned = [plan.name for plan in plans if plan.name not in made and plan.name not in keys]
        return learned, [column for column in described.column_names if column in keys | made]
    compared = [column for column in described.column_names if column not in keys]
    return compared, [column for column in described.column_names if column in keys]


def _names(database: Database, name: str) -> tuple[str, ...]:
    """Give the columns that a table has."""
    return database.schema.table(name).column_names if name in database.schema else ()


def _load(data: TableData, columns: Sequence[str], there: Sequence[str], limit: int) -> pa.Table:
    """Load those of ``columns`` that are there."""
    known = set(there)
    return data.load(tuple(column for column in columns if column in known), limit)


def _frame(table: pa.Table, columns: Sequence[ColumnForm]) -> pl.DataFrame:
    """Give the compared columns in their form."""
    return pl.DataFrame([values_of(table, column) for column in columns])
