"""A trained table: generates rows, gives log-probabilities, saves and loads itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from attrs import define, evolve, field

from semblant.errors import ArtefactError
from semblant_models.tabular.calibration import calibrate
from semblant_models.tabular.conditions import Conditions
from semblant_models.tabular.encodings import Draw
from semblant_models.tabular.given import put_given
from semblant_models.tabular.network import IMPOSSIBLE, parameter_shapes, row_losses
from semblant_models.tabular.rearranged import on_device
from semblant_models.tabular.sampler import Kind, make_sampler
from semblant_models.tabular.shape import Shape
from semblant_models.tabular.storage import read_arrays, read_json, write_arrays
from semblant_models.tabular.table import TableEncoding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from semblant.run import Run
    from semblant.training import GenerationRequest, Sampling

FORMAT = 1
BATCH_ROWS = 4096
_SCORING_ROWS = 2048
_LEAST_ROWS = 16
"""Rows drawn together with several candidates each."""


@define(eq=False)
class TabularModel:
    """The model of one table; ``arrays`` are the trained parameters, ``tables`` the fixed log-shares."""

    encoding: TableEncoding
    shape: Shape
    arrays: dict[str, np.ndarray]
    tables: dict[str, np.ndarray]
    history: Sequence[Mapping[str, float]]
    settings_used: Mapping[str, Any]
    particles: int = 64
    _samplers: dict[Kind, Any] = field(factory=dict, init=False)
    _weights: dict[str, Any] = field(factory=dict, init=False)

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Make exactly ``request.rows`` rows, in batches; see the protocol."""
        size = request.batch_rows or BATCH_ROWS
        conditions = Conditions.of(request, self.encoding, self._null_shares())
        heat, top = self._sampling(request.sampling)
        weights = self._without_nulls(request.no_nulls)
        root = jax.random.wrap_key_data(jnp.array([request.seed >> 32, request.seed & 0xFFFFFFFF], jnp.uint32))
        waiting: tuple[int, Any, Any] | None = None
        done = 0
        for number, start in enumerate(range(0, request.rows, size)):
            rows = min(size, request.rows - start)
            codes, mask, fixed = conditions.batch(
                self.encoding, start, rows, np.random.default_rng((request.seed, number, 1))
            )
            drawn = self._draw(jax.random.fold_in(root, number), codes, mask, heat, top, size, weights)
            if waiting is not None:
                batch = self._finish(*waiting, size=size, request=request)
                done += batch.num_rows
                run.progress(done, request.rows)
                yield batch
            waiting = (number, drawn, (rows, fixed))
        if waiting is not None:
            batch = self._finish(*waiting, size=size, request=request)
            run.progress(request.rows, request.rows)
            yield batch

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Give the log-probability (nats) of each row's tokens, float64, shape (n,)."""
        out = np.zeros(rows.num_rows)
        if not self.shape.tokens:
            return out
        tokens = self.encoding.encode(rows.select(list(self.encoding.names)))
        weights = self._on_device()
        score = self._samplers.get(Kind(rows=0))
        if score is None:
            shape = self.shape
            score = jax.jit(lambda p, t, x: row_losses(p, t, shape, x))
            self._samplers[Kind(rows=0)] = score
        for start in range(0, len(tokens), _SCORING_ROWS):
            part = tokens[start : start + _SCORING_ROWS].astype(np.int32)
            padded = np.zeros((_SCORING_ROWS, tokens.shape[1]), np.int32)
            padded[: len(part)] = part
            out[start : start + len(part)] = -np.asarray(score(weights["params"], weights["tables"], padded))[
                : len(part)
            ]
        return out

    def calibrate(self, wanted: np.ndarray, *, rows: int, seed: int, rounds: int = 2) -> None:
        """Shift the fixed log-shares until the marginals of drawn tokens are those of ``wanted`` counts."""
        size = BATCH_ROWS
        root = jax.random.wrap_key_data(jnp.array([seed >> 32, seed & 0xFFFFFFFF], jnp.uint32))
        free, heat = np.zeros((size, self.shape.tokens), np.int32), np.ones(self.shape.tokens, np.float32)

        def draw(tables: dict[str, np.ndarray], number: int) -> np.ndarray:
            self.tables, self._weights = tables, {}
            key = jax.random.fold_in(root, number)
            parts = [
                self._draw(jax.random.fold_in(key, i), free, free > 0, heat, heat, size)[0]
                for i in range(max(rows // size, 1))
            ]
            return np.concatenate([np.asarray(part) for part in parts])

        self.tables = calibrate(self.shape, self.encoding.layout, self.tables, wanted, draw, rounds)
        self._weights = {}

    def compile_drawing(self) -> None:
        """Compile the sampler of plain batches before it is needed; may run beside the training of other weights."""
        free, heat = np.zeros((BATCH_ROWS, self.shape.tokens), np.int32), np.ones(self.shape.tokens, np.float32)
        kind = Kind(rows=BATCH_ROWS)
        draw = make_sampler(self.shape, kind).lower(self._on_device(), jax.random.key(0), free, free > 0, heat, heat)
        self._weights = {}
        self._samplers[kind] = draw.compile()

    def with_weights(
        self, arrays: dict[str, np.ndarray], history: Sequence[Mapping[str, float]], settings_used: Mapping[str, Any]
    ) -> TabularModel:
        """Give the model with trained weights and the programs that were compiled for it."""
        made = evolve(self, arrays=arrays, history=history, settings_used=settings_used)
        made._samplers = dict(self._samplers)  # noqa: SLF001 - another of its kind
        return made

    def save(self, folder: Path) -> None:
        """Write ``model.safetensors`` and ``model.json``."""
        write_arrays(folder, "model", {**self.arrays, **self.tables})
        state = {
            "format": FORMAT,
            "encoding": self.encoding.to_dict(),
            "history": list(self.history),
            "settings_used": dict(self.settings_used),
            "particles": self.particles,
            "network": {
                "embedding": self.shape.embedding,
                "hidden": self.shape.hidden,
                "flexible": self.shape.flexible,
                "joint": list(self.shape.joint),
            },
        }
        (folder / "model.json").write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TabularModel:
        """Load what :meth:`save` wrote; a file that does not fit its description raises :class:`ArtefactError`."""
        state = read_json(folder / "model.json")
        if state.get("format") != FORMAT:
            msg = f"the model has format {state.get('format')}, this version reads {FORMAT}"
            raise ArtefactError(msg, fix="install the version of semblant that made it, or a newer one")
        try:
            encoding = TableEncoding.from_dict(state["encoding"])
            network = state["network"]
            shape = Shape.of(
                encoding.layout,
                embedding=int(network["embedding"]),
                hidden=int(network["hidden"]),
                flexible=bool(network["flexible"]),
                joint=tuple(int(t) for t in network.get("joint", ())),
            )
            rows = encoding.layout.table_rows
            tables = {f"shares_{k}": (int(sum(rows[t] for t in h.tokens)), h.size) for k, h in enumerate(shape.heads)}
            trained = parameter_shapes(shape) if shape.tokens else {}
            arrays = read_arrays(folder, "model", {**trained, **tables})
            return cls(
                encoding=encoding,
                shape=shape,
                arrays={k: arrays[k] for k in trained},
                tables={k: arrays[k] for k in tables},
                history=list(state["history"]),
                settings_used=dict(state["settings_used"]),
                particles=int(state["particles"]),
            )
        except (KeyError, TypeError, ValueError) as exc:
            msg = "the description of the model is damaged"
            raise ArtefactError(msg, fix="train the generator again or fetch an undamaged copy") from exc

    def _on_device(self) -> dict[str, Any]:
        """Put the arrays on the device once, rearranged for drawing."""
        if not self._weights:
            self._weights = on_device(self.shape, self.encoding.layout, self.arrays, self.tables)
        return self._weights

    def _without_nulls(self, columns: frozenset[str]) -> dict[str, Any]:
        """Give the arrays on the device with the null of some columns forbidden; {} for a table without tokens."""
        if not self.shape.tokens:
            return {}
        weights, layout = self._on_device(), self.encoding.layout
        allowed = dict(weights.get("allowed", {}))
        for k, head in enumerate(self.shape.heads):
            for row, token in enumerate(head.tokens):
                column = int(layout.column[token])
                null = layout.field[token] == 0 and _has_null(self.encoding.encodings[column])
                if null and self.encoding.names[column] in columns and layout.cardinality[token] > 1:
                    allowed[f"allowed_{k}"] = allowed[f"allowed_{k}"].at[row, 0].set(IMPOSSIBLE)
        return {**weights, "allowed": allowed}

    def _draw(
        self,
        key: jax.Array,
        codes: np.ndarray,
        mask: np.ndarray,
        heat: np.ndarray,
        top: np.ndarray,
        size: int,
        weights: dict[str, Any] | None = None,
    ) -> Any:
        """Start drawing a batch; gives device arrays, one per part, or None for a table without tokens."""
        if not self.shape.tokens:
            return None
        given = bool(mask.any())
        ahead = given and not bool((mask[:, :-1] >= mask[:, 1:]).all())
        look_ahead = ahead and self.shape.flexible
        candidates = self.particles if ahead and not look_ahead else 1
        rows = size if candidates == 1 else max(size // candidates, _LEAST_ROWS)
        kind = Kind(
            rows=rows,
            candidates=candidates,
            given=given,
            look_ahead=look_ahead,
            tempered=bool((heat != 1).any()),
            nucleus=bool((top < 1).any()),
        )
        sampler = self._samplers.get(kind)
        if sampler is None:
            sampler = self._samplers[kind] = make_sampler(self.shape, kind)
        out = []
        for part, start in enumerate(range(0, len(codes), rows)):
            c, m = np.zeros((rows, codes.shape[1]), np.int32), np.zeros((rows, codes.shape[1]), bool)
            here = codes[start : start + rows]
            c[: len(here)], m[: len(here)] = here, mask[start : start + rows]
            out.append(sampler(weights or self._on_device(), jax.random.fold_in(key, part), c, m, heat, top)[0])
        return out

    def _finish(
        self,
        number: int,
        drawn: Any,
        rest: tuple[int, dict[int, tuple[pa.Array, np.ndarray]]],
        *,
        size: int,
        request: GenerationRequest,
    ) -> pa.RecordBatch:
        """Turn drawn tokens into rows and put given values in."""
        rows, fixed = rest
        tokens = np.zeros((size, 0), np.int16) if drawn is None else np.concatenate([np.asarray(d) for d in drawn])
        random = np.random.default_rng((request.seed, number, 2))
        draw = Draw(rng=random, first_row=number * size, all_rows=request.rows)
        return put_given(self.encoding, self.encoding.decode(tokens, draw).slice(0, rows), fixed)

    def _sampling(self, sampling: Sampling) -> tuple[np.ndarray, np.ndarray]:
        """Give temperature and top-p per token, float32, shape (tokens,)."""
        heat = np.full(self.shape.tokens, sampling.temperature, np.float32)
        top = np.full(self.shape.tokens, sampling.top_p, np.float32)
        for name, (one, other) in sampling.columns.items():
            if name in self.encoding.names:
                at = self.encoding.places(self.encoding.names.index(name))
                heat[at], top[at] = one, other
        return heat, top

    def _null_shares(self) -> dict[int, float]:
        """Give the share of nulls of each column whose first code is null."""
        out = {}
        for k, head in enumerate(self.shape.heads):
            for token, row in zip(head.tokens, head.rows, strict=True):
                column = int(self.encoding.layout.column[token])
                if self.encoding.layout.field[token] == 0 and getattr(self.encoding.encodings[column], "null", False):
                    out[column] = float(np.exp(self.tables[f"shares_{k}"][row, 0]))
        return out


def _has_null(encoding: Any) -> bool:
    """Tell whether the first code of an encoding is the missing value."""
    return bool(getattr(encoding, "null", False)) or "null" in getattr(encoding, "specials", ())
