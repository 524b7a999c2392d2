"""Rows that are there already: their missing cells filled, or their probability told. Nothing else of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen

from semblant.errors import ConfigError
from semblant.pipeline.generate import fitting
from semblant.pipeline.text_columns import is_text, with_buckets
from semblant.training import GenerationRequest, Sampling

if TYPE_CHECKING:
    from semblant.artefact.generator import GeneratorTable
    from semblant.protocols import Model
    from semblant.run import Run

_CHUNK_ROWS = 65_536


@frozen(kw_only=True)
class Imputation:
    """How missing cells are filled.

    With one draw a cell gets a value drawn given the row, so that the spread of the column stays as it is.
    With more, the best guess of that many: the median of numbers, dates and times, the most frequent value else.
    """

    draws: int = 1
    sampling: Sampling = field(factory=Sampling)
    batch_rows: int | None = None


def impute(entry: GeneratorTable, model: Model, rows: pa.Table, how: Imputation, run: Run) -> pa.Table:
    """Give ``rows`` with the nulls of learned columns filled; every other cell is as it was.

    Columns that the model does not know, keys and texts are passed through.
    """
    learned = {plan.name for plan in entry.plans if not is_text(plan)}
    names = [name for name in rows.column_names if name in learned]
    if not names:
        msg = f"the rows have no column that the model of table '{entry.table.name}' learned"
        raise ConfigError(msg, fix=f"columns are: {', '.join(sorted(learned))}")
    known = fitting(entry, rows.select(names))
    assert known is not None
    holes = {name: _missing(known.column(name)) for name in names if known.column(name).null_count}
    if not holes:
        return rows
    places = np.flatnonzero(np.any(list(holes.values()), axis=0))
    filled: dict[str, list[pa.Array]] = {name: [] for name in holes}
    step = max(_CHUNK_ROWS // how.draws, 1)
    for number, start in enumerate(range(0, len(places), step)):
        part = known.take(pa.array(places[start : start + step]))
        made = _drawn(entry, model, part, how, frozenset(holes), run, number)
        for name, parts in filled.items():
            parts.append(_best(made.column(name).combine_chunks(), how.draws))
        run.progress(min(start + step, len(places)), len(places))
    out = rows
    for name, mask in holes.items():
        place = out.schema.get_field_index(name)
        values = _spread(pa.concat_arrays(filled[name]), places, rows.num_rows)
        out = out.set_column(place, out.schema.field(place), _mended(out.column(name), values, mask))
    return out


def log_probabilities(entry: GeneratorTable, model: Model, rows: pa.Table) -> np.ndarray:
    """Give the log-probability (nats) of each row's learned columns, float64, shape (n,); a null is a value."""
    names = [plan.name for plan in entry.plans]
    missing = [name for name in names if name not in rows.column_names]
    if missing:
        msg = f"the rows lack columns that the model of table '{entry.table.name}' learned: {', '.join(missing)}"
        raise ConfigError(msg, fix="give rows with every learned column; a missing value is a null")
    tabular = [plan.name for plan in entry.plans if not is_text(plan)]
    known = fitting(entry, rows.select(tabular)) if tabular else rows.select([])
    assert known is not None
    columns = {**{n: known.column(n) for n in tabular}, **{n: rows.column(n) for n in names if n not in tabular}}
    table = pa.table({name: columns[name] for name in names})
    batches = list(with_buckets(table.combine_chunks().to_batches(_CHUNK_ROWS), entry.plans))
    if not batches:
        return np.zeros(0)
    return np.concatenate([model.log_prob(pa.Table.from_batches([batch])) for batch in batches])


def _drawn(
    entry: GeneratorTable, model: Model, part: pa.Table, how: Imputation, holes: frozenset[str], run: Run, number: int
) -> pa.Table:
    given = part if how.draws == 1 else part.take(pa.array(np.repeat(np.arange(part.num_rows), how.draws)))
    request = GenerationRequest(
        rows=given.num_rows,
        seed=run.random_seed("impute", entry.table.name, number),
        batch_rows=how.batch_rows,
        given=given,
        no_nulls=holes,
        sampling=how.sampling,
    )
    return pa.Table.from_batches(list(model.generate(request, run)))


def _best(values: pa.Array, draws: int) -> pa.Array:
    """Give one value for each ``draws`` neighbours."""
    if draws == 1:
        return values
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    plain = values.cast(kind)
    ordered = pa.types.is_temporal(kind) or pa.types.is_floating(kind) or pa.types.is_integer(kind)
    ranks = pl.Series(plain).rank("dense").cast(pl.Int64)
    codes = ranks.fill_null(len(plain) + 1).to_numpy().reshape(-1, draws)
    chosen = _median(codes) if ordered else _mode(codes)
    at = np.arange(len(codes)) * draws + (codes == chosen[:, None]).argmax(axis=1)
    return plain.take(pa.array(at))


def _median(codes: np.ndarray) -> np.ndarray:
    return np.asarray(np.sort(codes, axis=1)[:, (codes.shape[1] - 1) // 2])


def _mode(codes: np.ndarray) -> np.ndarray:
    """Give the most frequent code of each row; of equals, the first drawn."""
    times = (codes[:, :, None] == codes[:, None, :]).sum(axis=2)
    return np.asarray(codes[np.arange(len(codes)), times.argmax(axis=1)])


def _missing(values: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.is_null(values).to_numpy(), bool)


def _spread(values: pa.Array, places: np.ndarray, rows: int) -> pa.Array:
    """Put values in their places among all rows; null elsewhere."""
    at = np.zeros(rows, np.int64)
    at[places] = np.arange(len(places))
    there = np.zeros(rows, bool)
    there[places] = True
    return values.take(pa.array(at, mask=~there))


def _mended(old: pa.ChunkedArray, new: pa.Array, holes: np.ndarray) -> pa.Array:
    """Put new values into the holes of a column; its type stays."""
    kind = old.type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_null(kind):
        return new
    mixed = pc.if_else(pa.array(holes), new.cast(plain, safe=False), old.combine_chunks().cast(plain))
    return mixed.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else mixed
