"""Rows to start from, of any tables: checked before anything is made, then placed below the rows they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from semblant.constraints.checking import as_frame
from semblant.errors import ConfigError
from semblant.given import by_table
from semblant.pipeline.generate import fitting
from semblant.pipeline.relations.matching import without_pairs_twice
from semblant.pipeline.relations.numbers import numbers_of
from semblant.relations import LinkKind, main_root
from semblant.settings.suggest import advice
from semblant.training import NO_ROW, NOWHERE, reference_column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semblant.artefact.generator import GeneratorFile, GeneratorTable
    from semblant.given import Given
    from semblant.pipeline.relations.frames import Relations
    from semblant.pipeline.relations.learning import LinkFacts


def settled(given: Given, generator: GeneratorFile) -> dict[str, pa.Table]:
    """Check the given rows of every table; parents that their keys name are given, too, as far as they are not.

    :raises ConfigError: no such table, a column or value that does not fit, a key that leads to no row.
    """
    tables = {entry.table.name: entry for entry in generator.tables}
    root = main_root(generator.schema, [name for name, entry in tables.items() if entry.copied])
    found: dict[str, pa.Table] = {}
    for name, rows in by_table(given, root or "").items():
        if name not in tables:
            msg = f"rows of a table '{name}' are given, and the generator has no such table"
            raise ConfigError(msg, fix=advice(name, list(tables), "tables"))
        if tables[name].copied:
            msg = f"rows of table '{name}' are given, which is original data and copied unchanged"
            raise ConfigError(msg, fix="give rows of the tables that are made anew")
        made = fitting(tables[name], rows)
        assert made is not None
        found[name] = made
    for entry in reversed(generator.synthesized):
        if entry.table.name in found:
            _with_parents(entry, found, tables)
    for name, rows in found.items():
        _keys_lead_somewhere(tables[name], rows, found, generator)
    return {name: found[name] for name in tables if name in found}


def _with_parents(entry: GeneratorTable, found: dict[str, pa.Table], tables: Mapping[str, GeneratorTable]) -> None:
    """Give a row of the parent for every key that the rows of a table name."""
    rows = found[entry.table.name]
    for facts in entry.links:
        if facts.kind is not LinkKind.PARENT or not _whole(entry, facts, rows):
            continue
        target, there = facts.key.references, list(facts.key.referenced_columns)
        keys = rows.select(list(facts.key.columns)).rename_columns(there)
        known = found.get(target)
        if known is not None and not set(there) <= set(known.column_names):
            msg = (
                f"the given rows of table '{entry.table.name}' name rows of '{target}' by {', '.join(there)}, "
                f"and the given rows of '{target}' have no such column"
            )
            raise ConfigError(msg, fix=f"add the column to the rows of '{target}', or leave the key out")
        numbers = numbers_of(keys, keys if known is None else known.select(there))
        first = np.unique(numbers[numbers >= 0]) if known is None else np.flatnonzero(numbers == NOWHERE)
        if not len(first):
            continue
        more = keys.take(pa.array(first)).group_by(there, use_threads=False).aggregate([]).select(there)
        more = fitting(tables[target], more)
        found[target] = more if known is None else pa.concat_tables([known, more], promote_options="default")


def _whole(entry: GeneratorTable, facts: LinkFacts, rows: pa.Table) -> bool:
    """Tell whether a key is given; one of which only some columns are is refused."""
    there = [name for name in facts.key.columns if name in rows.column_names]
    if there and len(there) < len(facts.key.columns):
        gone = sorted(set(facts.key.columns) - set(there))
        msg = f"the given rows of table '{entry.table.name}' have {', '.join(there)} without {', '.join(gone)}"
        raise ConfigError(msg, fix=f"the key to '{facts.key.references}' is given as a whole or left out")
    return bool(there)


def _keys_lead_somewhere(
    entry: GeneratorTable, rows: pa.Table, found: Mapping[str, pa.Table], generator: GeneratorFile
) -> None:
    """Refuse given keys whose rows are not known before anything is made."""
    for facts in entry.links:
        if facts.kind is LinkKind.PARENT or not _whole(entry, facts, rows):
            continue
        name, target = entry.table.name, facts.key.references
        there = list(facts.key.referenced_columns)
        if facts.kind is LinkKind.LOOKUP:
            other = next(known for known in generator.tables if known.table.name == target)
            known = pq.read_table(generator.root / "original" / f"{other.folder}.parquet", columns=there)
        elif target in found and set(there) <= set(found[target].column_names):
            known = found[target].select(there)
        else:
            msg = f"the given rows of table '{name}' name rows of '{target}', whose keys are made anew"
            raise ConfigError(msg, fix=f"give the rows of '{target}' with their keys, too, or leave the key out")
        keys = rows.select(list(facts.key.columns))
        lost = np.flatnonzero(numbers_of(keys, known) == NOWHERE)
        if len(lost):
            value = ", ".join(str(column[int(lost[0])].as_py()) for column in keys.columns)
            columns = ", ".join(facts.key.columns)
            msg = f"row {int(lost[0]) + 1} of the given rows of table '{name}' has {columns} {value}, not in '{target}'"
            raise ConfigError(msg, fix="correct the value, or leave it empty to have it filled in")


@frozen(kw_only=True)
class Placed:
    """Given rows of a related table in the order in which a model makes them: parent after parent."""

    rows: pa.Table
    order: np.ndarray
    """Number of each row as it was given, int64, shape (n,)."""
    counts: np.ndarray | None
    """Rows of each parent; None for a table without one."""
    references: dict[str, np.ndarray]
    """Per key to a lookup that is given, the row it leads to; ``NO_ROW`` where it is to be drawn."""

    def learned(self, names: list[str]) -> pa.Table | None:
        """Give what a model is told: learned columns, and rows of lookups by number; None where that is nothing."""
        columns = {name: self.rows.column(name) for name in names if name in self.rows.column_names}
        for link, numbers in self.references.items():
            columns[reference_column(link)] = pa.chunked_array([pa.array(numbers, mask=numbers < 0)])
        return pa.table(columns) if columns else None

    def back(self) -> pa.Array:
        """Give the indices that bring made rows into the order of the given ones."""
        back = np.empty(len(self.order), np.int64)
        back[self.order] = np.arange(len(self.order))
        return pa.array(back)


def placed(
    entry: GeneratorTable, given: pa.Table, relations: Relations, counts: np.ndarray | None, rng: np.random.Generator
) -> Placed:
    """Place given rows below the made rows of their parent.

    :param counts: how many rows each parent row would have, by which rows without a parent are placed.
    """
    owner = np.zeros(given.num_rows, np.int64)
    sizes = None
    references: dict[str, np.ndarray] = {}
    for facts in entry.links:
        whole = set(facts.key.columns) <= set(given.column_names)
        if facts.kind is LinkKind.LOOKUP and whole:
            references[facts.link.name] = _numbers(given, facts, relations)
        elif facts.kind is LinkKind.PARENT:
            parents = relations.rows(facts.key.references)
            owner = _numbers(given, facts, relations) if whole else np.full(given.num_rows, NO_ROW)
            free = np.flatnonzero(owner < 0)
            if len(free) and not parents:
                msg = f"rows of table '{entry.table.name}' are given, and '{facts.key.references}' has no rows"
                raise ConfigError(msg, fix=f"ask for rows of '{facts.key.references}', too")
            usual = np.ones(parents, np.int64) if counts is None or len(free) < len(owner) else counts
            owner[free] = np.repeat(np.arange(parents), spread(usual, len(free), rng)) if len(free) else 0
            owner[free] = _apart(entry, given.take(pa.array(free)), owner[free], parents, rng)
            sizes = np.bincount(owner, minlength=parents).astype(np.int64)
    order = np.argsort(owner, kind="stable")
    return Placed(
        rows=given.take(pa.array(order)),
        order=order,
        counts=sizes,
        references={name: numbers[order] for name, numbers in references.items()},
    )


def _apart(
    entry: GeneratorTable, given: pa.Table, owner: np.ndarray, parents: int, rng: np.random.Generator
) -> np.ndarray:
    """Place rows that may not lie below the same parent twice, by what else of their primary key is given, apart."""
    up = {name for facts in entry.links if facts.kind is LinkKind.PARENT for name in facts.key.columns}
    rest = [name for name in entry.table.primary_key if name not in up]
    if not up & set(entry.table.primary_key) or not rest or not set(rest) <= set(given.column_names):
        return owner
    frame = as_frame(given, tuple(rest))
    hashes = frame.hash_rows(seed=0).to_numpy().copy()
    open_ = frame.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
    hashes[open_] = np.arange(int(open_.sum()), dtype=np.uint64)  # what is drawn goes where it fits
    return without_pairs_twice(hashes, owner, parents, rng)


def _numbers(given: pa.Table, facts: LinkFacts, relations: Relations) -> np.ndarray:
    path = relations.members[facts.key.references].path
    known = pq.read_table(path, columns=list(facts.key.referenced_columns))
    return numbers_of(given.select(list(facts.key.columns)), known)


def spread(counts: np.ndarray, total: int, rng: np.random.Generator) -> np.ndarray:
    """Scale numbers of rows so that they add up to ``total``; who gets the rounded ones is drawn.

    >>> spread(np.array([2, 0, 4]), 3, np.random.default_rng(0)).tolist()
    [1, 0, 2]
    """
    exact = counts.astype(np.float64) if counts.sum() else np.ones(len(counts))
    order = rng.permutation(len(exact))
    ends = np.floor(np.cumsum(exact[order]) * (total / max(exact.sum(), 1e-12)) + rng.random() * (1 - 1e-9))
    if len(ends):
        ends[-1] = total
    out = np.zeros(len(exact), np.int64)
    out[order] = np.diff(np.minimum(ends, total), prepend=0)
    return out
