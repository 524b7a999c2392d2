"""The step *transforming data* for the marginal backend: private preprocessing, then codes on disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define

from semblant.atomic import atomic_folder
from semblant.errors import DataError, PrivacyError
from semblant.vocabulary import ColumnTreatment, Role
from semblant_models.privacy.preprocessing.budget import COUNT, Budget
from semblant_models.privacy.preprocessing.facts import PublicFacts
from semblant_models.privacy.preprocessing.learn import learn_codes, weight_of
from semblant_models.privacy.preprocessing.table import TableCodes, obstacle, whole_columns
from semblant_models.transformed import read_transformed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import TrainingTable
    from semblant_models.marginal.allowance import Allowance
    from semblant_models.privacy.preprocessing.releases import Releases

FOLDER = "marginal"
_LEAST_ROWS = 5
_SURE = 4.0
"""The noisy number of rows must be as many standard deviations above nothing."""


@define(eq=False)
class PreparedCodes:
    """A table as codes on disk (``codes.bin``, int32, row by row) and the columns' noisy cells."""

    folder: Path
    codes: TableCodes
    spent: float
    """rho of the releases so far."""
    allowed: float
    """rho of all releases together."""
    reasons: Mapping[str, str]

    @property
    def summary(self) -> Mapping[str, Any]:
        """Per column its codes and cells; all from noisy counts."""
        columns = {}
        for name, column in zip(self.codes.names, self.codes.columns, strict=True):
            encoding = type(column.cells).__name__.lower()
            about = {"encoding": encoding, "cells": len(column.cells), "tokens": 1, "codes": column.size}
            columns[name] = {**about, "reason": self.reasons.get(name, "")}
        return {"columns": columns, "rows": round(self.codes.rows)}

    def rows(self) -> np.ndarray:
        """Give the codes, int32, shape (rows, columns)."""
        flat = np.fromfile(self.folder / "codes.bin", np.int32)
        return flat.reshape(-1, len(self.codes.columns))


def prepare_codes(
    training: TrainingTable, run: Run, releases: Releases, allowance: Allowance, facts: Mapping[str, PublicFacts]
) -> PreparedCodes:
    """Learn the codes and write every row's below ``run.workspace``.

    :raises DataError: no column, one that cannot be learned privately, or too few rows for the noise.
    """
    batches = []
    for batch in training.open():
        batches.append(batch)
        run.progress(sum(b.num_rows for b in batches), 2 * max(training.rows, 1))
    names = [plan.name for plan in training.columns]
    schema = pa.schema([(plan.name, plan.type) for plan in training.columns])
    arrays = whole_columns(names, batches, schema)
    rows = sum(batch.num_rows for batch in batches)
    if not run.privacy.private and rows < _LEAST_ROWS:
        msg = f"table '{training.name}': data set too small: {rows} rows, at least {_LEAST_ROWS} are needed"
        raise DataError(msg, fix="give more data, or mark the table as original data")
    known = [facts.get(name, PublicFacts()) for name in names]
    budget = Budget(
        rho=allowance.preprocessing,
        delta=allowance.delta,
        later=allowance.rho - allowance.preprocessing,
        parts=COUNT + sum(weight_of(array.type, fact) for array, fact in zip(arrays, known, strict=True)),
    )
    total, columns = learn_codes(
        list(zip(names, arrays, known, strict=True)),
        rows,
        budget,
        releases,
        least=1.0 if run.privacy.private else float(training.min_subjects),
        told=lambda _: run.check(),
    )
    if total < _SURE * budget.deviation(COUNT):
        msg = f"table '{training.name}' has too few rows for this privacy budget: about {total:.0f}, give or take "
        msg += f"{budget.deviation(COUNT):.0f}"
        raise DataError(msg, fix="give more rows, or raise 'privacy.epsilon'")
    codes = TableCodes(tuple(names), tuple(plan.type for plan in training.columns), tuple(columns), total)
    reasons = {plan.name: plan.reason for plan in training.columns}
    with atomic_folder(run.workspace / FOLDER) as folder:
        matrix = np.zeros((rows, len(columns)), np.int32)
        for place, (column, array) in enumerate(zip(columns, arrays, strict=True)):
            matrix[:, place] = column.encode(array)
        matrix.tofile(folder / "codes.bin")
        state = {
            "codes": codes.to_dict(),
            "spent": releases.precision / 2,
            "allowed": allowance.rho,
            "reasons": reasons,
        }
        (folder / "table.json").write_text(json.dumps(state), encoding="utf-8")
    run.progress(2 * max(training.rows, 1), 2 * max(training.rows, 1))
    return load_codes(run.workspace)


def load_codes(workspace: Path) -> PreparedCodes:
    """Take up what :func:`prepare_codes` left."""
    folder = workspace / FOLDER
    state = read_transformed(workspace, folder / "table.json")
    return PreparedCodes(
        folder=folder,
        codes=TableCodes.from_dict(state["codes"]),
        spent=float(state["spent"]),
        allowed=float(state["allowed"]),
        reasons=dict(state["reasons"]),
    )


def refuse(training: TrainingTable, *, private: bool) -> None:
    """Refuse what the backend cannot learn.

    :raises DataError: there is no column, or one of a type that cannot be learned.
    :raises PrivacyError: what a subject is would take several rows, or a column is to be kept as it is.
    """
    if not training.columns:
        msg = f"table '{training.name}' has no column to learn"
        raise DataError(msg, fix="include a column, or leave the table out")
    if training.context is not None and (training.context.lookups or not private):
        why = "rows that refer to a copied table" if training.context.lookups else "rows below others without a budget"
        msg = f"the backend 'dp-marginal' does not learn {why} (table '{training.name}')"
        raise PrivacyError(msg, fix="choose another backend for it, or leave it out")
    if training.subjects is not None and training.context is None:
        msg = f"the backend 'dp-marginal' protects rows; in table '{training.name}' a subject may have several"
        raise PrivacyError(msg, fix="choose another backend, or a table with one row per subject")
    for plan in training.columns:
        found = obstacle(plan.type)
        if found is not None:
            msg = f"column '{plan.name}' of table '{training.name}' cannot be learned by 'dp-marginal': {found}"
            raise DataError(msg, fix=f"exclude '{plan.name}', or choose another backend")
        if private and plan.treatment is ColumnTreatment.KEEP and plan.role is not Role.FOREIGN_KEY:
            msg = f"column '{plan.name}' of table '{training.name}' is to be kept as it is, which privacy forbids"
            raise PrivacyError(msg, fix=f"set 'treatment: synthesize' for '{plan.name}'")
