"""The model of a related table: draws numbers of rows, then row after row of every sequence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from attrs import define, evolve, field, frozen

from semblant.errors import DataError
from semblant.training import PARENT_ROW, reference_column
from semblant_models.tabular.conditions import Conditions
from semblant_models.tabular.context.drawing import ExtentDraw
from semblant_models.tabular.context.given import Told
from semblant_models.tabular.context.net import SIZES, Net
from semblant_models.tabular.context.scheme import Scheme
from semblant_models.tabular.context.stepping import Stepper, anchor_days
from semblant_models.tabular.encodings import Draw
from semblant_models.tabular.storage import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from semblant.run import Run
    from semblant.training import GenerationRequest
    from semblant_models.tabular.context.extent import Ends

FORMAT = "related-3"
_PARENTS = 4096
_ROWS = 65_536
"""Rows made together at most, as far as whole sequences allow."""
_DRAWS, _APART = 8, 1000
"""Draws of the numbers of rows of few parents, and what keeps their keys from those of one draw's parts."""


@frozen(eq=False)
class _Group:
    """Parents whose rows are made together."""

    first: int
    """Number of the first of them."""
    parents: pa.RecordBatch | None
    counts: np.ndarray
    ends: Ends | None = None
    """Where each sequence begins and ends in time."""


