"""Given keys of sequences: moments in order along each sequence, references by row number, and the way back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("jax")

from semblant.training import NO_ROW, reference_column
from semblant_models.tabular.context.given import LATEST, Told
from semblant_models.tabular.context.rising import NO_VALUE

SCHEME: Any = SimpleNamespace(
    names=("day", "size"),
    types=(pa.date32(), pa.int64()),
    rising=(SimpleNamespace(column="day"),),
    lookups=(SimpleNamespace(key="sku>product"), SimpleNamespace(key="shop>shop")),
)


def test_given_moments_are_put_in_order_within_their_sequence_and_others_keep_their_place() -> None:
    days = pa.array(np.array([9, 0, 3, 5, 0, 1], "datetime64[D]"), mask=np.array([0, 1, 0, 0, 1, 0], bool))
    given = pa.table({"day": days, reference_column("sku>product"): pa.array([4, None, 2, 7, 0, None])})
    told = Told.of(SCHEME, given, np.array([3, 0, 3]))
    assert told.order.tolist() == [2, 1, 0, 5, 4, 3]
    ticks, limits = told.ticks[0], told.limits[0]
    assert ticks is not None
    assert ticks.days.tolist() == [3, NO_VALUE, 9, 1, NO_VALUE, 5]
    assert cast("np.ndarray", limits).tolist() == [3, 9, 9, 1, 5, 5]
    assert cast("np.ndarray", told.references[0]).tolist() == [2, NO_ROW, 4, NO_ROW, 0, 7]
    assert told.references[1] is None
    assert told.order[told.back()].tolist() == list(range(6))


def test_a_sequence_without_given_moments_has_no_limit() -> None:
    given = pa.table({"day": pa.array([None, 4], pa.date32())})
    told = Told.of(SCHEME, given, np.array([1, 1]))
    assert cast("np.ndarray", told.limits[0]).tolist() == [LATEST, 4]
    assert told.order.tolist() == [0, 1]
