"""After training: drawn sequences are held against the real ones, and the fixed log-shares shifted.

The same correction as for a table by itself (see :mod:`semblant_models.tabular.calibration`), but on
whole sequences: what a row is conditioned on is then what the model made itself, and the drift that
comes of it is seen, and taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import numpy as np
import pyarrow as pa

from semblant.training import GenerationRequest
from semblant_models.tabular.calibration import corrections, shifted
from semblant_models.tabular.context.drawing import ExtentDraw
from semblant_models.tabular.context.extent import Ends, places
from semblant_models.tabular.context.rising import NO_VALUE
from semblant_models.tabular.context.stepping import Stepper
from semblant_models.tabular.encodings import Draw

if TYPE_CHECKING:
    from semblant.run import Run
    from semblant_models.tabular.context.net import Net
    from semblant_models.tabular.context.prepared import PreparedRelated
    from semblant_models.tabular.layout import Layout

_ROWS = 60_000
"""Rows drawn per round at most."""
_ROUNDS = 3
_LEAST_ROWS = 500
_ALL = 4096


def calibrate_related(nets: dict[str, Net], prepared: PreparedRelated, run: Run, seed: int) -> None:
    """Shift the log-shares of all networks of a related table."""
    scheme = prepared.scheme
    features, keys = prepared.array("features"), prepared.array("keys")
    if scheme.parent is not None and "counts" in nets:
        _counts(nets["counts"], prepared, seed)  # of small tables too: what is missing of each level adds up
    if len(features) < _LEAST_ROWS:
        return
    contents = {entry.key: prepared.array(f"content{place}") for place, entry in enumerate(scheme.lookups)}
    rng = np.random.default_rng([seed % 2**32, 5])
    if scheme.parent is None:
        counts = np.ones(min(len(features), _ROWS), np.int64)
        above, anchors, ends = np.zeros((len(counts), 0), np.int16), {}, None
    else:
        lengths = prepared.array("lengths")
        rows = rng.permutation(len(lengths))
        rows = np.sort(rows[: max(int(np.searchsorted(np.cumsum(lengths[rows]), _ROWS)) + 1, 1)])
        counts, above = lengths[rows], prepared.array("parents")[rows]
        ends = None
        if scheme.extent is not None:
            ends = Ends(prepared.array("firsts")[rows], prepared.array("lasts")[rows])
        anchors = {name: prepared.array(f"anchor{place}")[rows] for place, name in enumerate(scheme.anchors)}
    some, inner_real, inner_drawn = None, None, None
    if ends is not None:
        # beginnings and ends are drawn before the rows: steps to a known end tell nothing of those drawn freely
        some = np.concatenate([scheme.key_places(part) for part in range(3)])
        inner_real, inner_drawn = _inner(prepared.array("lengths"), len(keys)), _inner(counts, int(counts.sum()))
    for number in range(_ROUNDS):
        run.check()
        stepper = Stepper(
            scheme=scheme,
            nets=nets,
            contents=contents,
            request=GenerationRequest(rows=0, seed=seed),
            key=jax.random.fold_in(jax.random.key(seed % 2**31), number),
            rng=rng,
        )
        made = stepper.rows(above, anchors, counts, ends)
        if "features" in nets:
            layout = nets["features"].layout
            shift(nets["features"], _counted(layout, features), _counted(layout, made.features))
        if "keys" in nets:
            layout = nets["keys"].layout
            wanted = _counted(layout, keys, some, inner_real)
            shift(nets["keys"], wanted, _counted(layout, made.keys, some, inner_drawn))


def _counts(net: Net, prepared: PreparedRelated, seed: int) -> None:
    real, parents = prepared.array("counts"), prepared.array("parents")
    many = min(max(1, _ALL * 4 // max(len(parents), 1)), 16)
    for number in range(_ROUNDS):
        keys = [jax.random.fold_in(jax.random.fold_in(jax.random.key(seed % 2**31), number), i) for i in range(many)]
        if prepared.scheme.extent is None:
            drawn = np.concatenate([net.draw(key, parents) for key in keys])
            shift(net, _counted(net.layout, real), _counted(net.layout, drawn))
        else:
            _extents(net, prepared, real, [_staged(net, prepared, parents, key) for key in keys])


def _extents(net: Net, prepared: PreparedRelated, real: np.ndarray, made: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Shift log-shares; of first days that are counted from an anchor, whose tokens are not drawn, the pull.

    ``made`` holds tokens and first days of each draw.
    """
    extent, layout = prepared.scheme.extent, net.layout
    base, firsts = _base(prepared), prepared.array("firsts")
    assert extent is not None
    drawn, days = np.concatenate([one[0] for one in made]), np.concatenate([one[1] for one in made])
    some, bare, drawn_bare = None, None, None
    if extent.gap is not None and base is not None:
        some, bare = places(layout, extent.parts.index(extent.day)), base == NO_VALUE
        drawn_bare = np.tile(bare, len(made))
        extent.pull_towards(firsts[~bare & (firsts != NO_VALUE)], days[~drawn_bare & (days != NO_VALUE)])
    shift(net, _counted(layout, real, some, bare), _counted(layout, drawn, some, drawn_bare))


def _base(prepared: PreparedRelated) -> np.ndarray | None:
    anchors = prepared.scheme.anchors
    return prepared.scheme.rising[0].base({n: prepared.array(f"anchor{place}") for place, n in enumerate(anchors)})


def _staged(net: Net, prepared: PreparedRelated, parents: np.ndarray, key: jax.Array) -> tuple[np.ndarray, np.ndarray]:
    """Draw extents and numbers of rows as generation does, and give them as tokens again, and the first days."""
    scheme, base = prepared.scheme, _base(prepared)
    assert scheme.extent is not None
    assert scheme.counts is not None
    drawing = ExtentDraw(
        extent=scheme.extent,
        counts=scheme.counts,
        net=net,
        rising=scheme.rising[0],
        above=parents,
        base=base,
        key=key,
        draw=Draw(rng=np.random.default_rng(0)),
    )
    ends, numbers = drawing.free()
    return scheme.extent.tokens(ends, base, scheme.counts, pa.array(numbers.astype(np.int64))), ends.first


def _inner(lengths: np.ndarray, rows: int) -> np.ndarray:
    """Tell which of ``rows`` rows, sequence after sequence, are neither the first nor the last of theirs."""
    inner = np.zeros(rows, bool)
    first = np.cumsum(lengths) - lengths
    inner[: int(lengths.sum())] = True
    inner[first[lengths > 0]] = inner[(first + lengths - 1)[lengths > 0]] = False
    return inner


def shift(net: Net, wanted: np.ndarray, found: np.ndarray) -> None:
    """Shift a network's log-shares by the ratio of real to drawn counts of each token's codes."""
    change = corrections(net.layout, wanted, found)
    net.replace(shifted(net.shape, net.layout, net.tables, change))


def _counted(
    layout: Layout, tokens: np.ndarray, some: np.ndarray | None = None, rows: np.ndarray | None = None
) -> np.ndarray:
    """Count codes, flat (see :class:`Layout`); tokens at the places ``some`` in the rows that ``rows`` marks only."""
    out = np.zeros(int(layout.count_offsets[-1]), np.int64)
    layout.count(tokens, out)
    if some is not None and rows is not None:
        partly = np.zeros_like(out)
        layout.count(tokens[rows], partly)
        for token in some:
            part = slice(int(layout.count_offsets[token]), int(layout.count_offsets[token + 1]))
            out[part] = partly[part]
    return out
