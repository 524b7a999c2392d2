"""The step *transforming data* of a private run: codes from noisy counts, then every row's tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define

from semblant.atomic import atomic_folder
from semblant.errors import DataError
from semblant_models.privacy.descent.encoding import PrivateCodes
from semblant_models.privacy.opening import budget_of
from semblant_models.privacy.plan import ONE_WAY, PREPROCESSING, TRAINING
from semblant_models.privacy.preprocessing.budget import COUNT, Budget
from semblant_models.privacy.preprocessing.facts import PublicFacts, declared_facts
from semblant_models.privacy.preprocessing.learn import learn_codes, weight_of
from semblant_models.privacy.preprocessing.releases import Releases
from semblant_models.privacy.preprocessing.table import obstacle, whole_columns
from semblant_models.tabular.table import TableEncoding
from semblant_models.transformed import read_transformed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import TrainingTable
    from semblant_models.privacy.preprocessing.codes import ColumnCodes

FOLDER = "private"
_DELTA_SHARE = 0.1
"""Share of delta that choosing categories may spend."""


@define(eq=False)
class PreparedPrivate:
    """A table on disk: ``tokens.bin`` (int16, row by row), noisy counts and codes."""

    folder: Path
    encoding: TableEncoding

    @property
    def summary(self) -> Mapping[str, Any]:
        """Encoding, tokens and reason per column; nothing of the rows."""
        return self.encoding.summary()

    def tokens(self) -> np.ndarray:
        """Give the tokens of all rows: all of them train."""
        return np.fromfile(self.folder / "tokens.bin", np.int16).reshape(-1, max(self.encoding.layout.tokens, 1))

    def codes(self) -> list[ColumnCodes]:
        """Give the codes of each token, with their noisy counts."""
        codes = [e.codes for e in self.encoding.encodings if isinstance(e, PrivateCodes)]
        return [codes[c] for c in self.encoding.layout.column]

    def shares(self) -> np.ndarray:
        """Give the noisy counts of codes, flat as a layout counts, float64."""
        kept = [codes.totals + _half(codes.deviations) for codes in self.codes()]
        return np.concatenate([np.zeros(0), *kept])


def prepare_private(training: TrainingTable, run: Run) -> PreparedPrivate:
    """Learn codes through the account and write the tokens below ``run.workspace``.

    :raises DataError: a column cannot be learned privately, or there is none.
    """
    account, plan = budget_of(run.privacy)
    for column in training.columns:
        reason = obstacle(column.type)
        if reason is not None:
            msg = f"column '{column.name}' of table '{training.name}' cannot be learned privately: {reason}"
            raise DataError(msg, fix="exclude it (include: false)")
    if not training.columns:
        msg = f"table '{training.name}' has no column to learn"
        raise DataError(msg, fix="include a column, or leave the table out")
    names = tuple(column.name for column in training.columns)
    schema = pa.schema([pa.field(column.name, column.type) for column in training.columns])
    columns = whole_columns(names, list(training.open()), schema)
    known = declared_facts(account, training.name)
    facts = [known.get(name) or PublicFacts() for name in names]
    budget = Budget(
        rho=plan.share(PREPROCESSING) + plan.share(ONE_WAY),
        delta=_DELTA_SHARE * plan.delta,
        later=plan.share(TRAINING),
        parts=COUNT + sum(weight_of(v.type, f) for v, f in zip(columns, facts, strict=True)),
    )
    work = list(zip(names, columns, facts, strict=True))
    releases = Releases(account, account.noise)
    _, codes = learn_codes(
        work, training.rows, budget, releases, least=float(training.min_subjects), told=lambda _: run.check()
    )
    encoding = TableEncoding.of(training.columns, tuple(map(PrivateCodes, codes)))
    table = pa.table(columns, names=list(names))
    with atomic_folder(run.workspace / FOLDER) as folder:
        encoding.encode(table).tofile(folder / "tokens.bin")
        (folder / "table.json").write_text(json.dumps(encoding.to_dict()), encoding="utf-8")
    return load_private(run.workspace)


def load_private(workspace: Path) -> PreparedPrivate:
    """Take up what :func:`prepare_private` left."""
    folder = workspace / FOLDER
    state = read_transformed(workspace, folder / "table.json")
    return PreparedPrivate(folder=folder, encoding=TableEncoding.from_dict(state))


def _half(deviations: np.ndarray) -> np.ndarray:
    """A code that noise has brought to nothing may still be there: it starts at a fraction of the noise."""
    return 0.25 * deviations
