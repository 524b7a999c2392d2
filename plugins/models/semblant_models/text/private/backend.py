"""The backend ``dp-text``: texts under a privacy budget, by noisy counts of runs of characters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import frozen

from semblant.atomic import atomic_folder
from semblant.errors import DataError
from semblant.vocabulary import EncodingType
from semblant_models.marginal.allowance import allowance
from semblant_models.privacy.account import BudgetAccount
from semblant_models.privacy.noise import NoiseStream
from semblant_models.privacy.preprocessing.releases import Releases, SeededNoise
from semblant_models.text.private.learning import code_points, learned_tables
from semblant_models.text.private.model import Column, PrivateTextModel
from semblant_models.transformed import read_transformed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import ColumnPlan, TrainingTable
    from semblant_models.text.settings import PrivateTextSettings

FOLDER = "dp-text"
_FREE_RHO = 5.0
"""Without a promise: noise all the same, so that no run of few subjects comes through."""


@frozen(eq=False)
class PreparedTexts:
    """The characters of all text columns on disk, and what may be spent on each."""

    folder: Path
    names: tuple[str, ...]
    rho: float
    delta: float

    @property
    def summary(self) -> Mapping[str, Any]:
        """Per column how it is learned; nothing of the texts."""
        about = {"encoding": "text", "reason": "runs of characters, counted with noise", "tokens": 1}
        return {name: dict(about) for name in self.names}


class PrivateTextBackend:
    """Learns and loads :class:`~semblant_models.text.private.model.PrivateTextModel`."""

    def __init__(self, settings: PrivateTextSettings, spec: ModelSpec) -> None:
        """Take the settings; those of training steps have nothing to act on."""
        self._settings = settings
        del spec

    def prepare(self, training: TrainingTable, run: Run) -> PreparedTexts:
        """Write the characters below ``run.workspace``; nothing is released yet."""
        run.check()
        plans = _texts(training)
        if not plans:
            msg = f"table '{training.name}' has no text column"
            raise DataError(msg, fix="leave the text backend out")
        part = run.privacy.take(training.name, text=True) if isinstance(run.privacy, BudgetAccount) else 1.0
        share = allowance(run.privacy, None, part)
        rho = share.rho if run.privacy.private else _FREE_RHO
        batches = list(training.open())
        owners = [np.asarray(who) for who in training.subjects()] if training.subjects is not None else []
        rows = sum(batch.num_rows for batch in batches)
        subjects = np.concatenate(owners) if owners else np.arange(rows, dtype=np.uint64)
        with atomic_folder(run.workspace / FOLDER) as folder:
            for number, plan in enumerate(plans):
                texts = [_plain(batch.column(batch.schema.get_field_index(plan.name))) for batch in batches]
                column = pa.concat_arrays(texts) if texts else pa.array([], pa.large_string())
                points = code_points(column, subjects, self._settings.characters)
                for name, array in zip(("points", "text", "subject"), points, strict=True):
                    array.astype(np.int64).tofile(folder / f"{number}-{name}.bin")
                run.progress(number + 1, len(plans), unit="columns")
            state = {
                "names": [plan.name for plan in plans],
                "rho": rho / len(plans),
                "delta": share.delta / len(plans),
            }
            (folder / "texts.json").write_text(json.dumps(state), encoding="utf-8")
        return self.load_prepared(run.workspace)

    def load_prepared(self, folder: Path) -> PreparedTexts:
        """Take up what :meth:`prepare` left."""
        state = read_transformed(folder, folder / FOLDER / "texts.json")
        return PreparedTexts(folder / FOLDER, tuple(state["names"]), float(state["rho"]), float(state["delta"]))

    def fit(self, training: TrainingTable, prepared: PreparedTexts, run: Run) -> PrivateTextModel:
        """Release the counts and build the tables."""
        plans = {plan.name: plan for plan in _texts(training)}
        order, total = self._settings.order, self._settings.order * len(prepared.names)
        columns, history, kept = [], [], 0
        for number, name in enumerate(prepared.names):
            points = [
                np.fromfile(prepared.folder / f"{number}-{part}.bin", np.int64)
                for part in ("points", "text", "subject")
            ]

            def told(done: int, before: int = number * order) -> None:
                run.check()
                run.progress(before + done, total, unit="steps")

            alphabet, tables, orders = learned_tables(
                (points[0], points[1], points[2]),
                self._releases(run, training.name, name),
                prepared.rho,
                prepared.delta,
                order=order,
                most=self._settings.characters,
                told=told,
            )
            columns.append(Column(name, plans[name].type, alphabet, tables))
            kept += sum(len(runs.keys) for runs in orders)
            history += [
                {
                    "step": float(number * order + length),
                    "order": float(length),
                    "kept": float(len(runs.keys)),
                    "deviation": runs.deviation,
                }
                for length, runs in enumerate(orders, 1)
            ]
        used = {"order": order, "characters": self._settings.characters, "parameters": kept}
        return PrivateTextModel(columns, history, used)

    def load(self, folder: Path) -> PrivateTextModel:
        """Load a model; nothing found there is executed."""
        return PrivateTextModel.load(folder)

    def _releases(self, run: Run, table: str, column: str) -> Releases:
        if run.privacy.private:
            return Releases(run.privacy, NoiseStream(), named=f"'{table}.{column}': ")
        return Releases(run.privacy, SeededNoise(np.random.default_rng(run.random_seed("noise", table, column))))


def _texts(training: TrainingTable) -> list[ColumnPlan]:
    return [plan for plan in training.columns if plan.encoding is EncodingType.TEXT and not plan.above]


def _plain(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(pa.large_string())
