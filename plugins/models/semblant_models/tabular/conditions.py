"""What a request fixes: given values and shares, as tokens, and as the values that must come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant.errors import DataError
from semblant_models.tabular.encodings.arrow import plain, plain_type
from semblant_models.tabular.encodings.categorical import Categorical
from semblant_models.tabular.given import given_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.training import GenerationRequest
    from semblant_models.tabular.table import TableEncoding


@define(eq=False)
class Conditions:
    """Given columns (plain Arrow arrays of ``rows`` values and a bool mask each) and shares to draw from."""

    columns: dict[int, tuple[pa.Array, np.ndarray]]
    shares: dict[int, tuple[Categorical, np.ndarray, np.ndarray]]
    """Per column: its encoding, indices of values (-1: null) and their shares."""

    @classmethod
    def of(cls, request: GenerationRequest, encoding: TableEncoding, null_shares: Mapping[int, float]) -> Conditions:
        """Read a request; what cannot be given raises :class:`DataError` with the column's name."""
        columns = {}
        if request.given is not None:
            if request.given.num_rows != request.rows:
                msg = f"{request.given.num_rows} rows are given, {request.rows} are asked for"
                raise DataError(msg, fix="ask for as many rows as are given")
            for name in request.given.column_names:
                place = _place(encoding, name, "given")
                values = _cast(request.given.column(name), encoding, place)
                there = values.is_valid().to_numpy(zero_copy_only=False)
                columns[place] = (values, np.ones(len(values), bool) if name in request.given_nulls else there)
        shares = {}
        for name, wanted in request.shares.items():
            place = _place(encoding, name, "rebalanced")
            found = encoding.encodings[place]
            if not isinstance(found, Categorical):
                msg = f"column '{name}' cannot be rebalanced: it is learned as '{found.kind}'"
                raise DataError(msg, fix=f"set 'encoding: categorical' for '{name}' and train again")
            shares[place] = (found, *_wanted(name, found, wanted, null_shares.get(place, 0.0)))
        return cls(columns=columns, shares=shares)

    @property
    def some(self) -> bool:
        """Whether anything is fixed."""
        return bool(self.columns or self.shares)

    def batch(
        self, encoding: TableEncoding, start: int, rows: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, dict[int, tuple[pa.Array, np.ndarray]]]:
        """Give int32 codes and bool mask, shape (rows, tokens), and per column the values to put in afterwards."""
        fixed: dict[int, tuple[pa.Array, np.ndarray]] = {}
        for place, (values, there) in self.columns.items():
            fixed[place] = (values.slice(start, rows), there[start : start + rows])
        for place, (column, indices, chances) in self.shares.items():
            u = (rng.permutation(rows) + rng.random()) / max(rows, 1)
            index = indices[np.minimum(np.searchsorted(np.cumsum(chances), u, side="right"), len(indices) - 1)]
            drawn = column.values.take(pa.array(np.maximum(index, 0), pa.int64(), mask=index < 0))
            there = np.ones(rows, bool)
            if place in fixed:
                drawn = pc.if_else(pa.array(fixed[place][1]), fixed[place][0], drawn)
            fixed[place] = (drawn, there)
        codes, mask = given_tokens(encoding, fixed, rows)
        return codes, mask, fixed


def _place(encoding: TableEncoding, name: str, what: str) -> int:
    if name not in encoding.names:
        msg = f"column '{name}' is {what}, but the model has no such column"
        raise DataError(msg, fix=f"columns are: {', '.join(encoding.names)}")
    return encoding.names.index(name)


def _cast(values: pa.ChunkedArray, encoding: TableEncoding, place: int) -> pa.Array:
    array, kind = plain(values), plain_type(encoding.types[place])
    try:
        return array if array.type == kind else array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as exc:
        name = encoding.names[place]
        msg = f"the values given for column '{name}' are {array.type}, the model has {encoding.types[place]}"
        raise DataError(msg, fix=f"convert '{name}' to {encoding.types[place]}") from exc


def _wanted(
    name: str, column: Categorical, wanted: Mapping[Any, float], null_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Give value indices and shares; values that are not named keep their proportions among the rest."""
    usual = np.append(column.shares * (1 - null_share), null_share)
    shares, named = np.zeros(len(usual)), np.zeros(len(usual), bool)
    for value, share in wanted.items():
        index = len(usual) - 1 if value is None else _index(column, value)
        if index is None or (value is None and not column.null):
            msg = f"column '{name}' has no value '{value}' that may come out"
            raise DataError(msg, fix=f"values are: {', '.join(map(str, column.values.slice(0, 20).to_pylist()))}")
        if not 0 <= share <= 1:
            msg = f"the share {share} of '{value}' in column '{name}' is not between 0 and 1"
            raise DataError(msg, fix="give shares between 0 and 1")
        shares[index], named[index] = share, True
    total = shares.sum()
    if total > 1 + 1e-6:
        msg = f"the shares of column '{name}' add up to {total:g}"
        raise DataError(msg, fix="give shares that add up to 1 at most")
    rest = np.where(named, 0.0, usual)
    if rest.sum() > 0:
        shares += rest / rest.sum() * max(1 - total, 0.0)
    if shares.sum() <= 0:
        msg = f"the shares of column '{name}' leave no value to draw"
        raise DataError(msg, fix="give at least one value a share above 0")
    indices = np.append(np.arange(len(column.values)), -1)
    return indices[shares > 0], (shares / shares.sum())[shares > 0]


def _index(column: Categorical, value: Any) -> int | None:
    try:
        array = pa.array([value]).cast(column.values.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None
    found: int | None = pc.index_in(array, value_set=column.values)[0].as_py()
    return found
