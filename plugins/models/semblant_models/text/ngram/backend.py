"""The backend ``ngram``: collects the texts, learns vocabulary and context, counts runs."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from semblant.atomic import atomic_write, write_json
from semblant.errors import PrivacyError
from semblant.training import Split
from semblant.vocabulary import EncodingType
from semblant_models.replay import ReplayGuard
from semblant_models.text.ngram import context
from semblant_models.text.ngram.column import ColumnModel
from semblant_models.text.ngram.lengths import Lengths, buckets_of
from semblant_models.text.ngram.model import NgramModel
from semblant_models.text.ngram.tokens import END, FIRST_WORD, LENGTHS, START, Vocabulary
from semblant_models.text.ngram.trie import Trie

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant.training import ColumnPlan, TrainingTable
    from semblant_models.text.settings import NgramSettings


@frozen
class NgramPrepared:
    """Vocabularies and token numbers of all text columns, in a folder of the job."""

    folder: Path
    summary: Mapping[str, Any]


class NgramBackend:
    """Learns and loads :class:`NgramModel`."""

    def __init__(self, settings: NgramSettings, spec: ModelSpec) -> None:
        """Take the settings; those of training steps have nothing to act on."""
        self._settings = settings
        self._spec = spec

    def prepare(self, training: TrainingTable, run: Run) -> NgramPrepared:
        """Read the texts (a share of the rows where there are too many) and turn them into numbers."""
        if run.privacy.private:
            msg = f"the text backend 'ngram' cannot keep a privacy budget (table '{training.name}')"
            raise PrivacyError(msg, fix="leave the text columns out, or treat them as categorical")
        folder = run.workspace / "ngram"
        folder.mkdir(parents=True, exist_ok=True)
        summary = {}
        plans = [plan for plan in training.columns if plan.encoding is EncodingType.TEXT and not plan.above]
        for number, plan in enumerate(plans):
            run.progress(number, len(plans), unit="columns")
            summary[plan.name] = self._prepare_column(training, plan, folder / str(number), run)
        write_json(folder / "summary.json", summary)
        return NgramPrepared(folder, summary)

    def _prepare_column(self, training: TrainingTable, plan: ColumnPlan, folder: Path, run: Run) -> dict[str, Any]:
        least = training.min_subjects
        texts, subjects, columns = _collect(training, plan, self._settings.training_characters, run)
        validates = training.split.validates(subjects)
        learned = np.flatnonzero(~validates)
        lengths = texts.str.len_chars().fill_null(-1).to_numpy().astype(np.int64)
        known = Lengths.learn(lengths[learned], subjects[learned], least)
        written = np.flatnonzero(lengths > 0)
        texts, subjects, lengths = texts[written], subjects[written], lengths[written]
        columns = columns[written] if columns.width else columns
        training_texts = texts.filter(pl.Series(~validates[written]))
        vocabulary = Vocabulary.learn(training_texts, subjects[~validates[written]], least, self._settings.vocabulary)
        tokens, rows, lost = vocabulary.encode(texts)
        classes = None
        if self._settings.context and columns.width and len(tokens):
            of_training = ~validates[written][rows]
            kept = np.cumsum(~validates[written]) - 1
            classes = context.choose(
                columns.filter(pl.Series(~validates[written])),
                tokens[of_training],
                kept[rows[of_training]],
                subjects[~validates[written]],
                least,
            )
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {
            "tokens": tokens,
            "rows": rows,
            "lost": lost,
            "subjects": subjects,
            "validates": validates[written],
            "buckets": buckets_of(lengths),
            "classes": classes.of(columns[classes.column]) if classes else np.full(len(texts), -1),
            "lengths_buckets": known.buckets,
            "lengths_cells": known.cells,
        }
        with atomic_write(folder / "arrays.npz") as file:
            np.savez(file, **arrays)
        with atomic_write(folder / "texts.arrow") as file, pa.ipc.new_file(file, _TEXTS) as writer:
            writer.write_table(pa.table({"text": texts.to_arrow().cast(pa.large_string())}, _TEXTS))
        facts = {
            "encoding": "text",
            "reason": "words, spelled words and digits; runs of them held by enough subjects",
            "tokens": vocabulary.size,
            "context": classes.column if classes else None,
            "texts": len(texts),
        }
        about = {"name": plan.name, "keys": vocabulary.to_json(), "classes": classes.to_json() if classes else None}
        write_json(folder / "column.json", about)
        return facts

    def load_prepared(self, folder: Path) -> NgramPrepared:
        """Take up what :meth:`prepare` left."""
        return NgramPrepared(folder / "ngram", json.loads((folder / "ngram" / "summary.json").read_bytes()))

    def fit(self, training: TrainingTable, prepared: NgramPrepared, run: Run) -> NgramModel:
        """Count the runs and score the validation texts."""
        started = time.monotonic()
        plans = {plan.name: plan for plan in training.columns if plan.encoding is EncodingType.TEXT and not plan.above}
        columns, losses = [], []
        for number, name in enumerate(prepared.summary):
            run.progress(number, len(plans), unit="columns")
            column, loss = self._fit_column(prepared.folder / str(number), training.min_subjects, run)
            columns.append(column)
            losses.append(loss)
            assert column.name == name
        entry = {"step": 1.0, "epoch": 1.0, "seconds": time.monotonic() - started, "learning_rate": 0.0}
        entry |= {
            name: float(np.mean(values))
            for name, values in zip(("loss", "validation_loss"), zip(*losses, strict=True), strict=True)
        }
        used = {
            "epochs": 1,
            "batch_size": 0,
            "parameters": sum(len(tree.keys) for column in columns for tree in column.trees),
        }
        return NgramModel(columns, {name: plan.type for name, plan in plans.items()}, [entry], used)

    def _fit_column(self, folder: Path, least: int, run: Run) -> tuple[ColumnModel, tuple[float, float]]:
        """Learn one column; the losses are nats per text of training and validation."""
        about = json.loads((folder / "column.json").read_bytes())
        with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        vocabulary = Vocabulary.of(about["keys"])
        classes = (
            context.Classes(about["classes"]["column"], tuple(about["classes"]["values"])) if about["classes"] else None
        )
        learned = ~arrays["validates"]
        order = self._settings.order
        tokens, rows = framed(arrays["tokens"], arrays["rows"], arrays["buckets"])
        mine = learned[rows]
        _, holders = np.unique(arrays["subjects"], return_inverse=True)
        counting: dict[str, Any] = {
            "vocabulary": vocabulary.size,
            "order": order,
            "least": least,
            "kinds": vocabulary.kinds,
        }
        nobody = np.where(learned, 0, -1)
        common = Trie.build(tokens[mine], rows[mine], holders, nobody, roots=1, **counting)
        special = None
        if classes:
            of_row = np.where(learned, arrays["classes"], -1)
            special = Trie.build(
                tokens[mine], rows[mine], holders, of_row, roots=max(len(classes.values), 2), **counting
            )
        guard = self._guard(folder, arrays, common, least, run.random_seed("replay", about["name"]))
        lengths = Lengths(arrays["lengths_buckets"], arrays["lengths_cells"])
        column = ColumnModel(about["name"], vocabulary, common, special, classes, lengths, guard)
        return column, _losses(column, arrays, run)

    def _guard(
        self, folder: Path, arrays: Mapping[str, NDArray[Any]], common: Trie, least: int, salt: int
    ) -> ReplayGuard:
        """Guard the training texts of few subjects that the model could write: nothing left out, every word known."""
        if not self._settings.replay_guard:
            return ReplayGuard.of(pa.array([], pa.large_string()), salt)
        with (folder / "texts.arrow").open("rb") as file, pa.ipc.open_file(file) as reader:
            texts = pl.Series(pl.from_arrow(reader.read_all().column("text")))
        frame = pl.DataFrame(
            {"text": texts, "subject": arrays["subjects"], "lost": arrays["lost"], "out": arrays["validates"]}
        )
        frame = frame.filter(~pl.col("out") & (pl.col("lost") == 0))
        few = frame.group_by("text").agg(pl.col("subject").n_unique().alias("held")).filter(pl.col("held") < least)
        return ReplayGuard.of(few["text"].sort().to_arrow().cast(pa.large_string()), salt)

    def load(self, folder: Path) -> NgramModel:
        """Load what ``NgramModel.save`` wrote."""
        return NgramModel.load(folder)


_TEXTS = pa.schema([("text", pa.large_string())])
_SCORED = 1000


def _collect(
    training: TrainingTable, plan: ColumnPlan, characters: int, run: Run
) -> tuple[pl.Series, NDArray[np.uint64], pl.DataFrame]:
    """Read a text column, the subjects and the candidates for the context of at most so many characters."""
    total = 0
    for batch in training.open():
        total += pc.sum(pc.utf8_length(_plain(batch.column(plan.name)))).as_py() or 0
    share = Split(seed=run.random_seed("share", plan.name), fraction=min(1.0, characters / max(total, 1)))
    names = context.candidates([other for other in training.columns if other is not plan])
    texts, holders, frames, row = [pl.Series(dtype=pl.String)], [np.zeros(0, np.uint64)], [], 0
    subjects = training.subjects() if training.subjects is not None else _rows_as_subjects(training)
    for batch, subject in zip(training.open(), subjects, strict=True):
        kept = np.ones(batch.num_rows, dtype=bool)
        if share.fraction < 1.0:
            kept = share.validates(np.arange(row, row + batch.num_rows, dtype=np.uint64))
        row += batch.num_rows
        texts.append(pl.Series(pl.from_arrow(_plain(batch.column(plan.name)))).cast(pl.String).filter(pl.Series(kept)))
        holders.append(subject[kept])
        frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch.select(names)]))) if names else None
        if frame is not None:
            frames.append(
                frame.with_columns(pl.all().map_batches(context.as_text, return_dtype=pl.String)).filter(
                    pl.Series(kept)
                )
            )
        run.check()
    merged = pl.concat(frames) if frames else pl.DataFrame()
    return pl.concat(texts), np.concatenate(holders).astype(np.uint64), merged


def _rows_as_subjects(training: TrainingTable) -> Iterator[NDArray[np.uint64]]:
    row = 0
    for batch in training.open():
        yield np.arange(row, row + batch.num_rows, dtype=np.uint64)
        row += batch.num_rows


def _plain(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(pa.large_string())


def framed(
    tokens: NDArray[np.int32], rows: NDArray[np.int64], buckets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Put the length bucket and the start before each text, and the end behind it."""
    every = np.arange(len(buckets))
    marker = np.minimum(LENGTHS + buckets, FIRST_WORD - 1).astype(np.int32)
    row = np.concatenate([every, every, rows, every])
    token = np.concatenate([marker, np.full(len(every), START, np.int32), tokens, np.full(len(every), END, np.int32)])
    order = np.argsort(row, kind="stable")
    return token[order], row[order]


def _losses(column: ColumnModel, arrays: Mapping[str, NDArray[Any]], run: Run) -> tuple[float, float]:
    """Give nats per text on training and validation texts, at most ``_SCORED`` of each."""
    from semblant_models.text.ngram.scoring import score

    result = []
    for part in (~arrays["validates"], arrays["validates"]):
        run.check()
        chosen = np.flatnonzero(part)[:_SCORED]
        place = np.full(len(part), -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        inside = place[arrays["rows"]] >= 0
        encoded = (arrays["tokens"][inside], place[arrays["rows"][inside]], arrays["lost"][chosen])
        scores = score(column.trees, column.vocabulary, encoded, arrays["buckets"][chosen], arrays["classes"][chosen])
        result.append(float(-scores.mean()) if len(chosen) else 0.0)
    return result[0], result[1]
