"""Generate: features from the model, texts from the text model, keys from the engine, put together in table order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve, field, frozen

from semblant.errors import ConfigError, ModelError
from semblant.pipeline.keys import cast_key
from semblant.pipeline.rebalance import Rebalancer, joined, reshaped_columns, shares_of
from semblant.pipeline.text_columns import DATA, is_text, unwritten
from semblant.settings import AUTO
from semblant.training import GenerationRequest, Sampling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from semblant.artefact.generator import GeneratorTable
    from semblant.protocols import Model
    from semblant.run import Run
    from semblant.spec.model import GenerationSpec
    from semblant.spec.shares import Shares
    from semblant.training import GenerationContext

_CHUNK_ROWS = 65_536
_MOST_ROUNDS = 20


@frozen(kw_only=True)
class Order:
    """What to generate of one table."""

    rows: int
    given: pa.Table | None = None
    shares: tuple[Shares, ...] = ()
    batch_rows: int | None = None
    text_batch_rows: int | None = None
    sampling: Sampling = field(factory=Sampling)
    rebalancer: Rebalancer | None = None
    """Set while generating, where shares are more than values of one column."""


def order_for(entry: GeneratorTable, spec: GenerationSpec, rows: int, given: pa.Table | None = None) -> Order:
    """Turn the generation settings of a spec into an order for one table."""
    kinds = {plan.name: entry.table.column(plan.name).type for plan in entry.plans if not is_text(plan)}
    _refuse_echoes(entry, spec)
    return Order(
        rows=rows if given is None else given.num_rows,
        given=fitting(entry, given),
        shares=tuple(shares_of(entry.table.name, spec.rebalance.get(entry.table.name, {}), kinds)),
        batch_rows=None if spec.batch_size == AUTO else int(spec.batch_size),
        text_batch_rows=None if spec.text_batch_size == AUTO else int(spec.text_batch_size),
        sampling=sampling_for(entry.table.name, spec),
    )


def _refuse_echoes(entry: GeneratorTable, spec: GenerationSpec) -> None:
    """Refuse shares of a column that repeats another table's: its values are not drawn."""
    wanted = spec.rebalance.get(entry.table.name, {})
    for echo in entry.echoes:
        if echo.column in wanted:
            msg = f"'{echo.column}' of table '{entry.table.name}' cannot be rebalanced: it repeats '{echo.source}'"
            path = f"tables.{entry.table.name}.columns.{echo.column}.options"
            raise ConfigError(msg, fix=f"rebalance '{echo.source}' instead, or train with '{path}: {{repeats: false}}'")


def rows_for(entry: GeneratorTable, spec: GenerationSpec) -> int:
    """Give how many rows of the root table are wanted."""
    return max(1, round(entry.rows * spec.scale)) if spec.records == AUTO else int(spec.records)


def sampling_for(table: str, spec: GenerationSpec) -> Sampling:
    """Give how the values of a table are drawn."""
    columns = {
        name: (own.temperature or spec.temperature, own.top_p or spec.top_p)
        for name, own in spec.columns.get(table, {}).items()
    }
    return Sampling(temperature=spec.temperature, top_p=spec.top_p, columns=columns)


def generate_table(entry: GeneratorTable, model: Model | None, order: Order, run: Run) -> None:
    """Write ``data.parquet`` with exactly ``order.rows`` rows into ``run.workspace``; memory is one batch.

    Text columns hold length buckets.
    """
    schema = unwritten(entry.schema(), entry.plans)
    order = balanced(entry, model, order, run)
    done = 0
    with pq.ParquetWriter(run.workspace / DATA, schema, compression="zstd", compression_level=1) as writer:
        for batch in _unique(entry, model, order, run):
            table = assembled(entry, batch, order, done, run.random_seed("key", entry.table.name))
            writer.write_table(table.select(schema.names).cast(schema))
            done += batch.num_rows
            run.progress(done, order.rows)
    if done != order.rows:
        msg = f"the model of table '{entry.table.name}' made {done:,} rows instead of {order.rows:,}"
        raise ModelError(msg, fix=f"tell the maker of the backend '{entry.backend}'")


def _rows(entry: GeneratorTable, model: Model | None, order: Order, run: Run, attempt: int) -> Iterator[pa.Table]:
    """Stream the learned columns."""
    if model is None:
        for start in range(0, order.rows, _CHUNK_ROWS):
            rows = min(_CHUNK_ROWS, order.rows - start)
            yield pa.table({"\0rows": pa.nulls(rows)})
        return
    names = {plan.name for plan in entry.plans}
    given = None if order.given is None else order.given.select([n for n in order.given.schema.names if n in names])
    shares: Mapping[str, Mapping[Any, float]] = {}
    nulls: frozenset[str] = frozenset()
    if order.rebalancer is None:
        shares = simple_shares(order)
    else:
        given, nulls = joined(given, order.rebalancer.draw(order.rows, attempt))
    request = GenerationRequest(
        rows=order.rows,
        seed=run.random_seed("generate", entry.table.name, attempt),
        batch_rows=order.batch_rows,
        given=given,
        given_nulls=nulls,
        shares=shares,
        sampling=order.sampling,
    )
    for batch in model.generate(request, run):
        yield pa.Table.from_batches([batch])


