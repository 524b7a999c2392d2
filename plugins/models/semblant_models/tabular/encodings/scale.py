"""Ordered values as tokens: single values that many subjects share, and cells for all others.

A scale is a sorted list of *items*. An item is one value held by at least ``least`` subjects (an
atom), or a cell: a stretch of neighbouring rare values that together are held by as many. Items
are cut into runs of equal mass; the first token names the run, the second the item within it. Few
items need one token only. Inside a cell a value is drawn between three stored points, each a mean
over at least ``least`` subjects, and rounded so that the shares of round numbers (multiples of 5,
10, 50, …) are those of the data. Nothing that fewer subjects hold is stored.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from attrs import define

from semblant_models.tabular.encodings.rounding import Rounding
from semblant_models.tabular.encodings.subjects import groups_of_subjects, holders

ONE_TOKEN = 128
RUNS = 64
ITEMS_PER_RUN = 64
CELLS = 2048

_SPREADS_BELOW = 75
"""Subjects, in those that a value must be held by, below which the outermost values are spread beyond their bound."""


@define(eq=False)
class Scale:
    """Items of a column of int64 or float64 values.

    >>> scale = Scale.fit(np.repeat(np.array([1, 2, 3]), 20), None, 10)
    >>> codes = scale.encode(np.array([3, 1, 2]))
    >>> scale.decode(codes, np.random.default_rng(0)).tolist()
    [3, 1, 2]
    """

    kind: ClassVar[str] = "scale"

    atoms: np.ndarray
    """Sorted values held by enough subjects, int64 or float64, shape (atoms,)."""
    cells: np.ndarray
    """Low, middle and high point of each cell, ascending, shape (cells, 3)."""
    run_of: np.ndarray
    """The run of each item, shape (items,); items are atoms and cells sorted by place."""
    item_of_atom: np.ndarray
    item_of_cell: np.ndarray
    rounding: Rounding
    integer: bool

    @classmethod
    def fit(
        cls,
        values: np.ndarray,
        subjects: np.ndarray | None,
        least: int,
        *,
        steps: tuple[int, ...] = (),
        keep: bool = False,
        limits: tuple[float, float] | None = None,
    ) -> Scale:
        """Learn the items of ``values``, shape (n,), n > 0, int64 or float64 without NaN.

        ``least`` is the number of subjects that must hold what is stored; ``steps`` are the units
        to which values of this kind are rounded by people, each a multiple of the one before.
        With ``keep`` the very smallest and largest value belong to the outer cells. ``limits`` are numbers up to which
        the outer cells of few values may reach beyond their bound; without them none does.
        """
        integer = values.dtype.kind == "i"
        unique, members, counts = np.unique(values, return_inverse=True, return_counts=True)
        held = holders(members, subjects, len(unique))
        atom = _atoms(counts, held, least)
        atoms = unique[atom]
        cells, rounding = np.zeros((0, 3), unique.dtype), Rounding.none()
        cell_rows: np.ndarray = np.zeros(0)
        rest = ~atom
        if rest.any():
            rows = rest[members]
            place = (np.cumsum(rest) - 1)[members[rows]]
            rest_subjects = None if subjects is None else subjects[rows]
            enough = int(rows.sum()) if rest_subjects is None else len(np.unique(rest_subjects))
            if enough >= least or len(atoms) == 0:
                budget = max(1, min(CELLS, RUNS * ITEMS_PER_RUN - len(atoms)))
                group = groups_of_subjects(counts[rest], place, rest_subjects, budget, least)
                ordered = np.argsort(place, kind="stable")
                sorted_subjects = None if rest_subjects is None else rest_subjects[ordered]
                cells = _points(values[rows][ordered], group[place[ordered]], sorted_subjects, least, keep, limits)
                cell_rows = np.bincount(group, weights=counts[rest])
                rounding = Rounding.fit(unique[rest], counts[rest], steps) if integer else Rounding.none()
        centre = np.concatenate([atoms.astype(np.float64), cells[:, 1].astype(np.float64)])
        order = np.lexsort((np.r_[np.zeros(len(atoms)), np.ones(len(cells))], centre))
        place_of = np.empty(len(order), np.int64)
        place_of[order] = np.arange(len(order))
        mass = np.concatenate([counts[atom].astype(np.float64), cell_rows])[order]
        return cls(
            atoms=atoms,
            cells=cells,
            run_of=_runs(mass),
            item_of_atom=place_of[: len(atoms)],
            item_of_cell=place_of[len(atoms) :],
            rounding=rounding,
            integer=integer,
        )

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Number of codes per token: one token for few items, two otherwise."""
        items = len(self.run_of)
        if items <= ONE_TOKEN:
            return (items,)
        return (int(self.run_of[-1]) + 1, int(np.bincount(self.run_of).max()))

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Give int32 codes, shape (n, 1 or 2)."""
        values = values.astype(np.int64 if self.integer else np.float64)
        item = np.zeros(len(values), np.int64)
        if len(self.cells):
            edges = self.cells[:-1, 2]
            item = self.item_of_cell[np.searchsorted(edges, values, side="left")]
        if len(self.atoms):
            at = np.minimum(np.searchsorted(self.atoms, values), len(self.atoms) - 1)
            hit = self.atoms[at] == values
            if not len(self.cells):
                below = np.maximum(at - 1, 0)
                nearer = np.abs(values.astype(np.float64) - self.atoms[below]) < np.abs(
                    self.atoms[at] - values.astype(np.float64)
                )
                at, hit = np.where(nearer & ~hit, below, at), np.ones(len(values), bool)
            item = np.where(hit, self.item_of_atom[at], item)
        if len(self.run_of) <= ONE_TOKEN:
            return item.astype(np.int32)[:, None]
        run = self.run_of[item]
        return np.stack([run, item - self._starts()[run]], axis=1).astype(np.int32)

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Make values from codes, shape (n, 1 or 2); a code beyond a run's last item means its last."""
        if codes.shape[1] == 1:
            item = codes[:, 0].astype(np.int64)
        else:
            starts = self._starts()
            ends = np.append(starts[1:], len(self.run_of)) - 1
            run = codes[:, 0].astype(np.int64)
            item = np.minimum(starts[run] + codes[:, 1], ends[run])
        place_of = np.empty(len(self.run_of), np.int64)
        place_of[self.item_of_atom] = np.arange(len(self.atoms))
        place_of[self.item_of_cell] = -1 - np.arange(len(self.cells))
        place = place_of[item]
        if not len(self.cells):
            return np.asarray(self.atoms[place])
        in_cell = np.flatnonzero(place < 0)
        out = self.atoms[np.maximum(place, 0)] if len(self.atoms) else np.empty(len(place), self.cells.dtype)
        out[in_cell] = self._inside(-1 - place[in_cell], rng)
        return out

    def _inside(self, cell: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw a value inside each cell: half of the mass on either side of its middle point."""
        u = rng.random(len(cell))
        right = u >= 0.5
        points, at = self.cells.reshape(-1), 3 * cell + right
        start, end = points[at], points[at + 1]
        width = end.astype(np.float64) - start.astype(np.float64)
        step = width * (2 * u - right)
        if not self.integer:
            return np.asarray(start + step)
        drawn = np.minimum(start + np.rint(step).astype(np.int64), end)
        wanted = self.rounding.draw(len(cell), rng)
        rows = np.flatnonzero(wanted)
        low, high = self.cells[cell[rows], 0], self.cells[cell[rows], 2]
        drawn[rows] = self.rounding.apply(drawn[rows], wanted[rows], low, high)
        return np.asarray(drawn)

    def _starts(self) -> np.ndarray:
        return np.searchsorted(self.run_of, np.arange(self.run_of[-1] + 1))

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "integer": self.integer,
            "atoms": self.atoms.tolist(),
            "cells": self.cells.tolist(),
            "runs": self.run_of.tolist(),
            "item_of_atom": self.item_of_atom.tolist(),
            "item_of_cell": self.item_of_cell.tolist(),
            "rounding": self.rounding.to_dict(),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Scale:
        """Take back what :meth:`to_dict` gave."""
        kind = np.int64 if state["integer"] else np.float64
        return cls(
            integer=bool(state["integer"]),
            atoms=np.array(state["atoms"], kind),
            cells=np.array(state["cells"], kind).reshape(-1, 3),
            run_of=np.array(state["runs"], np.int64),
            item_of_atom=np.array(state["item_of_atom"], np.int64),
            item_of_cell=np.array(state["item_of_cell"], np.int64),
            rounding=Rounding.from_dict(state["rounding"]),
        )


def _atoms(counts: np.ndarray, held: np.ndarray, least: int) -> np.ndarray:
    """Choose the values that are items of their own: held by enough subjects, the most frequent first."""
    atom = held >= least
    most = RUNS * ITEMS_PER_RUN * 3 // 4
    if atom.sum() > most:
        floor = max(np.sort(counts[atom])[-most], 1.5 * counts.sum() / (RUNS * ITEMS_PER_RUN))
        atom &= counts >= floor
        if atom.sum() > most:
            atom &= counts > floor
    return atom


def _points(
    values: np.ndarray,
    group: np.ndarray,
    subjects: np.ndarray | None,
    least: int,
    keep: bool,
    limits: tuple[float, float] | None,
) -> np.ndarray:
    """Give low, middle and high of each cell, shape (cells, 3); ``values`` and ``group`` are sorted.

    Inner points are means over the nearest ``least`` subjects. The outermost ones leave the ``least``
    most extreme subjects out, so that a single extreme does not show, not even in a mean.
    """
    starts = np.searchsorted(group, np.arange(int(group[-1]) + 2))
    half = max((least + 1) // 2, 1)
    edges = [values[0] if keep else _end(values, subjects, least, limits)]
    edges += [_near(values, subjects, int(s), half, least) for s in starts[1:-1]]
    edges.append(
        values[-1] if keep else _end(values[::-1], None if subjects is None else subjects[::-1], least, limits)
    )
    edge = np.maximum.accumulate(np.array(edges, values.dtype))
    edge = np.minimum(edge, edge[-1] if keep else np.array(edges[-1], values.dtype).clip(min=edges[0]))
    middles = [_near(values, subjects, (int(a) + int(b)) // 2, half, least) for a, b in pairwise(starts)]
    middle = np.clip(np.array(middles, values.dtype), edge[:-1], edge[1:])
    for cell, end in ((0, edge[0]), (-1, edge[-1])):
        if middle[cell] == end:  # the mean lies beyond: half of the cell would be heaped on its end
            middle[cell] = _mean(np.array([edge[:-1][cell], edge[1:][cell]]))
    return np.stack([edge[:-1], middle, edge[1:]], axis=1)


def _near(values: np.ndarray, subjects: np.ndarray | None, place: int, half: int, least: int) -> Any:
    """Give the mean over at least ``least`` subjects around a place, each subject counted once."""
    low, high = max(place - half, 0), min(place + half, len(values))
    if subjects is None:
        return _mean(values[low:high])
    while len(np.unique(subjects[low:high])) < least and (low > 0 or high < len(values)):
        low, high = max(low - least, 0), min(high + least, len(values))
    return _mean(values[low:high][np.unique(subjects[low:high], return_index=True)[1]])


def _end(values: np.ndarray, subjects: np.ndarray | None, least: int, limits: tuple[float, float] | None) -> Any:
    """Give how far the outermost cell reaches where ``values`` begin: the bound, or in a small table beyond it.

    All who are beyond the bound would be heaped on it, a seventh of a hundred rows on either side. They are spread
    instead as the next ones are: by four thirds of the step from the mean over the next ``least`` subjects to the
    bound, for even values just short of the last but one. Who lies outside has no part in it. Zero is not crossed.
    """
    bound = outer_bound(values, subjects, least)
    if subjects is not None:
        values = values[np.sort(np.unique(subjects, return_index=True)[1])]
    if limits is None or not 4 * least <= len(values) < _SPREADS_BELOW * least:
        return bound
    nearest = values[least : 2 * least]
    step = (_mean(values[2 * least : 3 * least]) - bound) * 4
    end = bound - (step // 3 if values.dtype.kind == "i" else step / 3)
    crosses = (nearest >= 0).all() if end < 0 else (nearest <= 0).all()
    return 0 * end if crosses else type(end)(min(max(end, limits[0]), limits[1]))


def outer_bound(values: np.ndarray, subjects: np.ndarray | None, least: int) -> Any:
    """Give the mean over the subjects ranked ``least`` to twice that from the outside, where ``values`` begin.

    Where there are fewer than four times as many, the outer half is averaged with its outer half drawn in to
    where that ends, so that no single value moves the mean far.
    """
    if subjects is not None:
        values = values[np.sort(np.unique(subjects, return_index=True)[1])]
    if len(values) < 4 * least:
        part = values[: max(len(values) // 2, min(least, len(values)))].copy()
        inner = min(max(len(values) // 4, 1), len(values) - 1)
        part[:inner] = values[inner]
        if len(part) == len(values) and len(values) - inner > inner:
            part[len(values) - inner :] = values[len(values) - inner - 1]
        return _mean(part)
    return _mean(values[least : 2 * least])


def _mean(part: np.ndarray) -> Any:
    """Give a mean that is exact for close int64 values however large they are."""
    base = part[len(part) // 2]
    if part.dtype.kind != "i":
        return base + (part - base).mean()
    return int(base) + round(sum(int(v) - int(base) for v in part.tolist()) / len(part))


def _runs(mass: np.ndarray) -> np.ndarray:
    """Cut items into at most RUNS runs of at most ITEMS_PER_RUN, of equal mass; a heavy item is a run of its own."""
    if len(mass) <= ONE_TOKEN:
        return np.arange(len(mass))
    target = float(mass.sum()) / RUNS
    while True:
        run, load, count, current, out = 0, 0.0, 0, False, np.zeros(len(mass), np.int64)
        for i, weight in enumerate(mass.tolist()):
            heavy = weight >= 0.5 * target
            if count and (heavy or load + weight / 2 > target or count >= ITEMS_PER_RUN or current):
                run, load, count = run + 1, 0.0, 0
            out[i], load, count, current = run, load + weight, count + 1, heavy
        if run < RUNS * 3 // 2 or target >= mass.sum():
            return out
        target *= 1.15
