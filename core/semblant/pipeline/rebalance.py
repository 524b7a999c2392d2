"""Rebalancing: rows are drawn, weighed until the wanted shares hold, and what they say is given to the model.

Weights come from iterative proportional fitting (Deming & Stephan 1940): each pass scales the rows of every
wanted share to it. So several columns keep the dependence that they have in the data, ranges need no model of
their own, and a joint share is one more table of cells. The drawn values of the rebalanced columns are then
*given*, and the model draws the rest of each row; no drawn row comes out as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import define, evolve, field

from semblant.constraints.checking import as_frame
from semblant.constraints.guarded import GuardedModel
from semblant.errors import ConfigError
from semblant.spec.shares import ShareError, Shares, Span, columns_of, read_shares
from semblant.training import GenerationRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semblant.protocols import Model
    from semblant.run import Run
    from semblant.training import GenerationContext, Sampling

_LEAST_POOL, _MOST_POOL = 20_000, 100_000
_FEW, _MORE = 50, 500
_PASSES = 200
_CLOSE = 1e-5
_NEAR = 0.005
"""How far a share may stay from what is wanted before it is called impossible."""


def shares_of(table: str, wanted: Mapping[str, Mapping[str, float]], kinds: Mapping[str, pa.DataType]) -> list[Shares]:
    """Read the wanted shares of a table; what cannot be meant raises :class:`ConfigError` with its path."""
    found = []
    for key, shares in wanted.items():
        columns = columns_of(key, kinds)
        unknown = [name for name in columns if name not in kinds]
        if unknown:
            msg = f"generation.rebalance.{table}: the generator has no column '{unknown[0]}' to rebalance"
            raise ConfigError(msg, fix=f"columns are: {', '.join(kinds)}")
        try:
            found.append(read_shares(columns, shares, kinds))
        except ShareError as exc:
            msg = f"generation.rebalance.{table}.{key}: {exc}"
            raise ConfigError(msg, fix="write the values as they stand in the data, and shares up to 1") from exc
    return found


@define(eq=False, kw_only=True)
class Rebalancer:
    """Draws the values of rebalanced columns with wanted shares."""

    table: str
    model: Model
    shares: Sequence[Shares]
    sampling: Sampling
    seed: int
    rows: int
    run: Run
    context: GenerationContext | None = None
    """What the rows are conditioned on; no parent among it: the model would decide how many rows there are."""
    _pool: pa.Table | None = field(default=None, init=False)
    _weights: np.ndarray = field(factory=lambda: np.empty(0), init=False)

    @property
    def columns(self) -> list[str]:
        """The rebalanced columns."""
        return list(dict.fromkeys(name for shares in self.shares for name in shares.columns))

    def draw(self, rows: int, part: int) -> pa.Table:
        """Give ``rows`` rows of the rebalanced columns; shares hold to within one row or the pool's grain."""
        if self._pool is None:
            self._pool = self._filled(self._rows(int(np.clip(self.rows, _LEAST_POOL, _MOST_POOL)), 0))
            self._weights = self._fitted(self._pool)
        rng = np.random.default_rng((self.seed, part, 17))
        order = np.lexsort([self._cells(self._pool, shares) for shares in reversed(self.shares)])
        edges = np.cumsum(self._weights[order])
        u = (np.arange(rows) + rng.random()) / rows * edges[-1]
        chosen = order[np.minimum(np.searchsorted(edges, u, side="right"), len(order) - 1)]
        return self._pool.take(pa.array(rng.permutation(chosen)))

    def _rows(self, rows: int, part: int, **more: Any) -> pa.Table:
        seed = int(np.random.default_rng((self.seed, part, 19)).integers(2**63))
        request = GenerationRequest(rows=rows, seed=seed, sampling=self.sampling, context=self.context, **more)
        quiet = evolve(self.run, emit=_ignore)
        return pa.Table.from_batches(list(self.model.generate(request, quiet))).select(self.columns)

    def _filled(self, pool: pa.Table) -> pa.Table:
        """Add rows of values that are wanted and too rare to be met by chance."""
        parts = [pool]
        for number, shares in enumerate(self.shares):
            cells = self._cells(pool, shares)
            for place, cell in enumerate(shares.cells):
                if cell.share == 0 or (cells == place).sum() >= _FEW or any(isinstance(p, Span) for p in cell.parts):
                    continue
                kinds = [pool.schema.field(name).type for name in shares.columns]
                values = [pa.array([p] * _MORE, _plain(kind)) for p, kind in zip(cell.parts, kinds, strict=True)]
                given = pa.table(values, names=list(shares.columns))
                more: dict[str, Any] = {"given": given, "given_nulls": frozenset(shares.columns)}
                if shares.simple and shares.columns[0] not in reshaped_columns(self.model):
                    more = {"shares": {shares.columns[0]: {cell.parts[0]: 1.0}}}
                parts.append(self._rows(_MORE, 1 + number * 1000 + place, **more).cast(pool.schema))
        return pa.concat_tables(parts).combine_chunks()

    def _cells(self, pool: pa.Table, shares: Shares) -> np.ndarray:
        """Give the wanted share that each row belongs to; the number of them where it belongs to none."""
        frame = as_frame(pool, shares.columns)
        out = np.full(pool.num_rows, len(shares.cells))
        for place, cell in enumerate(shares.cells):
            held = pl.lit(value=True)
            for name, part in zip(shares.columns, cell.parts, strict=True):
                held = held & _holds(pl.col(name), part, frame.schema[name])
            out[np.flatnonzero(frame.select(held).to_series().fill_null(value=False).to_numpy())] = place
        return out

    def _fitted(self, pool: pa.Table) -> np.ndarray:
        """Give the weights under which every wanted share holds."""
        weights = np.ones(pool.num_rows)
        tables = []
        for shares in self.shares:
            cells, size = self._cells(pool, shares), len(shares.cells) + 1
            wanted = np.array([*(cell.share for cell in shares.cells), 0.0])
            there = np.bincount(cells, minlength=size) > 0
            for place, cell in enumerate(shares.cells):
                if cell.share > 0 and not there[place]:
                    msg = f"generation.rebalance.{self.table}: no row with '{cell.key}' in "
                    msg += f"'{' & '.join(shares.columns)}' may come out"
                    raise ConfigError(msg, fix="ask for values that the data hold, and that enough subjects share")
            wanted[-1] = max(1 - wanted.sum(), 0.0) if there[-1] else 0.0
            if wanted.sum() <= 0:
                msg = f"generation.rebalance.{self.table}: the shares of '{' & '.join(shares.columns)}' leave no value"
                raise ConfigError(msg, fix="give at least one value a share above 0")
            tables.append((cells, wanted / wanted.sum()))
        off = 1.0
        for _ in range(_PASSES):
            off = 0.0
            for cells, wanted in tables:
                now = np.bincount(cells, weights, minlength=len(wanted))
                now = now / now.sum() if now.sum() > 0 else now
                off = max(off, float(np.abs(now - wanted).max()))
                weights = weights * np.where(now > 0, wanted / np.maximum(now, 1e-300), 0.0)[cells]
            if off < _CLOSE:
                break
        if off > _NEAR or not weights.sum() > 0:
            keys = ", ".join(f"'{' & '.join(shares.columns)}'" for shares in self.shares)
            msg = f"generation.rebalance.{self.table}: the shares of {keys} cannot hold together"
            raise ConfigError(msg, fix="change one of them: some combinations of these values do not exist")
        return np.asarray(weights)


