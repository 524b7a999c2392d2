"""The step *transforming data* of a table below another one: two tables of codes, each of bounded contributions.

The first has a row per row of the parent: what is known of it, and how many rows hang on it. The second has the rows
themselves: what is known of their parent, how many rows it has, the place among these, and their own columns. A subject
has a row of the first where the parent is the root, at most ``rows_per_subject`` otherwise, and at most as many of the
second.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from attrs import define, evolve

from semblant.atomic import atomic_folder
from semblant.errors import DataError
from semblant_models.marginal.related.bounding import bounded, places
from semblant_models.privacy.preprocessing import budget as weights
from semblant_models.privacy.preprocessing.budget import COUNT, Budget
from semblant_models.privacy.preprocessing.cells import settled
from semblant_models.privacy.preprocessing.facts import PublicFacts
from semblant_models.privacy.preprocessing.learn import learn_codes, weight_of
from semblant_models.privacy.preprocessing.table import TableCodes, whole_columns
from semblant_models.transformed import read_transformed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import Related, TrainingTable
    from semblant_models.marginal.allowance import Allowance
    from semblant_models.privacy.preprocessing.codes import ColumnCodes
    from semblant_models.privacy.preprocessing.releases import Releases

FOLDER: Final = "marginal-related"
ROWS: Final = "\0rows"
"""How many rows hang on a row of the parent."""
PLACE: Final = "\0place"
MOST_ABOVE: Final = 16
"""Columns of the parent and its ancestors that rows depend on at most: the nearest."""
COUNT_SHARE: Final = 0.25
"""Of the table's budget, for the number of rows per parent."""
_SURE: Final = 4.0


@define(eq=False)
class PreparedRelatedCodes:
    """Both tables of codes on disk (``above.bin`` and ``rows.bin``, int32, row by row)."""

    folder: Path
    above: TableCodes
    """What is known of parents, then ``ROWS``."""
    below: TableCodes
    """What is known of parents, ``ROWS``, ``PLACE``, then the table's own columns."""
    left: tuple[float, float]
    """rho that is left for the pairs of either, per row."""
    reach: tuple[float, float]
    """Rows of either that one subject has at most."""
    reasons: Mapping[str, str]

    @property
    def own(self) -> TableCodes:
        """The codes of the table's own columns."""
        first = len(self.above.columns) + 1
        return tail(self.below, first)

    @property
    def summary(self) -> Mapping[str, Any]:
        """Per column its codes and cells; all from noisy counts."""
        columns = {}
        for name, column in zip(self.own.names, self.own.columns, strict=True):
            encoding = type(column.cells).__name__.lower()
            about = {"encoding": encoding, "cells": len(column.cells), "tokens": 1, "codes": column.size}
            columns[name] = {**about, "reason": self.reasons.get(name, "")}
        return {"columns": columns, "rows": round(self.below.rows), "rows_per_subject": self.reach[1]}

    def codes(self, name: str) -> np.ndarray:
        """Give the codes of ``above`` or ``below``, int32, shape (rows, columns)."""
        width = len((self.above if name == "above" else self.below).columns)
        return np.fromfile(self.folder / f"{name}.bin", np.int32).reshape(-1, width)


def tail(codes: TableCodes, first: int) -> TableCodes:
    """Give the codes of the columns from ``first`` on."""
    return evolve(codes, names=codes.names[first:], types=codes.types[first:], columns=codes.columns[first:])


def prepare_related_codes(
    training: TrainingTable,
    run: Run,
    releases: tuple[Releases, Releases],
    allowance: Allowance,
    facts: Mapping[str, PublicFacts],
) -> PreparedRelatedCodes:
    """Learn the codes of both tables and write every row's below ``run.workspace``.

    :param releases: for the parents and for the rows; their ``reach`` is the number of rows that a subject has at most.
    :param allowance: for both together.
    :raises DataError: too few rows for the noise.
    """
    context = training.context
    assert context is not None
    assert context.parent is not None
    rng = np.random.default_rng(releases[0].noise.seed())
    work = _Work(training=training, parent=context.parent, run=run, facts=facts, rng=rng)
    parts = [_part(allowance, share) for share in (COUNT_SHARE, 1 - COUNT_SHARE)]
    above, above_rows = work.above(releases[0], parts[0].per_row(releases[0].reach))
    below, below_rows = work.below(releases[1], parts[1].per_row(releases[1].reach), above)
    left = [(part.rho - one.precision / 2) / one.reach**2 for part, one in zip(parts, releases, strict=True)]
    with atomic_folder(run.workspace / FOLDER) as folder:
        above_rows.tofile(folder / "above.bin")
        below_rows.tofile(folder / "below.bin")
        state = {
            "above": above.to_dict(),
            "below": below.to_dict(),
            "left": left,
            "reach": [one.reach for one in releases],
            "reasons": {plan.name: plan.reason for plan in training.columns},
        }
        (folder / "table.json").write_text(json.dumps(state), encoding="utf-8")
    return load_related_codes(run.workspace)


def load_related_codes(workspace: Path) -> PreparedRelatedCodes:
    """Take up what :func:`prepare_related_codes` left."""
    folder = workspace / FOLDER
    state = read_transformed(workspace, folder / "table.json")
    return PreparedRelatedCodes(
        folder=folder,
        above=TableCodes.from_dict(state["above"]),
        below=TableCodes.from_dict(state["below"]),
        left=(float(state["left"][0]), float(state["left"][1])),
        reach=(float(state["reach"][0]), float(state["reach"][1])),
        reasons=dict(state["reasons"]),
    )