@define(eq=False)
class RelatedModel:
    """A trained related table; see :class:`~semblant.protocols.Model`."""

    scheme: Scheme
    nets: dict[str, Net]
    settings_used: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    _contents: dict[str, np.ndarray] = field(factory=dict, init=False)

    def generate(self, request: GenerationRequest, run: Run) -> Iterator[pa.RecordBatch]:
        """Make the rows of every parent, or ``request.rows`` rows where there is none."""
        context = request.context
        if context is None:
            msg = "this model makes rows that refer to other tables, and these were not given"
            raise DataError(msg, fix="generate from the whole generator, not from one of its models")
        self._contents = {entry.key: entry.content.encode(context.lookups[entry.key]) for entry in self.scheme.lookups}
        root, done = _root_key(request), 0
        for number, group in enumerate(self._groups(request, root, run)):
            batch = self._group(request, number, group, root, done)
            done += batch.num_rows
            run.progress(done, None)
            yield batch

    def log_prob(self, rows: pa.Table) -> np.ndarray:
        """Give zeros: without the rows it refers to a row has no probability."""
        return np.zeros(rows.num_rows)

    def save(self, folder: Path) -> None:
        """Write ``model.json`` and two files per network."""
        for name, net in self.nets.items():
            net.save(folder, name)
        state = {
            "format": FORMAT,
            "scheme": self.scheme.to_dict(),
            "nets": list(self.nets),
            "settings_used": dict(self.settings_used),
            "history": list(self.history),
        }
        (folder / "model.json").write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> RelatedModel:
        """Load what :meth:`save` wrote."""
        state = read_json(folder / "model.json")
        scheme = Scheme.from_dict(state["scheme"])
        layouts = {"keys": scheme.keys, "features": scheme.features.layout}
        if scheme.counts is not None:
            layouts["counts"] = scheme.counted
        return cls(
            scheme=scheme,
            nets={name: Net.load(folder, name, layouts[name]) for name in state["nets"]},
            settings_used=dict(state["settings_used"]),
            history=list(state["history"]),
        )

    def _groups(self, request: GenerationRequest, root: jax.Array, run: Run) -> Iterator[_Group]:
        """Give groups of parents; without parents each row is a sequence by itself."""
        context = request.context
        assert context is not None
        if self.scheme.parent is None or context.parents is None:
            for start in range(0, request.rows, _ROWS // 4):
                yield _Group(start, None, np.ones(min(_ROWS // 4, request.rows - start), np.int64))
            return
        first = 0
        for batch in context.parents():
            for start in range(0, batch.num_rows, _PARENTS):
                part = batch.slice(start, _PARENTS)
                run.check()
                counts, ends = self._counts(request, part, first, root)
                for begin, end in _cut(counts):
                    known = None if ends is None else ends.taken(slice(begin, end))
                    yield _Group(first + begin, part.slice(begin, end - begin), counts[begin:end], known)
                first += part.num_rows

    def _counts(
        self, request: GenerationRequest, parents: pa.RecordBatch, first: int, root: jax.Array
    ) -> tuple[np.ndarray, Ends | None]:
        """Give the number of rows of each parent, and where they begin and end in time."""
        context, scheme = request.context, self.scheme
        assert context is not None
        assert scheme.parent is not None
        rng = np.random.default_rng((request.seed, first, 3))
        key, above = jax.random.fold_in(jax.random.fold_in(root, 1), first), scheme.parent.encode(parents)
        drawing = self._extents(parents, above, key, rng)
        if context.counts is not None:
            known = context.counts[first : first + parents.num_rows]
            return known, None if drawing is None else drawing.fitting(known)
        orphans = first + np.arange(parents.num_rows) >= context.parent_rows
        assert scheme.counts is not None
        counts, ends = self._drawn_counts(drawing, above, key, rng)
        counts = scheme.lift.lifted(counts, rng) * context.ratio
        whole = np.floor(counts).astype(np.int64)
        whole += rng.random(len(whole)) < counts - whole
        return np.where(orphans, 1, whole), ends

    def _drawn_counts(
        self, drawing: ExtentDraw | None, above: np.ndarray, key: jax.Array, rng: np.random.Generator
    ) -> tuple[np.ndarray, Ends | None]:
        """Draw numbers of rows, float64, and extents; few parents' ones several times, and one is taken.

        The sum over few parents varies much, and from level to level it would run away: a table eight levels down had
        a fifth of its rows. Taken is the draw whose sum is next to the mean of all sums.
        """
        counts = self.scheme.counts
        assert counts is not None
        found: list[tuple[np.ndarray, Ends | None]] = []
        again = range(1, _DRAWS) if 1 < len(above) <= SIZES[0] else ()
        for own in (key, *(jax.random.fold_in(key, _APART + number) for number in again)):
            if drawing is not None:
                ends, drawn = evolve(drawing, key=own).free()
            else:
                ends, tokens = None, np.zeros((len(above), 0), np.int16)
                if "counts" in self.nets:
                    tokens = self.nets["counts"].draw(own, above)
                drawn = counts.decode(tokens, Draw(rng=rng)).to_numpy(zero_copy_only=False)
            found.append((np.maximum(drawn, 0.0), ends))
        sums = np.array([drawn.sum() for drawn, _ in found])
        return found[int(np.argmin(np.abs(sums - sums.mean())))]

    def _extents(
        self, parents: pa.RecordBatch, above: np.ndarray, key: jax.Array, rng: np.random.Generator
    ) -> ExtentDraw | None:
        """Give what draws where the sequences of some parents begin and end; None where none do."""
        scheme = self.scheme
        if scheme.extent is None or "counts" not in self.nets or scheme.counts is None:
            return None
        rising = scheme.rising[0]
        return ExtentDraw(
            extent=scheme.extent,
            counts=scheme.counts,
            net=self.nets["counts"],
            rising=rising,
            above=above,
            base=rising.base(anchor_days(scheme, parents)),
            key=key,
            draw=Draw(rng=rng),
        )

    def counts(self, request: GenerationRequest, run: Run) -> np.ndarray:
        """Give the number of rows that :meth:`generate` would make for each row of the parent."""
        context = request.context
        assert context is not None
        assert context.parents is not None
        root, found, first = _root_key(request), [], 0
        for batch in context.parents():
            for start in range(0, batch.num_rows, _PARENTS):
                part = batch.slice(start, _PARENTS)
                run.check()
                found.append(self._counts(request, part, first, root)[0])
                first += part.num_rows
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _conditions(self, request: GenerationRequest) -> Conditions | None:
        """Read what the request fixes of the features."""
        given = request.given
        if given is not None:
            own = {reference_column(entry.key) for entry in self.scheme.lookups}
            own |= {rising.column for rising in self.scheme.rising}
            given = given.drop_columns([name for name in given.column_names if name in own])
        if (given is None or not given.num_columns) and not request.shares:
            return None
        given = given if given is not None and given.num_columns else None
        return Conditions.of(evolve(request, given=given), self.scheme.features, {})

    def _group(
        self,
        request: GenerationRequest,
        number: int,
        group: _Group,
        root: jax.Array,
        done: int,
    ) -> pa.RecordBatch:
        """Make the rows of some parents, in the order of these."""
        counts = group.counts
        given, rows = request.given, int(counts.sum())
        stepper = Stepper(
            scheme=self.scheme,
            nets=self.nets,
            contents=self._contents,
            told=None if given is None else Told.of(self.scheme, given.slice(done, rows), counts),
            request=request,
            key=jax.random.fold_in(jax.random.fold_in(root, 2), number),
            rng=np.random.default_rng((request.seed, number, 4)),
            done=done,
            conditions=self._conditions(request),
        )
        made = stepper.run(group.parents, counts, group.ends)
        owner = np.repeat(group.first + np.arange(len(counts)), counts)
        arrays = [*made.columns, pa.array(owner), *(pa.array(made.references[e.key]) for e in self.scheme.lookups)]
        names = [*self.scheme.names, PARENT_ROW, *(reference_column(e.key) for e in self.scheme.lookups)]
        return pa.RecordBatch.from_arrays(arrays, names=names)


def _root_key(request: GenerationRequest) -> jax.Array:
    key: jax.Array = jax.random.wrap_key_data(jnp.array([request.seed >> 32, request.seed & 0xFFFFFFFF], jnp.uint32))
    return key


def _cut(counts: np.ndarray) -> Iterator[tuple[int, int]]:
    """Cut parents into groups of about ``_ROWS`` rows at most."""
    total, start = np.cumsum(counts), 0
    while start < len(counts):
        base = total[start - 1] if start else 0
        end = max(int(np.searchsorted(total, base + _ROWS, side="right")), start + 1)
        yield start, end
        start = end
