"""The trained model: draws a row column by column, and tells how probable rows are."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen
from semblant import DataError
from semblant.atomic import atomic_write, write_json
from semblant.errors import ArtefactError
from semblant_trees.columns import Coded, column_from
from semblant_trees.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import GenerationRequest, Sampling

FORMAT = "semblant-trees 1"
_FREE = -1
_BATCH = 5000


@frozen(kw_only=True, eq=False)
class TreesModel:
    """Columns in the order in which they are drawn, and a tree for each."""

    schema: pa.Schema
    """Names and types of the table."""
    columns: Sequence[Coded]
    trees: Sequence[Tree]
    smoothing: float
    candidates: int
    history: Sequence[Mapping[str, float]]
    settings_used: Mapping[str, Any]

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Make exactly ``request.rows`` rows; a batch depends on the seed and its own number alone."""
        size = request.batch_rows or _BATCH
        run.check()
        for number, start in enumerate(range(0, request.rows, size)):
            rows = min(size, request.rows - start)
            given = None if request.given is None else request.given.slice(start, rows)
            yield self._batch(rows, given, request, np.random.default_rng([request.seed, number]))
            run.progress(start + rows, request.rows)

    def _batch(
        self, rows: int, given: pa.Table | None, request: GenerationRequest, rng: np.random.Generator
    ) -> pa.RecordBatch:
        fixed = np.full((rows, len(self.columns)), _FREE, np.int32)
        kept: dict[str, tuple[pa.Array, pa.Array]] = {}
        for place, column in enumerate(self.columns):
            if given is not None and column.name in given.column_names:
                values = given.column(column.name).combine_chunks()
                there = pc.fill_null(pc.is_valid(values), fill_value=False)
                if column.name in request.given_nulls:
                    there = pa.array([True] * rows)
                fixed[:, place] = np.where(np.asarray(there), column.encode(values), _FREE)
                kept[column.name] = (there, values)
        barred = self._shared(fixed, request, rng)
        last = max(np.flatnonzero((fixed != _FREE).any(axis=0)), default=-1)
        ahead = (fixed[:, : last + 1] == _FREE).any() and last >= 0
        tries = self.candidates if ahead else 1
        codes, weights = self._walk(np.repeat(fixed, tries, axis=0), barred, tries, request, rng)
        if tries > 1:
            codes = _chosen(codes, weights, tries, rng)
        made = {}
        for place, column in enumerate(self.columns):
            values = column.decode(codes[:, place], rng)
            if column.name in kept:
                there, own = kept[column.name]
                values = pc.if_else(there, own.cast(values.type), values)
            made[column.name] = values
        return pa.RecordBatch.from_arrays([made[name] for name in self.schema.names], schema=self.schema)

    def _walk(
        self,
        fixed: np.ndarray,
        barred: dict[int, np.ndarray],
        tries: int,
        request: GenerationRequest,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw the free codes in order; give codes and the log-chance of those that were fixed."""
        codes, weights = fixed.copy(), np.zeros(len(fixed))
        for place, (column, tree) in enumerate(zip(self.columns, self.trees, strict=True)):
            chances = tree.chances(codes[:, :place], self.smoothing)
            free = fixed[:, place] == _FREE
            set_, rows = codes[~free, place], np.flatnonzero(~free)
            weights[rows] += np.log(np.maximum(chances[rows, set_], 1e-12))
            chances = chances[free]
            usual = tree.counts.sum(axis=0).astype(np.float64)
            if column.hidden >= 0 and column.size > 2:  # there are categories to draw instead
                chances[:, column.hidden] = usual[column.hidden] = 0.0
            if column.name in request.no_nulls:
                chances[:, 0] = 0.0
            if place in barred:
                chances = np.where(np.repeat(barred[place], tries, axis=0)[free], 0.0, chances)
            codes[free, place] = _drawn(chances, usual, request.sampling, column.name, rng)
        return codes, weights

    def _shared(self, fixed: np.ndarray, request: GenerationRequest, rng: np.random.Generator) -> dict[int, np.ndarray]:
        """Fix the values whose shares are asked for; give per column the codes that a row may not have."""
        barred = {}
        for name, shares in request.shares.items():
            place = [column.name for column in self.columns].index(name)
            column = self.columns[place]
            codes = column.encode(pa.array(list(shares), self.schema.field(name).type))
            total = sum(shares.values())
            if column.hidden in codes or total > 1 + 1e-9:
                msg = f"the shares of column '{name}' name a value that was not learned, or add up to more than 1"
                raise DataError(msg, fix="name values that enough subjects hold, with shares that add up to 1 at most")
            chosen = np.searchsorted(np.cumsum(list(shares.values())), rng.random(len(fixed)), side="right")
            named = (chosen < len(codes)) & (fixed[:, place] == _FREE)
            fixed[named, place] = codes[np.minimum(chosen, len(codes) - 1)][named]
            mask = np.zeros((len(fixed), column.size), bool)
            mask[:, codes] = True
            barred[place] = mask
        return barred

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Log-probability (nats) of each row's codes, float64, shape (n,); places within a range count as equal."""
        table = rows.select(self.schema.names).cast(self.schema)
        codes = np.stack(
            [column.encode(table.column(column.name).combine_chunks()) for column in self.columns], axis=1
        ).reshape(len(table), len(self.columns))
        found: np.ndarray = log_chances(codes, self.trees, self.smoothing).sum(axis=1)
        return found

    def save(self, folder: Path) -> None:
        """Write ``model.json`` and ``model.npz``."""
        arrays = {f"{n}_{name}": array for n, tree in enumerate(self.trees) for name, array in tree.arrays().items()}
        with atomic_write(folder / "model.npz") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        plain = {
            "format": FORMAT,
            "schema": base64.b64encode(self.schema.serialize().to_pybytes()).decode(),
            "columns": [column.as_dict() for column in self.columns],
            "smoothing": self.smoothing,
            "candidates": self.candidates,
            "history": [dict(entry) for entry in self.history],
            "settings_used": dict(self.settings_used),
        }
        write_json(folder / "model.json", plain)

    @classmethod
    def load(cls, folder: Path) -> TreesModel:
        """Read what :meth:`save` wrote.

        :raises ArtefactError: something is missing, damaged or of another format.
        """
        try:
            plain = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            _hold_format(folder, str(plain["format"]))
            schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(plain["schema"])))
            columns = [column_from(data, schema.field(data["name"]).type) for data in plain["columns"]]
            with (folder / "model.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                parts: list[dict[str, np.ndarray]] = [{} for _ in columns]
                for key in arrays.files:
                    number, _, name = key.partition("_")
                    parts[int(number)][name] = arrays[key]
            trees = [Tree.from_arrays(part) for part in parts]
            facts = {name: plain[name] for name in ("smoothing", "candidates", "history", "settings_used")}
        except ArtefactError:
            raise
        except Exception as exc:
            msg = f"the model in '{folder.name}' is missing or damaged"
            raise ArtefactError(msg, fix="export the generator again from where it was trained") from exc
        return cls(schema=schema, columns=columns, trees=trees, **facts)


def _hold_format(folder: Path, made: str) -> None:
    if made != FORMAT:
        msg = f"the model in '{folder.name}' has the format '{made}', not '{FORMAT}'"
        raise ArtefactError(msg, fix="install the version of semblant-trees that made it")


def log_chances(codes: np.ndarray, trees: Sequence[Tree], smoothing: float) -> np.ndarray:
    """Give the log-chance of every code given those before it, float64, shape (rows, columns)."""
    found = np.zeros(codes.shape)
    for place, tree in enumerate(trees):
        chances = tree.chances(codes[:, :place], smoothing)
        found[:, place] = np.log(np.maximum(chances[np.arange(len(codes)), codes[:, place]], 1e-12))
    return found


def _drawn(
    chances: np.ndarray, usual: np.ndarray, sampling: Sampling, name: str, rng: np.random.Generator
) -> np.ndarray:
    """Draw a code per row; where nothing is left, from the column's usual shares."""
    empty = chances.sum(axis=1) <= 0
    if empty.any():
        chances[empty] = usual if usual.sum() > 0 else np.ones(len(usual))
    temperature, top = sampling.columns.get(name, (sampling.temperature, sampling.top_p))
    if temperature != 1.0:
        chances = (chances / chances.max(axis=1, keepdims=True)) ** (1.0 / max(temperature, 1e-6))
    if top < 1.0:
        order = np.argsort(-chances, axis=1, kind="stable")
        falling = np.take_along_axis(chances, order, axis=1)
        before = np.cumsum(falling, axis=1) - falling
        np.put_along_axis(chances, order, np.where(before < top * falling.sum(axis=1, keepdims=True), falling, 0), 1)
    reached = np.cumsum(chances, axis=1)
    codes = (reached <= rng.random(len(chances))[:, None] * reached[:, -1:]).sum(axis=1)
    within: np.ndarray = np.minimum(codes, chances.shape[1] - 1)
    return within


def _chosen(codes: np.ndarray, weights: np.ndarray, tries: int, rng: np.random.Generator) -> np.ndarray:
    """Pick one candidate per row by its weight (sampling importance resampling, Rubin 1987)."""
    by_row = weights.reshape(-1, tries)
    chances = np.exp(by_row - by_row.max(axis=1, keepdims=True))
    reached = np.cumsum(chances, axis=1)
    picked = (reached <= rng.random(len(reached))[:, None] * reached[:, -1:]).sum(axis=1)
    candidates = codes.reshape(-1, tries, codes.shape[1])
    chosen: np.ndarray = candidates[np.arange(len(reached)), np.minimum(picked, tries - 1)]
    return chosen
