"""The trained private text model of a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import frozen

from semblant.errors import ArtefactError, ModelError
from semblant_models.tabular.encodings.arrow import type_from_text, type_to_text
from semblant_models.tabular.storage import read_arrays, read_json, write_arrays
from semblant_models.text.private.counting import EDGE, Texts
from semblant_models.text.private.drawing import drawn_texts
from semblant_models.text.private.learning import code_points
from semblant_models.text.private.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import GenerationRequest

FORMAT = "dp-text-1"
BATCH_ROWS = 4096
_MOST_BUCKET = 14
"""Longer texts end at 2**14 - 1 characters."""
_NOWHERE = 1e-7
"""Probability of a character that the model does not know."""
_USUAL_BUCKET = 6


@frozen(eq=False)
class Column:
    """One text column: its characters and its tables."""

    name: str
    type: pa.DataType
    alphabet: np.ndarray
    """Code point of each symbol, int64, the edge first."""
    tables: Tables

    def written(self, buckets: np.ndarray, rng: np.random.Generator, temperature: float) -> pa.Array:
        """Write a text per length bucket, -1 for null."""
        high = (1 << np.clip(buckets, 0, _MOST_BUCKET)) - 1
        blank = int(np.argmax(self.alphabet == ord(" "))) if ord(" ") in self.alphabet else -1
        drawn = drawn_texts(self.tables, (high + 1) // 2, high, rng, blank=blank, temperature=temperature)
        width = drawn.shape[1]
        flat = self.alphabet[drawn].astype(np.uint32).tobytes().decode("utf-32-le")
        texts = [flat[row * width : (row + 1) * width].rstrip("\0") for row in range(len(buckets))]
        made = pa.array(texts, pa.large_string(), mask=buckets < 0)
        if pa.types.is_dictionary(self.type):
            return made.cast(self.type.value_type).dictionary_encode().cast(self.type)
        return made.cast(self.type)

    def log_prob(self, texts: pa.Array) -> np.ndarray:
        """Give the log-probability (nats) of each text, float64; 0 of a null."""
        if pa.types.is_dictionary(texts.type):
            texts = texts.dictionary_decode()
        there = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
        points, text, _ = code_points(texts.cast(pa.large_string()), np.arange(len(texts)), 1 << 62)
        at = np.minimum(np.searchsorted(self.alphabet, points), len(self.alphabet) - 1)
        known = self.alphabet[at] == points
        out = np.zeros(len(texts))
        np.add.at(out, there[text[~known]], np.log(_NOWHERE))
        symbols = Texts(at[known], text[known], text[known])
        chances = self.tables.of(symbols.before(len(self.tables.rows) - 1))[np.arange(len(symbols.symbols)), at[known]]
        np.add.at(out, there[text[known]], np.log(np.maximum(chances, _NOWHERE)))
        return out


class PrivateTextModel:
    """Text columns of one table; each text has the length of its bucket, whatever else the row holds."""

    def __init__(
        self, columns: Sequence[Column], history: Sequence[Mapping[str, float]], settings_used: Mapping[str, Any]
    ) -> None:
        """Take what was learned."""
        self.columns = list(columns)
        self.history = list(history)
        self.settings_used = dict(settings_used)

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Write the text columns of ``request.rows`` rows, given their length buckets; see the protocol."""
        size = request.batch_rows or BATCH_ROWS
        for first in range(0, request.rows, size):
            run.check()
            count = min(size, request.rows - first)
            arrays = []
            for column in self.columns:
                rng = np.random.default_rng([request.seed, first, *column.name.encode()])
                heat = request.sampling.columns.get(column.name, (request.sampling.temperature, 1.0))[0]
                arrays.append(column.written(_buckets(column.name, request, first, count), rng, heat))
            run.progress(first + count, request.rows)
            yield pa.RecordBatch.from_arrays(arrays, names=[column.name for column in self.columns])

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Give the log-probability (nats) of each row's texts, float64, shape (n,)."""
        out = np.zeros(rows.num_rows)
        for column in self.columns:
            out += column.log_prob(rows.column(column.name).combine_chunks())
        return out

    def save(self, folder: Path) -> None:
        """Write ``model.safetensors`` and ``model.json``."""
        arrays = {
            f"rows_{number}_{length}": rows
            for number, column in enumerate(self.columns)
            for length, rows in enumerate(column.tables.rows)
        }
        write_arrays(folder, "model", arrays)
        columns = [
            {
                "name": column.name,
                "type": type_to_text(column.type),
                "alphabet": column.alphabet.tolist(),
                "contexts": [contexts.tolist() for contexts in column.tables.contexts],
            }
            for column in self.columns
        ]
        state = {"format": FORMAT, "columns": columns, "history": self.history, "settings_used": self.settings_used}
        (folder / "model.json").write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> PrivateTextModel:
        """Load what :meth:`save` wrote; a file that does not fit its description raises :class:`ArtefactError`."""
        state = read_json(folder / "model.json")
        if state.get("format") != FORMAT:
            msg = f"the text model has format {state.get('format')}, this version reads {FORMAT}"
            raise ArtefactError(msg, fix="install the version of semblant that made it, or a newer one")
        try:
            contexts = [[np.array(known, np.int64) for known in one["contexts"]] for one in state["columns"]]
            alphabets = [np.array(one["alphabet"], np.int64) for one in state["columns"]]
            shapes = {
                f"rows_{number}_{length}": (len(known), len(alphabets[number]))
                for number, lengths in enumerate(contexts)
                for length, known in enumerate(lengths)
            }
            arrays = read_arrays(folder, "model", shapes)
            columns = [
                Column(
                    str(one["name"]),
                    type_from_text(one["type"]),
                    alphabets[number],
                    Tables(
                        tuple(contexts[number]),
                        tuple(arrays[f"rows_{number}_{length}"] for length in range(len(contexts[number]))),
                    ),
                )
                for number, one in enumerate(state["columns"])
            ]
            if any(not len(alphabet) or alphabet[0] != EDGE for alphabet in alphabets):
                raise ValueError(FORMAT)  # noqa: TRY301 - told below
            return cls(columns, state["history"], state["settings_used"])
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as exc:
            msg = "the description of the text model is damaged"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc


def _buckets(name: str, request: GenerationRequest, first: int, count: int) -> np.ndarray:
    """Give the length bucket of each row, -1 for null; texts of a usual length where none are given."""
    if request.given is None or name not in request.given.column_names:
        return np.full(count, _USUAL_BUCKET)
    values = request.given.column(name).slice(first, count).combine_chunks()
    if not pa.types.is_integer(values.type):
        msg = f"the rows given hold {values.type} in '{name}' where a length bucket belongs"
        raise ModelError(msg, fix="this is a fault of the program that asks for texts; report it")
    return np.asarray(values.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False))
