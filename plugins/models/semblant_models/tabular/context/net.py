"""One network with a context: trained, drawn from, saved and loaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from attrs import asdict, define, evolve, field

from semblant_models.tabular.compiling import compiling_ahead
from semblant_models.tabular.context.shape import ContextShape, Seen
from semblant_models.tabular.network import log_share_tables, parameter_shapes, row_losses
from semblant_models.tabular.rearranged import on_device
from semblant_models.tabular.sampler import Kind, make_sampler
from semblant_models.tabular.shape import Shape
from semblant_models.tabular.storage import read_arrays, read_json, write_arrays
from semblant_models.tabular.training import Training

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from semblant.run import Run
    from semblant_models.tabular.layout import Layout
    from semblant_models.tabular.recipe import Recipe

SIZES = (256, 4096)
"""Rows drawn at once: each size is compiled once."""
_SCORED = 2048
LEAST_EMBEDDING = 16
"""Width of a context token's embedding: what it stands for has to come through."""


def shape_of(layout: Layout, sees: Seen, recipe: Recipe) -> Shape:
    """Give the shape of a network whose rows see these tokens and numbers."""
    shape = Shape.of(layout, embedding=recipe.embedding, hidden=recipe.hidden, flexible=False, joint=layout.joint)
    if not sees.cardinality and not sees.dense:
        return shape
    width = max(32, recipe.hidden * 3 // 2)
    context = ContextShape(
        cardinality=tuple(int(c) for c in sees.cardinality),
        dense=sees.dense,
        embedding=max(recipe.embedding, LEAST_EMBEDDING) if sees.direct else recipe.embedding,
        width=width,
        ordered=tuple(bool(o) for o in sees.ordered),
        direct=sees.direct,
    )
    return evolve(shape, context=context)


@define(eq=False)
class Net:
    """A trained network; ``arrays`` are its parameters, ``tables`` the fixed log-shares."""

    layout: Layout
    shape: Shape
    arrays: dict[str, np.ndarray]
    tables: dict[str, np.ndarray]
    history: list[dict[str, float]] = field(factory=list)
    used: dict[str, Any] = field(factory=dict)
    _samplers: dict[Kind, Any] = field(factory=dict, init=False)
    _weights: dict[str, Any] = field(factory=dict, init=False)

    @classmethod
    def train(
        cls, layout: Layout, shape: Shape, rows: np.ndarray, validates: np.ndarray, recipe: Recipe, run: Run, seed: int
    ) -> Net:
        """Train on int16 codes, shape (n, tokens + context columns); goes on from a checkpoint in the workspace."""
        counts = np.zeros(int(layout.count_offsets[-1]), np.int64)
        train, held = rows[~validates], rows[validates]
        if not len(train):
            train = held
        layout.count(train[:, : layout.tokens], counts)
        tables = log_share_tables(shape, layout, counts, held[:, : layout.tokens])
        loop = Training(
            shape=shape, recipe=recipe, tables=tables, train=train, validation=held, ordered=layout.ordered, seed=seed
        )
        with compiling_ahead() as ahead:
            arrays, progress = loop.run(run, ahead)
        used = {
            "parameters": int(sum(a.size for a in arrays.values())),
            "steps": progress.step,
            "best_step": progress.best_step,
            "epochs": progress.step * recipe.batch_size * recipe.accumulation / max(len(train), 1),
            "stopped_at_step": progress.step if progress.stopped in ("time", "asked") else None,
            "stopped": progress.stopped,
            "validation_loss": progress.best_loss,
        }
        return cls(layout=layout, shape=shape, arrays=arrays, tables=tables, history=progress.history, used=used)

    def draw(
        self,
        key: jax.Array,
        seen: np.ndarray,
        *,
        given: tuple[np.ndarray, np.ndarray] | None = None,
        heat: np.ndarray | None = None,
        top: np.ndarray | None = None,
    ) -> np.ndarray:
        """Draw a row of tokens for each row of ``seen``, the context columns; int16, shape (n, tokens).

        ``given`` holds codes and a bool mask of tokens that are fixed.
        """
        tokens, out = self.shape.tokens, []
        heat = np.ones(tokens, np.float32) if heat is None else heat
        top = np.ones(tokens, np.float32) if top is None else top
        fixed = given is not None and bool(given[1].any())
        for part, start in enumerate(range(0, len(seen), SIZES[-1])):
            here = seen[start : start + SIZES[-1]]
            rows = next(size for size in SIZES if size >= len(here))
            kind = Kind(rows=rows, given=fixed, tempered=bool((heat != 1).any()), nucleus=bool((top < 1).any()))
            if kind not in self._samplers:
                self._samplers[kind] = make_sampler(self.shape, kind)
            codes = np.zeros((rows, tokens + here.shape[1]), np.int32)
            codes[: len(here), tokens:] = here
            mask = np.zeros((rows, tokens), bool)
            if given is not None and fixed:
                codes[: len(here), :tokens] = given[0][start : start + len(here)]
                mask[: len(here)] = given[1][start : start + len(here)]
            one = jax.random.fold_in(key, part)
            drawn, _ = self._samplers[kind](self._on_device(), one, codes, mask, heat, top)
            out.append(np.asarray(drawn)[: len(here)])
        return np.concatenate(out) if out else np.zeros((0, tokens), np.int16)

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """Give the log-probability of rows of codes with their context, float64, shape (n,)."""
        out = np.zeros(len(rows))
        weights, shape = self._on_device(), self.shape
        score = jax.jit(lambda p, t, x: row_losses(p, t, shape, x))
        for start in range(0, len(rows), _SCORED):
            part = rows[start : start + _SCORED].astype(np.int32)
            padded = np.zeros((_SCORED, rows.shape[1]), np.int32)
            padded[: len(part)] = part
            found = score(weights["params"], weights["tables"], padded)
            out[start : start + len(part)] = -np.asarray(found)[: len(part)]
        return out

    def replace(self, tables: dict[str, np.ndarray]) -> None:
        """Take other log-shares."""
        self.tables, self._weights = tables, {}

    def save(self, folder: Path, name: str) -> None:
        """Write ``NAME.safetensors`` and ``NAME.json``."""
        write_arrays(folder, name, {**self.arrays, **self.tables})
        context = self.shape.context
        state = {
            "embedding": self.shape.embedding,
            "hidden": self.shape.hidden,
            "joint": list(self.shape.joint),
            "context": None if context is None else asdict(context),
            "history": self.history,
            "used": self.used,
        }
        (folder / f"{name}.json").write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, name: str, layout: Layout) -> Net:
        """Load what :meth:`save` wrote; the layout comes from the encodings."""
        state = read_json(folder / f"{name}.json")
        shape = Shape.of(
            layout,
            embedding=int(state["embedding"]),
            hidden=int(state["hidden"]),
            flexible=False,
            joint=tuple(int(t) for t in state.get("joint", ())),
        )
        if state["context"] is not None:
            shape = evolve(shape, context=_context(state["context"]))
        rows = layout.table_rows
        tables = {f"shares_{k}": (int(sum(rows[t] for t in h.tokens)), h.size) for k, h in enumerate(shape.heads)}
        trained = parameter_shapes(shape)
        arrays = read_arrays(folder, name, {**trained, **tables})
        return cls(
            layout=layout,
            shape=shape,
            arrays={k: arrays[k] for k in trained},
            tables={k: arrays[k] for k in tables},
            history=list(state["history"]),
            used=dict(state["used"]),
        )

    def _on_device(self) -> dict[str, Any]:
        if not self._weights:
            self._weights = on_device(self.shape, self.layout, self.arrays, self.tables)
        return self._weights


def _context(state: Mapping[str, Any]) -> ContextShape:
    return ContextShape(
        cardinality=tuple(int(c) for c in state["cardinality"]),
        dense=int(state["dense"]),
        embedding=int(state["embedding"]),
        width=int(state["width"]),
        ordered=tuple(bool(o) for o in state.get("ordered", ())),
        direct=bool(state.get("direct", False)),
    )
