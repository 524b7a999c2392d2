"""The backend for small privacy budgets: noisy marginals and the graphical model that fits them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from semblant.errors import PrivacyError
from semblant_models.marginal.allowance import allowance
from semblant_models.marginal.mechanism import Rounds, learned
from semblant_models.marginal.model import MarginalModel
from semblant_models.marginal.network import Network
from semblant_models.marginal.prepared import PreparedCodes, load_codes, prepare_codes, refuse
from semblant_models.marginal.related import prepared as related
from semblant_models.marginal.related.fitting import fit_related_codes
from semblant_models.marginal.related.model import FORMAT as RELATED
from semblant_models.marginal.related.model import RelatedMarginalModel
from semblant_models.marginal.selection import Limits
from semblant_models.privacy.account import BudgetAccount
from semblant_models.privacy.noise import NoiseStream
from semblant_models.privacy.preprocessing.facts import declared_facts
from semblant_models.privacy.preprocessing.releases import Releases, SeededNoise
from semblant_models.tabular.storage import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.privacy import PrivacyAccount
    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import TrainingTable
    from semblant_models.settings import MarginalSettings


class MarginalBackend:
    """Trains and loads :class:`~semblant_models.marginal.model.MarginalModel`."""

    def __init__(self, settings: MarginalSettings, spec: ModelSpec) -> None:
        """Keep the backend's own settings; of the table's model settings the size alone matters."""
        self._settings = settings
        self._spec = spec

    def prepare(self, training: TrainingTable, run: Run) -> PreparedCodes | related.PreparedRelatedCodes:
        """Learn the columns' codes from noisy counts and write every row's codes."""
        run.check()
        refuse(training, private=run.privacy.private)
        share = allowance(run.privacy, self._settings.preprocessing_share, part_of(run.privacy, training.name))
        facts = declared_facts(run.privacy, training.name)
        if training.context is None or training.context.parent is None:
            return prepare_codes(training, run, self._releases(run, training.name, "codes"), share, facts)
        most = most_rows(run.privacy, training.name)
        reach = (1 if training.context.parent.top else most, most)
        above, below = (self._releases(run, training.name, f"codes{k}", reach[k]) for k in (0, 1))
        return related.prepare_related_codes(training, run, (above, below), share, facts)

    def load_prepared(self, folder: Path) -> PreparedCodes | related.PreparedRelatedCodes:
        """Take up what :meth:`prepare` left."""
        below = (folder / related.FOLDER).is_dir()
        return related.load_related_codes(folder) if below else load_codes(folder)

    def fit(self, training: TrainingTable, prepared: Any, run: Run) -> MarginalModel | RelatedMarginalModel:
        """Measure marginals and fit the model to them."""
        run.check()
        if isinstance(prepared, related.PreparedRelatedCodes):
            above, below = (self._releases(run, training.name, f"pairs{k}", prepared.reach[k]) for k in (0, 1))
            return fit_related_codes(prepared, run, (above, below), self._settings, self._spec.size)
        table = cast("PreparedCodes", prepared)
        releases = self._releases(run, training.name, "marginals")
        rounds = Rounds(selecting=self._settings.selection_share, limits=Limits.of(self._spec.size))
        total = rounds.steps

        def told(done: int) -> None:
            run.progress(min(done, total), total, unit="steps")

        fit, history = learned(
            table.rows(),
            table.codes.columns,
            table.codes.rows,
            releases,
            table.allowed - table.spent,
            rounds,
            early=frozenset(place for place, plan in enumerate(training.columns) if plan.rebalance),
            told=told,
            stopped=run.stop_training.is_set,
        )
        names = table.codes.names
        used = {
            "measured": [[names[v] for v in clique] for step in history for clique in step.cliques],
            "rounds": len(history),
            "parameters": fit.graph.cells,
            "rho": table.spent + releases.precision / 2,
        }
        return MarginalModel(table.codes, Network.of(fit.tree()), [step.to_dict() for step in history], used)

    def load(self, folder: Path) -> MarginalModel | RelatedMarginalModel:
        """Load a model; nothing found there is executed."""
        below = read_json(folder / "model.json").get("format") == RELATED
        return RelatedMarginalModel.load(folder) if below else MarginalModel.load(folder)

    def _releases(self, run: Run, table: str, step: str, reach: float = 1.0) -> Releases:
        if run.privacy.private:
            return Releases(run.privacy, NoiseStream(), reach=reach)
        noise = SeededNoise(np.random.default_rng(run.random_seed("noise", table, step)))
        return Releases(run.privacy, noise, reach=reach)


def part_of(account: PrivacyAccount, table: str, *, text: bool = False) -> float:
    """Give the share of what is left of the budget that a table, or its texts, may spend."""
    return account.take(table, text=text) if isinstance(account, BudgetAccount) else 1.0


def most_rows(account: PrivacyAccount, table: str) -> int:
    """Give the number of rows that a subject may contribute at most.

    :raises PrivacyError: nobody said how many.
    """
    spec = account.spec if isinstance(account, BudgetAccount) else None
    if spec is None or spec.rows_per_subject is None:
        msg = f"table '{table}' hangs on another; a subject may have any number of its rows, which no noise hides"
        raise PrivacyError(msg, fix="write 'privacy.rows_per_subject': the rows that a subject contributes at most")
    return spec.rows_per_subject
