"""Prepare, train and load: what the engine calls."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import frozen
from semblant import DataError, PrivacyError
from semblant.atomic import atomic_write, write_json
from semblant_trees.columns import Coded, column_from, learn_column
from semblant_trees.model import TreesModel
from semblant_trees.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import TrainingTable
    from semblant_trees import TreesSettings


@frozen(kw_only=True, eq=False)
class PreparedTrees:
    """A table as codes, below the run's workspace."""

    folder: Path
    schema: pa.Schema
    columns: tuple[Coded, ...]
    """In the order in which they are learned."""
    summary: Mapping[str, Any]

    @property
    def codes(self) -> np.ndarray:
        """Codes of all rows, int32, shape (rows, columns)."""
        codes: np.ndarray = np.load(self.folder / "codes.npy", allow_pickle=False)
        return codes


class TreesBackend:
    """Learns a table that fits into memory."""

    def __init__(self, settings: TreesSettings, spec: ModelSpec) -> None:
        """Keep the settings; a backend holds no state of a job."""
        self._settings = settings
        self._spec = spec

    def prepare(self, training: TrainingTable, run: Run) -> PreparedTrees:
        """Choose the groups of every column and write the table as codes.

        :raises PrivacyError: in a private run: this backend keeps no budget.
        :raises DataError: fewer rows than one group needs.
        """
        if run.privacy.private:
            msg = f"the backend 'trees' cannot keep a privacy budget (table '{training.name}')"
            raise PrivacyError(msg, fix="leave the section 'privacy' out, or choose a backend that keeps one")
        run.check()
        if training.rows < training.min_subjects:
            msg = f"table '{training.name}' has {training.rows} rows, fewer than the {training.min_subjects} of a group"
            raise DataError(msg, fix="give more rows, or lower model.min_subjects")
        subjects = None if training.subjects is None else np.concatenate([*training.subjects()])
        plans = sorted(training.columns, key=lambda plan: not plan.rebalance)  # sorted() keeps the rest as they are
        columns: list[Coded] = []
        codes = np.zeros((training.rows, len(plans)), np.int32)
        for place, plan in enumerate(plans):
            parts = [batch.column(plan.name) for batch in training.open()]
            values = pa.chunked_array(parts, plan.type).combine_chunks()
            column = learn_column(plan, values, subjects, training.min_subjects, self._settings.bins)
            columns.append(column)
            codes[:, place] = column.encode(values)
            run.progress(place + 1, len(plans), "columns")
        told = {
            plan.name: {"encoding": str(plan.encoding), "codes": column.size, "reason": plan.reason}
            for plan, column in zip(plans, columns, strict=True)
        }
        schema = pa.schema([pa.field(plan.name, plan.type) for plan in training.columns])
        plain = {
            "schema": base64.b64encode(schema.serialize().to_pybytes()).decode(),
            "columns": [column.as_dict() for column in columns],
            "summary": {"columns": told, "rows": training.rows},
        }
        with atomic_write(run.workspace / "codes.npy") as file:
            np.save(file, codes)
        write_json(run.workspace / "prepared.json", plain)
        return self.load_prepared(run.workspace)

    def load_prepared(self, folder: Path) -> PreparedTrees:
        """Take up what :meth:`prepare` left."""
        plain = json.loads((folder / "prepared.json").read_text(encoding="utf-8"))
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(plain["schema"])))
        columns = tuple(column_from(data, schema.field(data["name"]).type) for data in plain["columns"])
        return PreparedTrees(folder=folder, schema=schema, columns=columns, summary=plain["summary"])

    def fit(self, training: TrainingTable, prepared: PreparedTrees, run: Run) -> TreesModel:
        """Learn tree after tree; those that an interrupted run finished are taken over."""
        run.check()
        codes, columns = prepared.codes, prepared.columns
        rows = np.arange(len(codes), dtype=np.uint64)
        subjects = rows if training.subjects is None else np.concatenate([*training.subjects()])
        validates = training.split.validates(subjects)
        train, held = codes[~validates], codes[validates]
        if not len(train):
            train = held
        (run.workspace / "trees").mkdir(exist_ok=True)
        trees: list[Tree] = []
        history: list[dict[str, float]] = []
        stopped: int | None = None
        losses = np.zeros(2)
        for place in range(len(columns)):
            path = run.workspace / "trees" / f"{place:05d}.npz"
            stop = run.stop_training.is_set() or place >= (self._spec.stopped_at_step or len(columns))
            if path.is_file():
                with np.load(path, allow_pickle=False) as arrays:
                    trees.append(Tree.from_arrays(dict(arrays)))
            elif stop and place:
                stopped = place if stopped is None else stopped
                trees.append(Tree.of_shares(train[:, place], columns[place].size))
                continue
            else:
                seed = run.random_seed("trees", training.name, place)
                trees.append(Tree.learn(train[:, : place + 1], columns[: place + 1], self._settings, seed))
                with atomic_write(path) as file:
                    np.savez(file, **trees[-1].arrays())  # type: ignore[arg-type]
            losses += [self._loss(part, place, trees[-1]) for part in (train, held)]
            history.append({"step": float(place + 1), "loss": losses[0], "validation_loss": losses[1]})
            run.progress(place + 1, len(columns), "columns", loss=losses[0], validation_loss=losses[1])
        used = {
            "leaves": int(sum(len(tree.counts) for tree in trees)),
            "training_rows": len(train),
            "validation_rows": len(held),
            "stopped_at_step": stopped,
        }
        return TreesModel(
            schema=prepared.schema,
            columns=columns,
            trees=trees,
            smoothing=self._settings.smoothing,
            candidates=self._settings.candidates,
            history=history,
            settings_used=used,
        )

    def _loss(self, codes: np.ndarray, place: int, tree: Tree) -> float:
        """Give the mean negative log-chance (nats) of one column."""
        if not len(codes):
            return 0.0
        chances = tree.chances(codes[:, :place], self._settings.smoothing)
        found = chances[np.arange(len(codes)), codes[:, place]]
        return float(-np.log(np.maximum(found, 1e-12)).mean())

    def load(self, folder: Path) -> TreesModel:
        """Load a model; nothing found there is executed.

        :raises ArtefactError: something is missing or damaged.
        """
        return TreesModel.load(folder)
