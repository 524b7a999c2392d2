"""Private rows below another table's: how many is drawn given the row above, then each given it and its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import define, evolve

from semblant.errors import ArtefactError, ModelError
from semblant.training import PARENT_ROW
from semblant_models.marginal.conditions import Conditions, put
from semblant_models.marginal.model import network_arrays, read_network, sampled_tables
from semblant_models.marginal.related.prepared import tail
from semblant_models.privacy.preprocessing.table import TableCodes
from semblant_models.tabular.encodings.arrow import plain
from semblant_models.tabular.storage import read_json, write_arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import GenerationContext, GenerationRequest
    from semblant_models.marginal.network import Network

FORMAT = "marginal-related-1"
_PARENTS = 8_192
"""Parents whose rows are made at once."""


@define(eq=False)
class RelatedMarginalModel:
    """The model of a table below another one: two networks, over parents with their number of rows, and over rows."""

    above: TableCodes
    """What is known of parents, then their number of rows."""
    below: TableCodes
    """What is known of parents, their number of rows, the place among these, then the table's own columns."""
    counting: Network
    making: Network
    history: Sequence[Mapping[str, float]]
    settings_used: Mapping[str, Any]

    @property
    def own(self) -> TableCodes:
        """The codes of the table's own columns."""
        return tail(self.below, len(self.above.columns) + 1)

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Make the rows of each parent, in the order of the parents; see the protocol."""
        context = _context(request)
        own, first, done = self.own, 0, 0
        conditions = self._conditions(request, own)
        tables = sampled_tables(self.making, self.below, request)
        for batch in self._batches(context):
            run.check()
            counts = self._counts(request, batch, first)
            owner = np.repeat(np.arange(batch.num_rows), counts)
            rng = np.random.default_rng((request.seed, first, 4))
            known, mask, fixed = conditions.batch(own, done, len(owner), rng)
            rows, held = self._known(batch, counts, owner, known, mask)
            drawn = self.making.draw(len(owner), rng, known=rows, mask=held, tables=tables)
            made = put(own, own.decode(drawn[:, -len(own.columns) :], rng), fixed)
            names = [*own.names, PARENT_ROW]
            yield pa.RecordBatch.from_arrays([*made.columns, pa.array(first + owner, pa.int64())], names=names)
            first += batch.num_rows
            done += len(owner)

    def counts(self, request: GenerationRequest, run: Run) -> np.ndarray:
        """Give the number of rows that :meth:`generate` would make for each row of the parent, int64."""
        found, first = [np.zeros(0, np.int64)], 0
        for batch in self._batches(_context(request)):
            run.check()
            found.append(self._counts(request, batch, first))
            first += batch.num_rows
        return np.concatenate(found)

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Give zeros: without the rows it refers to a row has no probability."""
        return np.zeros(rows.num_rows)

    def save(self, folder: Path) -> None:
        """Write ``model.json`` and the arrays of both networks."""
        arrays: dict[str, np.ndarray] = {}
        state: dict[str, Any] = {"format": FORMAT, "above": self.above.to_dict(), "below": self.below.to_dict()}
        for name, network in (("counting", self.counting), ("making", self.making)):
            found, state[name] = network_arrays(network, f"{name}_")
            arrays |= found
        write_arrays(folder, "model", arrays)
        state |= {"history": [dict(entry) for entry in self.history], "settings_used": dict(self.settings_used)}
        (folder / "model.json").write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> RelatedMarginalModel:
        """Load what :meth:`save` wrote; a file that does not fit its description raises :class:`ArtefactError`."""
        state = read_json(folder / "model.json")
        try:
            above, below = TableCodes.from_dict(state["above"]), TableCodes.from_dict(state["below"])
            _check(above, below)
            wanted = {"counting_": (state["counting"], above.sizes), "making_": (state["making"], below.sizes)}
            counting, making = read_network(folder, wanted)
            history, used = [dict(entry) for entry in state["history"]], dict(state["settings_used"])
        except (KeyError, TypeError, ValueError, IndexError) as exc:
            msg = "the description of the model is damaged"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc
        return cls(above, below, counting, making, history, used)

    def _batches(self, context: GenerationContext) -> Iterator[pa.RecordBatch]:
        assert context.parents is not None
        for batch in context.parents():
            for start in range(0, batch.num_rows, _PARENTS):
                yield batch.slice(start, _PARENTS)

    def _parents(self, batch: pa.RecordBatch) -> np.ndarray:
        """Give the codes of what is known of parents, int32."""
        names = self.above.names[:-1]
        known = evolve(tail(self.above, 0), names=names, types=self.above.types[:-1], columns=self.above.columns[:-1])
        return known.encode(batch.select(list(names)))

    def _counts(self, request: GenerationRequest, batch: pa.RecordBatch, first: int) -> np.ndarray:
        """Give the number of rows of each parent, int64; one for what stands for no parent."""
        context = _context(request)
        if context.counts is not None:
            return np.asarray(context.counts[first : first + batch.num_rows])
        rng = np.random.default_rng((request.seed, first, 3))
        known = np.zeros((batch.num_rows, len(self.above.columns)), np.int32)
        known[:, :-1] = self._parents(batch)
        mask = np.ones(known.shape, bool)
        mask[:, -1] = False
        drawn = self.counting.draw(batch.num_rows, rng, known=known, mask=mask)[:, -1]
        number = plain(pa.chunked_array([self.above.columns[-1].decode(drawn, rng)]))
        counts = np.maximum(np.nan_to_num(number.to_numpy(zero_copy_only=False).astype(np.float64)), 0.0)
        counts *= context.ratio
        whole = np.floor(counts).astype(np.int64)
        whole += rng.random(len(whole)) < counts - whole
        return np.where(first + np.arange(len(whole)) >= context.parent_rows, 1, whole)

    def _known(
        self, batch: pa.RecordBatch, counts: np.ndarray, owner: np.ndarray, own: np.ndarray, mask: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give codes of whole rows, int32, and which are known, bool."""
        place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
        number = self.above.columns[-1]
        told = [self._parents(batch)[owner]]
        told += [number.encode(pa.array(values, pa.int64()))[:, None] for values in (counts[owner], place)]
        above = np.concatenate(told, axis=1)
        return np.concatenate([above, own], axis=1), np.concatenate([np.ones(above.shape, bool), mask], axis=1)

    def _conditions(self, request: GenerationRequest, own: TableCodes) -> Conditions:
        """Read what the request fixes of the table's own columns."""
        given = request.given
        if given is not None:
            given = given.select([name for name in given.column_names if name in own.names])
            given = given if given.num_columns else None
        rows = 0 if given is None else given.num_rows
        return Conditions.of(evolve(request, given=given, rows=rows), own)


def _check(above: TableCodes, below: TableCodes) -> None:
    """Raise ``ValueError`` unless the columns of the rows begin with those of their parents."""
    if below.names[: len(above.names)] != above.names or len(below.names) <= len(above.names) + 1:
        msg = "the columns of the rows do not begin with those of their parents"
        raise ValueError(msg)


def _context(request: GenerationRequest) -> GenerationContext:
    if request.context is None or request.context.parents is None:
        msg = "rows that hang on another table are asked for without the rows of that table"
        raise ModelError(msg, fix="generate the whole database")
    return request.context
