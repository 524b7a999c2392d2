"""What is learned of a table's texts before training, kept in a folder: it goes into the model as it is."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import polars as pl
import pyarrow as pa
from attrs import field, frozen

from semblant.atomic import atomic_write, write_json
from semblant.errors import ArtefactError
from semblant_models.text.gru.assembly import assembled
from semblant_models.text.gru.column import Column
from semblant_models.text.gru.conditions import Condition, series
from semblant_models.text.gru.network import RECALLED
from semblant_models.text.gru.vocabulary import FIRST_PIECE, Encoded, Vocabulary
from semblant_models.text.ngram.column import ColumnModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

VERSION = 1
_MEND = "train the generator again, or take another copy of it"


@frozen(eq=False, kw_only=True)
class Learned:
    """Vocabulary, conditions, columns and speller of a table's texts."""

    vocabulary: Vocabulary
    conditions: tuple[Condition, ...]
    columns: tuple[Column, ...]
    above: tuple[str, ...]
    """Texts of the parent's row, which are read and not written."""
    types: pa.Schema
    """Arrow types of the text columns."""
    speller: ColumnModel | None
    allowed: NDArray[np.bool_]
    """Tokens that may come out."""
    holders: NDArray[np.int32]
    """Texts that hold each token."""
    _offsets: dict[str, int] = field(init=False)

    @_offsets.default
    def _places(self) -> dict[str, int]:
        found, at = {}, len(self.columns)
        for condition in self.conditions:
            found[condition.column] = at
            at += condition.size
        return found

    @property
    def codes(self) -> int:
        """Codes of all conditions together; the first ones tell the text columns apart."""
        return len(self.columns) + sum(condition.size for condition in self.conditions)

    def given(self, rows: pa.Table | None, count: int) -> NDArray[np.int32]:
        """Give the condition codes of rows, int32, shape (rows, 1 + conditions); the first is that of a text column."""
        codes = np.zeros((count, 1 + len(self.conditions)), np.int32)
        for number, condition in enumerate(self.conditions, start=1):
            codes[:, number] = self._offsets[condition.column]
            if rows is not None and condition.column in rows.schema.names:
                codes[:, number] += condition.codes(series(rows.column(condition.column)))
        return codes

    def recalled(self, before: Sequence[Encoded], count: int) -> NDArray[np.int32]:
        """Give the most telling tokens of the texts that came before, int32, shape (rows, RECALLED)."""
        found = np.zeros((count, RECALLED), np.int32)
        if not before:
            return found
        frame = pl.DataFrame(
            {
                "row": np.concatenate([encoded.rows for encoded in before]),
                "token": np.concatenate([encoded.tokens for encoded in before]),
            }
        )
        frame = frame.filter(pl.col("token") >= FIRST_PIECE).unique()
        frame = frame.with_columns(held=pl.Series(self.holders[frame["token"].to_numpy()]))
        frame = frame.sort(["row", "held", "token"])
        frame = frame.with_columns(place=pl.int_range(pl.len()).over("row")).filter(pl.col("place") < RECALLED)
        found[frame["row"].to_numpy(), frame["place"].to_numpy()] = frame["token"].to_numpy()
        return found

    def text(self, tokens: NDArray[np.int32], counts: NDArray[np.int64], random: np.random.Generator) -> pl.Series:
        """Put texts together from tokens; rare words are made up."""
        return assembled(self.vocabulary, self.speller, tokens, counts, random)

    def save(self, folder: Path) -> None:
        """Write JSON and arrays."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {"allowed": self.allowed, "holders": self.holders}
        for number, column in enumerate(self.columns):
            arrays |= column.arrays(f"column{number}")
        with atomic_write(folder / "arrays.npz") as file:
            np.savez_compressed(file, **arrays)
        with atomic_write(folder / "types.arrow") as file:
            file.write(self.types.serialize())
        facts = {
            "version": VERSION,
            "vocabulary": self.vocabulary.to_json(),
            "conditions": [condition.to_json() for condition in self.conditions],
            "columns": [column.to_json() for column in self.columns],
            "above": list(self.above),
            "speller": self.speller is not None,
        }
        write_json(folder / "texts.json", facts)
        if self.speller is not None:
            self.speller.save(folder / "speller")

    @classmethod
    def load(cls, folder: Path) -> Learned:
        """Read what :meth:`save` wrote.

        :raises ArtefactError: it is damaged or from a newer version.
        """
        try:
            facts = json.loads((folder / "texts.json").read_bytes())
            if facts["version"] != VERSION:
                msg = f"the text model in '{folder}' is of version {facts['version']}"
                raise ArtefactError(msg, fix="install a newer Semblant")
            with (folder / "arrays.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
                arrays = dict(stored)
            vocabulary = Vocabulary.from_json(facts["vocabulary"])
            allowed, holders = (arrays[name].reshape(vocabulary.size) for name in ("allowed", "holders"))
            return cls(
                vocabulary=vocabulary,
                conditions=tuple(map(Condition.from_json, facts["conditions"])),
                columns=tuple(
                    Column.from_parts(data, f"column{number}", arrays) for number, data in enumerate(facts["columns"])
                ),
                above=tuple(map(str, facts["above"])),
                types=pa.ipc.read_schema(pa.py_buffer((folder / "types.arrow").read_bytes())),
                speller=ColumnModel.load(folder / "speller") if facts["speller"] else None,
                allowed=allowed,
                holders=holders,
            )
        except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, BadZipFile, zlib.error) as exc:
            msg = f"the text model in '{folder}' is damaged: {exc}"
            raise ArtefactError(msg, fix=_MEND) from exc
