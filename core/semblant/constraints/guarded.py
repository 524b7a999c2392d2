"""A model whose rows keep its constraints: by construction where that is possible, by drawing again elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import define, evolve, field

from semblant.constraints.between import Between
from semblant.constraints.checking import as_frame, kept
from semblant.constraints.outside import is_across
from semblant.constraints.sequences import in_order, rising_columns, sequences_of
from semblant.constraints.shaping import told_cells
from semblant.errors import DataError, ModelError
from semblant.protocols import CountingModel
from semblant.spec.constraints import Dependency, Inequality, Unique
from semblant.training import PARENT_ROW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from semblant.constraints.shaping import Shaping
    from semblant.protocols import Model
    from semblant.run import Run
    from semblant.spec.constraints import Constraint
    from semblant.training import GenerationRequest

REDRAWS = 2.0
"""Rows drawn again at most, per row asked for."""
_FREE = 8_192
"""Rows that may be drawn again however few are asked for."""
_POOL = 4_096
_MOST_ROUNDS = 60


@define(eq=False)
class GuardedModel:
    """Wraps a model of the reshaped table; to its callers it is a model of the table itself."""

    model: Model
    shaping: Shaping

    @property
    def history(self) -> Sequence[Mapping[str, float]]:
        """Give what the model within recorded."""
        return self.model.history

    @property
    def settings_used(self) -> Mapping[str, Any]:
        """Give what the model within decided."""
        return self.model.settings_used

    def save(self, folder: Path) -> None:
        """Write the model within, and the constraints beside it."""
        self.model.save(folder)
        self.shaping.save(folder)

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Give the log-probability (nats) of each row in the model's encoding, float64, shape (n,)."""
        return self.model.log_prob(self.shaping.forward(rows.select(self.shaping.schema.names)))

    def counts(self, request: GenerationRequest, run: Run) -> np.ndarray:
        """Give what the model within says of the number of rows per parent row."""
        counting: object = self.model
        if not isinstance(counting, CountingModel):
            return np.ones(0 if request.context is None else request.context.parent_rows, np.int64)
        return counting.counts(request, run)

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Make exactly ``request.rows`` rows, each of which keeps every constraint.

        :raises DataError: a given row breaks a constraint whatever is filled in.
        :raises ModelError: after two redraws per row some still break a constraint that is no inequality; it is named.
        """
        drawing = _Drawing(model=self.model, shaping=self.shaping, request=request, run=run)
        done = 0
        for number, batch in enumerate(self.model.generate(drawing.inner(request, 0), run)):
            table = drawing.checked(pa.Table.from_batches([batch]), done, number)
            done += table.num_rows
            yield from table.drop_columns(list(self.shaping.outside)).combine_chunks().to_batches()


@define(eq=False)
class _Drawing:
    """One request: what was seen so far, spare rows, and how many rows were drawn again."""

    model: Model
    shaping: Shaping
    request: GenerationRequest
    run: Run
    mends: list[Any] = field(factory=list)
    guards: list[_Guard] = field(factory=list)
    spare: pa.Table | None = None
    again: int = 0
    rounds: int = 0
    asked: int = 0
    """Rows looked at so far, of tables whose number of rows the model decides."""
    broken: list[int] = field(factory=list)
    """Per constraint, how many of the rows looked at last break it."""

    def __attrs_post_init__(self) -> None:
        self.mends = self.shaping.mends()
        follows = {mend.rule: mend for mend in self.mends if isinstance(getattr(mend, "rule", None), Dependency)}
        merges = {merge.columns: merge for merge in self.shaping.merges}
        self.guards = [
            _Guard(constraint=c, follows=follows.get(c.rule), merge=merges.get(c.columns))
            for c in self.shaping.constraints
        ]

    def inner(self, request: GenerationRequest, part: int) -> GenerationRequest:
        """Give the request for the reshaped table."""
        columns = dict(request.sampling.columns)
        for merge in self.shaping.merges:
            for name in merge.columns[:0:-1]:
                if name in columns:
                    columns[merge.columns[0]] = columns.pop(name)
        request = evolve(request, sampling=evolve(request.sampling, columns=columns))
        if request.given is None:
            return request
        rng = np.random.default_rng((self.request.seed, part, 11))
        nulls = request.given_nulls - self.shaping.reshaped
        return evolve(request, given=self.shaping.given(request.given, rng), given_nulls=nulls)

    def checked(self, made: pa.Table, start: int, number: int) -> pa.Table:
        """Shape a batch back and replace the rows that break a constraint."""
        given = None if self.request.given is None else self.request.given.slice(start, made.num_rows)
        self.asked = max(self.request.rows, start + made.num_rows)
        rising = () if given is not None else rising_columns(made, self.shaping.schema)
        table = self.shaping.backward(self._with_outside(made), given, self.mends)
        bad = np.flatnonzero(~self._keep(table))
        for attempt in range(_MOST_ROUNDS):
            if not len(bad):
                return in_order(table, rising)
            new, fine = self._drawn_again(table, given, bad, (number, attempt))
            places = bad[fine]
            if len(places):
                table = _exchanged(table, places, new.filter(pa.array(fine)) if len(fine) == new.num_rows else new)
            bad = bad[~fine]
            if self.again > REDRAWS * self.asked + _FREE:
                break
        if len(bad):
            table, bad = self._moved(table, given, bad)
        if len(bad):
            raise self._fault(table, given, bad, start)
        return in_order(table, rising)

    def _moved(self, table: pa.Table, given: pa.Table | None, bad: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        """Move one side of the inequalities that no draw met beyond the other; gives the rows that still break some."""
        told, names, moved = told_cells(given), self.shaping.schema.names, table
        for rule in (c.rule for c in self.shaping.constraints if not is_across(c, names)):
            if isinstance(rule, Inequality):
                for own in (rule.high, rule.low):
                    moved = Between(rule=rule, own=own).mended(moved, told)
        new = moved.take(pa.array(bad))
        fine = self._keep(new)
        return _exchanged(table, bad[fine], new.filter(pa.array(fine))), bad[~fine]

    def _with_outside(self, made: pa.Table) -> pa.Table:
        """Put the columns of other tables beside made rows."""
        context = self.request.context
        if not self.shaping.outside or context is None or context.beside is None:
            return made
        found = context.beside(made)
        return pa.table([*made.columns, *found.columns], names=[*made.column_names, *found.column_names])

    def _keep(self, table: pa.Table) -> np.ndarray:
        """Tell which rows keep every constraint, and remember them for uniqueness."""
        mask = np.ones(table.num_rows, bool)
        self.broken = [0] * len(self.guards)
        for place, guard in sorted(enumerate(self.guards), key=lambda item: item[1].counts):
            held = guard.fresh(table, mask) if guard.counts else guard.holds(table)
            self.broken[place] = int((~held).sum())
            mask &= held
        for guard in self.guards:
            if guard.counts:
                guard.remember(table, mask)
        return mask

    def _drawn_again(
        self, table: pa.Table, given: pa.Table | None, bad: np.ndarray, part: tuple[int, int]
    ) -> tuple[pa.Table, np.ndarray]:
        """Draw rows for the places ``bad``; gives them, and which of the places they fill."""
        if self.request.context is not None and self.request.context.parents is not None:
            return self._sequences_again(table, given, bad)
        fixed = None if given is None else given.take(pa.array(bad))
        if self.request.shares:
            fixed = _with_shares(fixed, table.take(pa.array(bad)), tuple(self.request.shares))
        old = table.take(pa.array(bad))
        if fixed is None and self.request.context is None:
            new, fine = self._spares(len(bad))
            return _with_columns(new, old.filter(pa.array(fine)), self.shaping.identifiers), fine
        new = _with_columns(self._rows(len(bad), fixed), old, self.shaping.identifiers)
        return new, self._keep(new)

    def _sequences_again(self, table: pa.Table, given: pa.Table | None, bad: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        """Draw all rows below the parents of some rows again, and take those at the same places."""
        rows, context = sequences_of(table, bad, self.request)
        fixed = None if given is None else given.take(pa.array(rows))
        if self.request.shares:
            fixed = _with_shares(fixed, table.take(pa.array(rows)), tuple(self.request.shares))
        self.again += len(bad)
        made = self._drawn(evolve(self.request, rows=len(rows), given=fixed, shares={}, context=context))
        place = made.schema.get_field_index(PARENT_ROW)
        made = made.set_column(place, PARENT_ROW, table.column(PARENT_ROW).take(pa.array(rows)))
        made = self.shaping.backward(self._with_outside(made), fixed, self.mends)
        new = made.take(pa.array(np.searchsorted(rows, bad)))
        new = _with_columns(new, table.take(pa.array(bad)), self.shaping.identifiers)
        return new, self._keep(new)

    def _drawn(self, request: GenerationRequest) -> pa.Table:
        """Draw reshaped rows with a seed of their own."""
        self.rounds += 1
        seed = int(np.random.default_rng((self.request.seed, self.rounds, 13)).integers(2**63))
        quiet = evolve(self.run, emit=_ignore)
        request = self.inner(evolve(request, seed=seed), self.rounds)
        return pa.Table.from_batches(list(self.model.generate(request, quiet)))

    def _spares(self, rows: int) -> tuple[pa.Table, np.ndarray]:
        """Take rows from those that were drawn beyond what was needed."""
        if self.spare is None or not self.spare.num_rows:
            new = self._rows(self.request.batch_rows or _POOL, None)
            self.again -= new.num_rows
            self.spare = new.filter(pa.array(self._keep(new)))
            self.again += max(new.num_rows - self.spare.num_rows, 0)
        taken = self.spare.slice(0, rows)
        self.spare = self.spare.slice(taken.num_rows)
        self.again += taken.num_rows
        return taken, np.arange(rows) < taken.num_rows

    def _rows(self, rows: int, given: pa.Table | None) -> pa.Table:
        self.again += rows
        made = self._drawn(evolve(self.request, rows=rows, given=given, shares={}))
        return self.shaping.backward(self._with_outside(made), given, self.mends)

    def _worst(self, rows: pa.Table) -> _Guard:
        return max(self.guards, key=lambda guard: int((~guard.state(rows)).sum()))

    def _fault(self, table: pa.Table, given: pa.Table | None, bad: np.ndarray, start: int) -> Exception:
        rows = table.take(pa.array(bad))
        worst = self.guards[int(np.argmax(self.broken))] if any(self.broken) else self._worst(rows)
        name = f"{worst.constraint.kind} ({worst.constraint})"
        if given is not None:
            told = told_cells(given)
            if all(name in told and told[name][bad[0]] for name in worst.constraint.columns):
                msg = f"row {start + int(bad[0]) + 1} of the given rows breaks the constraint {name}"
                return DataError(msg, fix="correct the row, or leave out a column that is to be filled")
        msg = (
            f"the constraint {name} could not be met: after {self.again:,} rows were drawn again, "
            f"{len(bad):,} of {table.num_rows:,} rows still break it"
        )
        return ModelError(msg, fix="ask for fewer rows, or remove the constraint and train again")


@define(eq=False)
class _Guard:
    """Checks one constraint; a unique one remembers every row that was kept."""

    constraint: Constraint
    follows: Any = None
    merge: Any = None
    seen: np.ndarray = field(factory=lambda: np.empty(0, np.uint64))
    """Hashes of the rows that were kept, sorted."""

    @property
    def counts(self) -> bool:
        return isinstance(self.constraint.rule, Unique)

    def holds(self, table: pa.Table) -> np.ndarray:
        if self.follows is not None:
            return np.asarray(self.follows.holds(table))
        if self.merge is not None:
            return np.asarray(self.merge.holds(table))
        return kept(self.constraint, table)

    def state(self, table: pa.Table) -> np.ndarray:
        """Tell which rows keep the constraint, without remembering them."""
        return self.fresh(table, np.ones(table.num_rows, bool)) if self.counts else self.holds(table)

    def fresh(self, table: pa.Table, among: np.ndarray) -> np.ndarray:
        """Tell which rows are the first of their value among those of ``among`` and all that were kept before."""
        hashes, complete = self._hashes(table)
        at = np.searchsorted(self.seen, hashes)
        known = (at < len(self.seen)) & (np.append(self.seen, 0)[at] == hashes)
        mask = ~complete | ~known
        rows = np.flatnonzero(complete & among)
        first = np.zeros(table.num_rows, bool)
        first[rows[np.unique(hashes[rows], return_index=True)[1]]] = True
        return np.asarray(mask & (first | ~complete | ~among))

    def remember(self, table: pa.Table, mask: np.ndarray) -> None:
        hashes, complete = self._hashes(table)
        self.seen = np.sort(np.concatenate([self.seen, hashes[mask & complete]]), kind="stable")

    def _hashes(self, table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
        frame = as_frame(table, self.constraint.columns)
        complete = ~frame.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
        return frame.hash_rows(seed=0).to_numpy(), np.asarray(complete, bool)


def _ignore(event: Any) -> None:
    """Report nothing of rows that are drawn again."""


def _exchanged(table: pa.Table, places: np.ndarray, new: pa.Table) -> pa.Table:
    """Put new rows in the places of others."""
    order = np.arange(table.num_rows)
    order[places] = table.num_rows + np.arange(new.num_rows)
    return pa.concat_tables([table, new.cast(table.schema)]).combine_chunks().take(pa.array(order))


def _with_columns(table: pa.Table, other: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """Take some columns of other rows: identifiers are numbered by the place of a row and stay with it."""
    for name in columns:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), other.column(name))
    return table


def _with_shares(given: pa.Table | None, rows: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """Keep the values of rebalanced columns when rows are drawn again."""
    out = given if given is not None else rows.select(list(columns))
    for name in columns:
        if name in out.column_names:
            out = out.drop_columns([name])
        out = out.append_column(name, rows.column(name))
    return out
