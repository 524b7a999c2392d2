"""The backend ``gru``: collects the texts, learns vocabulary and conditions, trains the network."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import frozen

from semblant.atomic import atomic_write, write_json
from semblant.errors import PrivacyError
from semblant.vocabulary import EncodingType
from semblant_models.tabular.compiling import keep_compiled
from semblant_models.tabular.storage import read_json
from semblant_models.text.gru.batching import batched
from semblant_models.text.gru.column import Column
from semblant_models.text.gru.conditions import candidates, chosen
from semblant_models.text.gru.gathered import Gathered, gather, is_written, texts_below
from semblant_models.text.gru.learned import Learned
from semblant_models.text.gru.model import GruModel
from semblant_models.text.gru.protection import allowed_tokens
from semblant_models.text.gru.recipe import PIECES, Recipe
from semblant_models.text.gru.scoring import texts_of
from semblant_models.text.gru.shape import Shape
from semblant_models.text.gru.sharpening import bound_of, some_of
from semblant_models.text.gru.speller import learn_speller
from semblant_models.text.gru.stream import Texts, joined
from semblant_models.text.gru.training import TextTraining
from semblant_models.text.gru.vocabulary import FIRST_RARE, Vocabulary
from semblant_models.text.ngram.backend import NgramBackend, NgramPrepared
from semblant_models.text.ngram.model import NgramModel
from semblant_models.text.settings import NgramSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import ColumnPlan, TrainingTable
    from semblant_models.text.gru.vocabulary import Encoded
    from semblant_models.text.settings import GruSettings

FOLDER = "gru"


@frozen
class GruPrepared:
    """What was learned before training, and the encoded texts, in a folder of the job."""

    folder: Path
    summary: Mapping[str, Any]


class GruBackend:
    """Learns and loads :class:`GruModel`; few texts are left to ``ngram``."""

    def __init__(self, settings: GruSettings, spec: ModelSpec) -> None:
        """Take the backend's own settings and the table's model settings."""
        self._settings, self._spec = settings, spec

    @property
    def _few(self) -> NgramBackend:
        settings = self._settings
        return NgramBackend(NgramSettings(context=settings.context, replay_guard=settings.replay_guard), self._spec)

    def prepare(self, training: TrainingTable, run: Run) -> GruPrepared | NgramPrepared:
        """Read the texts, learn words, conditions and how rare words are spelled, and turn the texts into tokens."""
        if run.privacy.private:
            msg = f"the text backend 'gru' cannot keep a privacy budget (table '{training.name}')"
            raise PrivacyError(msg, fix="leave the text columns out, or treat them as categorical")
        run.check()
        if texts_below(training, self._settings.least_texts):
            run.notice(f"fewer than {self._settings.least_texts} texts: learned by the backend 'ngram'")
            return self._few.prepare(training, run)
        gathered = gather(training, self._settings.training_characters, run)
        folder = run.workspace / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        learned, encoded = self._learn(training, gathered, run)
        learned.save(folder / "learned")
        parts = _texts(learned, encoded, gathered, self._settings.context)
        for name, validates in (("train", False), ("validation", True)):
            kept = [texts.take(np.flatnonzero(where & (validated == validates))) for texts, where, validated in parts]
            _store(folder / f"{name}.npz", joined(kept))
        summary = {
            column.name: {
                "encoding": "text",
                "reason": "words that enough subjects hold, whole or in pieces; a class for each other word",
                "tokens": learned.vocabulary.size,
                "context": [condition.column for condition in learned.conditions],
                "texts": int(np.sum(where)),
                "rare_share": round(len(one.rare) / max(len(one.tokens), 1), 4),
            }
            for column, one, (_, where, _) in zip(learned.columns, encoded[len(learned.above) :], parts, strict=True)
        }
        write_json(folder / "summary.json", summary)
        return GruPrepared(folder, summary)

    def load_prepared(self, folder: Path) -> GruPrepared | NgramPrepared:
        """Take up what :meth:`prepare` left."""
        path = folder / FOLDER / "summary.json"
        if not path.is_file():
            return self._few.load_prepared(folder)
        return GruPrepared(folder / FOLDER, json.loads(path.read_bytes()))

    def fit(self, training: TrainingTable, prepared: GruPrepared | NgramPrepared, run: Run) -> GruModel | NgramModel:
        """Train; goes on from a checkpoint below the run's workspace."""
        if isinstance(prepared, NgramPrepared):
            return self._few.fit(training, prepared, run)
        run.check()
        keep_compiled(run.cache)
        spec = self._spec.text
        learned = Learned.load(prepared.folder / "learned")
        train, validation = (_stored(prepared.folder / f"{name}.npz") for name in ("train", "validation"))
        recipe = Recipe.of(spec, self._settings, len(train.tokens))
        shape = Shape(
            tokens=learned.vocabulary.size,
            codes=learned.codes,
            narrow=recipe.narrow,
            width=recipe.width,
            layers=recipe.layers,
        )
        if spec.auto_batching:
            recipe = batched(recipe, shape, run)
        seed = run.random_seed("text", training.name)
        weights, progress = TextTraining(shape, recipe, train, validation, seed).run(run)
        used: dict[str, Any] = {
            "epochs": round(progress.step * len(progress.history) and progress.history[-1]["epoch"], 2),
            "steps": progress.step,
            "batch_size": recipe.batch_size,
            "accumulation": recipe.accumulation,
            "learning_rate": recipe.learning_rate,
            "texts": len(train),
            "validation_texts": len(validation),
            "vocabulary": shape.tokens,
            "parameters": int(sum(array.size for array in weights.values())),
            "best_step": progress.best_step,
            "top_p": recipe.top_p,
            "stopped": progress.stopped,
        }
        if progress.stopped in ("asked", "time", "as before"):
            used["stopped_at_step"] = progress.step
        model = GruModel(learned, shape, weights, progress.history, used)
        if self._settings.top_p is None:
            model.settings_used["top_p"] = self._bounds(training, model, train, recipe, run)
        return model

    def _bounds(
        self, training: TrainingTable, model: GruModel, train: Texts, recipe: Recipe, run: Run
    ) -> dict[str, float]:
        """Choose how wide the nucleus is for each text column, by the texts that validate."""
        gathered, seed = gather(training, self._settings.training_characters, run), run.random_seed("nucleus")
        validates, found = pl.Series(gathered.validates), {}
        for number, column in enumerate(model.columns):
            run.check()
            texts = gathered.frame[column]
            wanted = some_of(train.take(np.flatnonzero(train.codes[:, 0] == number)), seed)
            draw = partial(model.drawn, wanted, seed=seed)
            found[column] = bound_of(texts.filter(~validates), texts.filter(validates), recipe.top_p, draw)
        return found

    def load(self, folder: Path) -> GruModel | NgramModel:
        """Load what ``GruModel.save`` wrote, or the model of few texts."""
        if read_json(folder / "text.json").get("backend") == "ngram":
            return NgramModel.load(folder)
        return GruModel.load(folder)

    def _learn(self, training: TrainingTable, gathered: Gathered, run: Run) -> tuple[Learned, list[Encoded]]:
        """Learn everything but the weights from the training rows; encodes the texts of all rows."""
        least, learns = training.min_subjects, ~gathered.validates
        texts = [plan for plan in training.columns if plan.encoding is EncodingType.TEXT]
        written = [plan for plan in texts if is_written(plan)]
        read = [plan for plan in texts if plan.above and self._settings.context]
        frame, mine = gathered.frame.filter(pl.Series(learns)), gathered.subjects[learns]
        every = pl.concat([frame[plan.name] for plan in (*read, *written)])
        most = self._settings.pieces or PIECES[self._spec.text.size]
        vocabulary = Vocabulary.learn(every, np.tile(mine, len(read) + len(written)), least, most)
        run.check()
        encoded = [vocabulary.encode(gathered.frame[plan.name]) for plan in (*read, *written)]
        own = encoded[len(read) :]
        conditions = []
        if self._settings.context and any(len(one.tokens) for one in own):
            conditions = self._conditions(training, gathered, own, run)
        salt = run.random_seed("replay")
        columns = [
            # validation texts too: they are as much of the data as the others
            Column.learn(
                plan.name,
                gathered.frame[plan.name],
                gathered.subjects,
                least,
                salt,
                guarded=self._settings.replay_guard,
            )
            for plan in written
        ]
        rare = pl.concat([one.rare for one in own])
        holders = np.zeros(vocabulary.size, np.int32)
        for one in encoded:
            pairs = np.unique(np.stack([one.tokens.astype(np.int64), one.rows])[:, learns[one.rows]], axis=1)
            holders += np.bincount(pairs[0], minlength=vocabulary.size).astype(np.int32)
        learned = Learned(
            vocabulary=vocabulary,
            conditions=tuple(conditions),
            columns=tuple(columns),
            above=tuple(plan.name for plan in read),
            types=pa.schema([(plan.name, plan.type) for plan in written]),
            speller=learn_speller(rare, gathered.subjects, least, salt),
            allowed=allowed_tokens(own, gathered, vocabulary.size, least, self._settings.rare_words),
            holders=holders,
        )
        return learned, encoded

    def _conditions(self, training: TrainingTable, gathered: Gathered, own: Sequence[Encoded], run: Run) -> list[Any]:
        run.check()
        plans: Sequence[ColumnPlan] = candidates(training.columns)
        learns = ~gathered.validates
        place = np.cumsum(learns) - 1
        tokens = np.concatenate([one.tokens for one in own])
        rows = np.concatenate([one.rows for one in own])
        kept = learns[rows] & (tokens >= FIRST_RARE)
        columns = gathered.frame.filter(pl.Series(learns))
        return chosen(plans, columns, tokens[kept], place[rows[kept]], gathered.subjects[learns], training.min_subjects)


def _texts(
    learned: Learned, encoded: Sequence[Encoded], gathered: Gathered, context: bool
) -> list[tuple[Texts, np.ndarray, np.ndarray]]:
    """Give per written column its texts, which of them are not empty, and which validate."""
    count = gathered.frame.height
    table = gathered.frame.select([condition.column for condition in learned.conditions]).to_arrow()
    codes = learned.given(table, count)
    found, first = [], len(learned.above)
    for number, one in enumerate(encoded[first:]):
        codes = codes.copy()
        codes[:, 0] = number
        recalled = learned.recalled(list(encoded[: first + number]) if context else [], count)
        there = np.bincount(one.rows, minlength=count) > 0
        found.append((texts_of(one, np.arange(count), codes, recalled), there, gathered.validates))
    return found


def _store(path: Path, texts: Texts) -> None:
    arrays = {name: getattr(texts, name) for name in ("tokens", "characters", "starts", "codes", "recalled")}
    with atomic_write(path) as file:
        np.savez(file, **arrays)


def _stored(path: Path) -> Texts:
    with np.load(path, allow_pickle=False) as found:
        return Texts(**dict(found))