def reshaped_columns(model: Model) -> frozenset[str]:
    """Give the columns that a model with constraints does not learn as they are."""
    return model.shaping.reshaped if isinstance(model, GuardedModel) else frozenset()


def joined(given: pa.Table | None, drawn: pa.Table) -> tuple[pa.Table, frozenset[str]]:
    """Put drawn values beside given ones, which win; gives the table and the columns whose nulls are values."""
    if given is None:
        return drawn, frozenset(drawn.column_names)
    out, nulls = given, set()
    for name in drawn.column_names:
        if name not in given.column_names:
            out = out.append_column(name, drawn.column(name))
            nulls.add(name)
            continue
        frame = as_frame(given, (name,)).with_columns(as_frame(drawn, (name,))[name].alias("\0drawn"))
        filled = frame.select(pl.col(name).fill_null(pl.col("\0drawn"))).to_arrow().column(0)
        kind = given.schema.field(name).type
        values = filled.cast(kind) if not pa.types.is_dictionary(kind) else filled.dictionary_encode().cast(kind)
        out = out.set_column(out.schema.get_field_index(name), name, values)
    return out, frozenset(nulls)


def _holds(column: pl.Expr, part: Any, kind: pl.DataType) -> pl.Expr:
    if part is None:
        return column.is_null()
    if not isinstance(part, Span):
        return column == pl.lit(part).cast(kind)
    held = column.is_not_null()
    if part.low is not None:
        held = held & (column >= pl.lit(part.low).cast(kind))
    if part.high is not None:
        high = pl.lit(part.high).cast(kind)
        held = held & (column <= high if part.closed else column < high)
    return held


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _ignore(event: Any) -> None:
    """Report nothing of rows that are only weighed."""
