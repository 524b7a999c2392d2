"""The trained text model of a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from semblant.atomic import atomic_write, write_json
from semblant.errors import ArtefactError, ModelError
from semblant_models.text.ngram.column import ColumnModel
from semblant_models.text.ngram.lengths import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from semblant.run import Run
    from semblant.training import GenerationRequest

BATCH_ROWS = 4096
"""Texts drawn at once where the request does not say."""


class NgramModel:
    """Text columns of one table; each is written given its length bucket and context column."""

    def __init__(
        self,
        columns: Sequence[ColumnModel],
        types: Mapping[str, pa.DataType],
        history: Sequence[Mapping[str, float]],
        settings_used: Mapping[str, Any],
    ) -> None:
        """Take what was learned; ``types`` are the Arrow types of the text columns."""
        self._columns = list(columns)
        self._types = dict(types)
        self.history = list(history)
        self.settings_used = dict(settings_used)

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Write the text columns of ``request.rows`` rows.

        ``request.given`` holds the length bucket under each text column's name (null for a null text) and the
        other columns; where a bucket column is missing, buckets are drawn as often as they were.
        """
        size = request.batch_rows or BATCH_ROWS
        for first in range(0, request.rows, size):
            count = min(size, request.rows - first)
            given = request.given.slice(first, count) if request.given is not None else None
            arrays = []
            for column in self._columns:
                random = np.random.Generator(np.random.PCG64(_seed(request.seed, first, column.name)))
                temperature, top_p = request.sampling.columns.get(
                    column.name, (request.sampling.temperature, request.sampling.top_p)
                )
                texts = column.generate(
                    _buckets(column, given, count, random), _context(column, given), random, temperature, top_p
                )
                arrays.append(_typed(texts, self._types[column.name]))
            run.progress(first + count, request.rows)
            yield pa.RecordBatch.from_arrays(arrays, names=[column.name for column in self._columns])

    def log_prob(self, rows: pa.Table) -> NDArray[np.float64]:
        """Give the log-probability in nats of each row's texts, given their length buckets and contexts."""
        total = np.zeros(rows.num_rows)
        for column in self._columns:
            texts = rows.column(column.name).combine_chunks()
            if pa.types.is_dictionary(texts.type):
                texts = texts.dictionary_decode()
            total += column.log_prob(texts, _context(column, rows))
        return total

    def save(self, folder: Path) -> None:
        """Write one folder per column and ``text.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, column in enumerate(self._columns):
            column.save(folder / f"column_{number}")
        facts = {
            "backend": "ngram",
            "version": 1,
            "columns": [column.name for column in self._columns],
            "history": self.history,
            "settings_used": self.settings_used,
        }
        with atomic_write(folder / "types.arrow") as file:
            file.write(pa.schema([(column.name, self._types[column.name]) for column in self._columns]).serialize())
        write_json(folder / "text.json", facts)

    @classmethod
    def load(cls, folder: Path) -> NgramModel:
        """Read what :meth:`save` wrote.

        :raises ArtefactError: when it is damaged or from a newer version.
        """
        try:
            facts = json.loads((folder / "text.json").read_bytes())
            if facts["version"] != 1:
                msg = f"the text model in '{folder}' is of version {facts['version']}"
                raise ArtefactError(msg, fix="install a newer Semblant")
            columns = [ColumnModel.load(folder / f"column_{number}") for number in range(len(facts["columns"]))]
            schema = pa.ipc.read_schema(pa.py_buffer((folder / "types.arrow").read_bytes()))
            types = {name: schema.field(name).type for name in facts["columns"]}
            return cls(columns, types, facts["history"], facts["settings_used"])
        except (OSError, ValueError, KeyError, TypeError) as exc:
            msg = f"the text model in '{folder}' is damaged: {exc}"
            raise ArtefactError(msg, fix="train the generator again, or take another copy of it") from exc


def _typed(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Give texts in the type of the training table."""
    if pa.types.is_dictionary(kind):
        return texts.cast(kind.value_type).dictionary_encode().cast(kind)
    return texts.cast(kind)


def _seed(seed: int, first: int, name: str) -> list[int]:
    """Give the words from which a batch's generator is seeded."""
    return [seed, first, *name.encode()]


def _buckets(column: ColumnModel, given: pa.Table | None, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Give the length buckets of the rows: those given, or drawn ones."""
    if given is None or column.name not in given.column_names:
        return column.lengths.draw_buckets(count, random)
    values = given.column(column.name).combine_chunks()
    if not pa.types.is_integer(values.type):
        msg = f"the rows given hold {values.type} in '{column.name}' where a length bucket belongs"
        raise ModelError(msg, fix="this is a fault of the program that asks for texts; report it")
    buckets: NDArray[np.int64] = values.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return np.clip(buckets, -1, BUCKETS - 1)


def _context(column: ColumnModel, given: pa.Table | None) -> pa.Array | None:
    if column.classes is None or given is None or column.classes.column not in given.column_names:
        return None
    return given.column(column.classes.column).combine_chunks()
