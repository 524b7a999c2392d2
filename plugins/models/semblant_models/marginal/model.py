"""A table learned from noisy marginals: generates rows, gives log-probabilities, saves and loads itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from semblant.errors import ArtefactError
from semblant_models.marginal.conditions import Conditions, put
from semblant_models.marginal.network import Network
from semblant_models.privacy.preprocessing.table import TableCodes
from semblant_models.tabular.storage import read_arrays, read_json, write_arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from semblant.run import Run
    from semblant.training import GenerationRequest

FORMAT = "marginal-1"
BATCH_ROWS = 65_536


@define(eq=False)
class MarginalModel:
    """The model of one table: codes of its columns, and a network over these codes."""

    codes: TableCodes
    network: Network
    history: Sequence[Mapping[str, float]]
    settings_used: Mapping[str, Any]

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Make exactly ``request.rows`` rows, in batches; see the protocol."""
        run.check()
        size = request.batch_rows or BATCH_ROWS
        conditions = Conditions.of(request, self.codes)
        tables = sampled_tables(self.network, self.codes, request)
        for number, start in enumerate(range(0, request.rows, size)):
            rows = min(size, request.rows - start)
            rng = np.random.default_rng((request.seed, number))
            known, mask, fixed = conditions.batch(self.codes, start, rows, rng)
            drawn = self.network.draw(rows, rng, known=known, mask=mask, tables=tables)
            batch = put(self.codes, self.codes.decode(drawn, rng), fixed)
            run.progress(start + rows, request.rows)
            yield batch

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Give the log-probability (nats) of each row's codes, float64, shape (n,)."""
        return self.network.log_prob(self.codes.encode(rows))

    def save(self, folder: Path) -> None:
        """Write ``model.safetensors`` and ``model.json``."""
        arrays, drawing = network_arrays(self.network)
        write_arrays(folder, "model", arrays)
        state = {
            "format": FORMAT,
            "codes": self.codes.to_dict(),
            **drawing,
            "history": [dict(entry) for entry in self.history],
            "settings_used": dict(self.settings_used),
        }
        (folder / "model.json").write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> MarginalModel:
        """Load what :meth:`save` wrote; a file that does not fit its description raises :class:`ArtefactError`."""
        state = read_json(folder / "model.json")
        if state.get("format") != FORMAT:
            msg = f"the model has format {state.get('format')}, this version reads {FORMAT}"
            raise ArtefactError(msg, fix="install the version of semblant that made it, or a newer one")
        try:
            codes = TableCodes.from_dict(state["codes"])
            (network,) = read_network(folder, {"": (state, codes.sizes)})
            history, used = [dict(entry) for entry in state["history"]], dict(state["settings_used"])
        except (KeyError, TypeError, ValueError, IndexError) as exc:
            msg = "the description of the model is damaged"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc
        return cls(codes, network, history, used)


def network_arrays(network: Network, prefix: str = "") -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Give the tables of a network by name, and the order in which they are drawn as JSON."""
    arrays = {f"{prefix}table_{v}": table for v, table in enumerate(network.tables)}
    return arrays, {"order": list(network.order), "given": [list(given) for given in network.given]}


def read_network(folder: Path, wanted: Mapping[str, tuple[Mapping[str, Any], tuple[int, ...]]]) -> list[Network]:
    """Undo :func:`network_arrays` for the networks of one file: per prefix what it gave as JSON, and the codes' sizes.

    What does not fit together raises ``ValueError``, ``KeyError`` or :class:`ArtefactError`.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    drawing = []
    for prefix, (state, sizes) in wanted.items():
        order = tuple(map(int, state["order"]))
        given = tuple(tuple(map(int, columns)) for columns in state["given"])
        _check(order, given, len(sizes))
        shapes |= {f"{prefix}table_{v}": (*(sizes[u] for u in given[v]), sizes[v]) for v in range(len(sizes))}
        drawing.append((prefix, order, given))
    arrays = read_arrays(folder, "model", shapes)
    return [
        Network(order, given, tuple(arrays[f"{prefix}table_{v}"] for v in range(len(order))))
        for prefix, order, given in drawing
    ]


def sampled_tables(network: Network, codes: TableCodes, request: GenerationRequest) -> tuple[np.ndarray, ...]:
    """Give the conditionals to draw from: at the temperature asked for, without nulls where none are wanted."""
    sampling, names = request.sampling, codes.names
    heat, top = [sampling.temperature] * len(names), [sampling.top_p] * len(names)
    for name, (one, other) in sampling.columns.items():
        if name in names:
            heat[names.index(name)], top[names.index(name)] = one, other
    tables = network.tables
    if any(h != 1 for h in heat) or any(t < 1 for t in top):
        tables = network.tempered(heat, top)
    if not request.no_nulls:
        return tables
    made = list(tables)
    for name in request.no_nulls:
        place = names.index(name) if name in names else -1
        null = codes.columns[place].null_code if place >= 0 else None
        if null is not None and made[place].shape[-1] > 1:
            table = made[place].astype(np.float64)
            table[..., null] = 0.0
            made[place] = table + 1e-12 * (np.arange(table.shape[-1]) != null)
    return tuple(made)


def _check(order: tuple[int, ...], given: tuple[tuple[int, ...], ...], columns: int) -> None:
    """Raise ``ValueError`` unless each column is given earlier ones only, that lie together in the last one's table."""
    when = {v: turn for turn, v in enumerate(order)}
    right = sorted(order) == list(range(columns)) and len(given) == columns
    for v, earlier in enumerate(given if right else ()):
        turns = [when.get(u, columns) for u in earlier]
        right &= turns == sorted(set(turns)) and all(turn < when[v] for turn in turns)
        right = right and (not earlier or set(earlier[:-1]) <= set(given[earlier[-1]]))
    if not right:
        msg = "the order of drawing is damaged"
        raise ValueError(msg)
