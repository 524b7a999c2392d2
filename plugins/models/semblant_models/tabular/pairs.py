"""Latitudes and longitudes of a table that are one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from semblant.detection.together import find_places
from semblant.vocabulary import ColumnTreatment
from semblant_models.tabular.encodings.arrow import plain
from semblant_models.tabular.encodings.number import Number
from semblant_models.tabular.encodings.places import Places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semblant.training import ColumnPlan


@define(eq=False)
class PlacePair:
    """Two number columns and the areas that their places are drawn from."""

    columns: tuple[int, int]
    decimals: tuple[int | None, int | None]
    """Digits after the point; None for as many as there are."""
    places: Places

    def protect(self, made: list[pa.Array], rng: np.random.Generator) -> None:
        """Move each place within its area, in the two arrays of ``made`` that this pair is about."""
        values = [made[column] for column in self.columns]
        points, whole = _points(values)
        moved = self.places.moved(points, rng)
        for axis, (column, array) in enumerate(zip(self.columns, values, strict=True)):
            digits = self.decimals[axis]
            out = moved[:, axis] if digits is None else moved[:, axis].round(digits)
            made[column] = pc.replace_with_mask(array, pa.array(whole), pa.array(out, array.type))

    def to_dict(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"columns": list(self.columns), "decimals": list(self.decimals), "places": self.places.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> PlacePair:
        """Take back what :meth:`to_dict` gave."""
        first, second = state["columns"]
        one, other = state["decimals"]
        return cls((int(first), int(second)), (one, other), Places.from_dict(state["places"]))


def find_pairs(
    plans: Sequence[ColumnPlan],
    encodings: Sequence[Any],
    sample: pa.Table,
    subjects: np.ndarray | None,
    least: int,
) -> tuple[PlacePair, ...]:
    """Fit the places of a table; a pair of which a half may come out as it is (``keep``) is none.

    Where each row is a subject of its own, no subject can hold a place in many rows, and there is none: moving
    places would only loosen what they have to do with other columns (a classifier told drawn from real rows
    of airbnb by .64 instead of .59).
    """
    if subjects is None:
        return ()
    names = [plan.name for plan in plans]
    synthesized = {p.name: p.encoding for p in plans if p.treatment is ColumnTreatment.SYNTHESIZE}
    found = []
    for pair in find_places(synthesized):
        at = (names.index(pair[0]), names.index(pair[1]))
        learned = [encodings[column] for column in at]
        if not all(isinstance(e, Number) and pa.types.is_floating(e.type) for e in learned):
            continue
        points, whole = _points([plain(sample.column(column)) for column in at])
        if whole.any():
            who = None if subjects is None else subjects[whole]
            one, other = (None if e.domain.form == "float" else e.domain.decimals for e in learned)
            found.append(PlacePair(at, (one, other), Places.fit(points, who, least)))
    return tuple(found)


def _points(values: Sequence[pa.Array]) -> tuple[np.ndarray, np.ndarray]:
    """Give the finite pairs of two arrays, float64, shape (m, 2), and the rows, bool, that have one."""
    floats = [pc.fill_null(v.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False) for v in values]
    whole = np.isfinite(floats[0]) & np.isfinite(floats[1])
    return np.stack([part[whole] for part in floats], axis=1), whole
