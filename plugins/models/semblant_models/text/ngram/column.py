"""The model of one text column: vocabulary, trees, lengths, context and replay guard."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from semblant.atomic import atomic_write, write_json
from semblant.errors import ArtefactError
from semblant_models.replay import ReplayGuard
from semblant_models.text.ngram.context import Classes
from semblant_models.text.ngram.lengths import Lengths, bounds, buckets_of
from semblant_models.text.ngram.sampling import Sampler
from semblant_models.text.ngram.scoring import score
from semblant_models.text.ngram.tokens import Vocabulary
from semblant_models.text.ngram.trie import Trie

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_FREE_ROUNDS = 4
"""Draws per text that may end by themselves before one is made to measure."""
_EARLY = 0.9
"""A text made to measure looks for its end from this share of the length drawn for it."""
_REDRAWS = 16
"""Rounds in which texts that the replay guard recognises are drawn again, later ones from ever shorter runs."""


@frozen(eq=False)
class ColumnModel:
    """Writes and scores texts of one column."""

    name: str
    vocabulary: Vocabulary
    common: Trie
    special: Trie | None
    """Runs per class of the context column."""
    classes: Classes | None
    lengths: Lengths
    guard: ReplayGuard

    @property
    def trees(self) -> list[Trie]:
        """The trees, the more special one first."""
        return [self.common] if self.special is None else [self.special, self.common]

    def _classes(self, context: pa.Array | None, rows: int) -> NDArray[np.int64]:
        if self.classes is None or context is None:
            return np.full(rows, -1, dtype=np.int64)
        return self.classes.of(pl.Series(pl.from_arrow(context)))

    def generate(
        self,
        buckets: NDArray[np.int64],
        context: pa.Array | None,
        random: np.random.Generator,
        temperature: float = 1.0,
        top_p: float = 1.0,
    ) -> pa.Array:
        """Write a text per row: null below 0, empty for 0, else of the bucket's length.

        :param buckets: shape (rows,).
        :param context: values of the context column, or None.
        """
        written = np.flatnonzero(buckets >= 1)
        texts = pa.array(np.full(len(buckets), ""), pa.large_string(), mask=buckets < 0)
        if not len(written):
            return texts
        trees = [tree.sharpened(temperature, top_p) for tree in self.trees]
        sampler = self._sampler(trees)
        classes = self._classes(context, len(buckets))[written]
        drawn = self._draw(sampler, buckets[written], classes, random)
        for round_ in range(_REDRAWS):
            again = np.flatnonzero(self.guard.recognises(drawn))
            if not len(again):
                break
            if round_ >= _REDRAWS // 4:
                sampler = self._sampler([self.common.shortened(max(1, _REDRAWS // 4 + 3 - round_))])
            fresh = self._draw(sampler, buckets[written][again], classes[again], random)
            drawn = _put(drawn, again, fresh)
        return _put(texts, written, drawn)

    def _draw(
        self, sampler: Sampler, buckets: NDArray[np.int64], classes: NDArray[np.int64], random: np.random.Generator
    ) -> pa.Array:
        """Draw freely as long as that hits the bucket now and then, then to measure."""
        texts = pa.nulls(len(buckets), pa.large_string())
        left = np.arange(len(buckets))
        for _ in range(_FREE_ROUNDS):
            tokens, counts, fits = sampler.draw_freely(buckets[left], classes[left], random)
            drawn = self.vocabulary.join(tokens, counts[fits], random)
            likely = self.lengths.accepts(buckets[left[fits]], pc.utf8_length(drawn).to_numpy(), random)
            fits[fits] = likely
            texts = _put(texts, left[fits], drawn.filter(pa.array(likely)))
            left = left[~fits]
            if not len(left):
                return texts
        low, _ = bounds(buckets[left])
        targets = np.maximum(low, (self.lengths.draw(buckets[left], random) * _EARLY).astype(np.int64))
        tokens, counts = sampler.draw(buckets[left], targets, classes[left], random)
        return _put(texts, left, self.vocabulary.join(tokens, counts, random))

    def _sampler(self, trees: list[Trie]) -> Sampler:
        """Make a sampler; the signs that fill a gap are drawn as often as they are used."""
        single = np.flatnonzero(self.vocabulary.lengths == 1)
        weight = self.common.alone[0, single] + 1e-6
        texts = self.vocabulary.texts.take(pa.array(single)).to_pylist()
        blank = next(
            (token for token, text in zip(single, texts, strict=True) if text.isspace()), single[np.argmax(weight)]
        )
        return Sampler(trees, self.vocabulary.lengths, self.vocabulary.kinds, single, weight / weight.sum(), int(blank))

    def log_prob(self, texts: pa.Array, context: pa.Array | None) -> NDArray[np.float64]:
        """Give the log-probability of each text in nats, given its length bucket and context."""
        series = pl.Series(pl.from_arrow(texts.cast(pa.large_string())))
        lengths = series.str.len_chars().fill_null(-1).to_numpy().astype(np.int64)
        buckets = np.where(lengths < 0, -1, buckets_of(np.maximum(lengths, 0)))
        encoded = self.vocabulary.encode(series)
        return score(self.trees, self.vocabulary, encoded, buckets, self._classes(context, len(series)))

    def save(self, folder: Path) -> None:
        """Write ``model.json`` and ``arrays.npz``."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {f"common_{name}": array for name, array in self.common.arrays().items()}
        if self.special is not None:
            arrays |= {f"special_{name}": array for name, array in self.special.arrays().items()}
        arrays |= {
            "lengths_buckets": self.lengths.buckets,
            "lengths_cells": self.lengths.cells,
            "guard": self.guard.bits,
        }
        with atomic_write(folder / "arrays.npz") as file:
            np.savez_compressed(file, **arrays)
        facts = {
            "name": self.name,
            "keys": self.vocabulary.to_json(),
            "classes": self.classes.to_json() if self.classes else None,
            "salt": self.guard.salt,
        }
        write_json(folder / "model.json", facts)

    @classmethod
    def load(cls, folder: Path) -> ColumnModel:
        """Read what :meth:`save` wrote.

        :raises ArtefactError: when it is damaged.
        """
        try:
            facts = json.loads((folder / "model.json").read_bytes())
            with (folder / "arrays.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
                arrays = dict(stored)
            trees = {
                part: Trie.restore(
                    {name.removeprefix(part): array for name, array in arrays.items() if name.startswith(part)}
                )
                for part in ("common_", "special_")
                if f"{part}shape" in arrays
            }
            return cls(
                str(facts["name"]),
                Vocabulary.of([str(key) for key in facts["keys"]]),
                trees["common_"],
                trees.get("special_"),
                Classes(facts["classes"]["column"], tuple(facts["classes"]["values"])) if facts["classes"] else None,
                Lengths(arrays["lengths_buckets"], arrays["lengths_cells"]),
                ReplayGuard(int(facts["salt"]), arrays["guard"]),
            )
        except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, BadZipFile, zlib.error) as exc:
            msg = f"the text model in '{folder}' is damaged: {exc}"
            raise ArtefactError(msg, fix="train the generator again, or take another copy of it") from exc


def _put(texts: pa.Array, rows: NDArray[np.int64], values: pa.Array) -> pa.Array:
    """Replace some texts."""
    mask = np.zeros(len(texts), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), values.cast(pa.large_string()))
