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
from semblant_models.tabular.calibration import corrections
from semblant_models.tabular.context.drawing import ExtentDraw
from semblant_models.tabular.context.extent import Ends
from semblant_models.tabular.context.stepping import Stepper
from semblant_models.tabular.encodings import Draw
from semblant_models.tabular.network import IMPOSSIBLE

if TYPE_CHECKING:
    from semblant.run import Run
    from semblant_models.tabular.context.net import Net
    from semblant_models.tabular.context.prepared import PreparedRelated

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
    # where sequences begin and end is drawn before their rows: steps to a known end tell nothing of those drawn freely
    told = np.concatenate([scheme.key_places(part) for part in range(3)]) if ends is not None else np.zeros(0, int)
    inner = {} if ends is None else {"real": _inner(prepared.array("lengths"), len(keys)), "drawn": _inner(counts)}
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
            shift(nets["features"], features, made.features)
        if "keys" in nets:
            shift(nets["keys"], keys, made.keys, told, (inner.get("real"), inner.get("drawn")))


def _counts(net: Net, prepared: PreparedRelated, seed: int) -> None:
    real, parents = prepared.array("counts"), prepared.array("parents")
    for number in range(_ROUNDS):
        key = jax.random.fold_in(jax.random.key(seed % 2**31), number)
        times = max(1, _ALL * 4 // max(len(parents), 1))
        many = min(times, 16)
        if prepared.scheme.extent is None:
            drawn = np.concatenate([net.draw(jax.random.fold_in(key, i), parents) for i in range(many)])
        else:
            drawn = np.concatenate([_staged(net, prepared, parents, jax.random.fold_in(key, i)) for i in range(many)])
        shift(net, real, drawn)


def _staged(net: Net, prepared: PreparedRelated, parents: np.ndarray, key: jax.Array) -> np.ndarray:
    """Draw extents and numbers of rows as generation does, and give them as tokens again."""
    scheme = prepared.scheme
    assert scheme.extent is not None
    assert scheme.counts is not None
    base = scheme.rising[0].base({n: prepared.array(f"anchor{place}") for place, n in enumerate(scheme.anchors)})
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
    return scheme.extent.tokens(ends, base, scheme.counts, pa.array(numbers.astype(np.int64)))


def _inner(lengths: np.ndarray, rows: int | None = None) -> np.ndarray:
    """Tell which of ``rows`` rows, sequence after sequence, are neither the first nor the last of theirs."""
    inner = np.zeros(int(lengths.sum()) if rows is None else rows, bool)
    first = np.cumsum(lengths) - lengths
    inner[: int(lengths.sum())] = True
    inner[first[lengths > 0]] = inner[(first + lengths - 1)[lengths > 0]] = False
    return inner


def shift(
    net: Net,
    real: np.ndarray,
    drawn: np.ndarray,
    some: np.ndarray | None = None,
    which: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
) -> None:
    """Shift a network's log-shares by the ratio of real to drawn counts of each token's codes.

    :param some: places of tokens of which only some rows count: the real and the drawn ones that ``which`` marks.
    """
    layout = net.layout
    wanted, found = np.zeros((2, int(layout.count_offsets[-1])), np.int64)
    for rows, into, marked in zip((real, drawn), (wanted, found), which, strict=True):
        layout.count(rows, into)
        if some is not None and len(some) and marked is not None:
            partly = np.zeros_like(into)
            layout.count(rows[marked], partly)
            for token in some:
                part = slice(int(layout.count_offsets[token]), int(layout.count_offsets[token + 1]))
                into[part] = partly[part]
    change = corrections(layout, wanted, found)
    tables = {name: table.copy() for name, table in net.tables.items()}
    for k, head in enumerate(net.shape.heads):
        table = tables[f"shares_{k}"]
        for token, start in zip(head.tokens, head.rows, strict=True):
            low, high = int(layout.count_offsets[token]), int(layout.count_offsets[token + 1])
            part = change[low:high].reshape(-1, int(layout.cardinality[token]))
            block = table[start : start + len(part), : part.shape[1]]
            block += np.where(block > IMPOSSIBLE / 2, part, 0.0).astype(np.float32)
    net.replace(tables)
