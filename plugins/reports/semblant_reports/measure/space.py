"""Rows as points, so that their distances can be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from semblant_reports.measure.forms import ColumnForm, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEVELS = 50


def points_of(
    columns: Sequence[ColumnForm], reference: pl.DataFrame, frames: Sequence[pl.DataFrame]
) -> list[NDArray[np.float32]]:
    """Give the rows of each frame as points, float32, shape (n, d).

    Numbers become their mid-rank in the reference, from 0 to 1, with a flag where any is missing;
    categories the corners of a simplex of edge 1, the reference's 50 most frequent apart.
    """
    parts: list[list[NDArray[np.float32]]] = [[] for _ in frames]
    for column in columns:
        known = reference[column.key]
        if column.form is Form.CATEGORY:
            _corners(column, known, frames, parts)
        else:
            _ranks(column, known, frames, parts)
    return [
        np.hstack(part) if part else np.zeros((frame.height, 1), dtype=np.float32)
        for part, frame in zip(parts, frames, strict=True)
    ]


def _ranks(
    column: ColumnForm, known: pl.Series, frames: Sequence[pl.DataFrame], parts: list[list[NDArray[np.float32]]]
) -> None:
    """Add the mid-rank of a number, and whether it is missing."""
    ordered = np.sort(known.drop_nulls().to_numpy())
    if not len(ordered):
        return
    flagged = any(frame[column.key].null_count() for frame in frames)
    for frame, part in zip(frames, parts, strict=True):
        numbers = frame[column.key].to_numpy().astype(np.float64)
        missing = np.isnan(numbers)
        ranks = (np.searchsorted(ordered, numbers, "left") + np.searchsorted(ordered, numbers, "right")) / (
            2 * len(ordered)
        )
        part.append(np.where(missing, 0.5, ranks).astype(np.float32)[:, None])
        if flagged:
            part.append(missing.astype(np.float32)[:, None])


def _corners(
    column: ColumnForm, known: pl.Series, frames: Sequence[pl.DataFrame], parts: list[list[NDArray[np.float32]]]
) -> None:
    """Add one coordinate per frequent category and one for all others."""
    counted = known.fill_null("\x00").rename("value").value_counts().sort(["count", "value"], descending=[True, False])
    levels = counted["value"].head(LEVELS).to_list()
    if not levels:
        return
    codes = dict(zip(levels, range(len(levels)), strict=True))
    placed = [
        frame[column.key]
        .fill_null("\x00")
        .replace_strict(list(codes), list(codes.values()), default=len(levels), return_dtype=pl.Int32)
        for frame in frames
    ]
    rare = any(bool((found == len(levels)).any()) for found in placed)
    for frame, found, part in zip(frames, placed, parts, strict=True):
        corner = np.zeros((frame.height, len(levels) + 1), dtype=np.float32)
        corner[np.arange(frame.height), found.to_numpy()] = np.float32(np.sqrt(0.5))
        # no coordinate where nothing is rare: distances are the same, and the products cheaper
        part.append(corner if rare else corner[:, :-1])
