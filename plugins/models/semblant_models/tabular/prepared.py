"""The step *transforming data*: fit encodings on a sample, then write every row's tokens, streaming."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define

from semblant.atomic import atomic_folder
from semblant.errors import DataError
from semblant_models.tabular.table import TableEncoding
from semblant_models.transformed import read_transformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import TrainingTable

FOLDER = "tokens"
SAMPLE_ROWS = 1_000_000
SAMPLE_BYTES = 96 * 2**20
LEAST_SUBJECTS = 5
MOST_TOKENS = 2000
"""Tokens per row at most: beyond it, weights would take gigabytes."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


@define(eq=False)
class PreparedTable:
    """A table on disk: ``tokens.bin`` (int16, row by row), ``split.bin`` (uint8, 1 validates), counts, encodings."""

    folder: Path
    encoding: TableEncoding
    rows: int
    """Rows that train and validate."""
    training_rows: int
    subjects: int
    """Distinct subjects seen in the sample."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """Encoding, tokens and reason per column; rows that train and that validate."""
        return {
            **self.encoding.summary(),
            "rows": self.rows,
            "training_rows": self.training_rows,
            "validation_rows": self.rows - self.training_rows,
        }

    def counts(self) -> np.ndarray:
        """Give the flat counts of codes among the training rows (see :class:`Layout`), int64."""
        return np.fromfile(self.folder / "counts.bin", np.int64)

    def tokens(self, limit: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Give training and validation tokens, int16, shape (n, tokens).

        With ``limit`` a fixed uniform choice of at most that many training rows is read.
        """
        width = self.encoding.layout.tokens
        validates = np.fromfile(self.folder / "split.bin", np.uint8).astype(bool)
        keep = np.ones(self.rows, bool)
        if limit is not None and self.training_rows > limit:
            keep = validates | (
                _hash(np.arange(self.rows, dtype=np.uint64))
                < np.uint64(limit / self.training_rows * 2.0**63) * np.uint64(2)
            )
        chunk = max(1, 2**24 // max(2 * width, 1))
        parts: list[tuple[np.ndarray, np.ndarray]] = []
        with (self.folder / "tokens.bin").open("rb") as file:
            for start in range(0, self.rows, chunk):
                end = min(start + chunk, self.rows)
                block = np.frombuffer(file.read((end - start) * width * 2), np.int16).reshape(end - start, width)
                mask, valid = keep[start:end], validates[start:end]
                parts.append((block[mask & ~valid], block[mask & valid]))
        if not parts:
            return np.zeros((0, width), np.int16), np.zeros((0, width), np.int16)
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def prepare_table(training: TrainingTable, run: Run) -> PreparedTable:
    """Fit encodings and write the tokens below ``run.workspace``.

    Raises:
        DataError: fewer than five subjects, no columns, or too many of them.
    """
    if not training.columns:
        msg = f"table '{training.name}' has no column to learn"
        raise DataError(msg, fix="include a column, or leave the table out")
    sample, subjects, rows = _sample(training, run)
    count = rows if subjects is None else len(np.unique(subjects))
    if min(count, rows) < LEAST_SUBJECTS:
        what = "rows" if subjects is None else "subjects"
        msg = f"table '{training.name}': data set too small: {count} {what}, at least {LEAST_SUBJECTS} are needed"
        raise DataError(msg, fix="give more data, or mark the table as original data")
    encoding = TableEncoding.fit(training, sample, subjects)
    del sample
    if encoding.layout.tokens > MOST_TOKENS:
        msg = f"table '{training.name}' has {len(training.columns)} columns in {encoding.layout.tokens} tokens"
        raise DataError(f"{msg}, at most {MOST_TOKENS} can be learned", fix="exclude columns, or split the table")
    with atomic_folder(run.workspace / FOLDER) as folder:
        written = _write(training, encoding, folder, run)
        state = {"encoding": encoding.to_dict(), "subjects": count, **written}
        (folder / "table.json").write_text(json.dumps(state), encoding="utf-8")
    return load_prepared(run.workspace)


def load_prepared(workspace: Path) -> PreparedTable:
    """Take up what :func:`prepare_table` left."""
    folder = workspace / FOLDER
    state = read_transformed(workspace, folder / "table.json")
    return PreparedTable(
        folder=folder,
        encoding=TableEncoding.from_dict(state["encoding"]),
        rows=int(state["rows"]),
        training_rows=int(state["training_rows"]),
        subjects=int(state["subjects"]),
    )


def _hash(rows: np.ndarray) -> np.ndarray:
    """Give a fixed pseudo-random uint64 per row number (SplitMix64)."""
    with np.errstate(over="ignore"):
        x = (rows + np.uint64(1)) * _MIX
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _batches(training: TrainingTable) -> Iterator[tuple[pa.RecordBatch, np.ndarray | None]]:
    """Pair each batch with its rows' subjects."""
    if training.subjects is None:
        for batch in training.open():
            yield batch, None
        return
    who = training.subjects()
    for batch in training.open():
        yield batch, np.asarray(next(who), np.uint64)


def _sample(training: TrainingTable, run: Run) -> tuple[pa.Table, np.ndarray | None, int]:
    """Choose rows by a hash of their number, so that the choice is uniform, bounded and always the same."""
    parts: list[pa.RecordBatch] = []
    who: list[np.ndarray] = []
    rows = held = 0
    level = 1.0
    for batch, subjects in _batches(training):
        numbers = np.arange(rows, rows + batch.num_rows, dtype=np.uint64)
        rows += batch.num_rows
        run.progress(rows, 2 * training.rows)
        width = batch.nbytes / max(batch.num_rows, 1)
        level = min(level, SAMPLE_ROWS / max(training.rows, 1), SAMPLE_BYTES / max(width * training.rows, 1))
        chosen = np.flatnonzero(_hash(numbers).astype(np.float64) <= level * 2.0**64)
        part = batch if len(chosen) == batch.num_rows else batch.take(pa.array(chosen))
        parts.append(part)
        held += part.num_rows
        if subjects is not None:
            who.append(subjects[chosen])
    table = pa.Table.from_batches(parts) if parts else pa.table({c.name: pa.nulls(0, c.type) for c in training.columns})
    return table, (np.concatenate(who) if who else None), rows


def _write(training: TrainingTable, encoding: TableEncoding, folder: Path, run: Run) -> dict[str, int]:
    """Append every row's tokens and split; count the codes of the rows that train."""
    layout = encoding.layout
    counts = np.zeros(int(layout.count_offsets[-1]), np.int64)
    rows = training_rows = 0
    with (folder / "tokens.bin").open("wb") as tokens_file, (folder / "split.bin").open("wb") as split_file:
        for batch, subjects in _batches(training):
            who = subjects if subjects is not None else np.arange(rows, rows + batch.num_rows, dtype=np.uint64)
            validates = training.split.validates(who)
            tokens = encoding.encode(batch)
            layout.count(tokens[~validates], counts)
            tokens_file.write(tokens.tobytes())
            split_file.write(validates.astype(np.uint8).tobytes())
            rows += batch.num_rows
            training_rows += int((~validates).sum())
            run.progress(training.rows + rows, 2 * training.rows)
    counts.tofile(folder / "counts.bin")
    return {"rows": rows, "training_rows": training_rows}