def _unique(entry: GeneratorTable, model: Model | None, order: Order, run: Run) -> Iterator[pa.Table]:
    """Stream rows; where learned columns form the primary key, rows with a key already made are drawn again."""
    learned = {plan.name for plan in entry.plans}
    key = [name for name in entry.table.primary_key if name in learned]
    texts = any(is_text(plan) and plan.name in key for plan in entry.plans)  # made different when they are written
    if not key or texts or entry.key is not None or order.given is not None:
        yield from _rows(entry, model, order, run, 0)
        return
    seen = np.empty(0, np.uint64)
    missing = order.rows
    for attempt in range(_MOST_ROUNDS):
        again = evolve(order, rows=missing)
        for table in _rows(entry, model, again, run, attempt):
            fresh, seen = _fresh(table, key, seen)
            kept = table.filter(pa.array(fresh)).slice(0, missing)
            missing -= kept.num_rows
            if kept.num_rows:
                yield kept
        if missing <= 0:
            return
    msg = f"only {order.rows - missing:,} different primary keys {key} could be made for table '{entry.table.name}'"
    raise ModelError(msg, fix=f"ask for fewer rows, or set 'tables.{entry.table.name}.primary_key: null'")


def _fresh(table: pa.Table, key: list[str], seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell which rows hold a key that was not seen: compares 64-bit hashes of whole keys."""
    frame = pl.from_arrow(table.select(key))
    assert isinstance(frame, pl.DataFrame)
    hashes = frame.hash_rows(seed=0).to_numpy()
    complete = ~frame.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
    first = np.zeros(len(hashes), bool)
    first[np.unique(hashes, return_index=True)[1]] = True
    fresh = first & complete & ~np.isin(hashes, seen)
    return fresh, np.concatenate([seen, hashes[fresh]])


def assembled(entry: GeneratorTable, batch: pa.Table, order: Order, start: int, seed: int) -> pa.Table:
    """Add the engine-made primary key to learned columns, for rows from number ``start`` on.

    Columns of keys that are matched later, and those that always repeat another row, are null, or as they were given.
    """
    later = [name for facts in entry.links for name in facts.key.columns]
    for name in (*later, *(echo.column for echo in entry.echoes if echo.always)):
        if name not in batch.schema.names:
            kind = entry.table.column(name).type
            told = order.given is not None and name in order.given.column_names
            values = order.given.column(name).slice(start, batch.num_rows) if told and order.given else None
            values = pa.nulls(batch.num_rows, kind) if values is None else values
            batch = batch.append_column(pa.field(name, kind), values)
    if entry.key is None:
        return batch
    learned = {plan.name for plan in entry.plans}
    name = next(column for column in entry.table.primary_key if column not in learned)
    if order.given is not None and name in order.given.schema.names:
        keys: Any = order.given.column(name).slice(start, batch.num_rows)
    else:
        kind = entry.table.column(name).type
        try:
            keys = cast_key(entry.key.make(start, batch.num_rows, seed), kind)
        except pa.ArrowInvalid as exc:
            msg = f"table '{entry.table.name}': its primary key '{name}' ({kind}) cannot number {order.rows:,} rows"
            raise ModelError(msg, fix="ask for fewer rows, or train on data whose key has a wider type") from exc
    return batch.append_column(pa.field(name, entry.table.column(name).type), keys)


def simple_shares(order: Order) -> dict[str, dict[Any, float]]:
    """Give the shares of the values of one column, as a model takes them."""
    if not order.shares:
        return {}
    wanted = order.shares[0]
    return {wanted.columns[0]: {cell.parts[0]: cell.share for cell in wanted.cells}}


def balanced(
    entry: GeneratorTable, model: Model | None, order: Order, run: Run, context: GenerationContext | None = None
) -> Order:
    """Prepare what rebalances several columns, or ranges, or columns that are learned in another form."""
    if not order.shares or model is None:
        return order
    first = order.shares[0]
    if len(order.shares) == 1 and first.simple and first.columns[0] not in reshaped_columns(model):
        return order
    seed = run.random_seed("rebalance", entry.table.name)
    rebalancer = Rebalancer(
        table=entry.table.name,
        model=model,
        shares=order.shares,
        sampling=order.sampling,
        seed=seed,
        rows=order.rows,
        run=run,
        context=context,
    )
    return evolve(order, rebalancer=rebalancer)


def fitting(entry: GeneratorTable, given: pa.Table | None) -> pa.Table | None:
    """Give the given rows the table's own types; unknown columns and unfit values are refused by name."""
    if given is None:
        return None
    unknown = [name for name in given.schema.names if name not in entry.table.column_names]
    if unknown:
        msg = f"the given rows have columns that table '{entry.table.name}' does not have: {', '.join(unknown)}"
        raise ConfigError(msg, fix=f"use only: {', '.join(entry.table.column_names)}")
    texts = [plan.name for plan in entry.plans if is_text(plan) and plan.name in given.schema.names]
    if texts:
        msg = f"text columns cannot be given yet: {', '.join(texts)}"
        raise ConfigError(msg, fix="leave these columns out of the given rows")
    arrays = []
    for name in given.schema.names:
        kind = entry.table.column(name).type
        try:
            arrays.append(given.column(name).cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as exc:
            msg = f"the given column '{name}' does not fit the type {kind} of table '{entry.table.name}': {exc}"
            raise ConfigError(msg, fix="give values of the same type as in the data") from exc
    for name in entry.table.primary_key if entry.key is not None else ():
        if name in given.schema.names and (
            given.column(name).null_count or len(given.column(name).unique()) < given.num_rows
        ):
            msg = f"the given primary key '{name}' of table '{entry.table.name}' has nulls or repeats itself"
            raise ConfigError(msg, fix="give every row a key of its own, or leave the column out")
    return pa.table(arrays, names=given.schema.names)
