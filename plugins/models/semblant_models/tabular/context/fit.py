"""Training of a related table: numbers of rows, keys, features, each a network of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from semblant_models.tabular.context.calibrating import calibrate_related
from semblant_models.tabular.context.model import RelatedModel
from semblant_models.tabular.context.net import Net, shape_of
from semblant_models.tabular.recipe import Recipe

if TYPE_CHECKING:
    from semblant.run import Run
    from semblant.spec.training import ModelSpec
    from semblant_models.settings import ColumnArSettings
    from semblant_models.tabular.context.prepared import PreparedRelated
    from semblant_models.tabular.context.shape import Seen
    from semblant_models.tabular.layout import Layout

_RESIDENT_BYTES = 2**30
_COOL_SHARE = 0.7
"""Rows that follow each other gain more while the rate falls than rows that stand alone (0027)."""


def fit_related_table(prepared: PreparedRelated, run: Run, spec: ModelSpec, settings: ColumnArSettings) -> RelatedModel:
    """Train every network that the table needs; each goes on from its own checkpoint."""
    scheme = prepared.scheme
    features, keys, seen = prepared.array("features"), prepared.array("keys"), prepared.array("seen")
    validates = prepared.array("validates")
    nets: dict[str, Net] = {}
    known = len(scheme.known)
    work = {
        "keys": (scheme.keys, keys, seen[:, known:], scheme.seen_by_keys),
        "features": (scheme.features.layout, features, seen, scheme.seen_by_features),
    }
    if scheme.counts is not None:
        validates_counts = prepared.array("count_validates")
        counted = (scheme.counted, prepared.array("counts"), prepared.array("parents"))
        rows = np.concatenate(counted[1:], axis=1)
        above = scheme.seen_by_counts
        nets |= _trained("counts", counted[0], rows, validates_counts, above, (spec, settings), run, minds_memory=False)
    for name, (layout, own, context, sees) in work.items():
        rows, held = _bounded(np.concatenate([own, context], axis=1), validates, run)
        nets |= _trained(name, layout, rows, held, sees, (spec, settings), run)
    calibrate_related(nets, prepared, run, run.random_seed("calibrate", run.table or ""))
    used: dict[str, Any] = {
        "training_rows": int((~validates).sum()),
        "validation_rows": int(validates.sum()),
        **{name: net.used for name, net in nets.items()},
    }
    main = nets.get("features") or nets.get("keys")
    if main is not None:
        used |= {name: main.used[name] for name in ("epochs", "steps", "best_step", "stopped", "stopped_at_step")}
        used["parameters"] = sum(net.used["parameters"] for net in nets.values())
    return RelatedModel(scheme=scheme, nets=nets, settings_used=used, history=main.history if main else [])


def _trained(
    name: str,
    layout: Layout,
    rows: np.ndarray,
    validates: np.ndarray,
    sees: Seen,
    wanted: tuple[ModelSpec, ColumnArSettings],
    run: Run,
    *,
    minds_memory: bool = True,
) -> dict[str, Net]:
    """Train one network; nothing where there is no token to learn.

    A number of rows that is known by heart makes no row a copy: its network need not mind that.
    """
    if not layout.tokens:
        return {}
    run.check()
    recipe = evolve(Recipe.of(*wanted, int((~validates).sum()) or len(rows)), minds_memory=minds_memory)
    recipe = evolve(recipe, cools_first=True, cool_share=_COOL_SHARE, enough=None)
    if sees.cardinality or sees.dense:
        # the context is wide and near to the rows it tells of: it is where over-fitting begins
        recipe = evolve(recipe, input_dropout=max(recipe.input_dropout, 0.1))
    workspace = run.workspace / name
    workspace.mkdir(exist_ok=True)
    shape = shape_of(layout, sees, recipe)
    seed = run.random_seed("train", run.table or "", name)
    return {name: Net.train(layout, shape, rows, validates, recipe, evolve(run, workspace=workspace), seed)}


def _bounded(rows: np.ndarray, validates: np.ndarray, run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Give a fixed uniform choice of rows where all of them would not fit into memory."""
    limit = int((run.memory_bytes or 4 * _RESIDENT_BYTES) // 4 // max(2 * rows.shape[1], 1))
    if len(rows) <= limit:
        return rows, validates
    chosen = np.sort(np.random.default_rng(run.random_seed("rows")).choice(len(rows), limit, replace=False))
    return rows[chosen], validates[chosen]
