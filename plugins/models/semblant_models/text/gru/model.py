"""The trained text model of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
import polars as pl
import pyarrow as pa
from attrs import asdict

from semblant.atomic import write_json
from semblant.errors import ArtefactError, ModelError
from semblant_models.tabular.compiling import keep_compiled
from semblant_models.tabular.storage import read_arrays, read_json, write_arrays
from semblant_models.text.gru.conditions import series
from semblant_models.text.gru.learned import Learned
from semblant_models.text.gru.sampling import Sampler, Wanted
from semblant_models.text.gru.scoring import score
from semblant_models.text.gru.shape import Shape
from semblant_models.text.ngram.lengths import BUCKETS, bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from semblant.run import Run
    from semblant.training import GenerationRequest
    from semblant_models.text.gru.column import Column
    from semblant_models.text.gru.vocabulary import Encoded

BATCH_ROWS = 4096
"""Texts drawn at once where the request does not say."""
_REDRAWS = 8
_HOTTER = 1.15
"""Factor of the temperature from one redraw to the next, from the third on."""


class GruModel:
    """Text columns of one table, written one after the other, each given the row and the texts before."""

    def __init__(
        self,
        learned: Learned,
        shape: Shape,
        weights: Mapping[str, np.ndarray],
        history: Sequence[Mapping[str, float]],
        settings_used: Mapping[str, Any],
    ) -> None:
        """Take what was learned; ``settings_used['top_p']`` bounds what is drawn from, per column or for all."""
        self._learned, self._shape = learned, shape
        self._weights = {name: jnp.asarray(value) for name, value in weights.items()}
        self._sampler = Sampler(shape, self._weights, learned.vocabulary.lengths, learned.allowed)
        self.history = [dict(entry) for entry in history]
        self.settings_used = dict(settings_used)

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Write the text columns of ``request.rows`` rows.

        ``request.given`` holds the length bucket under each text column's name (null for a null text) and the
        other columns; where a bucket column is missing, buckets are drawn as often as they were.
        """
        keep_compiled(run.cache)
        size = request.batch_rows or BATCH_ROWS
        for first in range(0, request.rows, size):
            count = min(size, request.rows - first)
            given = request.given.slice(first, count) if request.given is not None else None
            yield self._batch(request, given, count, first, run)
            run.progress(first + count, request.rows)

    def _batch(
        self, request: GenerationRequest, given: pa.Table | None, count: int, first: int, run: Run
    ) -> pa.RecordBatch:
        learned = self._learned
        codes, before = learned.given(given, count), self._above(given)
        arrays = []
        for number, column in enumerate(learned.columns):
            random = np.random.default_rng([request.seed % 2**63, first, number])
            temperature, top_p = request.sampling.columns.get(
                column.name, (request.sampling.temperature, request.sampling.top_p)
            )
            codes[:, 0] = number
            buckets = _buckets(column, given, count, random)
            there = np.flatnonzero(buckets >= 1)
            texts = np.full(count, "", object)
            texts[buckets < 0] = None
            recalled = learned.recalled(before, count)
            how = (temperature, min(top_p, self._bound(column.name)))
            written = self._written(column, buckets[there], codes[there], recalled[there], how, random, run)
            texts[there] = written.to_list()
            found = pl.Series(column.name, texts.tolist(), dtype=pl.String)
            before.append(learned.vocabulary.encode(found))
            arrays.append(_typed(found.to_arrow(), learned.types.field(column.name).type))
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in learned.columns])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the text columns, in the order in which they are written."""
        return tuple(column.name for column in self._learned.columns)

    def drawn(self, wanted: Wanted, top_p: float, *, seed: int) -> pl.Series:
        """Draw texts once, as they come."""
        tokens, counts = self._sampler.draw(wanted, 1.0, top_p, seed)
        return self._learned.text(tokens, counts, np.random.default_rng(seed))

    def _bound(self, column: str) -> float:
        """Give the share of the likeliest tokens that a column is drawn from."""
        found = self.settings_used.get("top_p", 1.0)
        return float(found[column] if isinstance(found, dict) else found)

    def _above(self, given: pa.Table | None) -> list[Encoded]:
        """Encode the texts of the parent's row."""
        if given is None:
            return []
        vocabulary, names = self._learned.vocabulary, [n for n in self._learned.above if n in given.schema.names]
        return [vocabulary.encode(series(given.column(name)).cast(pl.String)) for name in names]

    def _written(
        self,
        column: Column,
        buckets: NDArray[np.int64],
        codes: NDArray[np.int32],
        recalled: NDArray[np.int32],
        how: tuple[float, float],
        random: np.random.Generator,
        run: Run,
    ) -> pl.Series:
        """Write texts; what few subjects wrote is drawn again, each time at a higher temperature."""
        texts = np.full(len(buckets), "", object)
        left, (temperature, top_p) = np.arange(len(buckets)), how
        low, high = bounds(buckets)
        for round_ in range(_REDRAWS):
            if not len(left):
                break
            run.check()
            targets = column.lengths.draw(buckets[left], random)
            sizes = (targets, low[left], high[left])
            wanted = Wanted(codes[left], recalled[left], *(size.astype(np.int32) for size in sizes))
            heat = temperature * _HOTTER ** max(round_ - 1, 0)
            tokens, counts = self._sampler.draw(
                wanted, heat, top_p if round_ < _REDRAWS // 2 else 1.0, int(random.integers(2**63))
            )
            drawn = _cut(self._learned.text(tokens, counts, random), high[left])
            texts[left] = drawn.to_list()
            left = left[column.replays(drawn) | (drawn.str.len_chars().to_numpy() < np.minimum(low[left], 2))]
        for place in left:
            texts[place] = self._shortened(column, str(texts[place]))
        return pl.Series(texts.tolist(), dtype=pl.String)

    def _shortened(self, column: Column, text: str) -> str:
        """Leave out the second half of a text until what is left is nobody's; a single sign at last."""
        while len(text) > 1:
            text = text[: len(text) // 2]
            if not column.replays(pl.Series([text]))[0]:
                break
        return text or "."

    def log_prob(self, rows: pa.Table) -> NDArray[np.float64]:
        """Give the log-probability in nats of each row's texts, given their length buckets and conditions."""
        return score(self._learned, self._shape, self._weights, rows)

    def save(self, folder: Path) -> None:
        """Write weights, what was learned beside them, and ``text.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        write_arrays(folder, "weights", {name: np.asarray(value) for name, value in self._weights.items()})
        self._learned.save(folder / "learned")
        facts = {
            "backend": "gru",
            "shape": asdict(self._shape),
            "history": self.history,
            "settings_used": self.settings_used,
        }
        write_json(folder / "text.json", facts)

    @classmethod
    def load(cls, folder: Path) -> GruModel:
        """Read what :meth:`save` wrote.

        :raises ArtefactError: it is damaged or from a newer version.
        """
        facts = read_json(folder / "text.json")
        learned = Learned.load(folder / "learned")
        try:
            shape = Shape(**{name: int(value) for name, value in facts["shape"].items()})
            history, used = list(facts["history"]), dict(facts["settings_used"])
            fits = (shape.tokens, shape.codes) == (learned.vocabulary.size, learned.codes) and shape.layers < 100
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            msg = f"the text model in '{folder}' is damaged: {exc}"
            raise ArtefactError(msg, fix="train the generator again, or take another copy of it") from exc
        if not fits:
            msg = f"the parts of the text model in '{folder}' do not belong together"
            raise ArtefactError(msg, fix="train the generator again, or take another copy of it")
        return cls(learned, shape, read_arrays(folder, "weights", shape.sizes()), history, used)


def _cut(texts: pl.Series, most: NDArray[np.int64]) -> pl.Series:
    """Cut texts that outgrew their length, because made-up words did."""
    return pl.DataFrame({"text": texts, "most": most}).select(pl.col("text").str.slice(0, pl.col("most")))["text"]


def _typed(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Give texts in the type of the training table."""
    if pa.types.is_dictionary(kind):
        return texts.cast(kind.value_type).dictionary_encode().cast(kind)
    return texts.cast(kind)


def _buckets(column: Column, given: pa.Table | None, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Give the length buckets of the rows: those given, or drawn ones."""
    if given is None or column.name not in given.column_names:
        return column.lengths.draw_buckets(count, random)
    values = given.column(column.name).combine_chunks()
    if not pa.types.is_integer(values.type):
        msg = f"the rows given hold {values.type} in '{column.name}' where a length bucket belongs"
        raise ModelError(msg, fix="this is a fault of the program that asks for texts; report it")
    buckets: NDArray[np.int64] = values.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return np.clip(buckets, -1, BUCKETS - 1)
