"""A column as codes of a model: fine cells put together, so that each code holds enough rows to be measured with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from semblant_models.privacy.preprocessing.kinds import Ranges, Values, cells_from_dict

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(eq=False)
class ColumnCodes:
    """Fine cells with their noisy counts, and the code that each belongs to.

    A code is turned back by drawing one of its cells by the noisy counts, and a value of the cell.
    """

    cells: Values | Ranges
    counts: np.ndarray
    """Estimated rows of each fine cell, not negative, float64."""
    code: np.ndarray
    """Code of each fine cell, int64."""
    variance: float
    """Of the noise of one fine cell."""

    @property
    def size(self) -> int:
        """Number of codes."""
        return int(self.code.max(initial=0)) + 1

    @property
    def totals(self) -> np.ndarray:
        """Estimated rows of each code, float64, shape (size,)."""
        return np.bincount(self.code, self.counts, minlength=self.size)

    @property
    def deviations(self) -> np.ndarray:
        """Standard deviations of the noise in these, float64, shape (size,)."""
        return np.asarray(np.sqrt(self.variance * np.maximum(np.bincount(self.code, minlength=self.size), 1)))

    @property
    def null_code(self) -> int | None:
        """The code of the missing value, which is a code of its own; None where nothing is missing."""
        if not self.cells.null:
            return None
        known = len(self.cells.values) if isinstance(self.cells, Values) else len(self.cells.low)
        return int(self.code[known])

    def encode(self, column: pa.Array) -> np.ndarray:
        """Give the codes of a plain array, int32."""
        return np.asarray(self.code[self.cells.places(column)].astype(np.int32))

    def decode(self, codes: np.ndarray, rng: np.random.Generator) -> pa.Array:
        """Make values of codes, shape (n,); cells are met in proportion as exactly as the number of rows allows."""
        order = np.argsort(self.code, kind="stable")
        weight = np.maximum(self.counts[order], 1e-9)
        ends = np.cumsum(weight)
        last = np.searchsorted(self.code[order], np.arange(self.size), side="right") - 1
        first = np.concatenate([[0], last[:-1] + 1])
        base = ends[first] - weight[first]
        at = base[codes] + strata(codes, rng) * (ends[last] - base)[codes]
        fine = np.clip(np.searchsorted(ends, at, side="right"), first[codes], last[codes])
        return self.cells.made(order[fine], self.counts, rng)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON."""
        return {
            "cells": self.cells.to_dict(),
            "counts": self.counts.tolist(),
            "code": self.code.tolist(),
            "variance": self.variance,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ColumnCodes:
        """Undo :meth:`to_dict`; what does not fit together raises ``ValueError``."""
        cells, counts = cells_from_dict(data["cells"]), np.array(data["counts"], np.float64)
        code = np.array(data["code"], np.int64)
        if len(cells) != len(counts) or len(code) != len(counts) or not np.isfinite(counts).all():
            msg = "cells and counts of a column differ in number"
            raise ValueError(msg)
        if len(np.unique(code)) != int(code.max(initial=-1)) + 1 or code.min(initial=0) < 0:
            msg = "codes of a column have gaps"
            raise ValueError(msg)
        return cls(cells, counts, code, float(data["variance"]))


def strata(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a number in [0, 1) per row: among the rows of one code they lie evenly, in random order.

    >>> np.floor(4 * np.sort(strata(np.zeros(4, int), np.random.default_rng(0)))).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    mixed = rng.permutation(len(codes))
    order = mixed[np.argsort(codes[mixed], kind="stable")]
    turned = codes[order]
    start = np.flatnonzero(np.concatenate([[True], turned[1:] != turned[:-1]])) if len(codes) else np.zeros(0, int)
    many = np.diff(np.append(start, len(codes)))
    rank = np.arange(len(codes)) - np.repeat(start, many)
    out = np.empty(len(codes))
    out[order] = (rank + np.repeat(rng.random(len(start)), many)) / np.repeat(many, many)
    return out


_FINER = 5
"""What lies beside heavy single numbers is cut into codes of at least this part of the usual mass."""


def grouped(cells: Values | Ranges, counts: np.ndarray, least: float, parts: int) -> np.ndarray:
    """Put fine cells together into codes, by noisy counts alone.

    Categories below ``least`` rows become one code. Numbers are cut, in their order, into about ``parts`` codes of
    equal mass; a single number that holds half as much as such a code stands for itself.

    :returns: the code of each cell, int64.
    """
    if isinstance(cells, Values):
        few = counts < least
        if cells.null:  # the missing value stays a code of its own: it can be asked for and forbidden
            few[len(cells.values)] = False
        if few.sum() <= 1:
            return np.arange(len(counts))
        code = np.cumsum(~few) - 1
        return np.where(few, int((~few).sum()), code)
    return _cut(cells, counts, least, parts)


def _cut(cells: Ranges, counts: np.ndarray, least: float, parts: int) -> np.ndarray:
    numbers, total = len(cells.low), float(counts.sum())
    code = np.full(len(counts), -1)
    heavy = np.zeros(len(counts), bool)
    few = numbers <= 2 * parts
    heavy[:numbers] = (counts[:numbers] >= (least if few else total / parts / 2)) & _alone(cells)
    spread = float(counts[:numbers][~heavy[:numbers]].sum())
    mass = max(min(max(spread / parts, total / parts / _FINER), total / parts), least)
    made, held, open_code = 0, 0.0, -1
    for place in range(numbers):
        if heavy[place]:
            if open_code >= 0 and held >= mass / 4:
                open_code, held = -1, 0.0
            code[place] = made
            made += 1
            continue
        if open_code < 0:
            open_code, held = made, 0.0
            made += 1
        code[place] = open_code
        held += counts[place]
        if held >= mass:
            open_code = -1
    if cells.null:
        code[-1] = made
    return code


def _alone(cells: Ranges) -> np.ndarray:
    """Tell which cells hold a single number."""
    width = cells.high - cells.low
    return np.asarray((width == 0) | ((width <= 1) & (cells.grid.step is not None)))