def _part(allowance: Allowance, share: float) -> Allowance:
    return evolve(
        allowance,
        rho=share * allowance.rho,
        preprocessing=share * allowance.preprocessing,
        delta=share * allowance.delta,
    )


@define(eq=False, kw_only=True)
class _Work:
    """One table being prepared."""

    training: TrainingTable
    parent: Related
    run: Run
    facts: Mapping[str, PublicFacts]
    rng: np.random.Generator

    def above(self, releases: Releases, allowance: Allowance) -> tuple[TableCodes, np.ndarray]:
        """Learn what is known of parents, and the number of their rows."""
        parent = self.parent
        real = parent.rows - parent.orphans
        plans = parent.plans[:MOST_ABOVE]
        names = [plan.name for plan in plans]
        schema = pa.schema([(plan.name, plan.type) for plan in parent.plans])
        columns = [column.slice(0, real) for column in whole_columns(names, list(parent.open()), schema)]
        numbers = parent.of()
        counts = np.bincount(numbers[(numbers >= 0) & (numbers < real)], minlength=real)
        if not parent.top:
            who = np.arange(real) if parent.subjects is None else parent.subjects()[:real]
            kept = bounded(who, int(releases.reach), self.rng)
            columns, counts = [column.take(pa.array(kept)) for column in columns], counts[kept]
        columns.append(pa.array(counts, pa.int64()))
        names.append(ROWS)
        total, codes = self._learned(names, columns, [PublicFacts()] * len(names), 0.0, releases, allowance)
        types = (*(plan.type for plan in plans), pa.int64())
        made = TableCodes(tuple(names), types, tuple(codes), total)
        return made, _coded(made.columns, columns)

    def below(self, releases: Releases, allowance: Allowance, above: TableCodes) -> tuple[TableCodes, np.ndarray]:
        """Learn the table's own columns, and how often each code of the parent occurs among the rows."""
        parent, training = self.parent, self.training
        real = parent.rows - parent.orphans
        numbers = parent.of()
        there = np.flatnonzero((numbers >= 0) & (numbers < real))
        owner = numbers[there]
        who = owner if parent.top or parent.subjects is None else parent.subjects()[owner]
        kept = bounded(who, int(releases.reach), self.rng)
        chosen, owner = there[kept], owner[kept]
        counts = np.bincount(numbers[there], minlength=real)
        place = places(numbers[there])[kept]
        plans = training.columns
        schema = pa.schema([(plan.name, plan.type) for plan in plans])
        names = [plan.name for plan in plans]
        own = [column.take(pa.array(chosen)) for column in whole_columns(names, list(training.open()), schema)]
        known = [self.facts.get(name, PublicFacts()) for name in names]
        seen = [column.take(pa.array(owner)) for column in self._parents(above.names[:-1])]
        seen += [pa.array(counts[owner], pa.int64()), pa.array(place, pa.int64())]
        columns = (*above.columns, above.columns[-1])
        more = weights.FINE * len(columns)
        total, codes = self._learned(names, own, known, more, releases, allowance)
        if total < _SURE * self._budget(own, known, more, allowance).deviation(COUNT):
            msg = f"table '{training.name}' has too few rows for this privacy budget"
            raise DataError(msg, fix="give more rows, raise 'privacy.epsilon', or lower 'privacy.rows_per_subject'")
        spread = self._budget(own, known, more, allowance).deviation(weights.FINE)
        exact = [
            np.bincount(code.cells.places(column), minlength=len(code.cells))
            for code, column in zip(columns, seen, strict=True)
        ]
        noisy = releases.noisy(f"codes of the rows above those of '{training.name}'", exact, [spread] * len(exact))
        counted = [
            evolve(code, counts=settled(found, total), variance=spread**2)
            for code, found in zip(columns, noisy, strict=True)
        ]
        made = TableCodes(
            (*above.names, PLACE, *names),
            (*above.types, pa.int64(), *(plan.type for plan in plans)),
            (*counted, *codes),
            total,
        )
        return made, _coded(made.columns, [*seen, *own])

    def _parents(self, names: Sequence[str]) -> list[pa.Array]:
        schema = pa.schema([(plan.name, plan.type) for plan in self.parent.plans])
        return whole_columns(names, list(self.parent.open()), schema)

    def _budget(
        self, columns: Sequence[pa.Array], facts: Sequence[PublicFacts], more: float, allowance: Allowance
    ) -> Budget:
        needed = sum(weight_of(column.type, fact) for column, fact in zip(columns, facts, strict=True))
        return Budget(
            rho=allowance.preprocessing,
            delta=allowance.delta,
            later=allowance.rho - allowance.preprocessing,
            parts=COUNT + needed + more,
        )

    def _learned(
        self,
        names: Sequence[str],
        columns: Sequence[pa.Array],
        facts: Sequence[PublicFacts],
        more: float,
        releases: Releases,
        allowance: Allowance,
    ) -> tuple[float, list[ColumnCodes]]:
        return learn_codes(
            list(zip(names, columns, facts, strict=True)),
            len(columns[0]),
            self._budget(columns, facts, more, allowance),
            releases,
            least=1.0 if self.run.privacy.private else float(self.training.min_subjects),
            told=lambda _: self.run.check(),
        )


def _coded(columns: Sequence[ColumnCodes], values: Sequence[pa.Array]) -> np.ndarray:
    """Give int32 codes, shape (rows, columns)."""
    out = np.zeros((len(values[0]), len(columns)), np.int32)
    for place, (column, array) in enumerate(zip(columns, values, strict=True)):
        out[:, place] = column.encode(array)
    return out
