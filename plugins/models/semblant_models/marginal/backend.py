"""The backend for small privacy budgets: noisy marginals and the graphical model that fits them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from semblant_models.marginal.allowance import allowance
from semblant_models.marginal.mechanism import Rounds, learned
from semblant_models.marginal.model import MarginalModel
from semblant_models.marginal.network import Network
from semblant_models.marginal.prepared import PreparedCodes, load_codes, prepare_codes
from semblant_models.marginal.selection import Limits
from semblant_models.privacy.noise import NoiseStream
from semblant_models.privacy.preprocessing.facts import declared_facts
from semblant_models.privacy.preprocessing.releases import Releases, SeededNoise

if TYPE_CHECKING:
    from pathlib import Path

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

    def prepare(self, training: TrainingTable, run: Run) -> PreparedCodes:
        """Learn the columns' codes from noisy counts and write every row's codes."""
        run.check()
        releases = self._releases(run, training.name, "codes")
        share = allowance(run.privacy, self._settings.preprocessing_share)
        return prepare_codes(training, run, releases, share, declared_facts(run.privacy, training.name))

    def load_prepared(self, folder: Path) -> PreparedCodes:
        """Take up what :meth:`prepare` left."""
        return load_codes(folder)

    def fit(self, training: TrainingTable, prepared: Any, run: Run) -> MarginalModel:
        """Measure marginals and fit the model to them."""
        run.check()
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

    def load(self, folder: Path) -> MarginalModel:
        """Load a model; nothing found there is executed."""
        return MarginalModel.load(folder)

    def _releases(self, run: Run, table: str, step: str) -> Releases:
        if run.privacy.private:
            return Releases(run.privacy, NoiseStream())
        return Releases(run.privacy, SeededNoise(np.random.default_rng(run.random_seed("noise", table, step))))
