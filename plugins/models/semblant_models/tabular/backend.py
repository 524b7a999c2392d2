"""The default backend for tables: column by column, each given all earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from semblant.errors import PrivacyError
from semblant_models.tabular.context.prepared import STATE, PreparedRelated, load_related, prepare_related
from semblant_models.tabular.prepared import FOLDER, PreparedTable, load_prepared, prepare_table

if TYPE_CHECKING:
    from pathlib import Path

    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import MatchTask, TrainingTable
    from semblant_models.privacy.descent.prepared import PreparedPrivate
    from semblant_models.settings import ColumnArSettings
    from semblant_models.tabular.context.matching import TwoTowers
    from semblant_models.tabular.context.model import RelatedModel
    from semblant_models.tabular.model import TabularModel
    from semblant_models.tabular.prepared import PreparedTable as Prepared

_RESIDENT_BYTES = 2**30
"""Tokens held in memory for training at most; beyond it a fixed uniform choice of rows is trained on."""

_BY_HAND = ("time", "asked", "as before")
"""Why training may end at a step that a rerun would not find by itself."""

_PRIVATE = "private"

_ROUNDS, _ROUNDS_OF_FEW, _FEW = 2, 6, 1_000
"""Rounds that correct marginals: more below so many training rows (decision 0030)."""


class ColumnArBackend:
    """Trains and loads :class:`~semblant_models.tabular.model.TabularModel`."""

    def __init__(self, settings: ColumnArSettings, spec: ModelSpec) -> None:
        """Keep the backend's own settings and the table's model settings."""
        self._settings = settings
        self._spec = spec

    def prepare(self, training: TrainingTable, run: Run) -> PreparedTable | PreparedRelated | PreparedPrivate:
        """Fit encodings and write tokens; needs no JAX and little memory.

        In a private run every release goes through the account.

        :raises PrivacyError: in a private run of a table that hangs on others.
        """
        if run.privacy.private:
            if training.context is not None or training.subjects is not None:
                msg = f"table '{training.name}' hangs on other tables; its rows cannot be learned privately yet"
                raise PrivacyError(msg, fix="exclude the other tables, or remove the section 'privacy'")
            from semblant_models.privacy.descent.prepared import prepare_private

            return prepare_private(training, run)
        return prepare_table(training, run) if training.context is None else prepare_related(training, run)

    def load_prepared(self, folder: Path) -> PreparedTable | PreparedRelated | PreparedPrivate:
        """Take up what :meth:`prepare` left."""
        if (folder / _PRIVATE).is_dir():
            from semblant_models.privacy.descent.prepared import load_private

            return load_private(folder)
        return load_related(folder) if (folder / FOLDER / STATE).is_file() else load_prepared(folder)

    def fit(self, training: TrainingTable, prepared: Any, run: Run) -> TabularModel | RelatedModel:
        """Train; a second call with the same workspace goes on from the last checkpoint."""
        if run.privacy.private:
            from semblant_models.privacy.descent.fit import fit_private

            return fit_private(training, prepared, run, self._spec, self._settings)
        if training.context is not None:
            from semblant_models.tabular.context.fit import fit_related_table

            return fit_related_table(prepared, run, self._spec, self._settings)
        from semblant_models.tabular.batching import batched
        from semblant_models.tabular.compiling import compiling_ahead, keep_compiled
        from semblant_models.tabular.model import TabularModel
        from semblant_models.tabular.network import initial_parameters, log_share_tables
        from semblant_models.tabular.recipe import Recipe
        from semblant_models.tabular.shape import Shape
        from semblant_models.tabular.training import Training

        run.check()
        keep_compiled(run.cache)
        table = cast("Prepared", prepared)
        layout = table.encoding.layout
        limit = int((run.memory_bytes or 4 * _RESIDENT_BYTES) // 4 // max(2 * layout.tokens, 1))
        train, validation = table.tokens(limit)
        if not len(train):
            train = validation
        recipe = Recipe.of(self._spec, self._settings, len(train))
        shape = Shape.of(
            layout, embedding=recipe.embedding, hidden=recipe.hidden, flexible=recipe.flexible, joint=layout.joint
        )
        recipe = batched(recipe, self._spec, shape, len(train), run)
        tables = log_share_tables(shape, layout, table.counts(), validation)
        used: dict[str, Any] = {**recipe.to_dict(), "training_rows": len(train), "validation_rows": len(validation)}
        calibrated = bool(layout.tokens)
        seed = run.random_seed("train", training.name)
        arrays = initial_parameters(shape, layout.ordered, np.random.default_rng(seed)) if layout.tokens else {}
        model = TabularModel(
            encoding=table.encoding,
            shape=shape,
            arrays=arrays,
            tables=tables,
            history=[],
            settings_used=used,
            particles=self._settings.particles,
        )
        history: list[dict[str, float]] = []
        if layout.tokens:
            training_loop = Training(
                shape=shape,
                recipe=recipe,
                tables=tables,
                train=train,
                validation=validation,
                ordered=layout.ordered,
                seed=seed,
            )
            with compiling_ahead() as ahead:
                if calibrated:
                    ahead(model.compile_drawing)
                arrays, progress = training_loop.run(run, ahead)
            history = progress.history
            used |= {
                "parameters": int(sum(a.size for a in arrays.values())),
                "steps": progress.step,
                "best_step": progress.best_step,
                "epochs": progress.step * recipe.batch_size * recipe.accumulation / max(len(train), 1),
                "stopped_at_step": progress.done if progress.stopped in _BY_HAND else None,
                "stopped": progress.stopped,
                "restarts": progress.restarts,
                "dropout": progress.dropout,
            }
        model = model.with_weights(arrays, history, used)
        if calibrated:
            model.calibrate(
                table.counts(),
                rows=int(np.clip(2 * len(train), 32_768, 131_072)),
                seed=run.random_seed("calibrate", training.name),
                rounds=_ROUNDS if len(train) >= _FEW else _ROUNDS_OF_FEW,
            )
        return model

    def load(self, folder: Path) -> TabularModel | RelatedModel:
        """Load a model; nothing found there is executed."""
        from semblant_models.tabular.context.model import FORMAT, RelatedModel
        from semblant_models.tabular.model import TabularModel
        from semblant_models.tabular.storage import read_json

        related = read_json(folder / "model.json").get("format") == FORMAT
        return RelatedModel.load(folder) if related else TabularModel.load(folder)

    def fit_match(self, task: MatchTask, run: Run) -> TwoTowers:
        """Learn which rows of two tables go together."""
        from semblant_models.tabular.context.match_training import fit_match

        return fit_match(task, run, run.random_seed("match", task.table, task.key))

    def load_match(self, folder: Path) -> TwoTowers:
        """Load a match; nothing found there is executed."""
        from semblant_models.tabular.context.matching import TwoTowers

        return TwoTowers.load(folder)
