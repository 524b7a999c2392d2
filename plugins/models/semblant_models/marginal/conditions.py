"""What a request fixes: given values and wanted shares, as codes and as the values that must come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant.errors import DataError
from semblant_models.privacy.preprocessing.codes import strata
from semblant_models.privacy.preprocessing.kinds import Values
from semblant_models.tabular.encodings.arrow import plain, plain_type, restore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.training import GenerationRequest
    from semblant_models.privacy.preprocessing.table import TableCodes

Fixed = dict[int, tuple[pa.Array, np.ndarray]]
"""Per column plain values, and the rows, bool, that have one."""


@define(eq=False)
class Conditions:
    """Given columns and shares to draw from."""

    columns: Fixed
    shares: dict[int, tuple[pa.Array, np.ndarray]]
    """Per column values (null among them) and their shares."""

    @classmethod
    def of(cls, request: GenerationRequest, codes: TableCodes) -> Conditions:
        """Read a request; what cannot be given raises :class:`DataError` with the column's name."""
        columns: Fixed = {}
        if request.given is not None:
            if request.given.num_rows != request.rows:
                msg = f"{request.given.num_rows} rows are given, {request.rows} are asked for"
                raise DataError(msg, fix="ask for as many rows as are given")
            for name in request.given.column_names:
                place = _place(codes, name, "given")
                values = _cast(plain(request.given.column(name)), codes, place)
                there = values.is_valid().to_numpy(zero_copy_only=False)
                columns[place] = (values, np.ones(len(values), bool) if name in request.given_nulls else there)
        shares = {}
        for name, wanted in request.shares.items():
            place = _place(codes, name, "rebalanced")
            shares[place] = _wanted(name, codes, place, wanted)
        return cls(columns, shares)

    def batch(
        self, codes: TableCodes, start: int, rows: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, Fixed]:
        """Give codes, int32, and which are known, bool, both (rows, columns), and the values to put in afterwards."""
        fixed = {
            place: (v.slice(start, rows), there[start : start + rows]) for place, (v, there) in self.columns.items()
        }
        for place, (values, chances) in self.shares.items():
            at = np.searchsorted(np.cumsum(chances), strata(np.zeros(rows, np.int64), rng), side="right")
            drawn = values.take(pa.array(np.minimum(at, len(values) - 1), pa.int64()))
            if place in fixed:
                drawn = pc.if_else(pa.array(fixed[place][1]), fixed[place][0], drawn)
            fixed[place] = (drawn, np.ones(rows, bool))
        known, mask = np.zeros((rows, len(codes.columns)), np.int32), np.zeros((rows, len(codes.columns)), bool)
        for place, (values, there) in fixed.items():
            column = codes.columns[place]
            known[:, place] = column.encode(values)
            null = values.is_null().to_numpy(zero_copy_only=False)
            mask[:, place] = there & (~null | column.cells.null)
        return known, mask, fixed


def put(codes: TableCodes, batch: pa.RecordBatch, fixed: Mapping[int, tuple[pa.Array, np.ndarray]]) -> pa.RecordBatch:
    """Put given values into drawn rows."""
    arrays = list(batch.columns)
    for place, (values, there) in fixed.items():
        drawn = plain(arrays[place])
        arrays[place] = restore(pc.if_else(pa.array(there), values, drawn), codes.types[place])
    return pa.RecordBatch.from_arrays(arrays, schema=codes.schema)


def _place(codes: TableCodes, name: str, what: str) -> int:
    if name not in codes.names:
        msg = f"column '{name}' is {what}, but the model has no such column"
        raise DataError(msg, fix=f"columns are: {', '.join(codes.names)}")
    return codes.names.index(name)


def _cast(values: pa.Array, codes: TableCodes, place: int) -> pa.Array:
    kind = plain_type(codes.types[place])
    try:
        return values if values.type == kind else values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as exc:
        name = codes.names[place]
        msg = f"the values given for column '{name}' are {values.type}, the model has {codes.types[place]}"
        raise DataError(msg, fix=f"convert '{name}' to {codes.types[place]}") from exc


def _wanted(name: str, codes: TableCodes, place: int, wanted: Mapping[Any, float]) -> tuple[pa.Array, np.ndarray]:
    """Give values and shares; values that are not named keep their proportions among the rest."""
    column = codes.columns[place]
    if not isinstance(column.cells, Values) or not len(column.cells.values):
        msg = f"column '{name}' cannot be rebalanced: it is learned in ranges of numbers"
        raise DataError(msg, fix=f"set 'encoding: categorical' for '{name}' and train again")
    cells = column.cells
    values = pa.concat_arrays([cells.values, pa.nulls(1, cells.values.type)]) if cells.null else cells.values
    usual = column.counts[: len(values)]
    shares, named = np.zeros(len(values)), np.zeros(len(values), bool)
    for value, share in wanted.items():
        found = _index(values, value)
        if found is None:
            msg = f"column '{name}' has no value '{value}' that may come out"
            raise DataError(msg, fix=f"values are: {', '.join(map(str, values.slice(0, 20).to_pylist()))}")
        if not 0 <= share <= 1:
            msg = f"the share {share} of '{value}' in column '{name}' is not between 0 and 1"
            raise DataError(msg, fix="give shares between 0 and 1")
        shares[found], named[found] = share, True
    if shares.sum() > 1 + 1e-6:
        msg = f"the shares of column '{name}' add up to {shares.sum():g}"
        raise DataError(msg, fix="give shares that add up to 1 at most")
    rest = np.where(named, 0.0, usual)
    if rest.sum() > 0:
        shares += rest / rest.sum() * max(1 - shares.sum(), 0.0)
    if shares.sum() <= 0:
        msg = f"the shares of column '{name}' leave no value to draw"
        raise DataError(msg, fix="give at least one value a share above 0")
    return values, shares / shares.sum()


def _index(values: pa.Array, value: Any) -> int | None:
    if value is None:
        return len(values) - 1 if values.null_count else None
    try:
        array = pa.array([value]).cast(values.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None
    found: int | None = pc.index_in(array, value_set=values)[0].as_py()
    return found
